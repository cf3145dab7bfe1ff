//! Evidence for an auditor, on both databases.

mod only_reads;

use mortise::domain::Role;
use serde_json::{Value, json};

use crate::app::{Client, Desktop, for_each_db};
use crate::seed::{Past, write};

async fn auditor(app: &Desktop) -> Client {
    app.actor("auditor", &[Role::Aud]).await
}

/// The row of a clause.
fn clause<'m>(matrix: &'m Value, number: &str) -> &'m Value {
    let rows = matrix["clauses"].as_array().unwrap();
    rows.iter().find(|row| row["clause"] == number).unwrap_or_else(|| panic!("no clause {number}"))
}

fn item<'m>(row: &'m Value, id: &str) -> &'m Value {
    let items = row["items"].as_array().unwrap();
    items.iter().find(|item| item["id"] == id).unwrap_or_else(|| panic!("no item {id} in {row}"))
}

#[test]
fn an_organisation_without_records_misses_everything_and_is_told_what() {
    for_each_db(|app| async move {
        let auditor = auditor(&app).await;
        let matrix = auditor.get("/evidence").await.ok();
        assert_eq!(matrix["clauses"].as_array().unwrap().len(), 55);
        // The year that ends today.
        assert_eq!((&matrix["period"]["from"], &matrix["period"]["to"]), (&json!("2025-03-04"), &json!("2026-03-03")));
        let scope = clause(&matrix, "4.3");
        assert_eq!((&scope["status"], &item(scope, "scope")["count"]), (&json!("missing"), &json!(0)));
        assert_eq!(item(scope, "scope")["missing"], "no scope statement there on 2026-03-03");
        // Its decision components are there, its process cards are not.
        assert_eq!(clause(&matrix, "4.4")["status"], "partial");
        let components = item(clause(&matrix, "4.4"), "components");
        assert_eq!(components["components"].as_array().unwrap().len(), 4);
        let summary = &matrix["summary"];
        let of = |status: &str| summary[status].as_u64().unwrap();
        assert_eq!(of("present") + of("overdue") + of("partial") + of("missing"), 55, "{summary}");
        let zh = auditor.get("/evidence?lang=zh&clause=4.3").await.ok();
        assert_eq!(zh["clauses"].as_array().unwrap().len(), 1);
        assert_eq!(item(&zh["clauses"][0], "scope")["missing"], "截至2026-03-03没有范围声明");
    });
}

fn scope(title: &str) -> Value {
    json!({
        "title": title, "organisation": "Main", "services_in_scope": ["SVC-2026-000001"], "locations": ["Shanghai"],
        "boundaries": "all", "statement": "All services.", "version": "1.0"
    })
}

