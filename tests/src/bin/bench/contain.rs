//! (e) What a healthy decision takes while misbehaving components run beside it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use mortise::engine::{Engine, EngineConfig, Grants, Prepared};
use mortise_tests::app::component;
use mortise_types::{Process, Request};

use crate::{micros, percentile};

const MEASURED: Duration = Duration::from_secs(4);
const HOSTILE: [&str; 4] = ["loop", "recurse", "hog", "trap"];

pub(crate) async fn run() {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/sla.json");
    let cases: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(golden).unwrap()).unwrap();
    let request = Request::from_json(Process::Sla, cases[0]["input"].clone()).unwrap();
    let engine = Engine::new(EngineConfig::default()).unwrap();
    let prepared = |name: &'static str| {
        let engine = engine.clone();
        async move { engine.load(component(name).into(), &Grants::default()).await.unwrap() }
    };
    let healthy = prepared("sla-standard").await;
    let mut alone = measure(&engine, &healthy, &request).await;
    let stop = Arc::new(AtomicBool::new(false));
    let failures = Arc::new(AtomicU64::new(0));
    let mut hostile = Vec::new();
    for name in ["guests/loop", "guests/recurse", "guests/hog", "guests/trap"] {
        let (engine, stop, failures, request) =
            (engine.clone(), Arc::clone(&stop), Arc::clone(&failures), request.clone());
        let prepared = prepared(name).await;
        hostile.push(tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                let evaluation = engine.evaluate(&prepared, &request, "{}").await;
                assert!(evaluation.result.is_err());
                failures.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        }));
    }
    let mut beside = measure(&engine, &healthy, &request).await;
    stop.store(true, Ordering::Relaxed);
    for task in hostile {
        task.await.unwrap();
    }
    println!("(e) a healthy decision beside components that {}, microseconds", HOSTILE.join(", "));
    for (label, times) in [("alone", &mut alone), ("beside them", &mut beside)] {
        let (p50, p99) = (percentile(times, 50), percentile(times, 99));
        println!("    {label:<14} p50 {:>8.1}   p99 {:>8.1}   ({} decisions)", micros(p50), micros(p99), times.len());
    }
    println!("    failures contained meanwhile: {}", failures.load(Ordering::Relaxed));
}

async fn measure(engine: &Engine, prepared: &Prepared, request: &Request) -> Vec<Duration> {
    let (engine, prepared, request) = (engine.clone(), prepared.clone(), request.clone());
    let task = tokio::spawn(async move {
        let mut times = Vec::new();
        let begun = Instant::now();
        while begun.elapsed() < MEASURED {
            let sent = Instant::now();
            assert!(engine.evaluate(&prepared, &request, "{}").await.result.is_ok());
            times.push(sent.elapsed());
            tokio::task::yield_now().await;
        }
        times
    });
    task.await.unwrap()
}
