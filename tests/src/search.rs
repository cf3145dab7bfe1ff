//! Full-text search: what is found, by whom, in which order.

#![allow(clippy::unwrap_used)]

use mortise::domain::Role;
use mortise::flows::fill::{self, Wish};
use mortise::flows::reindex;
use serde_json::{Value, json};

use crate::app::{Client, ORG, START, for_each_db};
use crate::work::incident;

fn numbers(page: &Value) -> Vec<&str> {
    page["hits"].as_array().unwrap().iter().map(|hit| hit["number"].as_str().unwrap()).collect()
}

/// Percent-encodes what a query string does not hold.
fn escaped(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.*".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

async fn find(reader: &Client, q: &str) -> Value {
    reader.get(&format!("/search?q={}", escaped(q))).await.ok()
}

#[test]
fn records_are_found_by_their_words() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let item =
            |title: &str, text: &str| json!({ "title": title, "text": text, "description": text, "due": "2026-03-09" });
        let mut made = Vec::new();
        for (title, text) in [
            ("Mail is down", "Users cannot sign in to the mail server srv-1034."),
            ("Printer", "paper jam; see the network printer manual"),
            ("昨天网络故障", "交换机端口损坏，网络中断"),
            ("Network audit", "sign the report, then come in"),
        ] {
            let fields = item(title, text);
            let known = agent.get("/kinds/action-item").await.ok();
            let names: Vec<&str> = ["fields", "common_fields"]
                .iter()
                .flat_map(|list| known[*list].as_array().unwrap())
                .map(|field| field["name"].as_str().unwrap())
                .collect();
            let fields: serde_json::Map<String, Value> = fields
                .as_object()
                .unwrap()
                .clone()
                .into_iter()
                .filter(|(name, _)| names.contains(&name.as_str()))
                .collect();
            made.push(agent.create("action-item", fields.into()).await);
        }
        for (q, found) in [
            ("mail", vec![0]),
            ("network", vec![3, 1]),
            ("NETWORK printer", vec![1]),
            ("net*", vec![3, 1]),
            ("network -printer", vec![3]),
            ("sign in", vec![3, 0]),
            ("\"sign in\"", vec![0]),
            ("-\"sign in\" sign", vec![3]),
            ("srv-1034", vec![0]),
            ("srv-10*", vec![0]),
            ("srv-103", vec![]),
            ("网络", vec![2]),
            ("网络故障", vec![2]),
            ("故障网络", vec![]),
            ("网", vec![2]),
            ("端口 中断", vec![2]),
            ("unicorn", vec![]),
        ] {
            let page = find(&agent, q).await;
            let expected: Vec<&str> = found.into_iter().map(|i: usize| made[i].as_str()).collect();
            assert_eq!(numbers(&page), expected, "{q}");
            let listed = agent.get(&format!("/records/action-item?q={}", escaped(q))).await.ok();
            let listed: Vec<&str> =
                listed["records"].as_array().unwrap().iter().map(|r| r["number"].as_str().unwrap()).collect();
            assert_eq!(listed, expected, "list of {q}");
        }
        assert_eq!(numbers(&find(&agent, &made[1]).await), [made[1].as_str()]);
        let hit = &find(&agent, "\"sign in\"").await["hits"][0];
        let parts = hit["matches"][0]["excerpt"].as_array().unwrap();
        assert!(parts.iter().any(|part| part["match"] == true && part["text"] == "sign in"), "{hit}");

        // Words follow the record; a state can be asked for.
        let tag =
            agent.get(&format!("/records/action-item/{}", made[0])).await.headers["etag"].to_str().unwrap().to_owned();
        let body = json!({ "title": "Post is down" });
        let path = format!("/records/action-item/{}", made[0]);
        let headers = [("content-type", "application/json"), ("if-match", tag.as_str())];
        agent.send("PATCH", &path, &headers, Some(body.to_string().into_bytes())).await.ok();
        assert_eq!(numbers(&find(&agent, "post").await), [made[0].as_str()]);
        assert_eq!(numbers(&find(&agent, "\"mail is\"").await), Vec::<&str>::new());
        let initial = agent.get("/kinds/action-item").await.ok()["initial"].as_str().unwrap().to_owned();
        let page = agent.get(&format!("/search?q=network&kind=action-item&state={initial}")).await.ok();
        assert_eq!(numbers(&page).len(), 2);
        assert_eq!(numbers(&agent.get("/search?q=network&state=nowhere").await.ok()).len(), 0);

        // Other organisations hear nothing of it.
        let stranger = app.actor_of("other", "agent", &[Role::Sd]).await;
        assert_eq!(numbers(&find(&stranger, "network").await).len(), 0);

        for (query, status, rule) in [
            ("", 422, "required"),
            ("?q=", 422, "format"),
            ("?q=-x", 422, "format"),
            ("?q=x&kind=unicorn", 422, "unknown-kind"),
            ("?q=x&limit=0", 422, "range"),
            ("?q=x&cursor=x", 400, "cursor"),
            ("?q=x&sort=title", 400, "unknown-parameter"),
        ] {
            agent.get(&format!("/search{query}")).await.problem(status, rule);
        }
    });
}

