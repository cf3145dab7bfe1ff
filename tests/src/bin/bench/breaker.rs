//! (i) From the first failure of a component to the first decision by the last good version: how long the desk is
//! without decisions, with 32 clients at it; and from an administrator's word until the component decides again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mortise::domain::breaker::Step;
use mortise::domain::component::Scope;
use mortise::domain::{Actor, Role};
use mortise::flows::activate::{self, Wish};
use mortise::flows::{Desk, breaker, upload_component};
use mortise_tests::app::{ORG, component};
use mortise_tests::client::Connection;
use mortise_types::Process;
use serde_json::Value;

use crate::served::Served;

const CLIENTS: usize = 32;
/// Good calls of each client before the component turns.
const BEFORE: usize = 32;

pub(crate) async fn run() {
    let served = Served::start().await;
    let (desk, port, token) = (served.desk.clone(), served.port, served.token.clone());
    let turncoat = turncoat(&desk).await;
    let (good, bad) = (served.incident.clone(), served.prepared.incident(None, "loop"));
    let found = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| tokio::spawn(client(port, token.clone(), good.clone(), bad.clone(), Arc::clone(&found))))
        .collect();
    let (mut first_failure, mut first_fallback, mut failed) = (None::<Instant>, None::<Instant>, 0);
    for client in clients {
        let seen = client.await.unwrap();
        failed += seen.failed;
        first_failure = first_failure.into_iter().chain(seen.first_failure).min();
        first_fallback = first_fallback.into_iter().chain(seen.first_fallback).min();
    }
    let (failure, fallback) = (first_failure.unwrap(), first_fallback.unwrap());
    let trip = fallback.saturating_duration_since(failure);

    let actor = Actor::user(ORG, "bench", [Role::Adm]);
    let begun = Instant::now();
    breaker::set(&desk, &actor, &turncoat, Step::Probe, "the benchmark").await.unwrap();
    let mut connection = Connection::open(port).await.unwrap();
    let closed = loop {
        post(&mut connection, &token, &good).await;
        let live = desk.catalog.snapshot().organisation(ORG, Process::Sla).unwrap();
        if live.stands() == mortise::domain::breaker::State::Closed {
            break begun.elapsed();
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "the probes do not close the breaker");
    };
    drop((connection, desk));
    served.end().await;
    println!("(i) a component that loops after {} good calls, {CLIENTS} clients", CLIENTS * BEFORE);
    println!("    first failure to first decision by the last good version  {:>8.0} ms", trip.as_secs_f64() * 1e3);
    println!("    decisions left to a person meanwhile                      {failed:>8}");
    println!("    probing to closed, one client                             {:>8.0} ms", closed.as_secs_f64() * 1e3);
}

/// What a client saw.
struct Seen {
    first_failure: Option<Instant>,
    first_fallback: Option<Instant>,
    failed: usize,
}

/// Good calls, then bad ones until somebody has seen a decision by the last good version.
async fn client(port: u16, token: String, good: String, bad: String, found: Arc<AtomicBool>) -> Seen {
    let mut seen = Seen { first_failure: None, first_fallback: None, failed: 0 };
    let mut connection = Connection::open(port).await.unwrap();
    for _ in 0..BEFORE {
        post(&mut connection, &token, &good).await;
    }
    while !found.load(Ordering::Relaxed) {
        let record = post(&mut connection, &token, &bad).await;
        if record["sla"]["fallback"] == true {
            seen.first_fallback = Some(Instant::now());
            found.store(true, Ordering::Relaxed);
        } else if record["manual"] == true {
            seen.first_failure.get_or_insert_with(Instant::now);
            seen.failed += 1;
        }
    }
    seen
}

async fn post(connection: &mut Connection, token: &str, body: &str) -> Value {
    let (status, answer) = connection.send("POST", "/api/v1/records/incident", token, body).await.unwrap();
    assert_eq!(status, 201, "{}", String::from_utf8_lossy(&answer));
    serde_json::from_slice(&answer).unwrap()
}

async fn turncoat(desk: &Desk) -> String {
    let actor = Actor::user(ORG, "bench", [Role::Adm]);
    let bytes = component("guests/turncoat");
    let row = upload_component::run(desk, &actor, bytes, std::collections::BTreeSet::new()).await.unwrap();
    activate::run(desk, &actor, Wish::new(Process::Sla, Scope::Organisation, row.digest)).await.unwrap().id
}
