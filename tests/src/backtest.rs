//! Dry runs: a candidate tried on what was decided, before it decides.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use mortise::domain::Role;
use mortise::flows::jobs;
use serde_json::{Value, json};

use crate::app::{Client, Desktop, binary, component, components, for_each_db};

/// P2 has half the time to restore the service.
fn halved() -> Value {
    let target = |response: i64, resolution: i64| json!({"response_s": response, "resolution_s": resolution, "calendar": "24x7"});
    json!({ "targets": {
        "P1": target(900, 7200), "P2": target(1800, 7200), "P3": target(3600, 28800), "P4": target(7200, 86400),
        "P5": target(14400, 144_000),
    }})
}

/// Minutes after which each incident was resolved; it is answered at once.
const MINUTES: [i64; 12] = [30, 60, 119, 120, 121, 150, 180, 239, 240, 241, 300, 600];

/// P2 incidents without an agreement, so that the component's own targets hold, resolved one after the other.
async fn incidents(app: &Desktop) -> Vec<(String, i64)> {
    let setup = app.actor("setup", &[Role::Po, Role::Top, Role::Slm]).await;
    let service = setup
        .create(
            "service",
            json!({"title": "Mail", "outcome": "it works", "criticality": 2, "calendar": calendar(&setup).await}),
        )
        .await;
    app.actor("director", &[Role::Top]).await.go("service", &service, "planned", json!({})).await;
    for state in ["designed", "in_build", "live"] {
        setup.go("service", &service, state, json!({})).await;
    }
    let agent = app.agent().await;
    let mut made = Vec::new();
    for minutes in MINUTES {
        let number = agent
            .create(
                "incident",
                json!({
                    "title": format!("打印机故障 {minutes}"), "service": service, "caller": "zhao", "channel": "phone",
                    "category": "print", "impact": 1, "urgency": 2,
                }),
            )
            .await;
        agent.go("incident", &number, "assigned", json!({})).await;
        agent.go("incident", &number, "in_progress", json!({})).await;
        made.push((number, minutes));
    }
    let start = app.clock.now();
    for (number, minutes) in &made {
        app.clock.set(start.plus(minutes * 60_000));
        agent.go("incident", number, "resolved", json!({"solution": "换纸", "closure_code": "fixed"})).await;
    }
    made
}

async fn calendar(setup: &Client) -> String {
    let day = json!([["09:00", "18:00"]]);
    let calendar = setup
        .create(
            "calendar",
            json!({
                "title": "Days", "time_zone": "Asia/Shanghai", "mode": "business", "valid_from": "2026-01-01",
                "weekly": {"mon": day, "tue": day, "wed": day, "thu": day, "fri": day}
            }),
        )
        .await;
    setup.go("calendar", &calendar, "active", json!({})).await;
    calendar
}

/// The decisions that flip when the newest one of each record is asked again.
fn expected(made: &[(String, i64)]) -> BTreeSet<String> {
    made.iter().filter(|(_, minutes)| *minutes > 120 && *minutes <= 240).map(|(number, _)| number.clone()).collect()
}