#[test]
fn comments_are_found_by_who_may_read_them() {
    for_each_db(|app| async move {
        let (zhao, agent) = (app.actor("zhao", &[Role::Cus]).await, app.agent().await);
        let number = incident(&app, &zhao, "No mail").await;
        let path = format!("/records/incident/{number}/comments");
        let public = agent.post(&path, json!({"text": "the transformer burnt", "visibility": "public"})).await.ok();
        agent.post(&path, json!({"text": "机房漏水, a leak in the roof"})).await.ok();
        assert_eq!(reindex::run(&app.desk).await.unwrap(), 1);
        for q in ["transformer", "机房漏水", "leak", "mail leak"] {
            assert_eq!(numbers(&find(&agent, q).await), [number.as_str()], "{q}");
        }
        assert_eq!(find(&agent, "leak").await["hits"][0]["matches"][0]["field"], "comment");
        assert_eq!(numbers(&find(&zhao, "transformer").await), [number.as_str()]);
        assert_eq!(numbers(&find(&zhao, "leak").await), Vec::<&str>::new());

        let retract = format!("{path}/{}/retract", public["id"].as_str().unwrap());
        agent.post(&retract, json!({"reason": "wrong record"})).await.ok();
        assert_eq!(reindex::run(&app.desk).await.unwrap(), 1);
        assert_eq!(numbers(&find(&agent, "transformer").await), Vec::<&str>::new());
        assert_eq!(numbers(&find(&agent, "leak").await), [number.as_str()]);
    });
}

#[test]
fn files_are_found_by_their_names() {
    for_each_db(|app| async move {
        let (zhao, agent) = (app.actor("zhao", &[Role::Cus]).await, app.agent().await);
        let number = incident(&app, &zhao, "No mail").await;
        let attach = async |name: &str| {
            let path = format!("/records/incident/{number}/attachments?name={name}");
            let media = [("content-type", "application/octet-stream")];
            agent.send("POST", &path, &media, Some(b"%PDF-1.7\n1 0 obj <<>> endobj\n".to_vec())).await.ok()
        };
        let contract = attach("%E5%90%88%E5%90%8C-scan.pdf&visibility=internal").await;
        attach("error-log.pdf&visibility=public").await;
        assert_eq!(reindex::run(&app.desk).await.unwrap(), 1);
        for q in ["合同", "scan", "\"scan pdf\"", "mail scan"] {
            let found = find(&agent, q).await;
            assert_eq!(numbers(&found), [number.as_str()], "{q}");
            assert!(q == "mail scan" || found["hits"][0]["matches"][0]["field"] == "attachment", "{found}");
            assert_eq!(numbers(&find(&zhao, q).await), Vec::<&str>::new(), "{q}");
        }
        assert_eq!(numbers(&find(&zhao, "error-log").await), [number.as_str()]);
        let retract = format!("/records/incident/{number}/attachments/{}/retract", contract["id"].as_str().unwrap());
        agent.post(&retract, json!({"reason": "wrong record"})).await.ok();
        assert_eq!(reindex::run(&app.desk).await.unwrap(), 1);
        assert_eq!(numbers(&find(&agent, "scan").await), Vec::<&str>::new());
    });
}

/// Every text anywhere in a value.
fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        Value::Object(map) => map.values().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn pages_are_newest_first_and_hold_what_may_be_read() {
    for_each_db(|app| async move {
        let wish = Wish { org: ORG.to_owned(), records: 1_300, seed: 11, until: START.parse().unwrap() };
        fill::run(&app.desk, &wish, |_| ()).await.unwrap();
        let reader = app.actor("reader", &[Role::Sd, Role::Mr, Role::Aud]).await;
        let customer = app.actor("wei.li", &[Role::Cus]).await;
        for (q, words) in
            [("network", "network"), ("网络", "网络"), ("\"storage network\"", "storage network"), ("net*", "net")]
        {
            // Every incident that holds the words, newest first.
            let mut expected = Vec::new();
            let mut own = Vec::new();
            let mut cursor = String::new();
            loop {
                let page = reader.get(&format!("/records/incident?limit=500{cursor}")).await.ok();
                for record in page["records"].as_array().unwrap() {
                    let there = strings(record).iter().any(|text| {
                        // Words side by side are so whatever sign stands between them.
                        let text = text.to_lowercase();
                        let text: Vec<&str> =
                            text.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
                        let text = text.join(" ");
                        text.match_indices(words)
                            .any(|(at, _)| at == 0 || !text.as_bytes()[at - 1].is_ascii_alphanumeric())
                    });
                    if there {
                        let number = record["number"].as_str().unwrap().to_owned();
                        let mine = ["owner", "created_by", "caller"].iter().any(|name| record[*name] == "wei.li");
                        own.extend(mine.then(|| number.clone()));
                        expected.push(number);
                    }
                }
                match page["next"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            assert!(expected.len() > 10, "{q}: {}", expected.len());
            for (who, limit, expected) in [(&reader, 7, &expected), (&reader, 100, &expected), (&customer, 2, &own)] {
                let (mut found, mut cursor) = (Vec::new(), String::new());
                loop {
                    let path = format!("/search?q={}&kind=incident&limit={limit}{cursor}", escaped(q));
                    let page = who.get(&path).await.ok();
                    found.extend(numbers(&page).into_iter().map(str::to_owned));
                    for hit in page["hits"].as_array().unwrap() {
                        assert!(!hit["matches"].as_array().unwrap().is_empty(), "{hit}");
                    }
                    match page["next"].as_str() {
                        Some(next) => cursor = format!("&cursor={next}"),
                        None => break,
                    }
                }
                assert_eq!(&found, expected, "{q} {limit}");
            }
            // In another order, and with a filter.
            let path = format!("/records/incident?q={}&sort=number&limit=500&state=closed", escaped(q));
            let listed = reader.get(&path).await.ok();
            let all: Vec<&str> =
                listed["records"].as_array().unwrap().iter().map(|r| r["number"].as_str().unwrap()).collect();
            assert!(all.is_sorted());
            assert!(all.iter().all(|number| expected.iter().any(|known| known == number)), "{q}");
            assert!(!all.is_empty());
        }
        // Nothing waits for its index.
        assert_eq!(reindex::run(&app.desk).await.unwrap(), 0);
    });
}
