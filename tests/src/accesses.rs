//! Readings of confidential and secret records are noted (guide, P12).

#![allow(clippy::unwrap_used)]

use mortise::domain::Role;
use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _};

use crate::app::{Client, Desktop, for_each_db};

async fn incident(app: &Desktop, service: &str, confidentiality: &str) -> String {
    let fields = json!({
        "title": "Salaries on the wall", "service": service, "impact": 2, "urgency": 2, "caller": "zhao",
        "confidentiality": confidentiality
    });
    app.agent().await.create("incident", fields).await
}

/// Who read it, in which role, and what of it; the newest first.
async fn log(officer: &Client, number: &str) -> Vec<(String, String, String)> {
    let page = officer.get(&format!("/records/incident/{number}/accesses")).await.ok();
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_owned();
    let entries = page["accesses"].as_array().unwrap().iter();
    entries.map(|entry| (text(entry, "user"), text(entry, "role"), text(entry, "action"))).collect()
}

fn entry(user: &str, role: &str, action: &str) -> (String, String, String) {
    (user.to_owned(), role.to_owned(), action.to_owned())
}

#[test]
fn who_reads_a_marked_record_is_noted_with_role_and_what_of_it() {
    for_each_db(|app| async move {
        let service = app.agreed_service("Payroll").await.service;
        let officer = app.actor("officer", &[Role::Sec]).await;
        let technician = app.technician().await;
        let open = incident(&app, &service, "internal").await;
        let marked = incident(&app, &service, "confidential").await;
        let secret = incident(&app, &service, "secret").await;
        assert_eq!(log(&officer, &marked).await, []);
        for number in [&open, &marked, &secret] {
            for part in ["", "/history", "/timeline", "/comments", "/attachments"] {
                technician.get(&format!("/records/incident/{number}{part}")).await.ok();
            }
        }
        let all = ["attachments", "comments", "timeline", "history", "record"];
        let all: Vec<_> = all.iter().map(|action| entry("technician", "TE", action)).collect();
        assert_eq!(log(&officer, &marked).await, all);
        assert_eq!(log(&officer, &secret).await, all);
        assert_eq!(log(&officer, &open).await, []);

        // A file, a list, an export and what a search found; the caller in the role of a customer.
        let agent = app.agent().await;
        let path = format!("/records/incident/{marked}/attachments?name=list.txt&visibility=public");
        let file = agent.send("POST", &path, &[("content-type", "text/plain")], Some(b"salaries".to_vec())).await.ok();
        let file = format!("/records/incident/{marked}/attachments/{}", file["id"].as_str().unwrap());
        let caller = app.actor("zhao", &[Role::Cus]).await;
        assert_eq!(caller.get(&file).await.status, 200);
        assert_eq!(caller.get("/records/incident?state=new").await.ok()["records"].as_array().unwrap().len(), 3);
        assert_eq!(agent.get("/records/incident/export?format=csv").await.status, 200);
        assert_eq!(agent.get("/search?q=salaries").await.ok()["hits"].as_array().unwrap().len(), 3);
        let newest: Vec<_> = log(&officer, &marked).await.into_iter().take(4).collect();
        let expected = [
            entry("agent", "SD", "search"),
            entry("agent", "SD", "export"),
            entry("zhao", "CUS", "list"),
            entry("zhao", "CUS", "attachment"),
        ];
        assert_eq!(newest, expected);
        assert_eq!(log(&officer, &open).await, []);
        // Somebody who may not read it leaves nothing.
        let stranger = app.actor("wu", &[Role::Cus]).await;
        stranger.get(&format!("/records/incident/{marked}")).await.problem(403, "own");
        assert_eq!(log(&officer, &marked).await.len(), 9);
        // The mark counts as it is when somebody reads.
        agent.patch(&format!("/records/incident/{open}"), json!({"confidentiality": "secret"})).await.ok();
        technician.get(&format!("/records/incident/{open}")).await.ok();
        assert_eq!(log(&officer, &open).await, [entry("technician", "TE", "record")]);

        // An auditor sees the number of entries in the evidence.
        let auditor = app.actor("auditor", &[Role::Aud]).await;
        let evidence = auditor.get("/evidence?clause=7.5.3&from=2026-03-01&to=2026-03-31").await.ok();
        let rows = evidence["clauses"].as_array().unwrap();
        let mut items = rows.iter().flat_map(|clause| clause["items"].as_array().unwrap());
        let item = items.find(|item| item["id"] == "access-log").unwrap().clone();
        assert!(item["count"].as_i64().unwrap() >= 10, "{item}");
    });
}

#[test]
fn the_log_is_read_in_pages_by_those_who_may() {
    for_each_db(|app| async move {
        let service = app.agreed_service("Payroll").await.service;
        let technician = app.technician().await;
        let marked = incident(&app, &service, "secret").await;
        for _ in 0..5 {
            technician.get(&format!("/records/incident/{marked}")).await.ok();
        }
        let path = format!("/records/incident/{marked}/accesses");
        for role in [Role::Aud, Role::Mr, Role::Sec] {
            let reader = app.actor("reader", &[role]).await;
            let first = reader.get(&format!("{path}?limit=3")).await.ok();
            let next = first["next"].as_str().unwrap();
            let second = reader.get(&format!("{path}?limit=3&cursor={next}")).await.ok();
            assert_eq!(second["next"], Value::Null);
            let ids = |page: &Value| -> Vec<String> {
                page["accesses"].as_array().unwrap().iter().map(|e| e["id"].as_str().unwrap().to_owned()).collect()
            };
            let mut all = [ids(&first), ids(&second)].concat();
            assert_eq!(all.len(), 5);
            assert!(all.is_sorted_by(|a, b| a > b), "{all:?}");
            all.dedup();
            assert_eq!(all.len(), 5);
        }
        for role in [Role::Adm, Role::Sd, Role::Top, Role::Po, Role::Cus] {
            app.actor("other", &[role]).await.get(&path).await.problem(403, "role");
        }
        let officer = app.actor("officer", &[Role::Sec]).await;
        officer.get("/records/incident/INC-2026-009999/accesses").await.problem(404, "not-found");
        officer.get(&format!("{path}?cursor=none")).await.problem(400, "cursor");
    });
}

/// Runs a statement beside the server.
async fn sql(app: &Desktop, text: &'static str) {
    let url = app.config.database_url();
    if app.is_postgres() {
        let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
        connection.execute(text).await.unwrap();
    } else {
        let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
        connection.execute(text).await.unwrap();
    }
}

#[test]
fn what_cannot_be_noted_is_not_read() {
    for_each_db(|app| async move {
        let service = app.agreed_service("Payroll").await.service;
        let technician = app.technician().await;
        let (open, marked) = (incident(&app, &service, "internal").await, incident(&app, &service, "secret").await);
        sql(&app, "ALTER TABLE accesses RENAME TO elsewhere").await;
        for part in ["", "/history", "/timeline", "/comments"] {
            let answer = technician.get(&format!("/records/incident/{marked}{part}")).await;
            assert!(answer.status >= 500, "{}: {}", answer.status, answer.text);
            assert!(!answer.text.contains("Salaries"));
            // Whoever reads what is not marked waits for nothing.
            technician.get(&format!("/records/incident/{open}{part}")).await.ok();
        }
        sql(&app, "ALTER TABLE elsewhere RENAME TO accesses").await;
        technician.get(&format!("/records/incident/{marked}")).await.ok();
    });
}
