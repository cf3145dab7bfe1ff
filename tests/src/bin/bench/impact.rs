//! (f) What an impact takes over HTTP, among 100,000 configuration items with 300,000 relations, on both databases.
//!
//! The items stand in ten layers, each item related to three or four of the layer below it, mostly neighbours: so an item has a
//! few below it on each level, and one near the ground carries thousands. One in ten dependencies is on a redundancy
//! group. One item in a hundred is a component of a service, of which every tenth depends on another; 20,000 closed and
//! 2,000 open incidents name items.

use std::time::{Duration, Instant};

use mortise::app::{self, App};
use mortise::clock::Clock;
use mortise::config::{Config, DataDir};
use mortise::domain::record::{Record, index_entries, references};
use mortise::domain::search;
use mortise::domain::{Instant as Moment, Role, number};
use mortise::flows::{Desk, authenticate, first_start};
use mortise::store::unit::{AuditDraft, LinkRow, RecordWrite, Unit};
use mortise_tests::app::ORG;
use mortise_tests::client::Connection;
use mortise_tests::postgres::Postgres;
use serde_json::{Value, json};

use crate::percentile;

const ITEMS: u64 = 100_000;
const LAYERS: u64 = 10;
const SERVICES: u64 = 500;
const BATCH: u64 = 500;
const ASKED: u64 = 300;

pub(crate) async fn run() {
    println!("(f) impact among {ITEMS} configuration items, over HTTP, one connection");
    on("SQLite", None).await;
    match Postgres::shared() {
        Some(server) => on("PostgreSQL", Some(server.database())).await,
        None => println!("    PostgreSQL: no binaries, left out"),
    }
}

async fn on(name: &str, url: Option<String>) {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config { data_dir: DataDir(dir.path().to_owned()), ..Config::default() };
    config.database.url = url;
    let built = App::build(&config, Clock::system()).await.unwrap();
    first_start::organisation(&built.desk, ORG, ORG).await.unwrap();
    let begun = Instant::now();
    let relations = fill(&built.desk).await;
    println!("  {name}: {relations} relations written in {:.1} s", begun.elapsed().as_secs_f64());
    let roles = [Role::Po, Role::Te].into_iter().collect();
    let token = authenticate::issue(&built.desk, ORG, "bench", &roles, "bench", None).await.unwrap().text;
    let listener = app::listen(([127, 0, 0, 1], 0).into()).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(built.serve(listener, async move {
        let _ = stopped.await;
    }));
    let mut connection = Connection::open(port).await.unwrap();

    let (first, _) = ask(&mut connection, &token, &item(ITEMS / 2), "both").await;
    println!("    first question, which reads the graph   {:>8.1} ms", millis(first));
    // Spread over the layers; the lowest apart, because everything stands on it.
    let typical = |n: u64| item(ITEMS / LAYERS + (n * 7919) % (ITEMS - ITEMS / LAYERS));
    let ground = |n: u64| item((n * 7919) % (ITEMS / LAYERS));
    for (label, direction, numbers) in [
        ("up, item above the ground", "up", &typical as &dyn Fn(u64) -> String),
        ("up, item on the ground", "up", &ground),
        ("down", "down", &typical),
        ("both", "both", &typical),
    ] {
        let mut times = Vec::new();
        let mut reached = Vec::new();
        for n in 0..ASKED {
            let (took, total) = ask(&mut connection, &token, &numbers(n), direction).await;
            times.push(took);
            reached.push(Duration::from_nanos(total));
        }
        println!(
            "    {label:<28} p50 {:>7.1} ms   p95 {:>7.1} ms   (records found: p50 {}, p95 {})",
            millis(percentile(&mut times, 50)),
            millis(percentile(&mut times, 95)),
            percentile(&mut reached, 50).as_nanos(),
            percentile(&mut reached, 95).as_nanos()
        );
    }
    // Each question after an edit of one item, which the graph has to follow.
    let mut times = Vec::new();
    for n in 0..ASKED {
        let path = format!("/api/v1/records/configuration-item/{}", typical(n));
        let patch = format!("{{\"status_note\": \"seen {n}\"}}");
        let (status, answer) = connection.send("PATCH", &path, &token, &patch).await.unwrap();
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
        times.push(ask(&mut connection, &token, &typical(n + 1), "up").await.0);
    }
    println!(
        "    up, after an edit            p50 {:>7.1} ms   p95 {:>7.1} ms   (bound for a typical item: 100 ms)",
        millis(percentile(&mut times, 50)),
        millis(percentile(&mut times, 95))
    );
    discover(&mut connection, &token).await;
    let _ = stop.send(());
    drop(connection);
    server.await.unwrap().unwrap();
}

