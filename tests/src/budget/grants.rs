//! Who grants a commitment.

use super::*;
use mortise::store::manual::ManualFilter;

use crate::app::for_each_db;

/// A line of 50 000.00 with 32 000.00 spent and 11 000.00 ordered: 7 000.00 is left, 2 500.00 is the tolerance.
async fn tight_line(treasury: &Treasury) -> String {
    let line = treasury.line("servers", "50000.00").await;
    treasury.cost(&line, "32000.00", "2026-01-20", json!({})).await;
    treasury.ordered(&line, "11000.00").await;
    line
}

#[test]
fn what_fits_the_budget_owner_grants() {
    for_each_db(|app| async move {
        let treasury = Treasury::open(app).await;
        let line = tight_line(&treasury).await;
        let record = treasury.commitment(&line, "7000.00").await;
        let decision = &record["decision"];
        assert_eq!(decision["decision"], "approved", "{record}");
        assert_eq!(decision["available_before"], "7000.00");
        assert_eq!(record["invoiced"], cny("0.00"));
        let number = number(&record);
        // Top management is not asked, and whoever orders does not grant.
        treasury.top.post(&step("commitment", &number, "reserved"), json!({})).await.problem(403, "role");
        treasury.suppliers.post(&step("commitment", &number, "reserved"), json!({})).await.problem(403, "role");
        assert_eq!(treasury.figures(&line).await["available"], "7000.00", "a request binds nothing");
        let record = treasury.owner.go("commitment", &number, "reserved", json!({})).await;
        assert_eq!(record["state"], "reserved");
        let figures = treasury.figures(&line).await;
        assert_eq!((&figures["open_commitments"], &figures["available"]), (&json!("18000.00"), &json!("0.00")));
        treasury.owner.go("commitment", &number, "released", json!({})).await;
        assert_eq!(treasury.figures(&line).await["available"], "7000.00");
        // What was decided about the commitment is kept with it, what about the line with the line.
        let decisions = treasury.owner.get(&format!("/decisions?record={number}")).await.ok();
        let ops: Vec<_> = decisions["decisions"].as_array().unwrap().iter().map(|d| &d["input"]["op"]).collect();
        assert_eq!(ops, ["commit", "commit"]);
        let decisions = treasury.owner.get(&format!("/decisions?record={line}")).await.ok();
        assert!(decisions["decisions"].as_array().unwrap().iter().all(|d| d["input"]["op"] == "line"));
    });
}

#[test]
fn within_the_tolerance_it_takes_a_reason() {
    for_each_db(|app| async move {
        let treasury = Treasury::open(app).await;
        let line = tight_line(&treasury).await;
        let record = treasury.commitment(&line, "8500.00").await;
        assert_eq!(record["decision"]["decision"], "budget-owner-override");
        assert_eq!(record["decision"]["shortfall"], "1500.00");
        assert_eq!(record["decision"]["tolerance"], "2500.00");
        let number = number(&record);
        let path = step("commitment", &number, "reserved");
        treasury.owner.post(&path, json!({})).await.problem(422, "reason-required");
        let record = treasury.owner.post(&path, json!({"reason": "the old ones fail"})).await.ok();
        assert_eq!(record["state"], "reserved");
        let figures = treasury.figures(&line).await;
        assert_eq!(figures["available"], "-1500.00");
        assert_eq!(figures["level"], "watch");
        assert!(treasury.events(&line).await.contains(&"budget.line.watch".to_owned()));
    });
}

#[test]
fn beyond_the_tolerance_top_management_has_to_approve_first() {
    for_each_db(|app| async move {
        let treasury = Treasury::open(app).await;
        let line = tight_line(&treasury).await;
        let record = treasury.commitment(&line, "9500.01").await;
        assert_eq!(record["decision"]["decision"], "top-management");
        let number = number(&record);
        let path = step("commitment", &number, "reserved");
        let problem = treasury.owner.post(&path, json!({"reason": "please"})).await.problem(409, "approval-required");
        assert!(problem["detail"].as_str().unwrap().contains("TOP"), "{problem}");
        let record = treasury.top.post(&path, json!({})).await.ok();
        assert_eq!(record["state"], "requested", "the budget owner reserves it");
        assert_eq!(record["approvals"][0]["user"], "director");
        // Another amount is another question.
        let dearer = json!({"amount": cny("9600.00")});
        let record = treasury.owner.patch(&format!("/records/commitment/{number}"), dearer).await.ok();
        assert_eq!(record["approvals"], Value::Null, "{record}");
        treasury.owner.post(&path, json!({})).await.problem(409, "approval-required");
        treasury.top.post(&path, json!({})).await.ok();
        let record = treasury.owner.post(&path, json!({})).await.ok();
        assert_eq!(record["state"], "reserved");
        assert_eq!(treasury.figures(&line).await["available"], "-2600.00");
    });
}

