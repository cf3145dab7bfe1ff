//! Measures: figures worked out by hand, on both databases.

mod guide;
mod values;

use mortise::domain::Role;
use serde_json::{Value, json};

use crate::app::{Client, Desktop, for_each_db};
use crate::seed::{Past, write};

/// An incident made at a moment and resolved at another.
fn incident(made: &str, resolved: &str, service: &str, priority: &str, met: bool) -> Past {
    let fields = json!({
        "caller": "zhao", "channel": "phone", "service": service, "impact": 2, "urgency": 2, "priority": priority,
        "category": "network", "major": false, "restored_at": resolved,
        "sla": {"resolution": {"met": met}}
    });
    Past::of("INC", made, fields)
        .then("assigned", made, "SD")
        .then("in_progress", made, "SD")
        .then("resolved", resolved, "SD")
}

async fn measure(client: &Client, id: &str, query: &str) -> Value {
    client.get(&format!("/measures/{id}?{query}")).await.ok()
}

fn value(measured: &Value) -> &str {
    measured["value"].as_str().unwrap_or_else(|| panic!("no value: {measured}"))
}

#[test]
fn a_share_is_exact_and_divided_by_service_and_priority() {
    for_each_db(|app| async move {
        let auditor = app.actor("auditor", &[Role::Aud]).await;
        let mut past = Vec::new();
        for n in 0..48 {
            let (service, priority) = if n < 40 { ("SVC-2026-000001", "P2") } else { ("SVC-2026-000002", "P3") };
            past.push(incident("2026-02-10T01:00:00Z", "2026-02-10T03:00:00Z", service, priority, n > 1));
        }
        // Not of February, in UTC; of February, in Honolulu.
        past.push(incident("2026-02-28T20:00:00Z", "2026-03-01T05:00:00Z", "SVC-2026-000001", "P2", false));
        write(&app, past).await;

        // 46 of 48 on time.
        let march = measure(&auditor, "incidents-in-target", "period=2026-02").await;
        assert_eq!(value(&march), "95.8", "{march}");
        assert_eq!(
            (&march["numerator"], &march["denominator"], &march["sample"]),
            (&json!("46"), &json!("48"), &json!(48))
        );
        let west = measure(&auditor, "incidents-in-target", "period=2026-02&tz=Pacific/Honolulu").await;
        assert_eq!((value(&west), &west["denominator"]), ("93.9", &json!("49")));
        assert_eq!(west["period"]["tz"], "Pacific/Honolulu");

        let by = measure(&auditor, "incidents-in-target", "from=2026-02-01&to=2026-02-28&by=service").await;
        let groups = by["groups"].as_array().unwrap();
        assert_eq!(groups.len(), 2, "{by}");
        assert_eq!((&groups[0]["key"], value(&groups[0])), (&json!("SVC-2026-000001"), "95.0"));
        assert_eq!((&groups[1]["key"], value(&groups[1])), (&json!("SVC-2026-000002"), "100.0"));
        let by = measure(&auditor, "incidents-in-target", "period=2026-02&by=priority").await;
        assert_eq!(by["groups"][1]["key"], "P3");

        // Two hours each: mean, median, 90th percentile and maximum.
        let mttr = measure(&auditor, "incident-mttr", "period=2026-02").await;
        assert_eq!((value(&mttr), &mttr["spread"]), ("2.0", &json!({"median": "2.0", "p90": "2.0", "max": "2.0"})));
        assert_eq!(mttr["unit"], "hours");
    });
}

#[test]
fn a_measure_without_data_says_so_and_shows_no_zero() {
    for_each_db(|app| async move {
        let auditor = app.actor("auditor", &[Role::Aud]).await;
        for id in
            ["incidents-in-target", "incident-mttr", "backlog-age", "cost-per-ticket", "decision-time", "availability"]
        {
            let nothing = measure(&auditor, id, "period=2026-02&tz=Asia/Shanghai").await;
            assert_eq!((&nothing["value"], &nothing["reason"]), (&Value::Null, &json!("no-data")), "{nothing}");
            assert!(!nothing["missing"]["en"].as_str().unwrap().is_empty(), "{nothing}");
            assert!(!nothing["missing"]["zh"].as_str().unwrap().is_empty(), "{nothing}");
        }
        let nothing = measure(&auditor, "incidents-in-target", "period=2026-02").await;
        let words = "no incident that became resolved from 2026-02-01 to 2026-02-28";
        assert_eq!(nothing["missing"]["en"], words);
        assert_eq!(nothing["missing"]["zh"], "2026-02-01至2026-02-28没有转为“已解决”的事件");

        // An incident that was not reopened is data: 0 of 1.
        write(&app, vec![incident("2026-02-10T01:00:00Z", "2026-02-10T03:00:00Z", "SVC-2026-000001", "P2", true)])
            .await;
        let none = measure(&auditor, "incidents-reopened", "period=2026-02").await;
        assert_eq!((value(&none), &none["denominator"]), ("0.0", &json!("1")));
    });
}