#[test]
fn exactly_the_decisions_that_flip_are_named() {
    for_each_db(|app| async move {
        let made = incidents(&app).await;
        let owner = app.actor("owner", &[Role::Po]).await;
        let wish = json!({"process": "sla", "settings": halved(), "latest": true, "scope": {"kind": "kind", "value": "incident"}});
        let started = owner.post("/backtests", wish).await;
        assert_eq!(started.status, 202, "{}", started.text);
        let id = started.body["id"].as_str().unwrap().to_owned();
        assert_eq!(started.headers["location"], format!("/api/v1/backtests/{id}"));
        assert_eq!(started.body["input"]["decisions"], MINUTES.len());
        jobs::run(&app.desk).await.unwrap();

        let report = owner.get(&format!("/backtests/{id}")).await.ok();
        assert_eq!(report["state"], "done", "{report}");
        let expected = expected(&made);
        let summary = &report["summary"];
        assert_eq!((&summary["decisions"], &summary["flips"]), (&json!(12), &json!(expected.len())), "{report}");
        assert_eq!(summary["fails"], 0);
        assert_eq!(summary["groups"][0], json!({"group": "figures", "count": 7}));
        assert_eq!(summary["groups"][1], json!({"group": "resolution: met → breached", "count": 5}));
        assert!(summary["fuel"]["percent"].as_i64().unwrap() > 50);

        let page = owner.get(&format!("/backtests/{id}/decisions?sort=flips&limit=3")).await.ok();
        let next = page["next"].as_str().unwrap();
        let rest = owner.get(&format!("/backtests/{id}/decisions?sort=flips&limit=3&cursor={next}")).await.ok();
        let flips: Vec<&Value> =
            [&page, &rest].into_iter().flat_map(|page| page["decisions"].as_array().unwrap()).collect();
        let numbers: BTreeSet<String> = flips.iter().map(|f| f["record"].as_str().unwrap().to_owned()).collect();
        assert_eq!(numbers, expected);
        for flip in flips {
            assert_eq!(flip["old"]["outcome"]["resolution"]["met"], true);
            assert_eq!(flip["new"]["outcome"]["resolution"]["met"], false);
            assert!(!flip["new"]["reasons"].as_array().unwrap().is_empty());
            let paths: Vec<&str> =
                flip["differences"].as_array().unwrap().iter().map(|d| d["path"].as_str().unwrap()).collect();
            assert!(paths.contains(&"resolution.target_s") && paths.contains(&"resolution.met"), "{paths:?}");
        }

        // Nothing on a record has changed, and what is live is what was live.
        let auditor = app.actor("auditor", &[Role::Aud]).await;
        let record = auditor.get(&format!("/records/incident/{}", made[5].0)).await.ok();
        assert_eq!(record["sla"]["resolution"]["met"], true);
        let csv = auditor.get(&format!("/backtests/{id}/export")).await;
        assert_eq!(csv.text.lines().count(), 13, "{}", csv.text);
        assert!(
            csv.text.starts_with("decision,record,at,sort,group,money,currency,differences,old_outcome,new_outcome")
        );
        let flip = csv.text.lines().find(|line| line.contains(",flips,")).unwrap();
        assert!(flip.contains("\"\"met\"\":true") && flip.contains("\"\"met\"\":false"), "both outcomes: {flip}");
        let whole = auditor.get(&format!("/backtests/{id}/export?format=json")).await.ok();
        assert_eq!(whole.as_array().map(Vec::len), Some(12), "{whole}");
        let lines = auditor.get(&format!("/backtests/{id}/export?format=jsonl&sort=flips")).await;
        assert_eq!(lines.text.lines().count(), 5);
        let list = auditor.get("/backtests").await.ok();
        assert_eq!(list["backtests"][0]["id"], json!(id));
    });
}

#[test]
fn the_same_component_and_settings_agree_with_themselves() {
    for_each_db(|app| async move {
        incidents(&app).await;
        let owner = app.actor("owner", &[Role::Po]).await;
        let report = owner.post("/backtests", json!({"process": "sla"})).await.ok();
        jobs::run(&app.desk).await.unwrap();
        let report = owner.get(&format!("/backtests/{}", report["id"].as_str().unwrap())).await.ok();
        let summary = &report["summary"];
        assert_eq!((&summary["agreement_bp"], &summary["groups"]), (&json!(10_000), &json!([])), "{report}");
        assert_eq!(summary["decisions"], summary["same"]);
        assert_eq!(summary["fuel"]["percent"], 100);
    });
}

