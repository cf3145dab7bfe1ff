//! (l) What holding a lookup against its grant costs: the check by itself, beside the lookup that it stands before and the
//! decision that makes it.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mortise::domain::lookup::{Comparison, Filter, LookupGrant, Query, Row};
use mortise::engine::{Engine, EngineConfig, Found, Grants, Lookups, Source, Thread};
use mortise_tests::app::component;
use mortise_types::{Process, Request};
use serde_json::Value;

use crate::{micros, percentile};

const WARM_UP: usize = 500;
const ROUNDS: usize = 20;
const CALLS: usize = 200;
/// Checks that are timed together: one is shorter than the clock's step.
const CHECKS: u32 = 1_000;
/// A grant as wide as an organisation's: so many kinds, each with so many fields.
const WIDE: usize = 30;

/// Records in memory, so that nothing but the way to them is measured.
struct Ready(Vec<Row>);

impl Source for Ready {
    fn select(&self, _: Query) -> Found<'_> {
        Box::pin(async { Ok(self.0.clone()) })
    }
}

fn grant() -> LookupGrant {
    let fields: Vec<String> = (0..WIDE).map(|n| format!("field_{n}")).collect();
    let kind = |n: usize| format!("kind-{n}:{}", fields.join(","));
    let mut kinds: Vec<String> = (0..WIDE).map(kind).collect();
    kinds.push("action-item:number,state,title".to_owned());
    LookupGrant::parse(&kinds, 50).unwrap()
}

fn query() -> Query {
    let filter = Filter { field: "state".to_owned(), comparison: Comparison::Equal, value: "open".to_owned() };
    let fields = vec!["number".to_owned(), "title".to_owned()];
    Query { kind: "action-item".to_owned(), filters: vec![filter], fields, limit: 100 }
}

pub(crate) async fn run() {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/sla.json");
    let cases: Value = serde_json::from_str(&std::fs::read_to_string(golden).unwrap()).unwrap();
    let request = Request::from_json(Process::Sla, cases[0]["input"].clone()).unwrap();
    let engine = Engine::new(EngineConfig::default()).unwrap();
    let looks_up = engine.admit(component("guests/lookup").into(), &Grants::all()).await.unwrap().prepared;
    let plain = engine.admit(component("sla-standard").into(), &Grants::default()).await.unwrap().prepared;
    let grant = Arc::new(grant());
    let row = |n: usize| Row { number: format!("ACT-2026-{n:06}"), values: vec![Value::from(n), Value::from("Call")] };
    let source: Arc<dyn Source> = Arc::new(Ready((1..=3).map(row).collect()));
    let live = || Lookups::Live { grant: Arc::clone(&grant), source: Arc::clone(&source) };

    let (mut checks, mut with, mut without) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        for _ in 0..if round == 0 { WARM_UP } else { CALLS } {
            let begun = Instant::now();
            let evaluation = engine.evaluate_with(&looks_up, &request, "{}", live(), Thread::Shared).await;
            with.push(begun.elapsed());
            assert!(evaluation.result.is_ok() && evaluation.lookups.len() == 1);
            let begun = Instant::now();
            assert!(engine.evaluate(&plain, &request, "{}").await.result.is_ok());
            without.push(begun.elapsed());
            let mut asked = query();
            let begun = Instant::now();
            for _ in 0..CHECKS {
                black_box(&grant).permit(black_box(&mut asked)).unwrap();
            }
            checks.push(begun.elapsed());
        }
        if round == 0 {
            for times in [&mut checks, &mut with, &mut without] {
                times.clear();
            }
        }
    }
    println!("(l) a lookup's grant check, microseconds; a grant of {} kinds", grant.kinds.len());
    let line = |label: &str, times: &mut Vec<Duration>, of: u32| {
        let (p50, p99) = (percentile(times, 50) / of, percentile(times, 99) / of);
        println!("    {label:<38} p50 {:>9.3}   p99 {:>9.3}", micros(p50), micros(p99));
        micros(p50)
    };
    let check = line("the check", &mut checks, CHECKS);
    let with = line("a decision with one lookup of 3 rows", &mut with, 1);
    line("a decision without (sla-standard)", &mut without, 1);
    println!("    the check / the decision that looks up     {:>9.4}", check / with);
}