fn request(made: &str, fulfilled: &str) -> Past {
    let fields = json!({
        "item": "CAT-2026-000001", "requester": "zhao", "channel": "mail", "access_level": "none",
        "cost": {"amount": "0.00", "currency": "CNY"}, "service": "SVC-2026-000001"
    });
    Past::of("SRQ", made, fields)
        .then("classified", made, "SD")
        .then("approved", made, "auto")
        .then("fulfilling", made, "TE")
        .then("fulfilled", fulfilled, "TE")
}

#[test]
fn four_requests_of_20_30_52_and_70_hours_take_43_on_average() {
    for_each_db(|app| async move {
        let auditor = app.actor("auditor", &[Role::Aud]).await;
        let ends = ["2026-02-02T20:00:00Z", "2026-02-03T06:00:00Z", "2026-02-04T04:00:00Z", "2026-02-04T22:00:00Z"];
        write(&app, ends.iter().map(|end| request("2026-02-02T00:00:00Z", end)).collect()).await;
        let mean = measure(&auditor, "request-completion", "period=2026-02").await;
        assert_eq!(value(&mean), "43.0", "{mean}");
        assert_eq!((&mean["numerator"], &mean["denominator"]), (&json!("172"), &json!("4")));
        assert_eq!(mean["spread"], json!({"median": "30.0", "p90": "70.0", "max": "70.0"}));
        // Target 48 h, lower is better: 48/43.
        assert_eq!((&mean["attainment"], &mean["status"]), (&json!("111.6"), &json!("green")));
        assert_eq!(value(&measure(&auditor, "requests-recorded", "period=2026-02").await), "4");
    });
}

#[test]
fn first_contact_is_330_of_470() {
    for_each_db(|app| async move {
        let auditor = app.actor("auditor", &[Role::Aud]).await;
        let mut past = Vec::new();
        for n in 0..470 {
            let one = incident("2026-02-10T01:00:00Z", "2026-02-10T03:00:00Z", "SVC-2026-000001", "P3", true);
            // Solved by a technician; and reopened by the customer.
            past.push(if n < 140 {
                one.then("in_progress", "2026-02-11T01:00:00Z", "CUS").then("resolved", "2026-02-11T02:00:00Z", "TE")
            } else {
                one
            });
        }
        write(&app, past).await;
        let first = measure(&auditor, "first-contact", "period=2026-02").await;
        assert_eq!((value(&first), &first["numerator"], &first["denominator"]), ("70.2", &json!("330"), &json!("470")));
        let reopened = measure(&auditor, "incidents-reopened", "period=2026-02").await;
        assert_eq!((value(&reopened), &reopened["numerator"]), ("29.8", &json!("140")));
    });
}

#[test]
fn the_backlog_is_as_it_was_at_the_end_of_the_period() {
    for_each_db(|app| async move {
        let auditor = app.actor("auditor", &[Role::Aud]).await;
        // Open at the end of January, resolved since; open until now; resolved in January.
        write(
            &app,
            vec![
                incident("2026-01-22T00:00:00Z", "2026-02-20T00:00:00Z", "SVC-2026-000001", "P2", true),
                incident("2026-01-31T00:00:00Z", "2026-01-31T12:00:00Z", "SVC-2026-000001", "P2", true),
                Past::of("INC", "2026-01-28T00:00:00Z", json!({"service": "SVC-2026-000001", "priority": "P4"})),
            ],
        )
        .await;
        // 10 and 4 days at the end of January.
        let age = measure(&auditor, "backlog-age", "period=2026-01").await;
        assert_eq!((value(&age), &age["sample"]), ("7.0", &json!(2)), "{age}");
        // At the end of February only one of them: 32 days.
        assert_eq!(value(&measure(&auditor, "backlog-age", "period=2026-02").await), "32.0");
        // The story begins on 3 March, 01:00: the period lasts, and things are as of now.
        let now = measure(&auditor, "backlog-age", "period=2026-03").await;
        assert_eq!(now["period"]["as_of"], "2026-03-03T01:00:00Z");
        assert_eq!(now["numerator"], "34.041667");
    });
}

