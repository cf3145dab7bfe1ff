//! What the server says about itself, and how it behaves on a real connection.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use mortise::http::{HttpConfig, Stop, router, serve};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::item;
use crate::app::{Desktop, for_each_db};

#[test]
fn health_needs_no_token() {
    for_each_db(|app| async move {
        let stranger = app.stranger();
        assert_eq!(stranger.get("//healthz").await.ok(), json!({"status": "alive"}));
        let ready = stranger.get("//readyz").await.ok();
        assert_eq!((&ready["ready"], &ready["catalog"]), (&json!(true), &json!("follows")));
        assert_eq!(ready["generations"]["budget"], json!({"database": 1, "node": 1}));
    });
}

#[test]
fn the_documentation_is_whole_and_comes_from_here() {
    for_each_db(|app| async move {
        let stranger = app.stranger();
        let root = stranger.get("//").await;
        assert_eq!((root.status, &root.headers["location"]), (307, &"/docs".parse().unwrap()));
        let page = stranger.get("//docs").await;
        assert_eq!(page.status, 200);
        assert!(page.headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
        let mut files: BTreeSet<String> = BTreeSet::new();
        let mut waiting = vec![page.text.clone()];
        while let Some(text) = waiting.pop() {
            assert!(!text.contains("https://") && !text.replace("http://www.w3.org/2000/svg", "").contains("http://"));
            for part in text.split('"') {
                let name = part.strip_prefix("/docs/").or_else(|| part.strip_prefix("./")).unwrap_or_default();
                if name.contains('.') && files.insert(name.to_owned()) {
                    let file = stranger.get(&format!("//docs/{name}")).await;
                    assert_eq!(file.status, 200, "{name}");
                    waiting.push(file.text);
                }
            }
        }
        assert!(files.len() >= 9, "{files:?}");
        stranger.get("//docs/none.js").await.problem(404, "not-found");

        // The contracts, from the WIT: an index, a page for each package in each version, the newest by its name.
        assert!(page.text.contains("href=\"/docs/wit\""));
        let index = stranger.get("//docs/wit").await;
        assert!(index.headers["content-type"].to_str().unwrap().starts_with("text/html"));
        assert!(index.headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
        let pages: BTreeSet<&str> = index.text.split('"').filter_map(|part| part.strip_prefix("/docs/wit/")).collect();
        assert!(pages.contains("sla@0.1.0") && pages.contains("sla@0.2.0") && pages.len() >= 8, "{pages:?}");
        for name in &pages {
            let page = stranger.get(&format!("//docs/wit/{name}")).await;
            assert!(page.status == 200 && page.text.contains("<title>itsm:"), "{name}");
            assert!(!page.text.contains("https://") && !page.text.contains("http://"), "{name}");
        }
        assert_eq!(stranger.get("//docs/wit.css").await.status, 200);
        let newest = stranger.get("//docs/wit/sla").await;
        assert_eq!((newest.status, newest.headers["location"].to_str().unwrap()), (307, "/docs/wit/sla@0.2.0"));
        stranger.get("//docs/wit/none@1.0.0").await.problem(404, "not-found");

        let rule = stranger.get("//problems/stale").await.ok();
        assert_eq!(rule["rule"], "stale");
        let html = stranger.send("GET", "//problems/stale", &[("accept", "text/html")], None).await;
        assert!(html.text.starts_with("<!doctype html>"));
        stranger.get("//problems/none").await.problem(404, "not-found");
    });
}

#[test]
fn the_document_and_the_router_know_the_same_routes() {
    for_each_db(|app| async move {
        let stranger = app.stranger();
        let answer = stranger.get("//openapi.json").await;
        let etag = answer.etag();
        let document = answer.ok();
        let known = stranger.send("GET", "//openapi.json", &[("if-none-match", &etag)], None).await;
        assert_eq!(known.status, 304);
        let mut checked = BTreeMap::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            let mut expected: BTreeSet<String> = item.as_object().unwrap().keys().map(|m| m.to_uppercase()).collect();
            if expected.contains("GET") {
                expected.insert("HEAD".to_owned());
            }
            // A method that nothing takes shows which ones the router has.
            let refused = stranger.send("TRACE", &format!("/{}", path.replace(['{', '}'], "x")), &[], None).await;
            let allow = refused.headers.get("allow").map(|allow| allow.to_str().unwrap().to_owned());
            let allow: BTreeSet<String> =
                allow.unwrap_or_default().split(',').map(|m| m.trim().to_owned()).filter(|m| !m.is_empty()).collect();
            assert_eq!(allow, expected, "{path}");
            checked.insert(path.clone(), allow);
        }
        assert!(checked.len() > 60, "{}", checked.len());
    });
}

#[test]
fn every_answer_names_its_request() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let mine = agent.send("GET", "/me", &[("x-request-id", "edge-42")], None).await;
        assert_eq!(mine.headers["x-request-id"], "edge-42");
        assert_eq!(mine.headers["x-content-type-options"], "nosniff");
        assert_eq!(mine.headers["cache-control"], "no-store");
        let refused = agent.send("GET", "/nothing", &[("x-request-id", "bad id!")], None).await;
        let id = refused.headers["x-request-id"].to_str().unwrap().to_owned();
        assert_ne!(id, "bad id!");
        assert_eq!(refused.problem(404, "no-such-route")["request_id"], json!(id));
    });
}

