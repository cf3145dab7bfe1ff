//! What is seen from outside: figures for Prometheus, traces for a collector.

#![allow(clippy::unwrap_used)]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use mortise::domain::Role;
use serde_json::json;

use crate::app::{Answer, binary, components, for_each_db};
use crate::client::Connection;

/// The value of the first line that has all these parts.
fn figure(text: &str, parts: &[&str]) -> Option<f64> {
    let line = text.lines().find(|line| parts.iter().all(|part| line.contains(part)))?;
    line.rsplit(' ').next()?.parse().ok()
}

#[test]
fn decisions_and_requests_are_counted() {
    for_each_db(|app| async move {
        let agreed = app.agreed_service("Mail").await;
        let agent = app.agent().await;
        for n in 1..=3 {
            let incident = json!({"title": "down", "service": agreed.service, "impact": n, "urgency": 2});
            agent.create("incident", incident).await;
        }
        let admin = app.administrator().await;
        let Answer { status, headers, text, .. } = admin.get("//metrics").await;
        assert_eq!(status, 200, "{text}");
        assert!(headers["content-type"].to_str().unwrap().starts_with("application/openmetrics-text"));
        assert!(text.ends_with("# EOF\n"));
        let sla = ["process=\"sla\"", "component=\"sla-standard@", "mode=\"active\""];
        let of = |name: &str, more: &[&str]| figure(&text, &[&[name], &sla[..], more].concat());
        let decided = of("mortise_decisions_total{", &["outcome=\"decided\""]).unwrap();
        assert!(decided >= 3.0, "{text}");
        assert_eq!(of("mortise_decision_duration_microseconds_count{", &[]), Some(decided));
        assert!(of("mortise_decision_fuel_sum{", &[]).unwrap() > 1_000.0);
        assert!(of("mortise_decision_memory_peak_bytes_sum{", &[]).unwrap() > 65_536.0);
        let posts = ["mortise_http_requests_total{", "path=\"/api/v1/records/{kind}\"", "method=\"POST\"", "\"201\""];
        assert!(figure(&text, &posts).unwrap() >= 3.0, "{text}");

        // What another organisation decides is nobody's business.
        let stranger = app.actor_of("other", "root", &[Role::Adm]).await;
        let other = stranger.get("//metrics").await.text;
        assert!(!other.contains("sla-standard") && other.contains("mortise_http_requests_total{"), "{other}");
        agent.get("//metrics").await.problem(403, "role");
        app.stranger().get("//metrics").await.problem(401, "unauthenticated");
    });
}

/// Takes one request for traces; gives its head and its body.
fn collector(listener: &TcpListener) -> (String, Vec<u8>) {
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut bytes = Vec::new();
    let mut part = [0; 65_536];
    loop {
        let read = stream.read(&mut part).unwrap();
        bytes.extend_from_slice(&part[..read]);
        let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        if bytes.len() >= end + 4 + length.parse::<usize>().unwrap() {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
            return (head, bytes.split_off(end + 4));
        }
    }
}

#[test]
fn requests_and_decisions_are_traced() {
    let dir = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (send, received) = mpsc::channel();
    std::thread::spawn(move || {
        loop {
            let _ = send.send(collector(&listener));
        }
    });
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");
    let mut server = Command::new(binary());
    server.arg("--data-dir").arg(dir.path()).args(["serve", "--listen", &address, "--components"]);
    server.arg(components()).env("MORTISE_TELEMETRY__OTLP_ENDPOINT", &endpoint);
    server.env("MORTISE_TELEMETRY__HEADERS__X_KEY", "secret").env("MORTISE_TELEMETRY__OPEN_METRICS", "true");
    let mut server = server.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = loop {
            match Connection::open(port).await {
                Ok(connection) => break connection,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        let mut token = Command::new(binary());
        token.arg("--data-dir").arg(dir.path()).args(["token", "create", "--user", "a", "--roles", "SD,PO"]);
        let token = token.output().unwrap();
        let token = String::from_utf8(token.stdout).unwrap().trim().to_owned();
        let service = json!({"title": "Mail", "outcome": "mail", "criticality": 2}).to_string();
        let (status, made) = connection.send("POST", "/api/v1/records/service", &token, &service).await.unwrap();
        assert_eq!(status, 201);
        let made: serde_json::Value = serde_json::from_slice(&made).unwrap();
        let body = json!({"title": "down", "service": made["number"], "impact": 1, "urgency": 1}).to_string();
        let (status, _) = connection.send("POST", "/api/v1/records/incident", &token, &body).await.unwrap();
        assert_eq!(status, 201);
        // Nobody is asked for a token where the configuration says so.
        let (status, metrics) = connection.send("GET", "/metrics", "", "").await.unwrap();
        assert_eq!(status, 200);
        assert!(String::from_utf8_lossy(&metrics).contains("mortise_decisions_total{"));
    });
    // A server that is told to stop delivers its last spans.
    let stopped = Command::new("kill").args(["-TERM", &server.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    assert!(server.wait().unwrap().success());
    let mut spans = Vec::new();
    while let Ok((head, body)) = received.recv_timeout(Duration::from_secs(2)) {
        assert!(head.starts_with("post /v1/traces"), "{head}");
        assert!(head.contains("x_key: secret"), "{head}");
        spans.extend(body);
    }
    let seen = |text: &str| spans.windows(text.len()).any(|part| part == text.as_bytes());
    for text in ["service.name", "mortise", "request", "decision", "sla-standard@", "/api/v1/records/{kind}"] {
        assert!(seen(text), "no {text} in the spans");
    }
}
