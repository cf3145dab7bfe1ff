//! Verification finds each kind of damage, and says exactly which.

use mortise::domain::Role;
use mortise::flows::verify;
use serde_json::json;
use sqlx::{Connection as _, Executor as _};

use crate::app::{Desktop, ORG, for_each_db};

/// Changes the database behind the server's back.
pub(crate) async fn sql(app: &Desktop, text: &str) {
    let url = app.config.database_url();
    let safe = sqlx::AssertSqlSafe(text.to_owned());
    let touched = if url.starts_with("sqlite:") {
        let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
        connection.execute(sqlx::raw_sql(safe)).await.unwrap().rows_affected()
    } else {
        let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
        connection.execute(sqlx::raw_sql(safe)).await.unwrap().rows_affected()
    };
    assert!(touched > 0 || text.starts_with("ALTER"), "no row was touched: {text}");
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
        let clean = app.findings().await;
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
                ["audit", "entry", "before, after, seal"],
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
            let told = app.findings().await;
            let hit = told.iter().find(|f| {
                let says = found.is_empty() || f.found.contains(found) || f.expected.contains(found);
                f.check == check && f.about.contains(about) && f.field == field && says
            });
            assert!(hit.is_some(), "{damage}: {told:#?}");
            sql(&app, &undo).await;
            let left = app.findings().await;
            assert!(left.is_empty(), "after {undo}: {left:#?}");
        }

        // The bytes of an attachment change on the disk.
        let agent = app.agent().await;
        let path = format!("/records/incident/{incident}/attachments?name=a.txt");
        let made = agent.send("POST", &path, &[("content-type", "text/plain")], Some(b"as it was".to_vec())).await.ok();
        mortise::flows::reindex::run(&app.desk).await.unwrap();
        assert!(app.findings().await.is_empty());
        let path = app.desk.blobs.path(made["sha256"].as_str().unwrap());
        std::fs::write(&path, "as it is!").unwrap();
        let told = app.findings().await;
        assert!(told.len() == 1 && told[0].check == "attachment" && told[0].field == "a.txt", "{told:#?}");
        std::fs::remove_file(&path).unwrap();
        assert!(app.findings().await[0].found.contains("missing"));
        std::fs::write(&path, "as it was").unwrap();
        assert!(app.findings().await.is_empty());

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
            let told = app.findings().await;
            assert!(told.iter().any(|f| f.check == check && f.about.contains(about)), "{damage}: {told:#?}");
        }
    });
}

/// Finds what is done to a row that the audit trail tells of, and nothing once it is undone: table, row, what is done and
/// undone to a column, check, field.
async fn tampered(app: &Desktop, table: &str, which: &str, set: &str, back: &str, check: &str, field: &str) {
    let update = |set: &str| format!("UPDATE {table} SET {set} WHERE {which}");
    sql(app, &update(set)).await;
    let told = app.findings().await;
    let hit = told.iter().find(|f| f.check == check && f.field == field);
    let hit = hit.unwrap_or_else(|| panic!("{set}: {told:#?}"));
    assert!(!hit.about.is_empty() && !hit.expected.is_empty() && !hit.found.is_empty(), "{hit:?}");
    sql(app, &update(back)).await;
    let left = app.findings().await;
    assert!(left.is_empty(), "after {back}: {left:#?}");
}