async fn money(app: &Desktop) {
    let cny = |amount: &str| json!({"amount": amount, "currency": "CNY"});
    let line = json!({
        "title": "desk", "budget": "BGT-2026-000001", "cost_type": "labour", "nature": "indirect",
        "amount": cny("10000.00"), "forecast_to_go": cny("4000.00"), "line_owner": "x"
    });
    let entry = |amount: &str, on: &str| {
        let fields = json!({
            "line": "BLN-2026-000001", "amount": cny(amount), "on": on, "posted_period": "2026-02", "kind": "actual",
            "prior_period": false
        });
        Past::of("CEN", "2026-02-05T00:00:00Z", fields)
    };
    let at = "2026-02-05T01:00:00Z";
    write(
        app,
        vec![
            Past::of("BLN", "2026-01-01T00:00:00Z", line),
            entry("4321.55", "2026-02-01").then("posted", at, "BUD"),
            entry("-21.50", "2026-02-28").then("posted", at, "BUD"),
            entry("999.00", "2026-02-10"),
            entry("5000.00", "2026-03-01").then("posted", at, "BUD"),
        ],
    )
    .await;
}

#[test]
fn money_is_added_exactly_and_never_across_currencies() {
    for_each_db(|app| async move {
        let auditor = app.actor("auditor", &[Role::Aud]).await;
        money(&app).await;
        let mut past: Vec<Past> = (0..3)
            .map(|_| incident("2026-02-10T01:00:00Z", "2026-02-10T03:00:00Z", "SVC-2026-000001", "P3", true))
            .collect();
        past.push(request("2026-02-02T00:00:00Z", "2026-02-03T00:00:00Z"));
        write(&app, past).await;
        // (4321.55 − 21.50) / 4 tickets = 1075.0125.
        let cost = measure(&auditor, "cost-per-ticket", "period=2026-02").await;
        assert_eq!((value(&cost), &cost["currency"]), ("1075.01", &json!("CNY")), "{cost}");
        assert_eq!((&cost["numerator"], &cost["denominator"]), (&json!("4300.05"), &json!("4")));
        // (4300.05 + 4000 − 10000) / 10000.
        let variance = measure(&auditor, "budget-variance", "period=2026-02").await;
        assert_eq!(value(&variance), "-17.0", "{variance}");
        let euro = json!({
            "line": "BLN-2026-000001", "amount": {"amount": "1.00", "currency": "EUR"}, "on": "2026-02-09",
            "posted_period": "2026-02", "kind": "actual", "prior_period": false
        });
        write(&app, vec![Past::of("CEN", "2026-02-05T00:00:00Z", euro).then("posted", "2026-02-05T01:00:00Z", "BUD")])
            .await;
        let mixed = measure(&auditor, "cost-per-ticket", "period=2026-02").await;
        assert_eq!((&mixed["value"], &mixed["reason"]), (&Value::Null, &json!("currencies")), "{mixed}");
    });
}

#[test]
fn changes_are_counted_by_outcome() {
    for_each_db(|app| async move {
        let auditor = app.actor("auditor", &[Role::Aud]).await;
        let change = |kind: &str, outcome: &str, back: bool| {
            let at = "2026-02-10T01:00:00Z";
            let fields = json!({"type": kind, "outcome": outcome, "reason": "x", "requester": "x"});
            let past = Past::of("CHG", at, fields).then("submitted", at, "TE").then("implementing", at, "TE");
            past.then(if back { "backed_out" } else { "implemented" }, at, "TE").then("reviewed", at, "CM")
        };
        write(
            &app,
            vec![
                change("normal", "success", false),
                change("normal", "success", false),
                change("standard", "partial", false),
                change("emergency", "backed-out", true),
            ],
        )
        .await;
        for (id, expected) in
            [("change-success", "50.0"), ("emergency-changes", "25.0"), ("changes-backed-out", "25.0")]
        {
            assert_eq!(value(&measure(&auditor, id, "period=2026-02").await), expected, "{id}");
        }
    });
}

