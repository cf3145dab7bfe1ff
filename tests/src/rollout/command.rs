//! The same from the command line.

use std::process::Command;

use serde_json::{Value, json};

use super::{digest, incident, target};
use crate::app::{Desktop, binary, for_each_db};

/// What a command prints, or what it says on its way out.
fn mortise(app: &Desktop, arguments: &[&str]) -> Result<Value, (Option<i32>, String)> {
    let mut command = Command::new(binary());
    command.env("MORTISE_DATABASE__URL", app.config.database_url());
    command.env("MORTISE_ENGINE__CACHE_DIR", app.config.engine.cache_dir.as_ref().unwrap());
    let approval = app.config.policy.component.approval_required.to_string();
    command.env("MORTISE_POLICY__COMPONENT__APPROVAL_REQUIRED", approval);
    command.arg("--data-dir").arg(&app.config.data_dir.0).arg("plugin").args(arguments);
    let output = command.output().unwrap();
    match output.status.success() {
        true => Ok(serde_json::from_slice(&output.stdout).unwrap()),
        false => Err((output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())),
    }
}

#[test]
fn a_candidate_is_tried_promoted_and_taken_back() {
    for_each_db(|app| async move {
        let mail = app.agreed_service("Mail").await;
        let (agent, admin) = (app.agent().await, app.administrator().await);
        let double = digest(&admin, "guests/sla-double").await;
        let short = &double[..12];
        let shadow = mortise(&app, &["activate", short, "--mode", "shadow", "--expected-generation", "1"]).unwrap();
        assert_eq!(
            (&shadow["mode"], &shadow["component"], &shadow["generation"]),
            (&json!("shadow"), &json!(double), &json!(2))
        );
        let stale =
            mortise(&app, &["activate", short, "--mode", "canary", "--percent", "5", "--expected-generation", "1"]);
        assert!(stale.unwrap_err().1.contains("generation 2"));
        let id = shadow["id"].as_str().unwrap();
        let canary = mortise(&app, &["promote", id, "--percent", "40", "--on-failure", "queue"]).unwrap();
        assert_eq!((&canary["percent"], &canary["on_failure"]), (&json!(40), &json!("queue")));
        let active = mortise(&app, &["promote", canary["id"].as_str().unwrap(), "--reason", "good"]).unwrap();
        assert_eq!(
            (&active["mode"], &active["on_failure"], &active["reason"]),
            (&json!("active"), &json!("queue"), &json!("good"))
        );
        app.desk.catalog.refresh().await.unwrap();
        assert_eq!(target(&agent.post("/records/incident", incident(&mail)).await.ok()), 14400);
        let back = mortise(&app, &["revert", active["id"].as_str().unwrap()]).unwrap();
        assert_eq!(back["reverted"], active["id"]);
        assert_ne!(back["active"]["component"], json!(double));
        let planned = ["activate", short, "--from", "2999-01-01T00:00:00Z", "--opened-after"];
        let planned = mortise(&app, &planned).unwrap();
        assert_eq!((&planned["mode"], &planned["opened_after"]), (&json!("planned"), &json!(true)));
        for wrong in [
            &["activate", short, "--mode", "canary"][..],
            &["activate", short, "--mode", "shadow", "--from", "2999-01-01T00:00:00Z"],
            &["activate", short, "--from", "tomorrow"],
            &["activate", short, "--on-failure", "panic"],
            &["promote", id, "--percent", "100"],
        ] {
            assert_eq!(mortise(&app, wrong).unwrap_err().0, Some(2), "{wrong:?}");
        }
        let ended = mortise(&app, &["promote", id]).unwrap_err();
        assert!(ended.1.contains("has ended"), "{}", ended.1);
    });
}
