//! Verification finds each kind of damage, and says exactly which.

use mortise::domain::Role;
use mortise::flows::verify::{self, Finding};
use serde_json::json;
use sqlx::{Connection as _, Executor as _};

use crate::app::{Desktop, ORG, for_each_db};

/// Changes the database behind the server's back.
async fn sql(app: &Desktop, text: &str) {
    let url = app.config.database_url();
    let text = sqlx::AssertSqlSafe(text.to_owned());
    let touched = if url.starts_with("sqlite:") {
        let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
        connection.execute(sqlx::raw_sql(text)).await.unwrap().rows_affected()
    } else {
        let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
        connection.execute(sqlx::raw_sql(text)).await.unwrap().rows_affected()
    };
    assert!(touched > 0, "no row was touched");
}

async fn findings(app: &Desktop) -> Vec<Finding> {
    let mut found = Vec::new();
    verify::run(&app.desk, ORG, &mut |finding| found.push(finding)).await.unwrap();
    found
}

/// An incident with an agreement, and a budget line with a commitment and a posted cost.
async fn furnish(app: &Desktop) -> (String, String, String) {
    let agreed = app.agreed_service("Mail").await;
    let incident = app
        .agent()
        .await
        .create(
            "incident",
            json!({"title": "Mail is slow", "service": agreed.service, "customer": agreed.customer, "caller": "li",
                   "channel": "mail", "category": "mail", "impact": 2, "urgency": 2, "external_id": "x-1"}),
        )
        .await;
    let all = app.actor("bud", &[Role::Bud, Role::Sup, Role::Po]).await;
    let top = app.actor("top", &[Role::Top]).await;
    let cny = |amount: &str| json!({"amount": amount, "currency": "CNY"});
    let budget = all
        .create(
            "budget",
            json!({"title": "2026", "year": 2026, "currency": "CNY", "total": cny("120000"),
                   "periods": ["2026-01", "2026-02", "2026-03"]}),
        )
        .await;
    top.go("budget", &budget, "approved", json!({})).await;
    let line = all
        .create(
            "budget-line",
            json!({"title": "Licences", "budget": budget, "service": agreed.service, "cost_type": "licence",
                   "nature": "direct", "line_owner": "bud", "amount": cny("10000"), "forecast_to_go": cny("0")}),
        )
        .await;
    let cost = all
        .create("cost-entry", json!({"title": "Invoice", "line": line, "amount": cny("1234.50"), "on": "2026-03-02"}))
        .await;
    all.go("cost-entry", &cost, "posted", json!({})).await;
    (incident, line, cost)
}