#[test]
fn money_is_granted_once_however_many_ask_at_once() {
    for_each_db(|app| async move {
        let treasury = Treasury::open(app).await;
        let line = treasury.line("licences", "50000.00").await;
        let mut asked = Vec::new();
        for _ in 0..8 {
            let record = treasury.commitment(&line, "10000.00").await;
            assert_eq!(record["decision"]["decision"], "approved", "nothing is bound yet");
            asked.push(number(&record));
        }
        let mut at_once = tokio::task::JoinSet::new();
        for number in asked {
            let owner = treasury.owner.clone();
            at_once.spawn(async move { owner.post(&step("commitment", &number, "reserved"), json!({})).await });
        }
        let (mut granted, mut refused) = (0, 0);
        while let Some(answer) = at_once.join_next().await {
            let answer = answer.unwrap();
            match answer.status {
                200 => granted += 1,
                409 => {
                    answer.problem(409, "approval-required");
                    refused += 1;
                }
                status => panic!("{status}: {}", answer.text),
            }
        }
        assert_eq!((granted, refused), (5, 3));
        let figures = treasury.figures(&line).await;
        assert_eq!((&figures["open_commitments"], &figures["available"]), (&json!("50000.00"), &json!("0.00")));
    });
}

#[test]
fn a_commitment_keeps_to_its_line() {
    for_each_db(|app| async move {
        let treasury = Treasury::open(app).await;
        let line = treasury.line("licences", "50000.00").await;
        let wrong =
            json!({"title": "x", "line": line, "amount": {"amount": "1.00", "currency": "USD"}, "source": line});
        treasury.suppliers.post("/records/commitment", wrong).await.problem(422, "currency");
        let wrong = json!({"title": "x", "line": line, "amount": cny("-1.00"), "source": line});
        treasury.suppliers.post("/records/commitment", wrong).await.problem(422, "range");
        let number = number(&treasury.commitment(&line, "1.00").await);
        treasury.owner.go("budget-line", &line, "frozen", json!({})).await;
        let path = step("commitment", &number, "reserved");
        treasury.owner.post(&path, json!({})).await.problem(409, "line-not-open");
        treasury.owner.go("budget-line", &line, "open", json!({})).await;
        treasury.owner.go("budget", &treasury.budget, "closing", json!({})).await;
        treasury.owner.post(&path, json!({})).await.problem(409, "budget-not-active");
    });
}

#[test]
fn without_a_component_nothing_is_granted_and_a_person_is_asked() {
    for_each_db(|app| async move {
        // An organisation in which no component is active.
        let owner = app.actor_of("bare", "budget-owner", &[Role::Bud, Role::Po]).await;
        let top = app.actor_of("bare", "director", &[Role::Top]).await;
        let budget = json!({
            "title": "IT 2026", "year": 2026, "currency": "CNY", "periods": ["2026-01"], "total": cny("9.00")
        });
        let budget = owner.create("budget", budget).await;
        top.go("budget", &budget, "approved", json!({})).await;
        let line = json!({
            "title": "room", "budget": budget, "cost_type": "facility", "nature": "indirect", "amount": cny("9.00"),
            "forecast_to_go": cny("0.00"), "line_owner": "budget-owner"
        });
        let line = owner.create("budget-line", line).await;
        let record = owner.get(&format!("/records/budget-line/{line}")).await.ok();
        assert_eq!(record["figures"]["available"], "9.00", "the sums are the host's");
        let fields = json!({"title": "rent", "line": line, "amount": cny("4.00"), "source": line});
        let buyer = app.actor_of("bare", "buyer", &[Role::Sup]).await;
        let record = buyer.post("/records/commitment", fields).await.ok();
        assert_eq!((&record["manual"], &record["decision"]), (&json!(true), &Value::Null));
        let number = number(&record);
        let path = step("commitment", &number, "reserved");
        assert_eq!(owner.post(&path, json!({})).await.ok()["state"], "requested");
        let waiting =
            app.desk.store.manual_queue("bare", &ManualFilter { limit: 10, ..ManualFilter::default() }).await.unwrap();
        assert!(waiting.iter().any(|w| w.entry.number == number), "{waiting:?}");
        // People decide, as many as it takes at the most.
        top.post(&path, json!({})).await.ok();
        let record = owner.post(&path, json!({})).await.ok();
        assert_eq!((&record["state"], &record["manual"]), (&json!("reserved"), &json!(false)), "{record}");
        let waiting =
            app.desk.store.manual_queue("bare", &ManualFilter { limit: 10, ..ManualFilter::default() }).await.unwrap();
        assert!(waiting.iter().all(|w| w.entry.number != number), "{waiting:?}");
        let record = owner.get(&format!("/records/budget-line/{line}")).await.ok();
        assert_eq!(record["figures"]["available"], "5.00");
        // A cost has no period without a decision: it stays a draft.
        let fields = json!({"title": "rent", "line": line, "amount": cny("4.00"), "on": "2026-01-31"});
        let entry = owner.create("cost-entry", fields).await;
        let record = owner.go("cost-entry", &entry, "posted", json!({})).await;
        assert_eq!((&record["state"], &record["manual"]), (&json!("draft"), &json!(true)));
    });
}
