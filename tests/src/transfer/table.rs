//! Export and import of lists.

use mortise::domain::Role;
use serde_json::{Value, json};

use crate::app::{Answer, Client, Desktop, for_each_db};

const CSV: &str = "text/csv";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const JSONL: &str = "application/x-ndjson";

fn media_type(format: &str) -> &'static str {
    match format {
        "csv" => CSV,
        "xlsx" => XLSX,
        _ => JSONL,
    }
}

/// Text of a query parameter.
fn escape(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

async fn import(client: &Client, kind: &str, format: &str, more: &str, body: &[u8]) -> Answer {
    let path = format!("/records/{kind}/import?format={format}{more}");
    client.send("POST", &path, &[("content-type", media_type(format))], Some(body.to_vec())).await
}

async fn export(client: &Client, kind: &str, format: &str, more: &str) -> Vec<u8> {
    let answer = client.get(&format!("/records/{kind}/export?format={format}{more}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.bytes
}

fn totals(report: &Value) -> [u64; 5] {
    ["rows", "created", "updated", "unchanged", "refused"].map(|name| report["totals"][name].as_u64().unwrap())
}

/// Two services and three incidents with everything that could get lost on the way.
async fn furnish(app: &Desktop) -> Vec<String> {
    let agreed = app.agreed_service("Mail").await;
    let agent = app.agent().await;
    let mut numbers = Vec::new();
    for (title, more) in [
        ("=1+1 looks like a formula", json!({"description": "two\r\nlines, \"quoted\"; and a comma"})),
        ("@mention 中文标题", json!({"description": "  leading space\n'=quoted formula", "external_id": "ext-1"})),
        ("plain", json!({"services": [agreed.service], "links": [{"type": "relates-to", "ref": agreed.customer}]})),
    ] {
        let mut fields = json!({
            "title": title, "service": agreed.service, "customer": agreed.customer, "caller": "zhang",
            "channel": "phone", "category": "mail", "impact": 2, "urgency": 1,
        });
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        numbers.push(agent.create("incident", fields).await);
    }
    numbers
}

#[test]
fn what_is_exported_and_imported_again_changes_nothing() {
    for_each_db(|app| async move {
        furnish(&app).await;
        let all = app.actor("all", &[Role::Sd, Role::Po, Role::Slm, Role::Cm, Role::Bud]).await;
        let before = all.get("/records/incident?sort=created_at").await.ok();
        let history = app.desk.store.audit_head("main").await.unwrap();
        for (format, more) in [
            ("csv", ""),
            ("csv", "&lang=zh&bom=true"),
            ("csv", "&lang=en"),
            ("csv", "&columns=number,sla.resolution.level,title,description,links"),
            ("xlsx", ""),
            ("xlsx", "&lang=zh"),
            ("jsonl", ""),
        ] {
            for (kind, rows) in [("incident", 3), ("service", 1), ("calendar", 1), ("sla", 1), ("customer", 1)] {
                if more.contains("sla.") && kind != "incident" {
                    continue;
                }
                let file = export(&all, kind, format, more).await;
                let report = import(&all, kind, format, "", &file).await.ok();
                assert_eq!(totals(&report), [rows, 0, 0, rows, 0], "{kind} {format} {more}: {report}");
            }
        }
        assert_eq!(all.get("/records/incident?sort=created_at").await.ok(), before);
        assert_eq!(app.desk.store.audit_head("main").await.unwrap(), history);
    });
}

#[test]
fn a_csv_is_safe_to_open_and_says_what_a_person_may_see() {
    for_each_db(|app| async move {
        let numbers = furnish(&app).await;
        let agent = app.agent().await;
        let text = String::from_utf8(export(&agent, "incident", "csv", "&columns=number,title,impact").await).unwrap();
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert_eq!(lines[0], "number,title,impact");
        assert_eq!(lines[1], format!("{},'=1+1 looks like a formula,2", numbers[0]));
        assert_eq!(lines[2], format!("{},'@mention 中文标题,2", numbers[1]));
        let text =
            String::from_utf8(export(&agent, "incident", "csv", "&lang=zh&bom=true&columns=number").await).unwrap();
        assert!(text.starts_with("\u{feff}编号\r\n"), "{text}");
        let text = export(&agent, "incident", "csv", "&columns=title&external_id=ext-1").await;
        assert_eq!(String::from_utf8(text).unwrap(), "title\r\n'@mention 中文标题\r\n");

        // A customer sees his own, and one who may read nothing is told so.
        let customer = app.actor("li", &[Role::Cus]).await;
        customer
            .create(
                "incident",
                json!({"title": "mine", "service": "SVC-2026-000001", "caller": "li", "channel": "portal", "category": "mail", "impact": 3, "urgency": 3}),
            )
            .await;
        let text = export(&customer, "incident", "csv", "&columns=title").await;
        assert_eq!(String::from_utf8(text).unwrap(), "title\r\nmine\r\n");
        let budget = app.actor("bud", &[Role::Bud]).await;
        budget.get("/records/incident/export?format=csv").await.problem(403, "role");
        let wrong = agent.get("/records/incident/export?format=csv&columns=number,imapct").await;
        assert!(wrong.problem(422, "unknown-field")["detail"].as_str().unwrap().contains("'impact'"));
        agent.get("/records/incident/export?format=pdf").await.problem(422, "enum");
        agent.get("/records/incident/export?format=csv&colour=red").await.problem(422, "not-indexed");
    });
}

#[test]
fn rows_become_records_once() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let service = app.agreed_service("Mail").await.service;
        let file = "Title,影响程度,Urgency,Channel,Category,Caller,external_id,Service\n\
                    First,2,1,phone,mail,zhang,a-1,SVC\n\
                    Second,3,3,mail,mail,li,a-2,SVC\n\
                    Wrong,9,8,phone,mail,li,a-3,SVC\n\
                    First,1,1,phone,mail,zhang,a-1,SVC\n";
        let file = file.replace("SVC", &service);
        // The label of impact, whatever it is.
        let kind = app.desk.kinds("main").get("incident").unwrap().clone();
        let file = file.replace("影响程度", &kind.field("impact").unwrap().label.zh);
        let dry = import(&agent, "incident", "csv", "&dry_run=true&name=in.csv", file.as_bytes()).await.ok();
        assert_eq!(totals(&dry), [4, 2, 1, 0, 1], "{dry}");
        assert!(agent.get("/records/incident").await.ok()["records"].as_array().unwrap().is_empty());

        let report = import(&agent, "incident", "csv", "&name=in.csv", file.as_bytes()).await.ok();
        assert_eq!(totals(&report), [4, 2, 1, 0, 1], "{report}");
        let refused = &report["results"][2];
        assert_eq!((&refused["row"], &refused["line"], &refused["outcome"]), (&json!(3), &json!(4), &json!("refused")));
        let fields: Vec<&str> =
            refused["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
        assert!(fields.contains(&"impact") && fields.contains(&"urgency"), "{refused}");
        let record = agent.get("/records/incident?external_id=a-1").await.ok();
        assert_eq!(record["records"][0]["impact"], 1);
        assert_eq!(record["records"][0]["revision"], 2);
        let reason =
            app.desk.store.audit_of("main", report["results"][3]["number"].as_str().unwrap(), 0, 9).await.unwrap();
        assert_eq!(reason[1].reason, "import of in.csv, row 4");

        // Again: only the two rows that contradict each other write anything.
        let again = import(&agent, "incident", "csv", "", file.as_bytes()).await.ok();
        assert_eq!(totals(&again), [4, 0, 2, 1, 1], "{again}");
        let sorted = file.lines().filter(|l| !l.starts_with("First,2") && !l.starts_with("Wrong")).collect::<Vec<_>>();
        let settled = import(&agent, "incident", "csv", "", sorted.join("\n").as_bytes()).await.ok();
        assert_eq!(totals(&settled), [2, 0, 0, 2, 0], "{settled}");

        // Rows without a key are known by what they say; two equal ones are two records.
        let row = format!("Twin,2,2,phone,mail,zhang,{service}\n");
        let file = format!("title,impact,urgency,channel,category,caller,service\n{row}{row}");
        let report = import(&agent, "incident", "csv", "", file.as_bytes()).await.ok();
        assert_eq!(totals(&report), [2, 2, 0, 0, 0], "{report}");
        let dry = import(&agent, "incident", "csv", "&dry_run=true", file.as_bytes()).await.ok();
        assert_eq!(totals(&dry), [2, 0, 0, 2, 0], "{dry}");
        let again = import(&agent, "incident", "csv", "", file.as_bytes()).await.ok();
        assert_eq!(totals(&again), [2, 0, 0, 2, 0], "{again}");

        // Whoever imports it.
        let colleague = app.actor("colleague", &[Role::Sd]).await;
        let again = import(&colleague, "incident", "csv", "", file.as_bytes()).await.ok();
        assert_eq!(totals(&again), [2, 0, 0, 2, 0], "{again}");

        // The report as a file.
        let answer = import(&agent, "incident", "csv", "&report=csv", file.as_bytes()).await;
        assert!(answer.text.starts_with("row,line,outcome,number,field,rule,message\r\n1,2,unchanged,INC-2026-"));
        assert_eq!(answer.text.lines().count(), 3);
    });
}

#[test]
fn a_file_that_is_wrong_is_refused_before_anything_is_written() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let head = app.desk.store.audit_head("main").await.unwrap();
        let good = "First,2,1";
        for (format, file, rule, said) in [
            (
                "csv",
                format!("title,imapct,urgency\n{good}\n"),
                "columns",
                "in.x: line 1, column 2: 'imapct': incident has no such field; did you mean 'impact'?",
            ),
            ("csv", format!("title,impact,title\n{good}\n"), "columns", "columns 1 and 3"),
            ("csv", format!("title,Title,impact\n{good}\n"), "columns", "'Title': it means title, as does 'title'"),
            (
                "csv",
                "title,impact\nFirst,2\nSecond\n".to_owned(),
                "columns",
                "in.x: line 3: the row has 1 cells, the headings are 2",
            ),
            ("csv", "title,impact\nFirst,2\nSecond,2,3\n".to_owned(), "columns", "in.x: line 3, column 3"),
            ("csv", String::from_utf8_lossy(b"").into_owned() + "\n", "columns", "empty"),
            ("jsonl", "{\"title\": \"First\"}\n{\"title\": }\n".to_owned(), "unreadable-file", "in.x: line 2"),
            ("jsonl", "{\"title\": \"First\"}\n[1]\n".to_owned(), "unreadable-file", "in.x: line 2"),
            ("jsonl", "{\"title\": \"First\"}\n{\"colour\": 1}\n".to_owned(), "columns", "in.x: line 2: 'colour'"),
            ("xlsx", "title,impact\n".to_owned(), "unreadable-file", "not a workbook"),
        ] {
            let answer = import(&agent, "incident", format, "&name=in.x", file.as_bytes()).await;
            let problem = answer.problem(422, rule);
            assert!(problem.to_string().contains(&said.replace('"', "\\\"")), "{problem}");
        }
        let latin = b"title,impact\nFirst,2\nCaf\xe9,2\n";
        let problem = import(&agent, "incident", "csv", "", latin).await.problem(422, "unreadable-file");
        assert!(problem["detail"].as_str().unwrap().contains("line 3, column 1"), "{problem}");
        for (more, rule) in [
            ("&key=colour", "not-indexed"),
            ("&key=caller", "columns"),
            ("&mapping=colour%3D1", "mapping"),
            ("&mapping=%7B%22columns%22%3A%7B%22Prio%22%3A%22impact%22%7D%7D", "columns"),
            ("&mapping=%7B%22columns%22%3A%7B%22title%22%3A%22priority%22%7D%7D", "mapping"),
        ] {
            import(&agent, "incident", "csv", more, b"title\nFirst\n").await.problem(422, rule);
        }
        let auditor = app.actor("auditor", &[Role::Aud]).await;
        import(&auditor, "incident", "csv", "", b"title\nFirst\n").await.problem(403, "role");
        let answer = agent
            .send("POST", "/records/incident/import?format=csv", &[("content-type", "text/html")], Some(b"x".to_vec()))
            .await;
        answer.problem(415, "content-type");
        assert_eq!(app.desk.store.audit_head("main").await.unwrap(), head);
    });
}