#[test]
fn what_does_not_count_is_missing_and_what_is_late_is_overdue() {
    for_each_db(|app| async move {
        let auditor = auditor(&app).await;
        write(&app, vec![Past::of("SCP", "2026-01-05T00:00:00Z", scope("Scope"))]).await;
        let row = auditor.get("/evidence?clause=4.3").await.ok()["clauses"][0].clone();
        assert_eq!(row["status"], "missing");
        assert_eq!(item(&row, "scope")["missing"], "1 is there, but it is not what is asked for");

        let approved = Past::of("SCP", "2026-01-06T00:00:00Z", scope("Scope 2"))
            .then("reviewed", "2026-01-07T00:00:00Z", "MR")
            .then("approved", "2026-02-08T00:00:00Z", "TOP");
        let number = write(&app, vec![approved]).await.remove(0);
        let row = auditor.get("/evidence?clause=4.3").await.ok()["clauses"][0].clone();
        assert_eq!((&row["status"], &item(&row, "scope")["count"]), (&json!("present"), &json!(1)), "{row}");
        let record = &item(&row, "scope")["records"][0];
        assert_eq!((&record["number"], &record["state_label"]), (&json!(number), &json!("Approved")));
        // Its address leads to it.
        let read = auditor.get(record["href"].as_str().unwrap().trim_start_matches("/api/v1")).await.ok();
        assert_eq!(read["number"], number);
        // At the end of January it was not approved yet.
        let january = auditor.get("/evidence?clause=4.3&period=2026-01").await.ok()["clauses"][0].clone();
        assert_eq!(january["status"], "missing", "{january}");

        // Context issues reviewed a year and a day ago, and today.
        let issue = |title: &str, on: &str| {
            let fields = json!({
                "title": title, "kind": "external", "effect": "negative", "relevance": "costs", "reviewed_on": on
            });
            Past::of("CTX", "2025-01-06T00:00:00Z", fields).then("assessed", "2025-01-07T00:00:00Z", "MR").then(
                "monitored",
                "2025-01-08T00:00:00Z",
                "MR",
            )
        };
        write(&app, vec![issue("old", "2025-03-02"), issue("new", "2025-03-03")]).await;
        let row = auditor.get("/evidence?clause=4.1").await.ok()["clauses"][0].clone();
        let issues = item(&row, "context-issues");
        assert_eq!(
            (&issues["status"], &issues["count"], &issues["overdue"]),
            (&json!("overdue"), &json!(2), &json!(1))
        );
        assert_eq!((&issues["records"][0]["title"], &issues["records"][0]["overdue"]), (&json!("old"), &json!(true)));
        assert_eq!(issues["records"][0]["dates"][0]["value"], "2025-03-02");
        // The list is capped, and says so.
        let capped = auditor.get("/evidence?clause=4.1&limit=1").await.ok()["clauses"][0].clone();
        let issues = item(&capped, "context-issues");
        assert_eq!((issues["records"].as_array().unwrap().len(), &issues["more"]), (1, &json!(1)));
        assert_eq!(issues["lists"][0], "/api/v1/records/context-issue?state=assessed,monitored");
    });
}

#[test]
fn too_little_coverage_is_partial() {
    for_each_db(|app| async move {
        let auditor = auditor(&app).await;
        let mut past = Vec::new();
        for n in 0..60 {
            let fields = json!({"document": "DOC-2026-000001", "user": format!("user{n}"), "due": "2026-06-01"});
            let one = Past::of("ACK", "2026-02-01T00:00:00Z", fields);
            past.push(if n < 56 { one.then("confirmed", "2026-02-02T00:00:00Z", "SD") } else { one });
        }
        let mut numbers = write(&app, past).await;
        let row = auditor.get("/evidence?clause=5.2.2").await.ok()["clauses"][0].clone();
        let found = item(&row, "acknowledgements");
        // 56 of 60 = 93.3 %, 95 % asked for.
        assert_eq!((&found["status"], &found["measure"]["value"]), (&json!("partial"), &json!("93.3")), "{found}");
        assert_eq!((&found["measure"]["least"], &found["count"]), (&json!("95"), &json!(60)));
        // One more: 57 of 60 = 95.0 %.
        let staff = app.actor("user59", &[Role::Sd]).await;
        let last = numbers.pop().unwrap();
        staff.go("acknowledgement", &last, "confirmed", json!({})).await;
        let row = auditor.get("/evidence?clause=5.2.2").await.ok()["clauses"][0].clone();
        assert_eq!(item(&row, "acknowledgements")["measure"]["value"], "95.0");
        assert_eq!(item(&row, "acknowledgements")["status"], "present");
    });
}

