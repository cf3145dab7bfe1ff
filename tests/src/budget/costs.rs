//! What a cost becomes in the ledger.

use super::*;
use crate::app::for_each_db;

#[test]
fn a_posted_cost_counts_and_never_changes() {
    for_each_db(|app| async move {
        let treasury = Treasury::open(app).await;
        let line = treasury.line("servers", "1000.00").await;
        let draft = treasury.draft(&line, "200.00", "2026-02-10", json!({})).await;
        assert_eq!(treasury.figures(&line).await["actual"], "0.00", "a draft does not count");
        let technician = treasury.app.technician().await;
        technician.post(&step("cost-entry", &draft, "posted"), json!({})).await.problem(403, "role");
        let record = treasury.owner.go("cost-entry", &draft, "posted", json!({})).await;
        assert_eq!(record["posted_period"], "2026-02");
        assert_eq!(record["prior_period"], false);
        let figures = treasury.figures(&line).await;
        assert_eq!((&figures["actual"], &figures["available"]), (&json!("200.00"), &json!("800.00")));
        assert_eq!(figures["level"], "underspend");
        let path = format!("/records/cost-entry/{draft}");
        treasury.owner.patch(&path, json!({"amount": cny("1.00")})).await.problem(409, "closed-record");
        treasury.owner.post(&step("cost-entry", &draft, "void"), json!({})).await.problem(409, "closed-record");
        // A correction is another entry.
        let more = json!({"kind": "correction", "links": [{"type": "corrects", "ref": draft}]});
        treasury.cost(&line, "-50.00", "2026-02-20", more).await;
        assert_eq!(treasury.figures(&line).await["actual"], "150.00");
        let history = treasury.history("budget-line", &line).await;
        let last = history.last().unwrap();
        assert_eq!(
            (&last["action"], &last["actor"], &last["role"]),
            (&json!("figures"), &json!("mortise"), &json!("auto"))
        );
        assert!(treasury.events(&draft).await.contains(&"cost.posted".to_owned()));
    });
}

#[test]
fn an_invoice_uses_up_its_commitment() {
    for_each_db(|app| async move {
        let treasury = Treasury::open(app).await;
        let line = treasury.line("servers", "1000.00").await;
        let other = treasury.line("licences", "1000.00").await;
        let order = treasury.ordered(&line, "300.00").await;
        let naming = json!({"commitment": order});
        let elsewhere =
            json!({"title": "x", "line": other, "amount": cny("1.00"), "on": "2026-02-01", "commitment": order});
        treasury.owner.post("/records/cost-entry", elsewhere).await.problem(422, "commitment-not-open");

        treasury.cost(&line, "120.00", "2026-02-10", naming.clone()).await;
        let record = treasury.record("commitment", &order).await;
        assert_eq!((&record["state"], &record["invoiced"]), (&json!("part_invoiced"), &cny("120.00")));
        let figures = treasury.figures(&line).await;
        assert_eq!((&figures["open_commitments"], &figures["available"]), (&json!("180.00"), &json!("700.00")));

        treasury.cost(&line, "200.00", "2026-02-11", naming.clone()).await;
        let record = treasury.record("commitment", &order).await;
        assert_eq!((&record["state"], &record["invoiced"]), (&json!("consumed"), &cny("320.00")));
        let figures = treasury.figures(&line).await;
        assert_eq!((&figures["open_commitments"], &figures["available"]), (&json!("0.00"), &json!("680.00")));
        let events = treasury.events(&order).await;
        let states = ["record.cmt.reserved", "record.cmt.open", "record.cmt.part_invoiced", "record.cmt.consumed"];
        assert!(events.ends_with(&states.map(str::to_owned)), "{events:?}");
        let history = treasury.history("commitment", &order).await;
        let last = history.last().unwrap();
        assert_eq!((&last["action"], &last["actor"]), (&json!("transition:consumed"), &json!("mortise")));

        // Nothing more is invoiced on it, but what was booked wrongly can be put right.
        let late = treasury.draft(&line, "1.00", "2026-02-12", naming.clone()).await;
        treasury.owner.post(&step("cost-entry", &late, "posted"), json!({})).await.problem(409, "commitment-not-open");
        treasury.cost(&line, "-20.00", "2026-02-12", with(naming, json!({"kind": "correction"}))).await;
        let record = treasury.record("commitment", &order).await;
        assert_eq!((&record["state"], &record["invoiced"]), (&json!("consumed"), &cny("300.00")));
    });
}

#[test]
fn foreign_amounts_are_converted_at_the_rate_that_is_kept() {
    for_each_db(|app| async move {
        let treasury = Treasury::open(app).await;
        let line = treasury.line("cloud", "1000.00").await;
        let dollars = json!({"amount": "12.50", "currency": "USD"});
        let fields = |more: Value| with(json!({"title": "cloud", "line": line, "on": "2026-02-10"}), more);
        let post = async |more: Value| treasury.owner.post("/records/cost-entry", fields(more)).await;
        post(json!({"amount": dollars})).await.problem(422, "currency");
        post(json!({"original": dollars})).await.problem(422, "required");
        post(json!({"rate": "7.1"})).await.problem(422, "required");
        post(json!({})).await.problem(422, "required");
        post(json!({"amount": {"amount": "1.005", "currency": "CNY"}})).await.problem(422, "range");
        post(json!({"original": dollars, "rate": "0"})).await.problem(422, "rate-not-positive");
        let record = post(json!({"original": dollars, "rate": "7.2308"})).await.ok();
        // 90.385 is a tie: to the even one.
        assert_eq!(record["amount"], cny("90.38"));
        let number = number(&record);
        treasury.owner.go("cost-entry", &number, "posted", json!({})).await;
        assert_eq!(treasury.figures(&line).await["actual"], "90.38");
    });
}