#[test]
fn a_mapping_reads_a_foreign_file() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let service = app.agreed_service("Mail").await.service;
        let mapping = r#"
            time_zone = "Asia/Shanghai"
            moment = "%d/%m/%Y %H:%M"
            missing = ["?"]
            [columns]
            Subject = "title"
            Remark = { ignore = true }
            Prio = { field = "impact", values = { High = 1, Low = 3 } }
            Ticket = { field = "external_id", prefix = "old:" }
            Who = { field = "caller", default = "nobody" }
            [constants]
            channel = "mail"
            category = "mail"
            urgency = 2
            service = "SVC"
        "#;
        let more = format!("&mapping={}", escape(&mapping.replace("SVC", &service)));
        let file = "Ticket;Subject;Prio;Who;Remark\n17;Printer;High;?;x\n18;Screen;Medium;zhang;\n";
        let report = import(&agent, "incident", "csv", &more, file.as_bytes()).await.ok();
        assert_eq!(totals(&report), [2, 1, 0, 0, 1], "{report}");
        assert!(report["results"][1]["errors"][0]["message"].as_str().unwrap().contains("'Medium'"), "{report}");
        let record = &agent.get("/records/incident?external_id=old:17").await.ok()["records"][0];
        assert_eq!(
            (&record["impact"], &record["caller"], &record["channel"]),
            (&json!(1), &json!("nobody"), &json!("mail"))
        );
        let again = import(&agent, "incident", "csv", &more, file.as_bytes()).await.ok();
        assert_eq!(totals(&again), [2, 0, 0, 1, 1], "{again}");
    });
}

