//! Attachments: kept once, checked when read, refused when they are not what they are called.

#![allow(clippy::unwrap_used)]

use mortise::domain::Role;
use mortise::domain::canonical::sha256;
use serde_json::json;

use super::{column, incident};
use crate::app::{Answer, Client, Desktop, for_each_db};

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj <<>> endobj\n";
const EXE: &[u8] = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff";

async fn attach(client: &Client, number: &str, query: &str, bytes: &[u8]) -> Answer {
    let path = format!("/records/incident/{number}/attachments?{query}");
    client.send("POST", &path, &[("content-type", "application/octet-stream")], Some(bytes.to_vec())).await
}

fn kept(app: &Desktop) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![app.config.attachments_dir()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found
}

#[test]
fn a_file_comes_back_as_it_went_in() {
    for_each_db(|app| async move {
        let (zhao, agent) = (app.actor("zhao", &[Role::Cus]).await, app.agent().await);
        let number = incident(&app, &zhao, "No mail").await;
        let made = attach(&zhao, &number, "name=%E6%8A%A5%E5%91%8A%201.pdf", PDF).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let file = &made.body;
        assert_eq!(
            (&file["name"], &file["type"], &file["size"]),
            (&json!("报告 1.pdf"), &json!("application/pdf"), &json!(PDF.len()))
        );
        assert_eq!(
            (&file["sha256"], &file["visibility"], &file["author"]),
            (&json!(sha256(PDF)), &json!("public"), &json!("zhao"))
        );
        let location = made.headers["location"].to_str().unwrap().to_owned();
        let read = agent.get(&format!("/{location}")).await;
        assert_eq!((read.status, read.bytes.as_slice()), (200, PDF));
        assert_eq!(read.headers["content-type"], "application/pdf");
        assert_eq!(read.headers["content-length"], PDF.len().to_string());
        assert_eq!(
            read.headers["content-disposition"],
            "attachment; filename=\"__ 1.pdf\"; filename*=UTF-8''%E6%8A%A5%E5%91%8A%201.pdf"
        );
        assert_eq!(read.headers["x-content-type-options"], "nosniff");
        assert_eq!(read.etag(), format!("\"{}\"", sha256(PDF)));
        let tag = read.etag();
        let known = agent.send("GET", &format!("/{location}"), &[("if-none-match", &tag)], None).await;
        assert_eq!((known.status, known.bytes.len()), (304, 0));
        // The same bytes again, under another name and by somebody else, are one file in the folder.
        let again = attach(&agent, &number, "name=copy.pdf&visibility=internal", PDF).await.ok();
        assert_eq!((&again["sha256"], kept(&app).len()), (&file["sha256"], 1));
        // A file larger than any buffer.
        let large: Vec<u8> = (0..3_000_000_u32).flat_map(|n| n.to_le_bytes()).collect();
        let made = attach(&agent, &number, "name=dump.bin", &large).await.ok();
        let path = format!("/records/incident/{number}/attachments/{}", made["id"].as_str().unwrap());
        assert_eq!(agent.get(&path).await.bytes, large);
        let all = agent.get(&format!("/records/incident/{number}/attachments?limit=2")).await.ok();
        assert_eq!(column(&all["attachments"], "name"), [json!("报告 1.pdf"), json!("copy.pdf")]);
        let next = all["next"].as_str().unwrap();
        let rest = agent.get(&format!("/records/incident/{number}/attachments?cursor={next}")).await.ok();
        assert_eq!(column(&rest["attachments"], "name"), [json!("dump.bin")]);
        // What is internal is not there for a customer.
        let his = zhao.get(&format!("/records/incident/{number}/attachments")).await.ok();
        assert_eq!(column(&his["attachments"], "name"), [json!("报告 1.pdf")]);
        zhao.get(&path).await.problem(404, "not-found");
        let history = agent.get(&format!("/records/incident/{number}/history")).await.ok();
        let entry = &history["entries"][1];
        assert_eq!((&entry["action"], &entry["after"]["sha256"]), (&json!("attach"), &json!(sha256(PDF))));
        let events = app.desk.store.events_after("main", 0, 1000).await.unwrap();
        assert_eq!(events.iter().filter(|e| e.kind == "record.inc.attached").count(), 3);
    });
}

#[test]
fn another_node_finds_the_file_in_the_shared_folder() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let number = incident(&app, &agent, "No mail").await;
        let made = attach(&agent, &number, "name=a.pdf", PDF).await.ok();
        let second = app.second_node().await;
        let there = second.actor("agent", &[Role::Sd]).await;
        let path = format!("/records/incident/{number}/attachments/{}", made["id"].as_str().unwrap());
        assert_eq!(there.get(&path).await.bytes, PDF);
    });
}

#[test]
fn a_file_that_went_bad_is_not_given_out() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let number = incident(&app, &agent, "No mail").await;
        let made = attach(&agent, &number, "name=a.pdf", PDF).await.ok();
        let id = made["id"].as_str().unwrap();
        let path = format!("/records/incident/{number}/attachments/{id}");
        let mut bad = PDF.to_vec();
        bad[10] ^= 1;
        std::fs::write(&kept(&app)[0], &bad).unwrap();
        let problem = agent.get(&path).await.problem(500, "attachment-corrupt");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(id) && detail.contains("a.pdf") && detail.contains(&number), "{detail}");
        std::fs::remove_file(&kept(&app)[0]).unwrap();
        agent.get(&path).await.problem(500, "attachment-corrupt");
        // The same file attached again heals both.
        attach(&agent, &number, "name=again.pdf", PDF).await.ok();
        assert_eq!(agent.get(&path).await.bytes, PDF);
    });
}