#[test]
fn decisions_are_shown_with_the_component_that_took_them() {
    for_each_db(|app| async move {
        let agreed = app.agreed_service("Network").await;
        let agent = app.agent().await;
        let fields = json!({
            "title": "no link", "service": agreed.service, "customer": agreed.customer, "caller": "zhao",
            "channel": "phone", "category": "network", "impact": 1, "urgency": 2
        });
        let incident = agent.create("incident", fields).await;
        let auditor = auditor(&app).await;
        let matrix = auditor.get("/evidence?clause=8.6.1&clause=8.3.3").await.ok();
        let row = clause(&matrix, "8.6.1");
        let record = &item(row, "incidents")["records"][0];
        assert_eq!(record["number"], incident);
        let decision = &record["decisions"][0];
        assert_eq!((&decision["process"], &decision["status"]), (&json!("sla"), &json!("ok")));
        assert_eq!(decision["digest"].as_str().unwrap().len(), 64);
        let read = auditor.get(decision["href"].as_str().unwrap().trim_start_matches("/api/v1")).await.ok();
        assert_eq!(read["component"], decision["digest"]);
        let decisions = item(clause(&matrix, "8.3.3"), "decisions");
        assert_eq!((&decisions["count"], &decisions["decisions"][0]["number"]), (&json!(1), &json!(incident)));
        let agreements = item(clause(&matrix, "8.3.3"), "agreements");
        assert_eq!((&agreements["count"], &agreements["status"]), (&json!(1), &json!("present")));
        // Nothing is overdue; the incident procedure is missing.
        assert_eq!(row["status"], "partial");
    });
}

#[test]
fn the_certification_file_counts_24_items_and_says_what_they_need() {
    for_each_db(|app| async move {
        let auditor = auditor(&app).await;
        let file = auditor.get("/evidence/certification").await.ok();
        assert_eq!((&file["ready"], &file["of"], &file["percent"]), (&json!(0), &json!(24), &json!("0.0")));
        assert_eq!(file["complete"], false);
        let running = |file: &Value| {
            let all = file["preconditions"].as_array().unwrap();
            all.iter().find(|p| p["id"] == "running").unwrap().clone()
        };
        // The story begins on 3 March; what the trail tells of began on 3 December.
        let plan = json!({"title": "Plan", "version": "1.0", "review_due": "2026-12-01", "elements": []});
        let plan = Past::of("SMP", "2025-12-03T00:00:00Z", plan).then("in_review", "2025-12-04T00:00:00Z", "MR").then(
            "approved",
            "2025-12-05T00:00:00Z",
            "TOP",
        );
        write(&app, vec![plan]).await;
        let file = auditor.get("/evidence/certification").await.ok();
        // Activating the components is the first entry.
        assert_eq!(running(&file)["because"], "recorded since 2026-03-03");
        assert_eq!(running(&file)["met"], false);
        app.at("2026-06-03T00:00:00Z").await;
        assert_eq!(running(&auditor.get("/evidence/certification").await.ok())["met"], true);
        let item = |file: &Value, id: &str| {
            let all = file["items"].as_array().unwrap();
            all.iter().find(|item| item["id"] == id).unwrap().clone()
        };
        let seven = item(&file, "7");
        assert_eq!((&seven["state"], &seven["shown"]), (&json!("open"), &json!(false)));
        assert_eq!(seven["needs"][0]["missing"], "no catalogue entry there on 2026-03-03");
        assert_eq!(seven["needs"][1]["records"][0]["title"], "Plan");
        let policy = json!({"title": "Service policy 服务方针", "class": "policy", "code": "P-1", "version": "1.0"});
        let policy = Past::of("DOC", "2026-01-03T00:00:00Z", policy)
            .then("in_review", "2026-01-04T00:00:00Z", "MR")
            .then("approved", "2026-01-05T00:00:00Z", "TOP")
            .then("effective", "2026-01-06T00:00:00Z", "MR");
        write(&app, vec![policy]).await;
        let file = auditor.get("/evidence/certification?lang=zh").await.ok();
        // Policy and plan; and there is something to compare.
        assert_eq!((&item(&file, "5a")["state"], &item(&file, "6")["state"]), (&json!("ready"), &json!("ready")));
        assert_eq!(file["ready"], 2);
        assert_eq!(item(&file, "5a")["title"], "体系文件：方针和计划");
        if app.desk.kinds("main").by_prefix("CRT").is_some() {
            let of = |id: &str, state: &str| {
                let past = Past::of("CRT", "2026-03-01T00:00:00Z", json!({"title": id, "item": id, "evidence": []}));
                past.then(state, "2026-03-02T00:00:00Z", "MR")
            };
            write(&app, vec![of("9", "submitted"), of("5a", "open"), of("no-penalty", "ready")]).await;
            let file = auditor.get("/evidence/certification").await.ok();
            assert_eq!((&item(&file, "9")["state"], &item(&file, "9")["shown"]), (&json!("submitted"), &json!(false)));
            assert_eq!((&item(&file, "5a")["state"], &item(&file, "5a")["shown"]), (&json!("open"), &json!(true)));
            assert_eq!((&file["ready"], &file["percent"]), (&json!(2), &json!("8.3")));
            let penalty = file["preconditions"].as_array().unwrap().last().unwrap().clone();
            assert_eq!((&penalty["id"], &penalty["met"]), (&json!("no-penalty"), &json!(true)));
        }
    });
}