#[test]
fn a_filter_takes_the_decisions_of_some_records() {
    for_each_db(|app| async move {
        let made = incidents(&app).await;
        let owner = app.actor("owner", &[Role::Po]).await;
        let of = |filter: Value| {
            let scope = json!({"kind": "kind", "value": "incident"});
            json!({"process": "sla", "latest": true, "settings": halved(), "scope": scope, "filter": filter})
        };
        let count = |filter: Value| {
            let (owner, wish) = (owner.clone(), of(filter));
            async move { owner.post("/backtests", wish).await.ok()["input"]["decisions"].as_u64().unwrap() }
        };
        let numbers: Vec<&str> = made.iter().take(3).map(|(number, _)| number.as_str()).collect();
        assert_eq!(count(json!({"number": numbers})).await, 3);
        assert_eq!(count(json!({"number": numbers.join(","), "state": "!new"})).await, 3);
        assert_eq!(count(json!({"number": format!("!{}", numbers[0])})).await, MINUTES.len() as u64 - 1);
        let all = count(json!({"created_at": "2000-01-01.."})).await;
        assert_eq!(all, MINUTES.len() as u64);
        jobs::run(&app.desk).await.unwrap();
        let newest = owner.get("/backtests").await.ok();
        assert_eq!(newest["backtests"][3]["summary"]["decisions"], 3, "{newest}");

        let refused = |wish: Value, status: u16, rule: &'static str, field: &'static str| {
            let owner = owner.clone();
            async move { assert_eq!(owner.post("/backtests", wish).await.problem(status, rule)["field"], field) }
        };
        refused(of(json!({"description": "x"})), 422, "not-indexed", "filter.description").await;
        refused(of(json!({"state": "gone"})), 422, "enum", "filter.state").await;
        refused(of(json!({"state": {"is": "new"}})), 422, "type", "filter.state").await;
        refused(json!({"process": "sla", "filter": {"state": "new"}}), 422, "required", "scope").await;
        let backwards = json!({"process": "sla", "from": "2026-04-01", "to": "2026-03-01"});
        refused(backwards, 422, "range", "to").await;
    });
}

#[test]
fn what_is_left_out_is_what_is_live_for_the_scope() {
    for_each_db(|app| async move {
        incidents(&app).await;
        let (owner, admin) = (app.actor("owner", &[Role::Po]).await, app.administrator().await);
        let live = admin.get("/activations?process=sla&live=true").await.ok()["activations"][0].clone();
        let scope = json!({"kind": "kind", "value": "incident"});
        let wish = json!({
            "process": "sla", "scope": scope, "component": live["component"], "settings": halved(),
            "explanation": "half the time, for incidents only"
        });
        admin.post("/activations", wish).await.ok();
        let of_kind = owner.post("/backtests", json!({"process": "sla", "scope": scope})).await.ok();
        assert_eq!(of_kind["input"]["settings"], halved());
        let live = admin.get("/activations?process=sla&live=true").await.ok()["activations"][0].clone();
        let one = admin.get(&format!("/activations/{}", live["id"].as_str().unwrap())).await.ok();
        assert_eq!((&one["settings_value"], &one["settings"]), (&halved(), &live["settings"]));
        admin.get("/activations/none").await.problem(404, "not-found");
        let of_all = owner.post("/backtests", json!({"process": "sla"})).await.ok();
        assert_eq!(of_all["input"]["settings"], json!({}));
    });
}

#[test]
fn a_candidate_that_fails_is_counted_and_harms_nothing() {
    for_each_db(|app| async move {
        incidents(&app).await;
        let administrator = app.administrator().await;
        let digest = administrator.upload(component("guests/trap")).await.ok()["digest"].clone();
        let report =
            administrator.post("/backtests", json!({"process": "sla", "component": digest, "latest": true})).await.ok();
        jobs::run(&app.desk).await.unwrap();
        let report = administrator.get(&format!("/backtests/{}", report["id"].as_str().unwrap())).await.ok();
        assert_eq!((&report["state"], &report["summary"]["fails"]), (&json!("done"), &json!(12)), "{report}");
        assert!(report["summary"]["groups"][0]["group"].as_str().unwrap().starts_with("fails: "), "{report}");
        let queue = administrator.get("/manual-decisions").await.ok();
        assert_eq!(queue["waiting"].as_array().map_or(0, Vec::len), 0, "{queue}");
    });
}