#[test]
fn what_the_trail_tells_of_is_there_and_as_it_was() {
    for_each_db(|app| async move {
        let (incident, ..) = furnish(&app).await;
        let (agent, admin) = (app.agent().await, app.administrator().await);
        let at = |more: &str| format!("/records/incident/{incident}/{more}");
        let said = agent.post(&at("comments"), json!({"text": "it is the disk", "visibility": "internal"})).await.ok();
        let back = agent.post(&at("comments"), json!({"text": "not for here", "visibility": "internal"})).await.ok();
        let back = back["id"].as_str().unwrap().to_owned();
        agent.post(&at(&format!("comments/{back}/retract")), json!({"reason": "a slip"})).await.ok();
        let path = at("attachments?name=a.txt");
        agent.send("POST", &path, &[("content-type", "text/plain")], Some(b"bytes".to_vec())).await.ok();
        let field = json!({"name": "site", "type": "str", "label": {"en": "Site", "zh": "站点"}});
        admin.post("/kinds/incident/fields", field).await.ok();
        let clean = app.findings().await;
        assert!(clean.is_empty(), "{clean:#?}");

        let of = format!("number = '{incident}'");
        let decision = format!("{of} AND process = 'sla'");
        let swap = |column: &str, a: &str, b: &str| {
            (
                format!("{column} = replace({column}, '{a}', '{b}')"),
                format!("{column} = replace({column}, '{b}', '{a}')"),
            )
        };
        let comment = format!("id = '{}'", said["id"].as_str().unwrap());
        let kind = "slug = 'incident' AND version = 1";
        let (body, body_back) = swap("body", "Site", "Place");
        let (text, text_back) = swap("body", "disk", "cable");
        // What a decision said still is canonical JSON.
        let (output, output_back) = swap("output", "outcome", "outcomf");
        let (input, input_back) = swap("input", "impact", "impacu");
        for (table, which, set, back, check, field) in [
            ("decisions", decision.as_str(), output.as_str(), output_back.as_str(), "decision", "digest"),
            ("decisions", &decision, &input, &input_back, "decision", "digest"),
            ("decisions", &decision, "fuel = fuel + 1", "fuel = fuel - 1", "decision", "digest"),
            ("decisions", &decision, "status = 'great'", "status = 'ok'", "decision", "row"),
            ("comments", &comment, &text, &text_back, "comment", "sha256"),
            ("comments", &comment, "visibility = 'public'", "visibility = 'internal'", "comment", "visibility"),
            ("comments", &comment, "author = 'eve'", "author = 'agent'", "comment", "author"),
            ("comments", &comment, "retracted_at = 1", "retracted_at = NULL", "comment", "retracted_at"),
            (
                "comments",
                &format!("id = '{back}'"),
                "retract_reason = 'none'",
                "retract_reason = 'a slip'",
                "comment",
                "retract_reason",
            ),
            ("attachments", &of, "name = 'b.txt'", "name = 'a.txt'", "attachment", "name"),
            ("attachments", &of, "size = 6", "size = 5", "attachment", "size"),
            ("kind_versions", kind, &body, &body_back, "kind", "body"),
            ("kind_versions", kind, "ended_at = 5", "ended_at = NULL", "kind", "versions in force"),
            (
                "components",
                "process = 'sla'",
                "version = version || '.9'",
                "version = substr(version, 1, length(version) - 2)",
                "component",
                "version",
            ),
        ] {
            tampered(&app, table, which, set, back, check, field).await;
        }

        // A decision that nobody took.
        let twin =
            "INSERT INTO decisions (id, org, decision_number, number, process, event, at, component, component_name,
                settings_hash, activation, generation, status, input, output, fuel, took_us, fallback, lookups)
            SELECT 'fabricated', org, 'DEC-2026-999999', number, process, event, at, component, component_name,
                settings_hash, activation, generation, status, input, output, fuel, took_us, fallback, lookups
            FROM decisions WHERE ";
        sql(&app, &format!("{twin}{decision}")).await;
        let told = app.findings().await;
        assert!(
            told.iter().any(|f| f.check == "decision" && f.about.contains("fabricated") && f.field == "row"),
            "{told:#?}"
        );
        sql(&app, "DELETE FROM decisions WHERE id = 'fabricated'").await;

        // What is taken away, one after the other.
        for (damage, check) in [
            (format!("DELETE FROM comments WHERE {comment}"), "comment"),
            (format!("DELETE FROM attachments WHERE {of}"), "attachment"),
            (format!("DELETE FROM kind_versions WHERE {kind}"), "kind"),
            (format!("DELETE FROM timers WHERE {of} AND name = 'sla.resolution.breached'"), "timer"),
            ("DELETE FROM components WHERE process = 'supplier'".to_owned(), "component"),
            (format!("DELETE FROM decisions WHERE {decision}"), "decision"),
        ] {
            let before = app.findings().await.iter().filter(|f| f.check == check && f.found == "none").count();
            sql(&app, &damage).await;
            let told = app.findings().await;
            let missing = |f: &&verify::Finding| f.check == check && f.found.starts_with("none");
            assert!(told.iter().filter(missing).count() > before, "{damage}: {told:#?}");
        }
    });
}

#[test]
fn decisions_from_before_seals_are_counted() {
    for_each_db(|app| async move {
        furnish(&app).await;
        // As an earlier version left it: entries without a seal hash as they did then.
        let entries = app.desk.store.audit_after(ORG, 0, 10_000).await.unwrap();
        let mut last = mortise::domain::audit::GENESIS.to_owned();
        for mut entry in entries {
            entry.seal.clear();
            entry.prev_hash = last;
            last = mortise::domain::audit::chain(&entry);
            let (seq, prev) = (entry.seq, &entry.prev_hash);
            sql(&app, &format!("UPDATE audit SET seal = '', prev_hash = '{prev}', hash = '{last}' WHERE seq = {seq}"))
                .await;
        }
        sql(&app, &format!("UPDATE organisations SET audit_hash = '{last}' WHERE id = 'main'")).await;
        let clean = verify::run(&app.desk, ORG, &mut |finding| panic!("{finding:?}")).await.unwrap();
        assert!(clean.unsealed > 0 && clean.unsealed == clean.decisions, "{clean:?}");
        // What comes then is sealed, and the old ones stay what they are.
        let agreed = app.agreed_service("Print").await;
        let fields = json!({"title": "no paper", "service": agreed.service, "customer": agreed.customer, "channel": "mail",
            "category": "print", "impact": 2, "urgency": 2});
        app.agent().await.create("incident", fields).await;
        let later = verify::run(&app.desk, ORG, &mut |finding| panic!("{finding:?}")).await.unwrap();
        assert_eq!(later.unsealed, clean.unsealed);
        assert!(later.decisions > clean.decisions);
    });
}

#[test]
fn a_row_that_cannot_be_read_is_named() {
    for_each_db(|app| async move {
        if app.is_postgres() {
            // A column has one type there.
            return;
        }
        furnish(&app).await;
        for (damage, row, column, undo) in [
            ("UPDATE audit SET at = 'noon' WHERE seq = 3", "audit 3", "at", "UPDATE audit SET at = 0 WHERE seq = 3"),
            (
                "UPDATE decisions SET fuel = x'00' WHERE id = (SELECT MIN(id) FROM decisions)",
                "decisions ",
                "fuel",
                "UPDATE decisions SET fuel = 1 WHERE id = (SELECT MIN(id) FROM decisions)",
            ),
        ] {
            sql(&app, damage).await;
            let told = app.findings().await;
            let hit = |f: &&verify::Finding| f.check == "row" && f.about.starts_with(row) && f.field == column;
            assert!(told.iter().any(|f| hit(&f)), "{damage}: {told:#?}");
            sql(&app, undo).await;
        }
    });
}