#[test]
fn a_request_that_takes_too_long_is_given_up() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let config = HttpConfig { request_timeout: Duration::from_millis(20), ..HttpConfig::default() };
        let never = futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>();
        let request = axum::http::Request::post("/api/v1/records/action-item")
            .header("authorization", format!("Bearer {}", agent.token))
            .header("content-type", "application/json")
            .body(axum::body::Body::from_stream(never))
            .unwrap();
        let response = tower::ServiceExt::oneshot(router(app.desk.clone(), config), request).await.unwrap();
        assert_eq!(
            (response.status(), &response.headers()["retry-after"]),
            (503.try_into().unwrap(), &"1".parse().unwrap())
        );
    });
}

async fn start(app: &Desktop, config: HttpConfig) -> (TcpStream, tokio::task::JoinHandle<std::io::Result<()>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(serve(listener, app.desk.clone(), config));
    (TcpStream::connect(address).await.unwrap(), server)
}

/// Reads one answer: head and body.
async fn answer(stream: &mut TcpStream) -> (String, Value) {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|l| l.strip_prefix("content-length: ")).unwrap().parse::<usize>().unwrap();
            if body.len() >= length {
                return (head.to_owned(), serde_json::from_str(body).unwrap_or(Value::Null));
            }
        }
        let mut chunk = [0; 4096];
        let read = tokio::time::timeout(Duration::from_secs(20), stream.read(&mut chunk)).await.unwrap().unwrap();
        assert_ne!(read, 0, "the connection ended: {text}");
        bytes.extend_from_slice(&chunk[..read]);
    }
}

#[test]
fn a_large_body_is_refused_in_a_way_the_client_can_read() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let (mut stream, server) = start(&app, HttpConfig::default()).await;
        let head = |length: &str| {
            format!(
                "POST /api/v1/records/action-item HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
                 content-type: application/json\r\n{length}\r\n\r\n",
                agent.token
            )
        };
        // The client sends all of it before it reads anything.
        let body = vec![b' '; 10 << 20];
        stream.write_all(head(&format!("content-length: {}", body.len())).as_bytes()).await.unwrap();
        stream.write_all(&body).await.unwrap();
        let (status, problem) = answer(&mut stream).await;
        assert!(status.starts_with("HTTP/1.1 413"), "{status}");
        assert_eq!(problem["rule"], "too-large");

        // Without a length the limit holds as well, and the connection stays usable.
        stream.write_all(head("transfer-encoding: chunked").as_bytes()).await.unwrap();
        for _ in 0..10 {
            stream.write_all(b"100000\r\n").await.unwrap();
            stream.write_all(&body[..1 << 20]).await.unwrap();
            stream.write_all(b"\r\n").await.unwrap();
        }
        stream.write_all(b"0\r\n\r\n").await.unwrap();
        assert!(answer(&mut stream).await.0.starts_with("HTTP/1.1 413"));

        // A client that asks first sends nothing.
        stream.write_all(head("content-length: 10485760\r\nexpect: 100-continue").as_bytes()).await.unwrap();
        assert!(answer(&mut stream).await.0.starts_with("HTTP/1.1 413"));
        server.abort();
    });
}

#[test]
fn a_stopping_server_lets_requests_finish() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let (stopper, stop) = Stop::pair();
        let (mut stream, server) = start(&app, HttpConfig { stop, ..HttpConfig::default() }).await;
        let number = item(&agent, "x").await;
        let head = format!(
            "PATCH /api/v1/records/action-item/{number} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: 13\r\nexpect: 100-continue\r\n\r\n",
            agent.token
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        // The handler waits for the body now.
        let mut go_on = [0; 25];
        stream.read_exact(&mut go_on).await.unwrap();
        assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
        stopper.stop();
        while TcpStream::connect(stream.peer_addr().unwrap()).await.is_ok() {
            tokio::task::yield_now().await;
        }
        stream.write_all(b"{\"title\":\"y\"}").await.unwrap();
        let (status, record) = answer(&mut stream).await;
        assert!(status.starts_with("HTTP/1.1 200"), "{status}");
        assert_eq!(record["title"], "y");
        server.await.unwrap().unwrap();
    });
}