#[test]
fn what_cannot_be_tried_is_refused_by_name() {
    for_each_db(|app| async move {
        let owner = app.actor("owner", &[Role::Po]).await;
        let nothing = owner.post("/backtests", json!({"process": "sla"})).await;
        nothing.problem(409, "nothing-to-replay");
        incidents(&app).await;
        let refused = |body: Value, status: u16, rule: &'static str| {
            let owner = owner.clone();
            async move { owner.post("/backtests", body).await.problem(status, rule) }
        };
        refused(json!({}), 422, "required").await;
        refused(json!({"process": "magic"}), 422, "enum").await;
        refused(json!({"process": "sla", "component": "0".repeat(64)}), 422, "reference").await;
        refused(json!({"process": "sla", "settings": {"warn_pct": [0, 300]}}), 422, "settings").await;
        refused(json!({"process": "sla", "from": "yesterday"}), 422, "type").await;
        refused(json!({"process": "sla", "scope": {"kind": "kind", "value": "none"}}), 422, "unknown-kind").await;
        refused(json!({"process": "sla", "to": "2020-01-01"}), 409, "nothing-to-replay").await;
        let agent = app.agent().await;
        agent.post("/backtests", json!({"process": "sla"})).await.problem(403, "role");
        let report = owner.post("/backtests", json!({"process": "sla"})).await.ok();
        let id = report["id"].as_str().unwrap();
        agent.get(&format!("/backtests/{id}")).await.problem(404, "not-found");
        owner.get(&format!("/backtests/{id}/decisions?sort=same")).await.problem(422, "enum");
        agent.get("/decisions/export?process=sla").await.problem(403, "role");
        // Asked to stop before it began.
        owner.post(&format!("/jobs/{id}/cancel"), json!({})).await.ok();
        jobs::run(&app.desk).await.unwrap();
        let report = owner.get(&format!("/backtests/{id}")).await.ok();
        assert_eq!(report["state"], "cancelled");
    });
}

#[test]
fn a_candidate_that_loops_does_not_keep_a_dry_run_from_being_stopped() {
    for_each_db(|app| async move {
        incidents(&app).await;
        let administrator = app.administrator().await;
        let digest = administrator.upload(component("guests/loop")).await.ok()["digest"].clone();
        let wish = json!({"process": "sla", "component": digest});
        let id = administrator.post("/backtests", wish).await.ok()["id"].as_str().unwrap().to_owned();
        let desk = app.desk.clone();
        let node = tokio::spawn(async move { jobs::run(&desk).await });
        let path = format!("/backtests/{id}");
        while administrator.get(&path).await.ok()["state"] == "queued" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        administrator.post(&format!("/jobs/{id}/cancel"), json!({})).await.ok();
        // All of its decisions would take longer than anybody waits.
        tokio::time::timeout(Duration::from_secs(30), node).await.unwrap().unwrap().unwrap();
        let report = administrator.get(&path).await.ok();
        assert_eq!((&report["state"], &report["summary"]["decisions"]), (&json!("cancelled"), &json!(0)), "{report}");
    });
}

#[test]
fn a_partner_tries_it_on_exported_decisions_without_a_server() {
    for_each_db(|app| async move {
        let made = incidents(&app).await;
        let auditor = app.actor("auditor", &[Role::Aud]).await;
        let exported = auditor.get("/decisions/export?process=sla").await;
        let dir = tempfile::tempdir().unwrap();
        let (decisions, settings, out) =
            (dir.path().join("decisions.jsonl"), dir.path().join("settings.json"), dir.path().join("out.jsonl"));
        std::fs::write(&decisions, &exported.text).unwrap();
        std::fs::write(&settings, halved().to_string()).unwrap();
        let run = || {
            let mut command = Command::new(binary());
            command.args(["plugin", "backtest"]).arg(components().join("sla-standard.wasm"));
            command
        };
        let answer =
            run().arg("--input").arg(&decisions).arg("--settings").arg(&settings).arg("--decisions").arg(&out).output();
        let answer = answer.unwrap();
        assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
        let summary: Value = serde_json::from_slice(&answer.stdout).unwrap();
        let found = std::fs::read_to_string(&out).unwrap();
        let flips: BTreeSet<String> = found
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .filter(|line| line["group"] == "resolution: met → breached")
            .map(|line| line["record"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(flips, expected(&made), "{summary}");
        std::fs::write(&decisions, "{\"input\": 3}\n").unwrap();
        let wrong = run().arg("--input").arg(&decisions).output().unwrap();
        assert_eq!(wrong.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&wrong.stderr).contains("input line 1"));
    });
}
