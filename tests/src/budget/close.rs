//! How a period ends.

use super::*;
use crate::app::for_each_db;

impl Treasury {
    async fn close(&self, period: &str, more: Value) -> Value {
        let fields = json!({"title": format!("close {period}"), "budget": self.budget, "period": period});
        self.owner.post("/records/period-close", with(fields, more)).await.ok()
    }
}

#[test]
fn unfinished_things_block_a_period() {
    for_each_db(|app| async move {
        let treasury = Treasury::open(app).await;
        let line = treasury.line("servers", "12000.00").await;
        let draft = treasury.draft(&line, "10.00", "2026-02-10", json!({})).await;
        treasury.draft(&line, "10.00", "2026-03-10", json!({})).await;
        let pending = json!({"pending": [
            {"kind": "timesheet-unapproved", "id": "TS-8"}, {"kind": "invoice-unmatched", "id": "INV-3"}
        ]});
        let record = treasury.close("2026-02", pending).await;
        assert_eq!(record["state"], "blocked", "{record}");
        let reasons =
            [format!("cost-entry-draft:{draft}"), "invoice-unmatched:INV-3".into(), "timesheet-unapproved:TS-8".into()];
        assert_eq!(record["blocked_by"], json!(reasons));
        let close = number(&record);
        treasury
            .owner
            .post(&step("period-close", &close, "closed"), json!({}))
            .await
            .problem(409, "unknown-transition");
        // Requested again while nothing has changed, it is blocked again.
        let record = treasury.owner.go("period-close", &close, "requested", json!({})).await;
        assert_eq!(record["state"], "blocked");
        treasury.owner.go("cost-entry", &draft, "void", json!({})).await;
        treasury.owner.patch(&format!("/records/period-close/{close}"), json!({"pending": null})).await.ok();
        let record = treasury.owner.go("period-close", &close, "requested", json!({})).await;
        assert_eq!((&record["state"], &record["blocked_by"]), (&json!("requested"), &Value::Null));
        assert!(record["checks"].as_array().unwrap().iter().all(|check| check["ok"] == true));
        // What comes in between request and closing counts.
        let late = treasury.draft(&line, "10.00", "2026-02-11", json!({})).await;
        let path = step("period-close", &close, "closed");
        let problem = treasury.owner.post(&path, json!({})).await.problem(409, "period-blocked");
        assert!(problem["detail"].as_str().unwrap().contains(&late), "{problem}");
        treasury.owner.go("cost-entry", &late, "void", json!({})).await;
        treasury.owner.go("period-close", &close, "closed", json!({})).await;
        assert_eq!(treasury.record("budget", &treasury.budget).await["closed_periods"], json!(["2026-02"]));
    });
}

#[test]
fn a_closed_period_accrues_carries_and_takes_no_more() {
    for_each_db(|app| async move {
        let treasury = Treasury::open(app).await;
        let line = treasury.line("servers", "360000.00").await;
        treasury.cost(&line, "12000.00", "2026-03-03", json!({})).await;
        treasury.cost(&line, "4500.25", "2026-03-20", json!({})).await;
        let order = treasury.ordered(&line, "6000.00").await;
        let fields = json!({
            "carry_policy": "carry-commitments",
            "received_not_invoiced": [{"po": "PO-17", "amount": cny("3200.00"), "line": line}]
        });
        let lost = json!({"received_not_invoiced": [{"po": "PO-17", "amount": cny("3200.00")}]});
        let body = with(json!({"title": "x", "budget": treasury.budget, "period": "2026-03"}), lost);
        let problem = treasury.owner.post("/records/period-close", body).await.problem(422, "required");
        assert_eq!(problem["field"], "received_not_invoiced[0].line");
        let record = treasury.close("2026-03", fields).await;
        // A twelfth of the lines' amounts.
        assert_eq!(record["result"]["budget"], "30000.00", "{record}");
        let close = number(&record);
        let record = treasury.owner.go("period-close", &close, "closed", json!({})).await;
        assert_eq!(record["result"]["period_cost"], "19700.25");
        assert_eq!(record["result"]["commitments_carried"], "6000.00");
        let sums = [&record["accruals"], &record["carried"], &record["lapsed"]];
        assert_eq!(sums, [&cny("3200.00"), &cny("6000.00"), &cny("4299.75")]);
        let entries = treasury.owner.get("/records/cost-entry?kind=accrual").await.ok();
        let accrual = &entries["records"][0];
        assert_eq!((&accrual["on"], &accrual["posted_period"]), (&json!("2026-03-31"), &json!("2026-03")));
        let entries = treasury.owner.get("/records/cost-entry?kind=reversal").await.ok();
        let reversal = &entries["records"][0];
        assert_eq!((&reversal["on"], &reversal["posted_period"]), (&json!("2026-04-01"), &json!("2026-04")));
        assert_eq!(reversal["amount"], cny("-3200.00"));
        assert_eq!(treasury.figures(&line).await["actual"], "16500.25");

        // A late cost goes to the next period and says so.
        let late = treasury.cost(&line, "100.00", "2026-03-28", json!({"commitment": order})).await;
        assert_eq!((&late["posted_period"], &late["prior_period"]), (&json!("2026-04"), &json!(true)));
        let again = json!({"title": "x", "budget": treasury.budget, "period": "2026-03"});
        treasury.owner.post("/records/period-close", again).await.problem(409, "period-closed");
        let beyond = json!({"title": "x", "budget": treasury.budget, "period": "2027-03"});
        treasury.owner.post("/records/period-close", beyond).await.problem(422, "no-open-period");
        // The next period begins with what was carried.
        let record = treasury.close("2026-04", json!({})).await;
        assert_eq!(record["result"]["budget"], "36000.00");
    });
}