#[test]
fn each_kind_of_damage_is_found() {
    for_each_db(|app| async move {
        let (incident, line, cost) = furnish(&app).await;
        let clean = findings(&app).await;
        assert!(clean.is_empty(), "{clean:#?}");

        // What is done, how it is undone, and what is said: check, about, field, expected, found.
        let row = |table: &str, set: &str, back: &str, which: &str| {
            (format!("UPDATE {table} SET {set} WHERE {which}"), format!("UPDATE {table} SET {back} WHERE {which}"))
        };
        let one = format!("org = 'main' AND number = '{incident}'");
        let id = format!("(SELECT id FROM records WHERE {one})");
        let data = |from: &str, to: &str| {
            let replaced = |a: &str, b: &str| format!("data = replace(data, '{a}', '{b}')");
            row("records", &replaced(from, to), &replaced(to, from), &one)
        };
        let cases: Vec<((String, String), [&str; 3], &str)> = vec![
            (
                row("audit", "reason = 'because'", "reason = ''", &format!("{one} AND action = 'create'")),
                ["audit", &incident, "hash"],
                "",
            ),
            (
                row("audit", "before_value = '{'", "before_value = '{}'", &format!("{one} AND action = 'create'")),
                ["audit", "entry", "before, after"],
                "JSON",
            ),
            (
                row("organisations", "audit_seq = audit_seq + 1", "audit_seq = audit_seq - 1", "id = 'main'"),
                ["audit", "trail", "length"],
                "",
            ),
            (row("records", "state = 'limbo'", "state = 'new'", &one), ["record", &incident, "state"], "limbo"),
            (row("records", "kind = 'unicorn'", "kind = 'incident'", &one), ["record", &incident, "kind"], "unicorn"),
            (
                row("records", "title = 'Mail is fine'", "title = 'Mail is slow'", &one),
                ["trail", &incident, "title"],
                "\"Mail is fine\"",
            ),
            (data("\"impact\":2", "\"impact\":7"), ["record", &incident, "impact"], "7"),
            (data("\"impact\":2", "\"impact\":\"2\""), ["record", &incident, "impact"], "\"2\""),
            (data("\"impact\":2", "\"impakt\":2"), ["record", &incident, "impakt"], "2"),
            (data("\"impact\":2", "\"impact\":3"), ["trail", &incident, "impact"], "3"),
            (row("records", "data = '[' || data", "data = substr(data, 2)", &one), ["record", &incident, "data"], ""),
            (
                row("field_index", "value = 'x-2'", "value = 'x-1'", "value IN ('x-1', 'x-2')"),
                ["index", &incident, "external_id"],
                "x-1",
            ),
            (
                row(
                    "facets",
                    "tokens = replace(tokens, 'external_id=x-1', 'external_id=x-2')",
                    "tokens = replace(tokens, 'external_id=x-2', 'external_id=x-1')",
                    &format!("record = (SELECT key FROM records WHERE {one})"),
                ),
                ["index", &incident, "external_id"],
                "x-2",
            ),
            (
                row("links", "rel = 'other'", "rel = 'service'", &format!("source_id = {id} AND target LIKE 'SVC%'")),
                ["links", &incident, "other"],
                "",
            ),
            (
                row("counters", "last = last - 100", "last = last + 100", "org = 'main' AND prefix = 'INC'"),
                ["counter", "INC-2026", "last"],
                "-84",
            ),
            (
                row(
                    "timers",
                    "number = 'INC-2026-999999'",
                    &format!("number = '{incident}'"),
                    "name LIKE 'sla.resolution.due%'",
                ),
                ["timer", "INC-2026-999999", "sla.resolution.due"],
                "",
            ),
            (
                row("settings_texts", "body = '{ }'", "body = '{}'", "org = 'main'"),
                ["component", "settings", "body"],
                "",
            ),
            (
                row(
                    "decisions",
                    "component = 'gone'",
                    "component = (SELECT digest FROM components WHERE org = 'main' AND process = 'sla')",
                    &format!("{one} AND process = 'sla'"),
                ),
                ["decision", &incident, "component"],
                "no such component",
            ),
            (
                row(
                    "decisions",
                    "settings_hash = 'gone'",
                    "settings_hash = (SELECT hash FROM settings_texts WHERE org = 'main')",
                    &format!("{one} AND process = 'sla'"),
                ),
                ["decision", &incident, "settings"],
                "no such settings",
            ),
            (
                row(
                    "decisions",
                    "output = output || ' '",
                    "output = trim(output)",
                    &format!("{one} AND process = 'sla'"),
                ),
                ["decision", &incident, "output"],
                "",
            ),
            (
                row("events", "seq = -seq", "seq = -seq", "org = 'main' AND seq IN (3, -3)"),
                ["events", "stream", "seq"],
                "",
            ),
            (
                row(
                    "records",
                    "data = replace(data, '1234.50', '1234.60')",
                    "data = replace(data, '1234.60', '1234.50')",
                    &format!("number = '{cost}'"),
                ),
                ["ledger", &line, "figures.actual"],
                "1234.50",
            ),
        ];
        for ((damage, undo), [check, about, field], found) in cases {
            sql(&app, &damage).await;
            let told = findings(&app).await;
            let hit = told.iter().find(|f| {
                let says = found.is_empty() || f.found.contains(found) || f.expected.contains(found);
                f.check == check && f.about.contains(about) && f.field == field && says
            });
            assert!(hit.is_some(), "{damage}: {told:#?}");
            sql(&app, &undo).await;
            let left = findings(&app).await;
            assert!(left.is_empty(), "after {undo}: {left:#?}");
        }

        // The bytes of an attachment change on the disk.
        let agent = app.agent().await;
        let path = format!("/records/incident/{incident}/attachments?name=a.txt");
        let made = agent.send("POST", &path, &[("content-type", "text/plain")], Some(b"as it was".to_vec())).await.ok();
        assert!(findings(&app).await.is_empty());
        let path = app.desk.blobs.path(made["sha256"].as_str().unwrap());
        std::fs::write(&path, "as it is!").unwrap();
        let told = findings(&app).await;
        assert!(told.len() == 1 && told[0].check == "attachment" && told[0].field == "a.txt", "{told:#?}");
        std::fs::remove_file(&path).unwrap();
        assert!(findings(&app).await[0].found.contains("missing"));
        std::fs::write(&path, "as it was").unwrap();
        assert!(findings(&app).await.is_empty());

        // What is taken away.
        for (damage, check, about) in [
            (
                "DELETE FROM component_bytes WHERE digest IN (SELECT digest FROM components WHERE process = 'supplier')".to_owned(),
                "component",
                "",
            ),
            (
                format!("DELETE FROM words WHERE WORDROW = (SELECT key FROM records WHERE {one})")
                    .replace("WORDROW", if app.config.database.url.is_some() { "record" } else { "rowid" }),
                "index",
                incident.as_str(),
            ),
            (format!("DELETE FROM audit WHERE {one}"), "trail", incident.as_str()),
            (format!("DELETE FROM links WHERE source = '{incident}'"), "links", &incident),
            (format!("DELETE FROM facets WHERE record = (SELECT key FROM records WHERE {one})"), "index", &incident),
            (format!("DELETE FROM records WHERE {one}"), "decision", &incident),
            ("DELETE FROM records WHERE kind = 'customer'".to_owned(), "reference", "SLA"),
        ] {
            sql(&app, &damage).await;
            let told = findings(&app).await;
            assert!(told.iter().any(|f| f.check == check && f.about.contains(about)), "{damage}: {told:#?}");
        }
    });
}