#[test]
fn the_document_stands_alone_and_nothing_in_it_is_markup_by_accident() {
    for_each_db(|app| async move {
        let hostile = "<script>alert('x')</script> & \"Co\" 范围";
        let approved =
            Past::of("SCP", "2026-01-06T00:00:00Z", scope(hostile)).then("approved", "2026-01-08T00:00:00Z", "TOP");
        let number = write(&app, vec![approved]).await.remove(0);
        let auditor = auditor(&app).await;
        let answer = auditor.get("/evidence/report.html").await;
        let header = |name: &str| answer.headers.get(name).unwrap().to_str().unwrap().to_owned();
        assert_eq!((answer.status, header("content-type")), (200, "text/html; charset=utf-8".to_owned()));
        assert!(header("content-security-policy").starts_with("default-src 'none'"));
        let html = &answer.text;
        assert!(html.starts_with("<!DOCTYPE html>") && html.contains("<html lang=\"en\">"));
        assert!(
            !html.contains("<script")
                && html.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;Co&quot; 范围")
        );
        for foreign in ["http://", "https://", "<link", "<img", "url(", "@import", "src="] {
            assert!(!html.contains(foreign), "{foreign}");
        }
        assert!(html.contains(&number) && html.contains(&format!("/api/v1/records/scope-statement/{number}")));
        // The head of the trail, verified.
        let (entries, head) = app.desk.store.audit_head("main").await.unwrap().unwrap();
        assert!(
            html.contains(&head)
                && html.contains(&format!("{entries} entries"))
                && html.contains("verified: every entry")
        );
        // Every clause is there and in the table of contents.
        assert_eq!(html.matches("<article class=\"clause\"").count(), 55);
        assert_eq!(html.matches("<td class=\"n\"><a href=\"#c").count(), 55);
        // Links lead to where the request came to, or to what it says.
        let path = "/evidence/report.html?clause=4&verify=false";
        let host = [("host", "desk.example:8443"), ("x-forwarded-proto", "https")];
        let html = auditor.send("GET", path, &host, None).await.text;
        assert!(html.contains("href=\"https://desk.example:8443/api/v1/"), "{html}");
        let html = auditor.send("GET", path, &[("host", "\"><script>")], None).await.text;
        assert!(html.contains("href=\"/api/v1/") && !html.contains("<script"), "{html}");
        let html = auditor.get(&format!("{path}&base_url=https%3A%2F%2Fitsm.example%2F")).await.text;
        assert!(html.contains("href=\"https://itsm.example/api/v1/"), "{html}");
        auditor.get(&format!("{path}&base_url=javascript%3Aalert(1)")).await.problem(422, "format");
        let zh = auditor.get("/evidence/report.html?lang=zh&clause=4&verify=false").await.text;
        assert!(zh.contains("<html lang=\"zh-CN\">") && zh.contains("符合性证据") && zh.contains("本文件未验证"));
        assert_eq!(zh.matches("<article class=\"clause\"").count(), 4);
    });
}