#[test]
fn reopening_takes_two_and_undoes_what_closing_posted() {
    for_each_db(|app| async move {
        let treasury = Treasury::open(app).await;
        let line = treasury.line("servers", "360000.00").await;
        treasury.cost(&line, "1000.00", "2026-03-03", json!({})).await;
        let fields = json!({"received_not_invoiced": [{"po": "PO-17", "amount": cny("3200.00"), "line": line}]});
        let close = number(&treasury.close("2026-03", fields.clone()).await);
        treasury.owner.go("period-close", &close, "closed", json!({})).await;
        let path = step("period-close", &close, "reopened");
        treasury.owner.post(&path, json!({})).await.problem(422, "reason-required");
        let reason = json!({"reason": "an invoice was forgotten"});
        let record = treasury.top.post(&path, reason.clone()).await.ok();
        assert_eq!(record["state"], "closed");
        assert_eq!(treasury.record("budget", &treasury.budget).await["closed_periods"], json!(["2026-03"]));
        let record = treasury.owner.post(&path, reason).await.ok();
        assert_eq!(record["state"], "reopened");
        assert_eq!(treasury.record("budget", &treasury.budget).await["closed_periods"], json!([]));
        let late = treasury.cost(&line, "50.00", "2026-03-28", json!({})).await;
        assert_eq!((&late["posted_period"], &late["prior_period"]), (&json!("2026-03"), &json!(false)));
        assert_eq!(treasury.figures(&line).await["actual"], "1050.00");
        // Closed again, the accrual counts once.
        let record = treasury.close("2026-03", fields).await;
        assert_eq!(record["result"]["period_cost"], "4250.00", "{record}");
        treasury.owner.go("period-close", &number(&record), "closed", json!({})).await;
        assert_eq!(treasury.figures(&line).await["actual"], "1050.00");
    });
}

#[test]
fn the_last_period_leaves_its_reversals_to_the_next_budget() {
    for_each_db(|app| async move {
        let treasury = Treasury::open(app).await;
        let line = treasury.line("servers", "360000.00").await;
        let fields = json!({"received_not_invoiced": [{"po": "PO-17", "amount": cny("3200.00"), "line": line}]});
        let close = number(&treasury.close("2026-12", fields).await);
        treasury.owner.go("period-close", &close, "closed", json!({})).await;
        assert_eq!(treasury.figures(&line).await["actual"], "3200.00");
        assert!(treasury.events(&close).await.contains(&"budget.reversal.due".to_owned()));
        // December is closed and nothing comes after it.
        let draft = treasury.draft(&line, "1.00", "2026-12-31", json!({})).await;
        treasury.owner.post(&step("cost-entry", &draft, "posted"), json!({})).await.problem(409, "no-open-period");
    });
}
