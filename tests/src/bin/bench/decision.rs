//! (a) One SLA decision through the host's own path, against bare wasmtime, against the same rules called natively.

use std::time::Instant;

use mortise::engine::bare::Bare;
use mortise::engine::{Engine, EngineConfig, Grants};
use mortise_sdk::Policy as _;
use mortise_tests::app::component;
use mortise_types::{Process, Request};

use crate::{micros, percentile};

const WARM_UP: usize = 2_000;
const ROUNDS: usize = 40;
const CALLS: usize = 500;

pub(crate) async fn run() {
    let bytes = component("sla-standard");
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/sla.json");
    let cases: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(golden).unwrap()).unwrap();
    let config = EngineConfig::default();
    let engine = Engine::new(config.clone()).unwrap();
    let prepared = engine.admit(bytes.clone().into(), &Grants::default()).await.unwrap().prepared;
    let bare = Bare::new(&config).unwrap();
    let bare_component = bare.prepare(&bytes).unwrap();
    println!("(a) one SLA decision, microseconds; limits on, fresh instance for each call");
    for name in ["S01-baseline-30min-4h-met", "S06-adjusted-working-saturday-counts"] {
        let case = cases.as_array().unwrap().iter().find(|c| c["name"] == name).unwrap();
        let request = Request::from_json(Process::Sla, case["input"].clone()).unwrap();
        let bare_request = bare_component.request(&request).unwrap();
        let mut host = Vec::new();
        let mut plain = Vec::new();
        let mut native = Vec::new();
        for _ in 0..WARM_UP {
            engine.evaluate(&prepared, &request, "{}").await.result.unwrap();
            bare.call(&bare_component, &bare_request, "{}").unwrap();
        }
        // In turns, so that whatever else the machine does meets both alike.
        for _ in 0..ROUNDS {
            for _ in 0..CALLS {
                let begun = Instant::now();
                let evaluation = engine.evaluate(&prepared, &request, "{}").await;
                host.push(begun.elapsed());
                assert!(evaluation.result.is_ok());
            }
            for _ in 0..CALLS {
                let begun = Instant::now();
                let decided = bare.call(&bare_component, &bare_request, "{}").unwrap();
                plain.push(begun.elapsed());
                assert!(decided);
            }
            for _ in 0..CALLS {
                let begun = Instant::now();
                let decided = sla_rules::Standard::decide(&request, &sla_rules::Settings::default());
                native.push(begun.elapsed());
                assert!(decided.is_ok());
            }
        }
        let line = |label: &str, times: &mut Vec<_>| {
            let (p50, p99) = (percentile(times, 50), percentile(times, 99));
            println!("    {label:<22} p50 {:>8.1}   p99 {:>8.1}", micros(p50), micros(p99));
            (micros(p50), micros(p99))
        };
        println!("  {name}");
        let (host50, host99) = line("host path", &mut host);
        let (bare50, bare99) = line("bare wasmtime", &mut plain);
        let (native50, _) = line("native rules", &mut native);
        println!(
            "    host / bare            p50 {:>8.2}   p99 {:>8.2}   (bound: 1.5 at p50)",
            host50 / bare50,
            host99 / bare99
        );
        println!("    host / native          p50 {:>8.1}", host50 / native50);
    }
}