#[test]
fn a_file_that_lies_or_is_not_wanted_is_refused() {
    for_each_db(|app| async move {
        let (zhao, agent) = (app.actor("zhao", &[Role::Cus]).await, app.agent().await);
        let number = incident(&app, &zhao, "No mail").await;
        let send = async |query: &str, bytes: &[u8]| attach(&agent, &number, query, bytes).await;
        let lie = send("name=invoice.pdf", EXE).await.problem(422, "attachment-mismatch");
        assert_eq!(lie["field"], "name");
        assert!(lie["detail"].as_str().unwrap().contains("a program for Windows"), "{lie}");
        send("name=photo.png", PDF).await.problem(422, "attachment-mismatch");
        send("name=empty.pdf", b"").await.problem(422, "attachment-mismatch");
        send("name=setup.exe", EXE).await.problem(422, "attachment-type");
        send("name=setup", EXE).await.problem(422, "attachment-type");
        for query in ["", "name=", "name=%20"] {
            assert_eq!(send(query, PDF).await.problem(422, "required")["field"], "name");
        }
        for name in ["..%2Fa.pdf", "a%2Fb.pdf", "a%5Cb.pdf", "a%0A.pdf", "fdp%E2%80%AEexe.pdf"] {
            send(&format!("name={name}"), PDF).await.problem(422, "format");
        }
        send(&format!("name={}.pdf", "x".repeat(300)), PDF).await.problem(422, "range");
        send("name=a.pdf&visibility=secret", PDF).await.problem(422, "enum");
        send("name=a.pdf&name=b.pdf", PDF).await.problem(400, "repeated-parameter");
        send("name=a.pdf&kind=x", PDF).await.problem(400, "unknown-parameter");
        let path = format!("/records/incident/{number}/attachments?name=a");
        let called = agent.send("POST", &path, &[("content-type", "image/png")], Some(PDF.to_vec())).await;
        assert_eq!(called.problem(422, "attachment-mismatch")["field"], "Content-Type");
        let large = vec![b'x'; (25 << 20) + 1];
        send("name=a.txt", &large).await.problem(413, "too-large");
        // Who may not is told so before the body is looked at: the body alone would be refused.
        attach(&app.actor("auditor", &[Role::Aud]).await, &number, "name=a.pdf", EXE).await.problem(403, "role");
        attach(&app.actor("wang", &[Role::Cus]).await, &number, "name=a.pdf", EXE).await.problem(403, "own");
        attach(&zhao, &number, "name=a.pdf&visibility=internal", EXE).await.problem(403, "role");
        attach(&agent, "INC-2026-999999", "name=a.pdf", EXE).await.problem(404, "not-found");
        // A body that breaks off leaves nothing.
        agent.go("incident", &number, "cancelled", json!({})).await;
        send("name=a.pdf", PDF).await.problem(409, "closed-record");
        assert_eq!(kept(&app), Vec::<std::path::PathBuf>::new());
        let list = agent.get(&format!("/records/incident/{number}/attachments")).await.ok();
        assert_eq!(list["attachments"], json!([]));
    });
}

#[test]
fn a_file_that_is_taken_back_leaves_a_trace() {
    for_each_db(|app| async move {
        let (zhao, agent) = (app.actor("zhao", &[Role::Cus]).await, app.agent().await);
        let number = incident(&app, &zhao, "No mail").await;
        let first = attach(&agent, &number, "name=a.pdf&visibility=public", PDF).await.ok();
        let second = attach(&agent, &number, "name=b.pdf", PDF).await.ok();
        let path = |file: &serde_json::Value| {
            format!("/records/incident/{number}/attachments/{}", file["id"].as_str().unwrap())
        };
        let retract = format!("{}/retract", path(&first));
        zhao.post(&retract, json!({"reason": "x"})).await.problem(403, "own");
        agent.post(&retract, json!({})).await.problem(422, "reason-required");
        let left = agent.post(&retract, json!({"reason": "wrong customer"})).await.ok();
        assert_eq!(left["retracted"]["reason"], "wrong customer");
        agent.post(&retract, json!({"reason": "again"})).await.problem(409, "retracted");
        agent.get(&path(&first)).await.problem(404, "not-found");
        let list = zhao.get(&format!("/records/incident/{number}/attachments")).await.ok();
        assert_eq!(list["attachments"][0]["retracted"]["by"], "agent");
        // The other one has the same bytes, and still has them.
        assert_eq!(agent.get(&path(&second)).await.bytes, PDF);
        assert_eq!(kept(&app).len(), 1);
        let other = incident(&app, &zhao, "Another").await;
        let elsewhere = format!("/records/incident/{other}/attachments/{}", second["id"].as_str().unwrap());
        agent.get(&elsewhere).await.problem(404, "not-found");
    });
}
