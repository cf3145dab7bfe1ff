//! Baselines, and the figures of assets.

use super::*;
use crate::app::for_each_db;

#[test]
fn a_baseline_keeps_what_its_items_were() {
    for_each_db(|app| async move {
        let depot = Depot::open(app).await;
        let change = depot.approved_change(&[]).await;
        let one = depot.planned("one", json!([]), json!({"version": "1"})).await;
        let two = depot.planned("two", json!([to("runs-on", &one)]), json!({})).await;
        let three = depot.live("three", json!([]), json!({})).await;
        let taken = async |cis: &[&String]| {
            let entries: Vec<Value> = cis.iter().map(|ci| json!({"ci": ci})).collect();
            depot.owner.create("baseline", json!({"title": "Before", "reason": change, "cis": entries})).await
        };
        let first = taken(&[&one, &two, &three]).await;
        let record = depot.owner.get(&format!("/records/baseline/{first}")).await.ok();
        assert_eq!(record["taken_at"], "2026-03-03T01:00:00Z");
        let entry = &record["cis"][0];
        assert_eq!((&entry["ci"], &entry["revision"], &entry["version"]), (&json!(one), &json!(1), &json!("1")));
        assert_eq!(entry["sha256"].as_str().map(str::len), Some(64));

        let compare = async |number: &str, query: &str| {
            depot.owner.get(&format!("/baselines/{number}/compare{query}")).await.ok()
        };
        let same = compare(&first, "").await;
        assert_eq!((&same["same"], &same["changed"], &same["with"]), (&json!(3), &json!([]), &Value::Null));

        depot.owner.patch(&item(&one), json!({"version": "2", "location": "Beijing"})).await.ok();
        depot.owner.go("configuration-item", &three, "retired", json!({})).await;
        let now = compare(&first, "").await;
        let field = |name: &str, was: Value, is: Value| json!({"field": name, "was": was, "is": is});
        let fields =
            json!([field("location", json!(null), json!("Beijing")), field("version", json!("1"), json!("2"))]);
        assert_eq!(now["changed"], json!([{"ci": one, "fields": fields}]));
        assert_eq!((&now["removed"], &now["added"], &now["same"]), (&json!([three]), &json!([]), &json!(1)));

        let four = depot.planned("four", json!([]), json!({})).await;
        let second = taken(&[&one, &two, &four]).await;
        let between = compare(&first, &format!("?with={second}")).await;
        assert_eq!((&between["added"], &between["removed"]), (&json!([four]), &json!([three])));
        assert_eq!((&between["changed"][0]["ci"], &between["with"]), (&json!(one), &json!(second)));
        assert_eq!(between["altered"], json!([]));

        // Nothing of it can be edited.
        let path = format!("/records/baseline/{first}");
        depot.owner.patch(&path, json!({"cis": [{"ci": four}]})).await.problem(422, "locked-field");
        let twice = json!({"title": "Twice", "reason": change, "cis": [{"ci": one}, {"ci": one}]});
        let problem = depot.owner.post("/records/baseline", twice).await.problem(422, "item-twice");
        assert_eq!(problem["field"], "cis[1].ci");
        let none = json!({"title": "None", "reason": change, "cis": [{"ci": "CI-2026-009999"}]});
        depot.owner.post("/records/baseline", none).await.problem(422, "reference");
        depot.owner.get("/baselines/BSL-2026-009999/compare").await.problem(404, "not-found");
        depot.app.agent().await.get(&format!("/baselines/{first}/compare?with=x")).await.problem(404, "not-found");
        let customer = depot.app.actor("customer", &[Role::Cus]).await;
        customer.get(&format!("/baselines/{first}/compare")).await.problem(403, "own");
    });
}

#[test]
fn assets_are_valued_repairs_weighed_and_counts_judged() {
    for_each_db(|app| async move {
        let depot = Depot::open(app).await;
        let documents = depot.app.actor("writer", &[Role::Po, Role::Te, Role::Sec, Role::Mr]).await;
        let invoice = documents.post("/records/document", json!({"title": "Invoice 7"})).await;
        let invoice = invoice.body["number"].as_str().unwrap_or_default().to_owned();
        let fields = json!({
            "title": "Server", "class": "other", "cost": {"amount": "12000.00", "currency": "CNY"},
            "purchased_on": "2024-07-03", "invoice": (!invoice.is_empty()).then_some(&invoice),
            "location": "Beijing", "custodian": "owner", "useful_months": 36, "residual_bp": 500
        });
        let asset = depot.owner.create("asset", fields).await;
        let worth = async |query: &str| depot.owner.get(&format!("/assets/{asset}/valuation{query}")).await;
        let value = worth("").await.ok();
        assert_eq!((&value["on"], &value["months"]), (&json!("2026-03-03"), &json!(20)));
        assert_eq!(value["book_value"], json!({"amount": "5666.67", "currency": "CNY"}));
        assert_eq!(value["residual"]["amount"], "600.00");
        assert_eq!(worth("?on=2026-03-02").await.ok()["months"], 19);
        assert_eq!(worth("?on=2030-01-01").await.ok()["book_value"]["amount"], "600.00");
        worth("?on=2024-07-02").await.problem(422, "range");
        worth("?on=tomorrow").await.problem(422, "format");

        let agent = depot.app.agent().await;
        let repair = agent.create("repair", json!({"title": "Disk", "asset": asset, "fault": "clicks"})).await;
        let figures = async || agent.get(&format!("/repairs/{repair}/figures")).await.ok();
        let before = figures().await;
        assert_eq!((&before["recommended"], &before["reasons"]), (&json!("in-house"), &json!(["worth-repairing"])));
        let cost = json!({"cost": {"amount": "3000.00", "currency": "CNY"}});
        agent.patch(&format!("/records/repair/{repair}"), cost).await.ok();
        let after = figures().await;
        assert_eq!((&after["recommended"], &after["cost_share_tenths_pct"]), (&json!("replace"), &json!(529)));

        let count = json!({"title": "Count", "on": "2026-03-03", "place": "Beijing", "booked": 100, "found": 96});
        let count = depot.owner.create("stock-count", count).await;
        let result = depot.owner.get(&format!("/stock-counts/{count}/result")).await.ok();
        assert_eq!((&result["verdict"], &result["investigate"]), (&json!("investigate"), &json!(4)));
        assert_eq!(result["accuracy_tenths_pct"], 960);
    });
}
