//! A candidate that is asked beside the one that decides, and changes nothing.

use mortise::flows::shadow;
use mortise::store::manual::ManualFilter;
use serde_json::{Value, json};

use super::{activate, digest, incident, target};
use crate::app::{Client, Desktop, ORG, for_each_db};

/// Everything that a decision could have an effect on.
async fn effects(app: &Desktop, numbers: &[String]) -> Vec<String> {
    let store = &app.desk.store;
    let events = store.events_after(ORG, 0, 10_000).await.unwrap();
    let mut seen: Vec<String> = events.iter().map(|event| format!("{} {}", event.kind, event.number)).collect();
    for number in numbers {
        let timers = store.timers_of(ORG, number).await.unwrap();
        seen.extend(timers.iter().map(|timer| format!("{number} {} {}", timer.name, timer.due_at.0)));
        let record = store.record(ORG, number).await.unwrap().unwrap();
        seen.push(format!("{number} {} {}", record.revision, Value::Object(record.data)));
    }
    let waiting = store.manual_queue(ORG, &ManualFilter { limit: 100, ..ManualFilter::default() }).await.unwrap();
    seen.extend(waiting.iter().map(|entry| format!("waits {}", entry.entry.number)));
    seen
}

async fn figures(admin: &Client, id: &str) -> Value {
    admin.get(&format!("/activations/{id}/shadow")).await.ok()
}

#[test]
fn its_figures_run_and_its_differences_are_listed() {
    for_each_db(|app| async move {
        let mail = app.agreed_service("Mail").await;
        let (agent, admin) = (app.agent().await, app.administrator().await);
        let double = digest(&admin, "guests/sla-double").await;
        let id = activate(&admin, &double, json!({"mode": "shadow"})).await;
        let mut numbers = Vec::new();
        for _ in 0..3 {
            let record = agent.post("/records/incident", incident(&mail)).await.ok();
            assert_eq!(target(&record), 7200, "the active one decides");
            numbers.push(record["number"].as_str().unwrap().to_owned());
        }
        assert_eq!(figures(&admin, &id).await["figures"]["decisions"], 0, "nothing is asked on the request path");
        let before = effects(&app, &numbers).await;
        assert_eq!(shadow::run(&app.desk).await.unwrap(), 3);
        assert_eq!(effects(&app, &numbers).await, before, "a shadow has no effect");

        let seen = figures(&admin, &id).await;
        assert_eq!(seen["figures"]["differs"], 3, "{seen}");
        assert_eq!(seen["figures"]["agreement_bp"], 0);
        assert_eq!(seen["figures"]["groups"], json!([{"group": "figures", "count": 3}]));
        let active = admin.get("/activations?process=sla&live=true").await.ok();
        let active = active["activations"].as_array().unwrap().iter().find(|a| a["mode"] == "active").unwrap().clone();
        assert_eq!(seen["against"][0]["activation"], active["id"]);
        assert!(seen["figures"]["fuel"]["candidate"].as_i64().unwrap() > 0);
        let paths: Vec<&str> = seen["decisions"][0]["differences"]
            .as_array()
            .unwrap()
            .iter()
            .map(|d| d["path"].as_str().unwrap())
            .collect();
        assert!(paths.contains(&"resolution.target_s"), "{paths:?}");

        // Resolved after 150 minutes: too late by the active one, in time by the candidate.
        agent.go("incident", &numbers[0], "assigned", json!({})).await;
        agent.go("incident", &numbers[0], "in_progress", json!({})).await;
        app.clock.set(app.clock.now().plus(150 * 60_000));
        let solved = json!({"solution": "restarted", "closure_code": "fixed"});
        agent.go("incident", &numbers[0], "resolved", solved).await;
        shadow::run(&app.desk).await.unwrap();
        let seen = admin.get(&format!("/activations/{id}/shadow?sort=flips")).await.ok();
        assert_eq!(
            seen["figures"]["flips"].as_i64().unwrap(),
            i64::try_from(seen["decisions"].as_array().unwrap().len()).unwrap()
        );
        let flip = &seen["decisions"][0];
        assert!(flip["group"].as_str().unwrap().contains("resolution: breached → met"), "{flip}");
        assert_eq!(
            (&flip["old"]["outcome"]["resolution"]["met"], &flip["new"]["outcome"]["resolution"]["met"]),
            (&json!(false), &json!(true))
        );

        // The newest first, page by page.
        let page = admin.get(&format!("/activations/{id}/shadow?limit=2")).await.ok();
        let next = page["next"].as_str().unwrap();
        let rest = admin.get(&format!("/activations/{id}/shadow?limit=200&cursor={next}")).await.ok();
        let ids = |page: &Value| -> Vec<String> {
            page["decisions"].as_array().unwrap().iter().map(|d| d["decision"].as_str().unwrap().to_owned()).collect()
        };
        let all = [ids(&page), ids(&rest)].concat();
        assert!(all.is_sorted_by(|a, b| a > b), "{all:?}");
        let total = &page["figures"];
        let otherwise = ["differs", "flips", "fails"].map(|name| total[name].as_i64().unwrap()).iter().sum::<i64>();
        assert_eq!(i64::try_from(all.len()).unwrap(), otherwise);
        agent.get(&format!("/activations/{id}/shadow")).await.problem(403, "role");
        admin.get("/activations/none/shadow").await.problem(404, "not-found");
    });
}