#[test]
fn rules_hold_for_rows_as_they_do_for_requests() {
    for_each_db(|app| async move {
        let numbers = furnish(&app).await;
        let agent = app.agent().await;
        let number = &numbers[0];
        let file = export(&agent, "incident", "csv", "&columns=number,title,state,revision").await;
        let file = String::from_utf8(file).unwrap();

        // Somebody else was faster.
        agent.patch(&format!("/records/incident/{number}"), json!({"impact": 3})).await.ok();
        let edited = file.replacen("looks like a formula", "was edited", 1);
        let report = import(&agent, "incident", "csv", "", edited.as_bytes()).await.ok();
        assert_eq!(totals(&report), [3, 0, 0, 2, 1], "{report}");
        assert_eq!(report["results"][0]["errors"][0]["rule"], "stale");

        for (body, field, rule) in [
            (format!("number,state\n{number},closed\n"), "state", "computed-field"),
            ("number,title\nINC-2026-999999,x\n".to_owned(), "number", "not-found"),
            (format!("number,service\n{number},SVC-2026-999999\n"), "service", "reference"),
            ("title,state\nNew one,closed\n".to_owned(), "state", "computed-field"),
        ] {
            let report = import(&agent, "incident", "csv", "", body.as_bytes()).await.ok();
            let error = &report["results"][0]["errors"][0];
            assert_eq!((&error["field"], &error["rule"]), (&json!(field), &json!(rule)), "{report}");
        }

        // What the host computes is passed over, and told of.
        let body = format!("number,priority,title\n{number},P1,Renamed\n");
        let report = import(&agent, "incident", "csv", "", body.as_bytes()).await.ok();
        assert_eq!(report["ignored"], json!(["priority"]));
        let record = agent.get(&format!("/records/incident/{number}")).await.ok();
        assert_eq!(record["title"], "Renamed");
        assert_ne!(record["priority"], "P1");

        // An empty cell keeps, unless the mapping says that it clears; null in JSON Lines always clears.
        let body = format!("number,external_id\n{},\n", numbers[1]);
        let report = import(&agent, "incident", "csv", "", body.as_bytes()).await.ok();
        assert_eq!(totals(&report), [1, 0, 0, 1, 0], "{report}");
        let report = import(&agent, "incident", "csv", "&mapping=clear%3Dtrue", body.as_bytes()).await.ok();
        assert_eq!(totals(&report), [1, 0, 1, 0, 0], "{report}");
        let body = format!("{{\"number\": \"{}\", \"description\": null}}\n", numbers[0]);
        let report = import(&agent, "incident", "jsonl", "", body.as_bytes()).await.ok();
        assert_eq!(totals(&report), [1, 0, 1, 0, 0], "{report}");
        let record = agent.get(&format!("/records/incident/{}", numbers[0])).await.ok();
        assert!(record.get("description").is_none(), "{record}");

        // An agent may not write what he may not write alone.
        let customer = app.actor("li", &[Role::Cus]).await;
        let body = format!("number,title\n{number},Mine now\n");
        let answer = import(&customer, "incident", "csv", "", body.as_bytes()).await;
        let report = answer.ok();
        assert_eq!(totals(&report), [1, 0, 0, 0, 1], "{report}");
        assert_eq!(report["results"][0]["errors"][0]["rule"], "own");
    });
}

