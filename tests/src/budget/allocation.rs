//! Indirect costs shared out.

use super::*;
use crate::app::for_each_db;

#[test]
fn parts_add_up_and_become_costs() {
    for_each_db(|app| async move {
        let treasury = Treasury::open(app).await;
        let pool =
            with(treasury.line_fields("machine room", "20000.00"), json!({"nature": "indirect", "service": null}));
        let pool = treasury.owner.create("budget-line", pool).await;
        let lines = [treasury.line("a", "9000.00").await, treasury.line("b", "9000.00").await];
        treasury.cost(&pool, "10000.00", "2026-02-10", json!({})).await;
        let keys = |weights: [&str; 3]| {
            json!([
                {"id": "erp", "weight": weights[0], "line": lines[0]},
                {"id": "lan", "weight": weights[1], "line": lines[1]},
                {"id": "desk", "weight": weights[2]}
            ])
        };
        let fields = json!({
            "title": "room February", "pool": "machine-room", "amount": cny("10000.00"), "basis": "rack-units",
            "keys": keys(["0", "0", "0"]), "budget": treasury.budget, "line": pool, "on": "2026-02-28"
        });
        let problem =
            treasury.owner.post("/records/allocation", fields.clone()).await.problem(422, "no-allocation-basis");
        assert_eq!(problem["field"], "keys");
        let fields = with(fields, json!({"keys": keys(["24", "12", "6"])}));
        let record = treasury.owner.post("/records/allocation", fields).await.ok();
        assert_eq!(record["state"], "computed", "{record}");
        let amounts: Vec<_> = record["parts"].as_array().unwrap().iter().map(|part| &part["amount"]).collect();
        assert_eq!(amounts, ["5714.29", "2857.14", "1428.57"]);
        let run = number(&record);
        let history = treasury.history("allocation", &run).await;
        let steps: Vec<_> =
            history.iter().map(|e| (e["action"].as_str().unwrap(), e["role"].as_str().unwrap())).collect();
        assert_eq!(steps, [("create", "BUD"), ("transition:computed", "auto")]);

        // Back to draft to change the keys, and it is computed again.
        let record = treasury.owner.go("allocation", &run, "draft", json!({})).await;
        assert_eq!((&record["state"], &record["parts"]), (&json!("draft"), &Value::Null));
        let path = format!("/records/allocation/{run}");
        let record = treasury.owner.patch(&path, json!({"keys": keys(["1", "1", "1"])})).await.ok();
        let amounts: Vec<_> = record["parts"].as_array().unwrap().iter().map(|part| &part["amount"]).collect();
        assert_eq!(record["state"], "computed");
        assert_eq!(amounts, ["3333.34", "3333.33", "3333.33"]);

        treasury.owner.go("allocation", &run, "posted", json!({})).await;
        assert_eq!(treasury.figures(&lines[0]).await["actual"], "3333.34");
        assert_eq!(treasury.figures(&lines[1]).await["actual"], "3333.33");
        // The pool gave what the lines got; what has no line stays where it was.
        assert_eq!(treasury.figures(&pool).await["actual"], "3333.33");
        let entries = treasury.owner.get(&format!("/records/cost-entry?allocation={run}")).await.ok();
        let entries = entries["records"].as_array().unwrap();
        assert_eq!(entries.len(), 3);
        assert!(entries.iter().all(|entry| entry["state"] == "posted" && entry["posted_period"] == "2026-02"));
        treasury.owner.post(&step("allocation", &run, "draft"), json!({})).await.problem(409, "closed-record");
    });
}

#[test]
fn a_run_keeps_to_one_budget_and_one_currency() {
    for_each_db(|app| async move {
        let treasury = Treasury::open(app).await;
        let line = treasury.line("a", "9000.00").await;
        let fields =
            json!({"title": "o", "year": 2027, "currency": "CNY", "periods": ["2027-01"], "total": cny("1.00")});
        let other = treasury.owner.create("budget", fields).await;
        let foreign = with(treasury.line_fields("b", "1.00"), json!({"budget": other}));
        let foreign = treasury.owner.create("budget-line", foreign).await;
        let fields = |amount: Value, lines: [&String; 2]| {
            json!({
                "title": "run", "pool": "room", "amount": amount, "basis": "headcount",
                "keys": [{"id": "a", "weight": "1", "line": lines[0]}, {"id": "b", "weight": "1", "line": lines[1]}]
            })
        };
        let wrong = fields(cny("1.00"), [&line, &foreign]);
        treasury.owner.post("/records/allocation", wrong).await.problem(422, "other-budget");
        let wrong = fields(json!({"amount": "1.00", "currency": "USD"}), [&line, &line]);
        treasury.owner.post("/records/allocation", wrong).await.problem(422, "currency");
        // A draft may be unfinished.
        let number = treasury.owner.create("allocation", json!({"title": "later", "pool": "room"})).await;
        assert_eq!(treasury.record("allocation", &number).await["state"], "draft");
    });
}