/// A configuration audit of all items against a table of as many rows.
async fn discover(connection: &mut Connection, token: &str) {
    let audit = r#"{"title": "All", "scope": "everything"}"#;
    let (status, made) = connection.send("POST", "/api/v1/records/configuration-audit", token, audit).await.unwrap();
    assert_eq!(status, 201, "{}", String::from_utf8_lossy(&made));
    let made: Value = serde_json::from_slice(&made).unwrap();
    let path = format!("/api/v1/configuration-audits/{}/discovery", made["number"].as_str().unwrap());
    let rows: Vec<Value> = (0..ITEMS)
        .map(|n| {
            let memory = if n % 1000 == 0 { "32 GB" } else { "64 GB" };
            json!({"unique_id": format!("asset-{n:06}"), "type": "server", "attributes": {"memory": memory}})
        })
        .collect();
    let body = Value::Array(rows).to_string();
    let sent = Instant::now();
    let (status, answer) = connection.send("POST", &path, token, &body).await.unwrap();
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!((&answer["mismatched"], &answer["accuracy"]), (&json!(ITEMS / 1000), &json!("99.9")));
    println!("    audit of all items against as many rows  {:>8.0} ms", millis(sent.elapsed()));
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

async fn ask(connection: &mut Connection, token: &str, number: &str, direction: &str) -> (Duration, u64) {
    let path = format!("/api/v1/configuration/{number}/impact?direction={direction}");
    let sent = Instant::now();
    let (status, answer) = connection.send("GET", &path, token, "").await.unwrap();
    let took = sent.elapsed();
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    let total = |side: &str| answer[side]["total"].as_u64().unwrap_or_default();
    (took, total("up") + total("down"))
}

fn item(n: u64) -> String {
    number::format("CI", 2026, n + 1)
}

fn service(n: u64) -> String {
    number::format("SVC", 2026, n + 1)
}

/// Writes items, services and incidents in batches, each record with its audit entry; gives how many relations.
async fn fill(desk: &Desk) -> usize {
    let mut relations = 0;
    let mut all: Vec<(&str, String, &str, Value)> = Vec::new();
    for n in 0..SERVICES {
        let below: Vec<String> = (n % 10 == 9).then(|| service(n - 9)).into_iter().collect();
        let data = json!({"outcome": "it works", "criticality": n % 4 + 1, "depends_on": below});
        all.push(("service", service(n), "live", data));
    }
    let layer = ITEMS / LAYERS;
    for n in 0..ITEMS {
        let types = ["runs-on", "depends-on", "depends-on", "part-of"];
        let below: Vec<Value> = (0..if n < layer { 0 } else { 3 + u64::from(n % 3 == 0) })
            .map(|k| {
                // Neighbours below; one in seven somewhere else.
                let place = if (n + k) % 7 == 0 { n * 31 + k * 977 } else { n / 2 * 2 + k };
                let mut relation = json!({
                    "type": types[usize::try_from((n + k) % 4).unwrap()],
                    "ci": item((n / layer - 1) * layer + place % layer)
                });
                if n % 10 == 0 && k < 2 {
                    relation["group"] = json!("pair");
                }
                relation
            })
            .collect();
        relations += below.len();
        let services: Vec<String> = (n % 100 == 0).then(|| service(n / 100 % SERVICES)).into_iter().collect();
        let data = json!({
            "type": "server", "unique_id": format!("asset-{n:06}"), "criticality": n % 4 + 1, "relations": below,
            "attributes": {"memory": "64 GB", "vendor": "a vendor", "rack": n % 400}, "services": services
        });
        all.push(("configuration-item", item(n), "live", data));
    }
    for n in 0..22_000 {
        let data = json!({"service": service(n % SERVICES), "ci": item(n * 13 % ITEMS), "impact": 2, "urgency": 2});
        let state = if n < 2_000 { "in_progress" } else { "closed" };
        all.push(("incident", number::format("INC", 2026, n + 1), state, data));
    }
    let kinds = desk.kinds(ORG);
    for batch in all.chunks(usize::try_from(BATCH).unwrap()) {
        let mut unit = Unit { org: ORG.to_owned(), ..Unit::default() };
        for (kind, number, state, data) in batch {
            let kind = kinds.get(kind).unwrap();
            let record = Record {
                id: desk.clock.id(),
                org: ORG.to_owned(),
                kind: kind.slug.clone(),
                number: number.clone(),
                title: format!("Record {number}"),
                state: (*state).to_owned(),
                owner: "bench".to_owned(),
                revision: 1,
                created_at: Moment(0),
                created_by: "bench".to_owned(),
                updated_at: Moment(0),
                kind_version: 0,
                data: data.as_object().unwrap().clone(),
            };
            unit.audit.push(AuditDraft {
                at: Moment(0),
                number: number.clone(),
                actor: "bench".to_owned(),
                role: "PO".to_owned(),
                action: "create".to_owned(),
                before: json!({}),
                after: json!({"state": state}),
                reason: String::new(),
            });
            let link = |r: mortise::domain::record::Reference| LinkRow { rel: r.rel, target: r.number, group: r.group };
            unit.records.push(RecordWrite {
                was: None,
                content: Some(search::content(kind, &record)),
                entries: Some(index_entries(kind, &record)),
                links: Some(references(kind, &record).into_iter().map(link).collect()),
                record,
            });
        }
        desk.store.commit(unit).await.unwrap();
    }
    relations
}
