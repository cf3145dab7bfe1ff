//! Corners of the rules that no golden case shows.
#![allow(missing_docs, clippy::unwrap_used)]

use mortise_sdk::testing::answer;
use serde_json::{Value, json};
use sla_rules::Standard;

fn ask(request: &Value) -> Value {
    answer::<Standard>(request.clone(), "{}")
}

/// P3 on weekdays from 09:00 to 18:00 UTC, P1 and P2 at all times; opened on a
/// Monday at 09:00, judged a day later.
fn clock(change: impl FnOnce(&mut Value)) -> Value {
    let day = json!([["09:00", "18:00"]]);
    let mut request = json!({
        "op": "clock",
        "now": "2025-06-10T09:00:00Z",
        "targets": {
            "P1": {"response_s": 900, "resolution_s": 7200, "calendar": "24x7"},
            "P2": {"response_s": 1800, "resolution_s": 14400, "calendar": "24x7"},
            "P3": {"response_s": 3600, "resolution_s": 32400, "calendar": "office"}
        },
        "calendars": {"office": {
            "time_zone": "Etc/UTC", "mode": "business",
            "weekly": {"mon": day, "tue": day, "wed": day, "thu": day, "fri": day},
            "utc_offsets": [{"from": "2025-01-01T00:00:00Z", "offset_s": 0}]
        }},
        "ticket": {
            "opened_at": "2025-06-09T09:00:00Z",
            "history": [{"at": "2025-06-09T09:00:00Z", "impact": 2, "urgency": 2}],
            "responded_at": "2025-06-09T09:10:00Z"
        }
    });
    change(&mut request);
    request
}

fn resolution(change: impl FnOnce(&mut Value)) -> Value {
    let mut answer = ask(&clock(change));
    answer["resolution"].take()
}

#[test]
fn a_target_used_up_with_the_window_is_due_and_breached_at_its_end() {
    // Nine hours of nine: still met at 09:00 the next day, which is the first second of service.
    let at_the_target = resolution(|_| {});
    assert_eq!(at_the_target["level"], "critical");
    assert_eq!(at_the_target["due_at"], "2025-06-09T18:00:00Z");
    assert_eq!(at_the_target["breached_at"], Value::Null);

    let past = resolution(|request| request["now"] = json!("2025-06-10T09:00:01Z"));
    assert_eq!(past["level"], "breached");
    assert_eq!(past["due_at"], "2025-06-09T18:00:00Z");
    assert_eq!(past["breached_at"], "2025-06-09T18:00:00Z");
}

#[test]
fn stops_and_changes_after_now_have_not_happened() {
    let plain = resolution(|request| request["now"] = json!("2025-06-09T10:00:00Z"));
    let later = resolution(|request| {
        request["now"] = json!("2025-06-09T10:00:00Z");
        request["ticket"]["restored_at"] = json!("2025-06-09T11:00:00Z");
        let change = json!({"at": "2025-06-09T10:00:01Z", "impact": 1, "urgency": 1});
        request["ticket"]["history"].as_array_mut().unwrap().push(change);
        let pause = json!({"from": "2025-06-09T10:00:01Z", "to": null});
        request["ticket"]["pauses"] = json!([pause]);
    });
    assert_eq!(plain, later);
    assert_eq!(plain["state"], "running");
}

#[test]
fn a_change_in_the_instant_of_judgement_counts() {
    let raised = ask(&clock(|request| {
        request["now"] = json!("2025-06-09T12:00:00Z");
        let change = json!({"at": "2025-06-09T12:00:00Z", "impact": 1, "urgency": 1});
        request["ticket"]["history"].as_array_mut().unwrap().insert(0, change);
    }));
    assert_eq!(raised["priority"], "P1");
    assert_eq!(raised["resolution"]["due_at"], "2025-06-09T12:00:00Z");
    assert_eq!(raised["resolution"]["breached_at"], "2025-06-09T12:00:00Z");
    // The answer came before it and stays judged on P3.
    assert_eq!(raised["response"]["target_s"], 3600);
}

#[test]
fn another_assessment_with_the_same_priority_is_no_change() {
    let same = resolution(|request| {
        request["now"] = json!("2025-06-10T12:00:00Z");
        let change = json!({"at": "2025-06-10T10:00:00Z", "impact": 1, "urgency": 3});
        request["ticket"]["history"].as_array_mut().unwrap().push(change);
    });
    assert_eq!(same["due_at"], "2025-06-09T18:00:00Z");
}

