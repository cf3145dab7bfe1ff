//! (j) A dry run over stored SLA decisions, from the database and back into it, against the same component called in a
//! bare loop over the same requests: the host's call with its limits, one after another, which is what the bound is about;
//! such a loop on each core; and both once more on wasmtime alone, without limits, conversions and checks.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mortise::domain::component::Scope;
use mortise::domain::decision::DecisionRecord;
use mortise::domain::{Actor, Role};
use mortise::engine::bare::Bare;
use mortise::engine::{Engine, EngineConfig, Grants};
use mortise::flows::Desk;
use mortise::flows::backtest::{self, WHAT, Wish};
use mortise::store::decisions::DecisionFilter;
use mortise::store::unit::Unit;
use mortise_tests::app::{ORG, component};
use mortise_tests::client::Connection;
use mortise_types::{Process, Request};
use serde_json::json;

use crate::served::Served;

/// Decisions that are replayed.
const DECISIONS: usize = 100_000;
/// Decisions a transaction while they are made.
const UNIT: usize = 2_000;
/// Decisions of the bare loop.
const BARE: usize = 40_000;

pub(crate) async fn run() {
    let served = Served::start().await;
    let mut connection = Connection::open(served.port).await.unwrap();
    let token = served.token.clone();
    for _ in 0..50 {
        connection.send("POST", "/api/v1/records/incident", &token, &served.incident).await.unwrap();
    }
    drop(connection);
    let desk = served.desk.clone();
    let examples = examples(&desk).await;
    multiply(&desk, &examples).await;
    let same = replay(&desk, None).await;
    // Half the time for each priority: the outcome of most decisions is another one, and is kept.
    let halved = replay(&desk, Some(halved())).await;
    let requests: Vec<Request> = examples.iter().map(request).collect();
    let bytes = examples.iter().map(|e| e.input.len() + e.output.len()).sum::<usize>() / examples.len();
    let (call, calls) = (host_loop(&requests, 1).await, host_loop(&requests, cores()).await);
    let (bare, bares) = (bare_loop(&requests, 1), bare_loop(&requests, cores()));
    drop(desk);
    served.end().await;
    println!("(j) a dry run over {DECISIONS} SLA decisions of {bytes} bytes on the average, embedded database");
    let line = |label: &str, took: Duration, count: usize| {
        let rate = count as f64 / took.as_secs_f64();
        println!("    {label:<28} {:>7.2} s {rate:>10.0} decisions per second", took.as_secs_f64());
        rate
    };
    let replayed = line("settings as they are", same, DECISIONS);
    line("other settings", halved, DECISIONS);
    println!("    (bound: 10 s)");
    for (label, took, bound) in [
        ("loop of calls", call, "   (bound: at most 1.5)"),
        ("  on each core", calls, ""),
        ("loop on bare wasmtime", bare, ""),
        ("  on each core", bares, ""),
    ] {
        let rate = line(label, took, BARE);
        println!("    {label:<28} / dry run {:>7.2}{bound}", rate / replayed);
    }
}

async fn examples(desk: &Desk) -> Vec<DecisionRecord> {
    let filter = DecisionFilter { process: Some(Process::Sla.slug().to_owned()), limit: 200, ..Default::default() };
    let found = desk.store.decisions(ORG, &filter).await.unwrap();
    assert!(found.len() > 50);
    found
}

/// Stores the examples again and again, each as a decision of its own.
async fn multiply(desk: &Desk, examples: &[DecisionRecord]) {
    let mut all = examples.iter().cycle().take(DECISIONS - examples.len()).peekable();
    while all.peek().is_some() {
        let copy = |example: &DecisionRecord| DecisionRecord {
            id: desk.clock.id(),
            decision_number: String::new(),
            ..example.clone()
        };
        let decisions = all.by_ref().take(UNIT).map(copy).collect();
        desk.store.commit(Unit { org: ORG.to_owned(), decisions, ..Unit::default() }).await.unwrap();
    }
}

fn halved() -> serde_json::Value {
    let target = |resolution: i64| json!({"response_s": 900, "resolution_s": resolution, "calendar": "24x7"});
    json!({ "warn_pct": [50, 80], "targets": {
        "P1": target(3600), "P2": target(7200), "P3": target(14_400), "P4": target(43_200), "P5": target(72_000),
    }})
}

/// From the order to the finished report.
async fn replay(desk: &Desk, settings: Option<serde_json::Value>) -> Duration {
    let actor = Actor::user(ORG, "bench", [Role::Adm]);
    let begun = Instant::now();
    let wish = Wish {
        process: Process::Sla,
        component: None,
        settings,
        scope: Scope::Organisation,
        from: None,
        to: None,
        latest: false,
        filter: Vec::new(),
    };
    let job = backtest::start(desk, &actor, wish).await.unwrap();
    // The server works on it as on any job; asking how far it is costs next to nothing.
    while !desk.store.job(ORG, &job.id).await.unwrap().is_some_and(|job| job.state.ended()) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let took = begun.elapsed();
    let report = backtest::read(desk, &actor, WHAT, &job.id).await.unwrap();
    assert_eq!((report.summary.decisions, report.summary.fails), (DECISIONS as u64, 0));
    took
}

fn request(example: &DecisionRecord) -> Request {
    Request::from_json(Process::Sla, serde_json::from_str(&example.input).unwrap()).unwrap()
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// The host's own call with all its limits, and nothing around it.
async fn host_loop(requests: &[Request], threads: usize) -> Duration {
    let engine = Engine::new(EngineConfig::default()).unwrap();
    let prepared = engine.admit(component("sla-standard").into(), &Grants::default()).await.unwrap().prepared;
    let requests: Arc<[Request]> = requests.into();
    let begun = Instant::now();
    let tasks: Vec<_> = (0..threads)
        .map(|_| {
            let (engine, prepared, requests) = (engine.clone(), prepared.clone(), Arc::clone(&requests));
            tokio::spawn(async move {
                for request in requests.iter().cycle().take(BARE / threads) {
                    engine.evaluate(&prepared, request, "{}").await.result.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    begun.elapsed()
}

/// Wasmtime alone: requests already in the form that crosses the boundary, no limits, nothing checked or kept.
fn bare_loop(requests: &[Request], threads: usize) -> Duration {
    let bare = Bare::new(&EngineConfig::default()).unwrap();
    let prepared = bare.prepare(&component("sla-standard")).unwrap();
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let bound: Vec<_> = requests.iter().map(|request| prepared.request(request).unwrap()).collect();
                for request in bound.iter().cycle().take(BARE / threads) {
                    bare.call(&prepared, request, "{}").unwrap();
                }
            });
        }
    });
    begun.elapsed()
}