#[test]
fn records_move_to_another_installation_as_a_file() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let other = app.actor_of("other", "agent", &[Role::Sd, Role::Po]).await;
        // Both installations have a service of the same number.
        let service = json!({"title": "Mail", "outcome": "it works", "criticality": 3});
        let owner = app.actor("owner", &[Role::Po]).await;
        let service = [owner.create("service", service.clone()).await, other.create("service", service).await];
        assert_eq!(service[0], service[1]);
        for n in 0..30 {
            agent
                .create(
                    "incident",
                    json!({"title": format!("Number {n}"), "service": service[0], "external_id": format!("x-{n}"), "caller": "li",
                           "channel": "mail", "category": "mail", "impact": n % 3 + 1, "urgency": 2}),
                )
                .await;
        }
        for format in ["csv", "xlsx", "jsonl"] {
            let columns = "&columns=title,service,external_id,caller,channel,category,impact,urgency";
            let file = export(&agent, "incident", format, columns).await;
            let report = import(&other, "incident", format, "", &file).await.ok();
            let expected = if format == "csv" { [30, 30, 0, 0, 0] } else { [30, 0, 0, 30, 0] };
            assert_eq!(totals(&report), expected, "{format}: {report}");
            if format != "xlsx" {
                assert_eq!(export(&other, "incident", format, columns).await, file, "{format}");
            }
        }
    });
}