#[test]
fn who_may_read_it_and_what_is_asked_wrongly() {
    for_each_db(|app| async move {
        for role in [Role::Sd, Role::Po, Role::Adm, Role::Cus, Role::Pub] {
            let other = app.actor("other", &[role]).await;
            for path in ["/evidence", "/evidence/certification", "/evidence/report.html"] {
                other.get(path).await.problem(403, "role");
            }
        }
        for role in [Role::Aud, Role::Mr, Role::Top] {
            app.actor("reader", &[role]).await.get("/evidence?clause=4.3").await.ok();
        }
        let auditor = auditor(&app).await;
        auditor.get("/evidence?clause=11").await.problem(422, "enum");
        auditor.get("/evidence?lang=fr").await.problem(422, "enum");
        auditor.get("/evidence?limit=501").await.problem(422, "range");
        auditor.get("/evidence?from=2026-02-30").await.problem(422, "type");
        // One day alone is enough: the other is today, or a year before.
        let period =
            async |query: &str| auditor.get(&format!("/evidence?clause=4.3&{query}")).await.ok()["period"].clone();
        assert_eq!(period("from=2026-01-01").await["to"], "2026-03-03");
        assert_eq!(period("to=2025-12-31").await["from"], "2025-01-01");
        auditor.get("/evidence?colour=red").await.problem(400, "unknown-parameter");
        // Another organisation sees nothing of this one.
        write(
            &app,
            vec![Past::of("SCP", "2026-01-06T00:00:00Z", scope("x")).then("approved", "2026-01-08T00:00:00Z", "TOP")],
        )
        .await;
        let stranger = app.actor_of("other", "auditor", &[Role::Aud]).await;
        let row = stranger.get("/evidence?clause=4.3").await.ok()["clauses"][0].clone();
        assert_eq!(row["status"], "missing");
    });
}

#[test]
fn a_trail_that_was_tampered_with_shows_on_the_cover() {
    for_each_db(|app| async move {
        write(&app, vec![Past::of("SCP", "2026-01-06T00:00:00Z", scope("x"))]).await;
        let auditor = auditor(&app).await;
        let whole = auditor.get("/evidence?clause=4.3&verify=true").await.ok();
        assert_eq!(whole["chain"]["state"], "verified");
        let change = "UPDATE audit SET actor = 'nobody' WHERE org = 'main' AND seq = 2";
        app.desk.store.write(move |tx| Box::pin(async move { mortise_tests_sql(tx, change).await })).await.unwrap();
        let broken = auditor.get("/evidence?clause=4.3&verify=true").await.ok();
        assert_eq!(broken["chain"]["state"], "broken");
        assert_eq!(broken["chain"]["fault"], "audit entry 2 was changed after it was written");
        let html = auditor.get("/evidence/report.html?clause=4.3").await.text;
        assert!(html.contains("BROKEN") && html.contains("audit entry 2 was changed"));
    });
}

/// Statements that no flow would run.
async fn mortise_tests_sql(tx: &mut mortise::store::Tx, sql: &'static str) -> Result<(), mortise::store::StoreError> {
    match tx {
        mortise::store::Tx::Sqlite(c) => sqlx::query(sql).execute(&mut **c).await.map(|_| ())?,
        mortise::store::Tx::Postgres(c) => sqlx::query(sql).execute(&mut **c).await.map(|_| ())?,
    }
    Ok(())
}

#[test]
fn long_periods_are_refused_and_not_tried() {
    for_each_db(|app| async move {
        let auditor = auditor(&app).await;
        let wrong = auditor.get("/evidence?from=1000-01-01&to=9999-12-31").await.problem(422, "range");
        assert_eq!(wrong["field"], "from");
        auditor.get("/evidence?from=9999-01-01&to=9999-12-31").await.problem(422, "range");
        auditor.get("/evidence?from=0001-01-01&to=0001-12-31").await.problem(422, "range");
        auditor.get("/evidence?from=1997-01-01&to=2026-12-31&limit=0").await.ok();
        auditor.get("/measures/first-contact?from=1000-01-01&to=9999-12-31").await.problem(422, "range");
    });
}
