//! What the component is told of a change.

use super::*;
use crate::app::for_each_db;

#[test]
fn the_impact_follows_relations_to_services_and_circles_end() {
    for_each_db(|app| async move {
        let office = Office::open(app).await;
        let shop = office.service("Shop", 4, json!({})).await;
        let portal = office.service("Portal", 2, json!({"depends_on": [shop]})).await;
        let disk = office.unbuilt("disk", 2).await;
        let database = office.item("database", 3, &[("depends-on", &disk)], &[]).await;
        let server = office.item("app server", 1, &[("runs-on", &database)], &[&shop]).await;
        // A circle, and neighbours by relations that carry no impact.
        let circle = json!({"relations": [{"type": "part-of", "ci": server}]});
        office.owner.patch(&format!("/records/configuration-item/{disk}"), circle).await.ok();
        office.item("spare", 4, &[("backs-up", &disk), ("connects", &disk)], &[]).await;

        let (number, record) = office.assessed(&[&disk], json!({})).await;
        let assessment = &record["assessment"];
        let impact = json!({"items": 2, "criticality": 3, "services": 2, "cut_off": false});
        assert_eq!(assessment["impact"], impact, "{assessment}");
        let (count, decision) = office.decisions(&number).await;
        assert_eq!((count, &decision["event"]), (1, &json!("transition:submitted")));
        let input = &decision["input"];
        assert_eq!(input["affected"], json!([{"ci": disk, "criticality": 2}]));
        let services = json!([{"service": shop, "criticality": 4}, {"service": portal, "criticality": 2}]);
        assert_eq!(input["dependents"], services);
        assert_eq!(input["attributes"]["impact.items"], 2);
        assert_eq!(input["backout"], json!({"state": "tested", "duration_min": 10, "window_min": 120}));
        assert_eq!(input["history"], json!({"total": 0, "failed": 0}));
        assert_eq!(input["collisions"], json!([]));
        // 94 · 25 + 10 · 15 + 50 · 10 = 3000
        assert_eq!((&assessment["score"], &assessment["band"]), (&json!(30), &json!("medium")));
        assert_eq!(assessment["decision"], decision["id"]);
        assert_eq!(record["risk"], decision["number"]);
        assert_eq!(assessment["approvers"], json!([{"role": "CM", "count": 1}]));
        assert_eq!(record["ci_classes"], json!(["server"]));
        let listed = office.manager.get("/records/change?assessment.band=medium").await.ok();
        assert_eq!(listed["records"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn an_impact_is_followed_so_far_and_says_so() {
    for_each_db(|app| async move {
        let office = Office::open(app).await;
        let mut chain = vec![office.item("1", 1, &[], &[]).await];
        for n in 2..=19 {
            let below = chain.last().unwrap().clone();
            chain.push(office.item(&n.to_string(), 1, &[("depends-on", &below)], &[]).await);
        }
        let (_, record) = office.assessed(&[&chain[0]], json!({})).await;
        let impact = json!({"items": 16, "criticality": 1, "services": 0, "cut_off": true});
        assert_eq!(record["assessment"]["impact"], impact);
        let (_, record) = office.assessed(&[&chain[2]], json!({})).await;
        let impact = json!({"items": 16, "criticality": 1, "services": 0, "cut_off": false});
        assert_eq!(record["assessment"]["impact"], impact);
    });
}

#[test]
fn what_is_not_said_is_found_out_or_missing() {
    for_each_db(|app| async move {
        let agreed = app.agreed_service("Mail").await;
        let office = Office::open(app).await;
        let server = office.item("mail server", 2, &[], &[&agreed.service]).await;
        let lonely = office.item("lonely", 2, &[], &[]).await;
        let timing = async |cis: &[&String], from: &str, to: &str| {
            let window = json!({"timing": null, "window_from": from, "window_to": to});
            let (_, record) = office.assessed(cis, window).await;
            record["assessment"]["timing"].clone()
        };
        // The office is open from 9 to 12 and from 13 to 18 in Shanghai, eight hours ahead.
        assert_eq!(timing(&[&server], "2026-03-10T10:00:00Z", "2026-03-11T01:00:00Z").await, "off-hours");
        assert_eq!(timing(&[&server], "2026-03-10T10:00:00Z", "2026-03-11T01:00:01Z").await, "business-hours");
        assert_eq!(timing(&[&server], "2026-03-12T04:00:00Z", "2026-03-12T05:00:00Z").await, "off-hours");
        assert_eq!(timing(&[&server], "2026-03-14T01:00:00Z", "2026-03-15T09:00:00Z").await, "off-hours");
        assert_eq!(timing(&[&lonely], WINDOW.0, WINDOW.1).await, Value::Null);

        let none: [&String; 0] = [];
        let bare = json!({"timing": null, "complexity": null, "backout": {"state": "documented"}});
        let (number, record) = office.assessed(&none, bare).await;
        let missing = json!(["service_impact", "complexity", "history", "timing"]);
        assert_eq!(record["assessment"]["missing"], missing);
        // Nobody has said how long backing out takes: the whole window.
        let (_, decision) = office.decisions(&number).await;
        assert_eq!(
            decision["input"]["backout"],
            json!({"state": "documented", "duration_min": 120, "window_min": 120})
        );
    });
}

#[test]
fn history_is_of_the_model_or_else_of_the_class() {
    for_each_db(|app| async move {
        let office = Office::open(app).await;
        let item = office.item("disk", 1, &[], &[]).await;
        let reviewer = office.app.actor("reviewer", &[Role::Cm]).await;
        for (outcome, end) in [("success", "implemented"), ("failed", "implemented"), ("", "backed_out")] {
            let number = office.approved(&[&item], json!({})).await;
            office.manager.go("change", &number, "scheduled", json!({})).await;
            office.technician.go("change", &number, "implementing", json!({})).await;
            let record = office.technician.go("change", &number, end, json!({})).await;
            if outcome.is_empty() {
                assert_eq!(record["outcome"], "backed-out");
            } else {
                office.manager.patch(&path(&number), json!({"outcome": outcome})).await.ok();
            }
            reviewer.go("change", &number, "reviewed", json!({})).await;
            if outcome != "success" {
                let closed = step(&number, "closed");
                reviewer.post(&closed, json!({})).await.problem(422, "failure-investigated");
                reviewer.patch(&path(&number), json!({"investigation": "the new disk was faulty"})).await.ok();
            }
            reviewer.go("change", &number, "closed", json!({})).await;
        }
        let (_, record) = office.assessed(&[&item], json!({})).await;
        assert_eq!(record["assessment"]["history"], json!({"total": 3, "failed": 2}));
        let model = model(&office, 50).await;
        let (_, record) = office.assessed(&[&item], json!({"model": model})).await;
        assert_eq!(record["assessment"]["history"], json!({"total": 0, "failed": 0}));
    });
}

#[test]
fn every_colliding_item_is_listed_with_its_path() {
    for_each_db(|app| async move {
        let office = Office::open(app).await;
        let disk = office.item("disk", 1, &[], &[]).await;
        let database = office.item("database", 1, &[("depends-on", &disk)], &[]).await;
        let server = office.item("server", 1, &[("runs-on", &database)], &[]).await;
        let apart = office.item("apart", 1, &[], &[]).await;

        let (above, record) = office.assessed(&[&server], json!({})).await;
        assert_eq!(record["assessment"]["collisions"], json!([]));
        let (both, record) = office.assessed(&[&disk, &apart], json!({})).await;
        let way = json!([disk, database, server]);
        let related = json!({"change": above, "ci": server, "relation": "related-ci", "path": way});
        assert_eq!(record["assessment"]["collisions"], json!([related]));
        assert_eq!(record["assessment"]["route"], "change-manager");

        let later = json!({"window_from": WINDOW.1, "window_to": "2026-03-10T22:00:00Z"});
        let (_, record) = office.assessed(&[&disk], later).await;
        assert_eq!(record["assessment"]["collisions"], json!([]), "windows that only meet do not overlap");
        let draft = office.draft(&[&apart], json!({})).await;

        let (_, record) = office.assessed(&[&server, &disk], json!({})).await;
        let expected = json!([
            {"change": above, "ci": server, "relation": "same-ci", "path": [server]},
            {"change": both, "ci": disk, "relation": "same-ci", "path": [disk]},
        ]);
        assert_eq!(record["assessment"]["collisions"], expected);
        assert_eq!(record["assessment"]["flags"], json!(["H2-same-ci-collision"]));
        assert_eq!(record["assessment"]["route"], "cab");

        // A way down: what ours depends on is changed at the same time.
        let record = office.technician.go("change", &draft, "submitted", json!({})).await;
        let expected = json!([{"change": both, "ci": apart, "relation": "same-ci", "path": [apart]}]);
        assert_eq!(record["assessment"]["collisions"], expected);
        let edit = json!({"cis": [server]});
        let record = office.technician.patch(&path(&above), json!({"teams": 2})).await.ok();
        let listed = record["assessment"]["collisions"].as_array().unwrap().clone();
        assert!(
            listed.contains(&json!({
                "change": both, "ci": disk, "relation": "related-ci", "path": [server, database, disk]
            })),
            "{listed:?}"
        );
        let record = office.technician.patch(&path(&draft), edit).await.ok();
        assert_eq!(record["assessment"]["collisions"].as_array().unwrap().len(), 4);
    });
}

#[test]
fn input_that_makes_no_sense_is_refused() {
    for_each_db(|app| async move {
        let office = Office::open(app).await;
        let item = office.item("disk", 1, &[], &[]).await;
        let cases = [
            (json!({"window_to": WINDOW.0}), "range", "window_to"),
            (json!({"tests": {"planned": 3, "passed": 4}}), "range", "tests.passed"),
            (json!({"tests": {"planned": -1, "passed": 0}}), "range", "tests.planned"),
            (
                json!({"backout": {"state": "tested", "duration_min": 5_000_000_000_i64}}),
                "range",
                "backout.duration_min",
            ),
            (json!({"backout": {"state": "perhaps"}}), "enum", "backout.state"),
            (json!({"timing": "blackout"}), "enum", "timing"),
            (json!({"assessment": {}}), "computed-field", "assessment"),
            (json!({"approvals": []}), "computed-field", "approvals"),
        ];
        for (more, rule, field) in cases {
            let problem =
                office.technician.post("/records/change", with(harmless(&[&item]), more)).await.problem(422, rule);
            assert_eq!(problem["field"], field, "{problem}");
        }
        let (number, _) = office.assessed(&[&item], json!({})).await;
        office.manager.patch(&path(&number), json!({"requester": "somebody"})).await.problem(422, "locked-field");
        let smuggled = json!({"teams": 7});
        let problem = office.manager.post(&step(&number, "approved"), smuggled).await.problem(422, "locked-field");
        assert_eq!(problem["field"], "teams");
    });
}

/// A model in force until the end of the year.
pub(super) async fn model(office: &Office, max_score: i64) -> String {
    let fields = json!({
        "title": "Disk", "steps": "swap it", "backout": "swap it back", "max_score": max_score,
        "valid_to": "2026-12-31", "infosec_assessed": true
    });
    let number = office.manager.create("change-model", fields).await;
    office.board[0].go("change-model", &number, "approved", json!({})).await;
    number
}
