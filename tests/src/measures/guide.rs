//! The guide's own figures for processes whose records are many.

use mortise::domain::Role;
use serde_json::{Value, json};

use super::{measure, value};
use crate::app::for_each_db;
use crate::seed::{Past, write};

#[test]
fn the_guides_examples_come_out() {
    for_each_db(|app| async move {
        let auditor = app.actor("auditor", &[Role::Aud]).await;
        let mut past = Vec::new();
        // P34: 412 of 500 calls answered within 20 s.
        for n in 0..500 {
            let fields = json!({"channel": "phone", "caller": "zhao", "kind": "enquiry", "answered_in_s": if n < 412 { 20 } else { 21 }});
            past.push(Past::of("CTC", "2026-02-03T00:00:00Z", fields));
        }
        // P44: 46 of 48 on time; done on the day that it is due is on time.
        for n in 0..48 {
            let done = if n < 46 { "2026-02-10T15:30:00Z" } else { "2026-02-10T16:30:00Z" };
            let fields = json!({"plan": "MPL-2026-000001", "due": "2026-02-10", "done_at": done, "results": [{"item": "fan", "ok": n > 3}]});
            past.push(Past::of("MWO", "2026-02-01T00:00:00Z", fields).then("done", done, "TE"));
        }
        // P45: 11 of 12 restore tests passed.
        for n in 0..12 {
            let fields = json!({"job": "BKP-2026-000001", "on": "2026-02-11"});
            let state = if n < 11 { "passed" } else { "failed" };
            past.push(Past::of("RST", "2026-02-01T00:00:00Z", fields).then(state, "2026-02-12T00:00:00Z", "PO"));
        }
        // P10: 46 of 50 planned communications sent on time.
        for n in 0..50 {
            let fields = json!({"topic": "news", "audience": "all", "channel": "mail", "when": "2026-02-12T02:00:00Z", "sender": "x", "direction": "internal"});
            let sent = if n < 46 { "2026-02-12T09:00:00Z" } else { "2026-02-13T09:00:00Z" };
            past.push(Past::of("COM", "2026-02-01T00:00:00Z", fields).then("sent", sent, "PO"));
        }
        // P24, T10a: 12 of 50 answered, 10 of them 4 or 5.
        let ratings = [5, 5, 5, 5, 5, 4, 4, 4, 4, 4, 3, 2];
        let survey = json!({"population": "users", "invited": 50, "questions": ["?"], "ratings": ratings});
        past.push(Past::of("SUR", "2026-02-01T00:00:00Z", survey).then("collected", "2026-02-14T00:00:00Z", "auto"));
        // P19: 96 of 100 booked assets found.
        let count = json!({"on": "2026-02-15", "place": "store", "booked": 100, "found": 96});
        past.push(Past::of("STK", "2026-02-01T00:00:00Z", count).then("counted", "2026-02-15T00:00:00Z", "TE"));
        // P50: 23 of 24 reports issued by day 5.
        for n in 0..24 {
            let issued = if n < 23 { "2026-02-05T23:00:00Z" } else { "2026-02-06T01:00:00Z" };
            let fields = json!({"period": "2026-01", "author": "x"});
            past.push(Past::of("RPT", "2026-02-01T00:00:00Z", fields).then("issued", issued, "SLM"));
        }
        // P54: 18 of 20 obligations shown compliant; P56: 27 of 30 standards reviewed in date.
        for n in 0..20 {
            let state = if n < 18 { "compliant" } else { "noncompliant" };
            let fields = json!({"source": "law", "text": "x", "due": "2026-12-31"});
            past.push(Past::of("OBL", "2026-01-01T00:00:00Z", fields).then(state, "2026-02-01T00:00:00Z", "PO"));
        }
        for n in 0..30 {
            let review = if n < 27 { "2026-02-28" } else { "2026-02-27" };
            let fields = json!({"topic": "x", "body": "x", "version": "1", "next_review": review});
            past.push(Past::of("STD", "2026-01-01T00:00:00Z", fields).then("approved", "2026-01-02T00:00:00Z", "MR"));
        }
        // P40: 225 of 240 min and 45 of 60; 264 of 240; P14: 5 of 6 criteria.
        let plan = json!({"title": "plan", "rto_min": 240, "rpo_min": 60, "review_due": "2026-12-31", "retest_due": "2026-12-31"});
        let plan = write(&app, vec![Past::of("BCP", "2026-01-01T00:00:00Z", plan)]).await.remove(0);
        for (rto, rpo) in [(225, 45), (264, 45)] {
            let fields = json!({"plan": plan, "on": "2026-02-16", "kind": "full", "rto_actual_min": rto, "rpo_actual_min": rpo, "steps_total": 40});
            past.push(Past::of("DRT", "2026-02-01T00:00:00Z", fields));
        }
        let criteria: Vec<Value> = (0..6).map(|n| json!({"text": "x", "met": n > 0})).collect();
        past.push(Past::of("PRC", "2026-01-01T00:00:00Z", json!({"criteria": criteria})).then(
            "in_use",
            "2026-01-02T00:00:00Z",
            "MR",
        ));
        write(&app, past).await;

        for (id, query, expected, of) in [
            ("calls-answered-in-20s", "period=2026-02", "82.4", "500"),
            // 16:30 in UTC is the next day in Shanghai.
            ("maintenance-on-time", "period=2026-02&tz=Asia/Shanghai", "95.8", "48"),
            ("maintenance-on-time", "period=2026-02", "100.0", "48"),
            ("restore-tests-passed", "period=2026-02", "91.7", "12"),
            ("communications-on-time", "period=2026-02", "92.0", "50"),
            ("csat", "period=2026-02", "83.3", "12"),
            ("survey-response", "period=2026-02", "24.0", "50"),
            ("stock-accuracy", "period=2026-02", "96.0", "100"),
            ("reports-on-time", "period=2026-01", "95.8", "24"),
            ("obligations-compliant", "period=2026-02", "90.0", "20"),
            // Due on the last day of the period is not overdue before that day is over; it is when it is.
            ("standards-in-date", "from=2026-02-01&to=2026-02-27", "90.0", "30"),
            ("standards-in-date", "period=2026-02", "0.0", "30"),
            ("recovery-objectives", "period=2026-02", "50.0", "2"),
            ("process-criteria-met", "period=2026-02", "83.3", "6"),
        ] {
            let measured = measure(&auditor, id, query).await;
            assert_eq!((value(&measured), &measured["denominator"]), (expected, &json!(of)), "{measured}");
        }
        // 80 % asked for; 85 % asked for and 83.3 reached is 98 % of it.
        assert_eq!(measure(&auditor, "calls-answered-in-20s", "period=2026-02").await["status"], "green");
        let csat = measure(&auditor, "csat", "period=2026-02").await;
        assert_eq!((&csat["attainment"], &csat["status"]), (&json!("98.0"), &json!("amber")));
        assert_eq!(value(&measure(&auditor, "maintenance-faults", "period=2026-02").await), "4");
    });
}
