//! (h) What a candidate in shadow costs on the request path: the same requests over HTTP with and without one, in turns.

use std::time::{Duration, Instant};

use mortise::app::{self, App};
use mortise::clock::Clock;
use mortise::config::{Config, DataDir};
use mortise::domain::component::{Mode, Scope};
use mortise::domain::{Actor, Role};
use mortise::flows::activate::{self, Wish, revert};
use mortise::flows::{Desk, authenticate, demo, first_start, shadow};
use mortise_tests::app::{ORG, component};
use mortise_tests::client::Connection;
use mortise_types::Process;
use serde_json::json;

use crate::percentile;

const ROUNDS: usize = 24;
const REQUESTS: usize = 150;

pub(crate) async fn run() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config { data_dir: DataDir(dir.path().to_owned()), ..Config::default() };
    let built = App::build(&config, Clock::system()).await.unwrap();
    first_start::organisation(&built.desk, ORG, ORG).await.unwrap();
    let offers = ["sla-standard", "change-risk-standard", "budget-standard", "supplier-standard"]
        .map(|name| first_start::Offer { name: name.to_owned(), bytes: component(name) });
    first_start::components(&built.desk, ORG, offers.into()).await.unwrap();
    let numbers = demo::run(&built.desk, ORG).await.unwrap().numbers;
    let roles = [Role::Sd].into_iter().collect();
    let token = authenticate::issue(&built.desk, ORG, "bench", &roles, "bench", None).await.unwrap().text;
    let desk = built.desk.clone();
    let listener = app::listen(([127, 0, 0, 1], 0).into()).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(built.serve(listener, async move {
        let _ = stopped.await;
    }));
    let body = json!({
        "title": "Mail is down", "service": numbers["mail"], "customer": numbers["hospital"], "caller": "zhao",
        "channel": "phone", "category": "mail", "impact": 1, "urgency": 2
    })
    .to_string();

    let mut connection = Connection::open(port).await.unwrap();
    let _warm = measure(&mut connection, &token, &body).await;
    let (mut without, mut with) = (Vec::new(), Vec::new());
    let mut asked = 0;
    for _ in 0..ROUNDS {
        without.extend(measure(&mut connection, &token, &body).await);
        let candidate = candidate(&desk).await;
        with.extend(measure(&mut connection, &token, &body).await);
        asked += settle(&desk, &candidate).await;
        let actor = Actor::user(ORG, "bench", [Role::Adm]);
        revert::run(&desk, &actor, &candidate, None, "").await.unwrap();
    }
    let _ = stop.send(());
    drop(connection);
    server.await.unwrap().unwrap();
    assert_eq!(asked, ROUNDS * REQUESTS, "every request was asked of the candidate");
    println!("(h) a creation of an incident over HTTP, with a candidate in shadow and without, microseconds");
    let line = |label: &str, times: &mut Vec<Duration>| {
        let (p50, p95) = (percentile(times, 50), percentile(times, 95));
        println!("    {label:<14} p50 {:>8.1}   p95 {:>8.1}", crate::micros(p50), crate::micros(p95));
        crate::micros(p50)
    };
    let (plain, beside) = (line("without", &mut without), line("with", &mut with));
    println!("    with / without p50 {:>8.3}   (bound: at most 1.05)", beside / plain);
}

/// The same component, in shadow.
async fn candidate(desk: &Desk) -> String {
    let live = desk.catalog.snapshot().organisation(ORG, Process::Sla).unwrap();
    let actor = Actor::user(ORG, "bench", [Role::Adm]);
    let wish = Wish { mode: Mode::Shadow, ..Wish::new(Process::Sla, Scope::Organisation, &live.activation.digest) };
    activate::run(desk, &actor, wish).await.unwrap().id
}

/// Waits until everything was asked; gives how many decisions that were.
async fn settle(desk: &Desk, candidate: &str) -> usize {
    let actor = Actor::user(ORG, "bench", [Role::Adm]);
    loop {
        let report = shadow::report(desk, &actor, candidate).await.unwrap().to_json();
        let figures = &report["figures"];
        let asked = figures["decisions"].as_u64().unwrap_or(0) + figures["dropped"].as_u64().unwrap_or(0);
        if asked >= REQUESTS as u64 {
            return usize::try_from(asked).unwrap_or_default();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn measure(connection: &mut Connection, token: &str, body: &str) -> Vec<Duration> {
    let mut times = Vec::with_capacity(REQUESTS);
    for _ in 0..REQUESTS {
        let sent = Instant::now();
        let (status, answer) = connection.send("POST", "/api/v1/records/incident", token, body).await.unwrap();
        times.push(sent.elapsed());
        assert_eq!(status, 201, "{}", String::from_utf8_lossy(&answer));
    }
    times
}