#[test]
fn a_budget_and_its_lines_keep_one_currency() {
    for_each_db(|app| async move {
        let treasury = Treasury::open(app).await;
        let wrong = json!({
            "title": "x", "year": 2026, "currency": "EUR", "periods": ["2026-01", "2026-01"], "total": cny("1.00")
        });
        let problem = treasury.owner.post("/records/budget", wrong).await.problem(422, "currency");
        assert_eq!(problem["errors"].as_array().unwrap().len(), 2, "{problem}");
        let wrong = with(treasury.line_fields("x", "1.00"), json!({"amount": {"amount": "1", "currency": "JPY"}}));
        treasury.owner.post("/records/budget-line", wrong).await.problem(422, "currency");
        let line = treasury.line("servers", "1000.00").await;
        treasury.draft(&line, "1.00", "2026-02-10", json!({})).await;
        let fields = json!({
            "title": "other", "year": 2026, "currency": "CNY", "periods": ["2026-01"], "total": cny("1.00")
        });
        let other = treasury.owner.create("budget", fields).await;
        let path = format!("/records/budget-line/{line}");
        treasury.owner.patch(&path, json!({"budget": other})).await.problem(422, "locked-field");
        // More money for the line, and its figures follow.
        let record = treasury.owner.patch(&path, json!({"amount": cny("1500.00")})).await.ok();
        assert_eq!(record["figures"]["available"], "1500.00");
    });
}

#[test]
fn a_closed_budget_closes_its_lines_and_reopened_it_takes_corrections() {
    for_each_db(|app| async move {
        let treasury = Treasury::open(app).await;
        let line = treasury.line("servers", "1000.00").await;
        let draft = treasury.draft(&line, "10.00", "2026-02-10", json!({})).await;
        let budget = treasury.budget.clone();
        treasury.owner.go("budget", &budget, "closing", json!({})).await;
        treasury.owner.go("budget", &budget, "closed", json!({})).await;
        assert_eq!(treasury.record("budget-line", &line).await["state"], "closed");
        assert!(treasury.events(&line).await.contains(&"record.bln.closed".to_owned()));
        let post = step("cost-entry", &draft, "posted");
        treasury.owner.post(&post, json!({})).await.problem(409, "budget-not-active");
        let reopen = step("budget", &budget, "reopened");
        treasury.owner.post(&reopen, json!({})).await.problem(422, "reason-required");
        let record = treasury.owner.post(&reopen, json!({"reason": "a late invoice"})).await.ok();
        assert_eq!(record["state"], "closed", "the budget owner alone does not reopen it");
        let record = treasury.top.post(&reopen, json!({"reason": "a late invoice"})).await.ok();
        assert_eq!(record["state"], "reopened");
        treasury.owner.post(&post, json!({})).await.ok();
        assert_eq!(treasury.figures(&line).await["actual"], "10.00");
    });
}

#[test]
fn a_change_costs_what_its_plan_says() {
    for_each_db(|app| async move {
        let treasury = Treasury::open(app).await;
        let line = treasury.line("servers", "50000.00").await;
        let technician = treasury.app.technician().await;
        let fields = json!({
            "title": "memory", "type": "normal", "reason": "too little", "impact": "none",
            "backout": {"state": "tested", "duration_min": 10}, "tests": {"planned": 10, "passed": 10},
            "window_from": "2026-03-10T18:00:00Z", "window_to": "2026-03-10T20:00:00Z",
            "complexity": "simple", "timing": "maintenance-window",
            "cost_plan": {
                "labour": [
                    {"role": "engineer", "hours": "2.5", "rate": "133.33"},
                    {"role": "dba", "hours": "0.5", "rate": "210.03"}
                ],
                "items": [
                    {"type": "hardware", "name": "memory", "quantity": "4", "unit_price": "899.00"},
                    {"type": "outsourcing", "name": "onsite", "quantity": "1", "unit_price": "1500.00"}
                ],
                "recurring_monthly": "120.00", "months_in_year": 7
            }
        });
        let problem = technician.post("/records/change", fields.clone()).await.problem(422, "required");
        assert_eq!(problem["field"], "budget_line");
        let fields = with(fields, json!({"budget_line": line}));
        let record = technician.post("/records/change", fields.clone()).await.ok();
        // Nobody has assessed the risk yet: contingency as for the worst.
        assert_eq!(record["cost_figures"]["subtotal"], "5534.34");
        assert_eq!(record["cost_figures"]["contingency"], "830.15");
        assert_eq!(record["cost"], cny("7204.49"));
        let number = number(&record);
        technician.go("change", &number, "submitted", json!({})).await;
        let manager = treasury.app.change_manager().await;
        let record = manager.go("change", &number, "assessed", json!({})).await;
        let band = record["assessment"]["band"].clone();
        assert_eq!(record["cost_figures"]["risk_band"], band, "{record}");
        let broken = with(fields, json!({"cost_plan": {"labour": [{"role": "x", "hours": 3}]}}));
        technician.post("/records/change", broken).await.problem(422, "type");
    });
}
