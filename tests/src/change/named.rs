//! A change names the decision about its risk by the decision's number.

use serde_json::json;

use super::Office;
use crate::app::for_each_db;
use crate::transfer::verify::sql;

#[test]
fn changes_that_named_their_decision_by_identifier_get_its_number() {
    for_each_db(|app| async move {
        let office = Office::open(app.clone()).await;
        let disk = office.item("disk", 2, &[], &[]).await;
        let (number, _) = office.assessed(&[&disk], json!({})).await;
        let clean = app.findings().await;
        assert!(clean.is_empty(), "{clean:#?}");
        let manager = &office.manager;
        let record = manager.get(&format!("/records/change/{number}")).await.ok();
        let (decision, risk) = (record["assessment"]["decision"].as_str().unwrap(), record["risk"].as_str().unwrap());
        assert_eq!(manager.get(&format!("/records/decision-record/{risk}")).await.ok()["id"], decision);
        // As an earlier version kept it, and its audit trail says it.
        let which = format!("number = '{number}'");
        sql(&app, &format!("UPDATE records SET data = replace(data, '\"risk\":\"{risk}\"', '\"risk\":\"{decision}\"') WHERE {which}")).await;
        sql(&app, &format!("DELETE FROM links WHERE source = '{number}' AND rel = 'risk'")).await;
        let told = app.findings().await;
        assert!(told.iter().any(|f| f.about == number && f.field == "risk"), "{told:#?}");
        sql(&app, "DELETE FROM schema_versions WHERE version = 28").await;
        sql(&app, "ALTER TABLE audit RENAME COLUMN seal TO kept").await;
        app.desk.store.migrate().await.unwrap();
        sql(&app, "UPDATE audit SET seal = kept").await;
        sql(&app, "ALTER TABLE audit DROP COLUMN kept").await;
        mortise::flows::reindex::run(&app.desk).await.unwrap();
        assert_eq!(manager.get(&format!("/records/change/{number}")).await.ok()["risk"], risk);
        let clean = app.findings().await;
        assert!(clean.is_empty(), "{clean:#?}");
    });
}