#[test]
fn two_imports_at_once_make_one_record_of_a_key() {
    for_each_db(|app| async move {
        let service = app.agreed_service("Mail").await.service;
        let rows: String = (0..40).map(|n| format!("Row {n},2,2,phone,mail,zhang,{service},x-{n}\n")).collect();
        let file = format!("title,impact,urgency,channel,category,caller,service,external_id\n{rows}");
        let other = file.replace("Row ", "Line ");
        let second = app.second_node().await;
        let (agent, colleague) = (app.agent().await, second.actor("colleague", &[Role::Sd]).await);
        let (one, two) = tokio::join!(
            import(&agent, "incident", "csv", "", file.as_bytes()),
            import(&colleague, "incident", "csv", "", other.as_bytes())
        );
        let (one, two) = (totals(&one.ok()), totals(&two.ok()));
        // Whoever comes second with a key changes what the first has made.
        assert_eq!(one[1] + two[1], 40, "{one:?} {two:?}");
        assert_eq!(one[2] + two[2], 40, "{one:?} {two:?}");
        for n in 0..40 {
            let found = agent.get(&format!("/records/incident?external_id=x-{n}")).await.ok();
            assert_eq!(found["records"].as_array().unwrap().len(), 1, "{n}");
        }
    });
}

#[test]
fn what_a_file_cannot_say_is_told_by_its_place() {
    for_each_db(|app| async move {
        furnish(&app).await;
        let all = app.actor("all", &[Role::Sd, Role::Po]).await;
        // An export without records can be imported again.
        let empty = export(&all, "incident", "jsonl", "&state=closed").await;
        assert!(empty.is_empty());
        assert_eq!(totals(&import(&all, "incident", "jsonl", "", &empty).await.ok()), [0; 5]);
        assert_eq!(totals(&import(&all, "incident", "jsonl", "&key=external_id", b"\n").await.ok()), [0; 5]);

        // Lines are counted as editors do, whatever ends them.
        for end in ["\n", "\r\n"] {
            let rows = ["number,title,impact", "INC-2026-000001,\"two\nlines\",2", "", "INC-2026-000002,plain,nine"];
            let csv = rows.map(|row| row.replace('\n', end)).join(end);
            let report = import(&all, "incident", "csv", "&dry_run=true", csv.as_bytes()).await.ok();
            let text = report.to_string();
            assert!(text.contains("\"line\":5"), "{end:?}: {report}");
        }

        // The last moments of the calendar.
        let far = |at: &str| json!({"responded_at": at});
        let path = "/records/incident/INC-2026-000001";
        let late = all.patch(path, far("9999-12-31T00:00:00Z")).await.problem(422, "range");
        assert!(late.to_string().contains("9999-12-30T21:59:59.999Z"), "{late}");
        let none = all.patch(path, far("2026-02-30T00:00:00Z")).await.problem(422, "type");
        assert!(none.to_string().contains("does not exist"), "{none}");
    });
}