#[test]
fn availability_and_the_time_between_failures_come_from_the_component() {
    for_each_db(|app| async move {
        let auditor = app.actor("auditor", &[Role::Aud]).await;
        // An agreement on a 24x7 calendar, in force since January.
        let calendar = json!({
            "title": "always", "time_zone": "UTC", "mode": "24x7", "weekly": {}, "valid_from": "2026-01-01"
        });
        let calendar = write(&app, vec![Past::of("CLN", "2026-01-01T00:00:00Z", calendar)]).await.remove(0);
        let agreement = json!({
            "customer": "CST-2026-000001", "service": "SVC-2026-000001", "availability_milli_pct": 99900,
            "calendar": calendar, "workload_limit": 10, "review_due": "2027-01-01"
        });
        let past = Past::of("SLA", "2026-01-01T00:00:00Z", agreement).then("active", "2026-01-02T00:00:00Z", "auto");
        write(&app, vec![past]).await;
        let up = measure(&auditor, "availability", "period=2026-02").await;
        // Nothing went down: 28 days of 24 hours.
        assert_eq!((value(&up), &up["denominator"]), ("100.000", &json!("2419200")), "{up}");
        let none = measure(&auditor, "mtbf", "period=2026-02").await;
        assert_eq!((&none["value"], &none["reason"]), (&Value::Null, &json!("no-data")));
        // Ten incidents a month were agreed; February had 3.
        let past =
            (0..3).map(|_| incident("2026-02-10T01:00:00Z", "2026-02-10T03:00:00Z", "SVC-2026-000001", "P3", true));
        write(&app, past.collect()).await;
        let load = measure(&auditor, "workload", "period=2026-02&by=service").await;
        assert_eq!((value(&load), value(&load["groups"][0])), ("30.0", "30.0"), "{load}");
        assert_eq!(value(&measure(&auditor, "workload", "from=2026-01-01&to=2026-02-28").await), "15.0");
    });
}

#[test]
fn every_measure_answers_on_both_databases() {
    for_each_db(|app| async move {
        let auditor = app.actor("auditor", &[Role::Aud]).await;
        let list = auditor.get("/measures").await.ok();
        let measures = list["measures"].as_array().unwrap();
        assert!(measures.len() > 90, "{}", measures.len());
        for definition in measures {
            let id = definition["id"].as_str().unwrap();
            for query in ["period=2026-02", "period=2026&tz=Europe/Berlin"] {
                let measured = measure(&auditor, id, query).await;
                assert_eq!(measured["value"].is_null(), measured["reason"].is_string(), "{measured}");
            }
            for by in definition["by"].as_array().unwrap() {
                measure(&auditor, id, &format!("period=2026-02&by={}", by.as_str().unwrap())).await;
            }
        }
    });
}

#[test]
fn what_is_asked_wrongly_is_refused_by_name() {
    for_each_db(|app| async move {
        let auditor = app.actor("auditor", &[Role::Aud]).await;
        let wrong = |path: &'static str| {
            let auditor = auditor.clone();
            async move { auditor.get(path).await }
        };
        wrong("/measures/unknown?period=2026").await.problem(404, "not-found");
        wrong("/measures/csat").await.problem(422, "required");
        wrong("/measures/csat?from=2026-03-01").await.problem(422, "required");
        wrong("/measures/csat?from=2026-03-02&to=2026-03-01").await.problem(422, "range");
        wrong("/measures/csat?period=March").await.problem(422, "type");
        wrong("/measures/csat?period=2026&tz=Mars").await.problem(422, "format");
        wrong("/measures/csat?period=2026&by=service").await.problem(422, "enum");
        wrong("/measures/csat?period=2026&by=colour").await.problem(422, "enum");
        wrong("/measures/csat?period=2026&x=1").await.problem(400, "unknown-parameter");
        let customer = app.actor("customer", &[Role::Cus]).await;
        customer.get("/measures").await.problem(403, "role");
        customer.get("/measures/csat?period=2026").await.problem(403, "role");
    });
}