#[test]
fn an_equal_candidate_agrees_and_another_active_one_begins_figures_of_its_own() {
    for_each_db(|app| async move {
        let mail = app.agreed_service("Mail").await;
        let (agent, admin) = (app.agent().await, app.administrator().await);
        let standard = super::standard(&admin).await;
        let double = digest(&admin, "guests/sla-double").await;
        let id = activate(&admin, &standard, json!({"mode": "shadow"})).await;
        agent.post("/records/incident", incident(&mail)).await.ok();
        shadow::run(&app.desk).await.unwrap();
        assert_eq!(figures(&admin, &id).await["figures"]["agreement_bp"], 10_000);
        activate(&admin, &double, json!({})).await;
        agent.post("/records/incident", incident(&mail)).await.ok();
        shadow::run(&app.desk).await.unwrap();
        let seen = figures(&admin, &id).await;
        assert_eq!(seen["against"].as_array().unwrap().len(), 2, "{seen}");
        assert_eq!((&seen["figures"]["same"], &seen["figures"]["differs"]), (&json!(1), &json!(1)));
    });
}

#[test]
fn one_that_traps_loops_or_hogs_changes_nothing() {
    for_each_db(|app| async move {
        let mail = app.agreed_service("Mail").await;
        let (agent, admin) = (app.agent().await, app.administrator().await);
        let alone = agent.post("/records/incident", incident(&mail)).await.ok();
        for guest in ["trap", "loop", "hog", "garbage"] {
            let bad = digest(&admin, &format!("guests/{guest}")).await;
            let id = activate(&admin, &bad, json!({"mode": "shadow"})).await;
            let record = agent.post("/records/incident", incident(&mail)).await.ok();
            assert_eq!(record["sla"]["resolution"], alone["sla"]["resolution"], "{guest}");
            assert_eq!(record["manual"], alone["manual"]);
            let numbers = [record["number"].as_str().unwrap().to_owned()];
            let before = effects(&app, &numbers).await;
            shadow::run(&app.desk).await.unwrap();
            assert_eq!(effects(&app, &numbers).await, before, "{guest}");
            let seen = figures(&admin, &id).await;
            assert_eq!(seen["figures"]["fails"], 1, "{guest}: {seen}");
            let group = seen["figures"]["groups"][0]["group"].as_str().unwrap();
            assert!(group.starts_with("fails: "), "{group}");
            let shown = admin.get(&format!("/components/{bad}")).await.ok();
            assert_eq!(shown["active"], json!([]), "what is only tried is not active");
        }
    });
}