#[test]
fn restored_while_waiting_is_stopped_and_still_due() {
    let stopped = resolution(|request| {
        request["ticket"]["pauses"] = json!([{"from": "2025-06-09T10:00:00Z", "to": null}]);
        request["ticket"]["restored_at"] = json!("2025-06-09T11:00:00Z");
    });
    assert_eq!(stopped["state"], "stopped");
    assert_eq!(stopped["elapsed_s"], 3600);
    assert_eq!(stopped["due_at"], "2025-06-10T10:00:00Z");
}

#[test]
fn a_breach_is_shown_while_waiting() {
    let paused = resolution(|request| {
        request["now"] = json!("2025-06-10T12:00:00Z");
        request["ticket"]["pauses"] = json!([{"from": "2025-06-10T11:00:00Z"}]);
    });
    assert_eq!((&paused["state"], &paused["level"]), (&json!("paused"), &json!("breached")));
    assert_eq!(paused["due_at"], "2025-06-09T18:00:00Z");
}

#[test]
fn a_due_instant_beyond_the_horizon_is_none() {
    let request = clock(|request| {
        request["targets"]["P3"]["resolution_s"] = json!(9 * 3600 * 100);
    });
    let near = answer::<Standard>(request.clone(), r#"{"horizon_days": 30}"#);
    assert_eq!(near["resolution"]["due_at"], Value::Null);
    assert_ne!(ask(&request)["resolution"]["due_at"], Value::Null);

    let never = resolution(|request| request["calendars"]["office"]["weekly"] = json!({}));
    assert_eq!(never["due_at"], Value::Null);
}

#[test]
fn a_target_of_nothing_is_used_up_from_the_start() {
    let nothing = resolution(|request| {
        request["targets"]["P3"]["resolution_s"] = json!(0);
        request["now"] = json!("2025-06-09T09:00:00Z");
    });
    assert_eq!((&nothing["percent"], &nothing["level"]), (&json!(100), &json!("critical")));
    assert_eq!(nothing["due_at"], "2025-06-09T09:00:00Z");
}

#[test]
fn without_targets_the_settings_decide() {
    let request = clock(|request| {
        request.as_object_mut().unwrap().remove("targets");
        request["ticket"]["history"][0]["impact"] = json!(1);
    });
    assert_eq!(ask(&request)["resolution"]["target_s"], 14_400);
    let baseline = answer::<Standard>(request, r#"{"profile": "baseline"}"#);
    assert_eq!(baseline["response"]["target_s"], 1800);
    let office = ask(&clock(|request| {
        request.as_object_mut().unwrap().remove("targets");
    }));
    assert_eq!(office["error"], "unknown-calendar");
}

#[test]
fn what_cannot_be_judged_is_refused_by_name() {
    let calendar =
        |change: fn(&mut Value)| ask(&clock(|request| change(&mut request["calendars"]["office"])))["error"].take();
    assert_eq!(
        calendar(|office| {
            office["holidays"] = json!(["2031-01-01"]);
            office["adjusted_workdays"] = json!([{"date": "2031-01-01", "use": "mon"}]);
        }),
        "calendar-conflict"
    );
    assert_eq!(calendar(|office| office["weekly"]["mon"] = json!([["18:00", "09:00"]])), "invalid-window");
    assert_eq!(calendar(|office| office["utc_offsets"][0]["from"] = json!("2025-06-09T09:00:01Z")), "no-utc-offset");
    assert_eq!(calendar(|office| office["utc_offsets"] = json!([])), "no-utc-offset");
    assert_eq!(
        calendar(|office| {
            let offset = office["utc_offsets"][0].clone();
            office["utc_offsets"].as_array_mut().unwrap().push(offset);
        }),
        "invalid-utc-offsets"
    );

    let ticket = |change: fn(&mut Value)| ask(&clock(change))["error"].take();
    for (error, code) in [
        (ticket(|request| request["ticket"]["history"] = json!([])), "no-history"),
        (ticket(|request| request["ticket"]["history"][0]["impact"] = json!(7)), "unknown-priority"),
        (ticket(|request| request["targets"] = json!({})), "no-target"),
        (ticket(|request| request["targets"]["P3"]["calendar"] = json!("x")), "unknown-calendar"),
        (ticket(|request| request["targets"]["P3"]["response_s"] = json!(1_u64 << 60)), "invalid-target"),
        (ticket(|request| request["ticket"]["opened_at"] = json!("0001-01-01T00:00:00Z")), "period-too-long"),
        (
            ticket(|request| {
                request["ticket"]["pauses"] = json!([{"from": "2025-06-09T10:00:00Z", "to": "2025-06-09T09:59:59Z"}]);
            }),
            "invalid-interval",
        ),
    ] {
        assert_eq!(error, code);
    }
}

#[test]
fn a_conflict_matters_only_where_the_calendar_is_used() {
    let unused = ask(&clock(|request| {
        let office = &mut request["calendars"]["office"];
        office["holidays"] = json!(["2025-06-10"]);
        office["adjusted_workdays"] = json!([{"date": "2025-06-10", "use": "mon"}]);
        request["ticket"]["history"][0]["impact"] = json!(1);
    }));
    assert_eq!(unused["priority"], "P2");
    let always = resolution(|request| {
        let office = &mut request["calendars"]["office"];
        office["mode"] = json!("24x7");
        office["holidays"] = json!(["2025-06-10"]);
        office["adjusted_workdays"] = json!([{"date": "2025-06-10", "use": "mon"}]);
        office["utc_offsets"] = json!([]);
    });
    assert_eq!(always["elapsed_s"], 86_400);
}

#[test]
fn without_agreed_service_time_there_is_no_availability() {
    let request = |from: &str, to: &str| {
        json!({
            "op": "availability", "calendar": "24x7", "calendars": {}, "target_milli_pct": 99_000,
            "period": {"from": from, "to": to},
            "planned_maintenance": [{"from": "2025-06-01T00:00:00Z", "to": "2025-06-02T00:00:00Z"}],
            "outages": [{"from": "2025-06-01T01:00:00Z", "to": "2025-06-01T02:00:00Z"}]
        })
    };
    let none = json!({
        "agreed_s": 0, "down_s": 0, "availability_milli_pct": null, "met": null, "outage_count": 0
    });
    assert_eq!(ask(&request("2025-06-01T00:00:00Z", "2025-06-02T00:00:00Z")), none);
    assert_eq!(ask(&request("2025-06-05T00:00:00Z", "2025-06-05T00:00:00Z")), none);
    let reversed = ask(&request("2025-06-05T00:00:00Z", "2025-06-04T00:00:00Z"));
    assert_eq!(reversed["error"], "invalid-interval");
}

#[test]
fn a_share_that_only_rounds_to_the_target_does_not_meet_it() {
    // 99.9995 % is shown as 100.000 %, half up.
    let request = json!({
        "op": "availability", "calendar": "24x7", "calendars": {}, "target_milli_pct": 100_000,
        "period": {"from": "2025-06-01T00:00:00Z", "to": "2025-06-03T07:33:20Z"},
        "outages": [{"from": "2025-06-01T01:00:00Z", "to": "2025-06-01T01:00:01Z"}]
    });
    let answer = ask(&request);
    assert_eq!((&answer["agreed_s"], &answer["down_s"]), (&json!(200_000), &json!(1)));
    assert_eq!(answer["availability_milli_pct"], 100_000);
    assert_eq!(answer["met"], false);
}

#[test]
fn every_finding_of_a_chain_is_listed_in_order() {
    let chain = ask(&json!({
        "op": "chain", "sla": {"target_s": 100, "coverage": "24x7"}, "handover_s": 0,
        "elements": [
            {"id": "Z", "kind": "UC", "stage": 1, "target_s": 101, "coverage": "business"},
            {"id": "A", "kind": "OLA", "stage": 1, "target_s": 100, "coverage": "business"}
        ]
    }));
    let findings = json!(["coverage-gap:A", "coverage-gap:Z", "negative-slack", "target-exceeds-sla:Z"]);
    assert_eq!(chain["findings"], findings);
    assert_eq!((&chain["committed_s"], &chain["slack_s"]), (&json!(101), &json!(-1)));

    let empty = ask(&json!({
        "op": "chain", "sla": {"target_s": 100, "coverage": "business"}, "handover_s": 100,
        "elements": []
    }));
    assert_eq!(empty["feasible"], true);
    let large = ask(&json!({
        "op": "chain", "sla": {"target_s": 100, "coverage": "business"}, "handover_s": u64::MAX,
        "elements": []
    }));
    assert_eq!(large["error"], "invalid-target");
}

#[test]
fn a_priority_outside_of_the_matrix_is_refused() {
    let request = |impact: i64| json!({"op": "priority", "impact": impact, "urgency": 1});
    assert_eq!(ask(&request(3))["priority"], "P3");
    assert_eq!(ask(&request(4))["error"], "unknown-priority");
    assert_eq!(ask(&request(-1))["error"], "invalid-request");
}
