//! What an earlier version wrote goes on under this one: `tests/corpus/database-24.zip` is an SQLite database that a server
//! of schema 24 wrote through its API, the last one before decisions were sealed into the audit trail.

#![allow(clippy::unwrap_used)]

use std::fs::File;

use mortise::domain::Role;
use mortise::flows::verify;
use serde_json::json;
use zip::ZipArchive;

use crate::app::{Desktop, ORG, for_each_db};
use crate::transfer::verify::sql;

/// A moment after everything in it.
const LATER: &str = "2026-12-02T01:00:00Z";

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_an_earlier_version_goes_on() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/database-24.zip");
    let dir = tempfile::tempdir().unwrap();
    ZipArchive::new(File::open(corpus).unwrap()).unwrap().extract(dir.path()).unwrap();
    let app = Desktop::upgraded(dir, LATER).await;

    // All that was there is right by today's rules, fields that are indexed since then included; what came before seals
    // is told as such.
    let verified = async || {
        let mut findings = Vec::new();
        let summary = verify::run(&app.desk, ORG, &mut |finding| findings.push(finding)).await.unwrap();
        assert!(findings.is_empty(), "{findings:#?}");
        (summary.unsealed, summary.waiting)
    };
    assert_eq!(verified().await, (14, 0));

    let manager = app.actor("manager", &[Role::Po, Role::Sd, Role::Cm, Role::Slm]).await;
    let open = manager.get("/records/incident?state=assigned,in_progress,new&limit=1").await.ok();
    let number = open["records"][0]["number"].as_str().unwrap();
    let path = format!("/records/incident/{number}");
    manager.patch(&path, json!({"description": "seen again after the upgrade"})).await.ok();
    let found = manager.get("/search?q=%22seen+again+after+the+upgrade%22").await.ok();
    assert_eq!(found["hits"][0]["number"], number);

    // An assessed change names its decision by number, and decisions of then are made again by the components of then.
    let change = manager.get("/records/change?risk=%21&limit=1").await.ok();
    let named = change["records"][0]["risk"].as_str().unwrap();
    assert!(named.starts_with("DEC-"), "{change}");
    let auditor = app.actor("auditor", &[Role::Aud]).await;
    let decisions = auditor.get("/decisions?limit=500").await.ok();
    let mut replayed = 0;
    for decision in decisions["decisions"].as_array().unwrap().iter().filter(|one| one["status"] == "ok").take(20) {
        let id = decision["id"].as_str().unwrap();
        let replay = auditor.post(&format!("/decisions/{id}/replay"), json!({})).await.ok();
        assert_eq!(replay["equal"], true, "{replay}");
        replayed += 1;
    }
    assert!(replayed > 0);
    mortise::flows::reindex::run(&app.desk).await.unwrap();
    assert_eq!(verified().await, (14, 0));
}

#[test]
fn where_kinds_have_other_indexed_fields_the_index_is_made_anew() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let number = agent.create("action-item", json!({"title": "look", "due": "2026-04-01"})).await;
        agent.create("action-item", json!({"title": "look again", "due": "2026-05-01"})).await;
        // As good as a version that did not know the field yet.
        for table in ["field_index", "facets"] {
            let of_it = format!("record = (SELECT key FROM records WHERE number = '{number}')");
            sql(&app, &format!("DELETE FROM {table} WHERE {of_it}")).await;
        }
        let due = "/records/action-item?due=2026-04-01";
        assert_eq!(agent.get(due).await.ok()["records"], json!([]));
        app.second_node().await;
        assert_eq!(agent.get(due).await.ok()["records"], json!([]), "nothing has changed");
        sql(&app, "UPDATE index_layouts SET layout = 'another' WHERE kind = 'action-item'").await;
        app.second_node().await;
        assert_eq!(agent.get(due).await.ok()["records"][0]["number"], number);
        assert!(app.findings().await.is_empty());
    });
}
