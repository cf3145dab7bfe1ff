//! (d) Start-up with ten and with a hundred components in a warm cache: from starting the process until it answers
//! ready, and the memory it then has.

use std::collections::BTreeSet;
use std::time::Instant;

use mortise::app::App;
use mortise::clock::Clock;
use mortise::domain::component::Scope;
use mortise::domain::{Actor, Role};
use mortise::flows::activate::{self, Wish};
use mortise::flows::upload_component;
use mortise_tests::app::{ORG, component, config, marked, organisation};
use mortise_types::Process;

use crate::percentile;
use crate::running::Running;

const STARTS: usize = 15;

pub(crate) async fn run() {
    start(10, 300, 300).await;
    start(100, 1_000, 300).await;
}

/// Starts with so many components; the bounds are milliseconds and mebibytes.
async fn start(components: usize, bound_ms: u32, bound_mib: u64) {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path());
    let app = App::build(&config, Clock::system()).await.unwrap();
    organisation(&app.desk, ORG, ORG).await;
    let actor = Actor::user(ORG, "bench", [Role::Adm]);
    let standards = [
        ("sla-standard", Process::Sla),
        ("change-risk-standard", Process::ChangeRisk),
        ("budget-standard", Process::Budget),
        ("supplier-standard", Process::Supplier),
    ];
    let kinds: Vec<String> = app.desk.kinds(ORG).iter().map(|kind| kind.slug.clone()).collect();
    for n in 0..components {
        let (name, process) = standards[n % standards.len()];
        let bytes = marked(component(name), u8::try_from(n).unwrap());
        let row = upload_component::run(&app.desk, &actor, bytes, BTreeSet::new()).await.unwrap();
        let scope = match n / standards.len() {
            0 => Scope::Organisation,
            k => Scope::Kind(kinds[k].clone()),
        };
        activate::run(&app.desk, &actor, Wish::new(process, scope, row.digest)).await.unwrap();
    }
    app.desk.store.close().await;
    drop(app);

    let (mut times, mut memory) = (Vec::new(), 0);
    for round in 0..=STARTS {
        let begun = Instant::now();
        let server = Running::start(dir.path(), &[]).await;
        // The first start may still have compiled something.
        if round > 0 {
            times.push(begun.elapsed());
            memory = memory.max(server.resident_mib());
        }
        drop(server);
    }
    println!("(d) start-up with {components} components, warm cache, until ready");
    println!(
        "    p50 {:.0} ms   worst {:.0} ms   (bound: under {bound_ms} ms)   memory {memory} MiB (bound: under {bound_mib} MiB)",
        percentile(&mut times, 50).as_secs_f64() * 1e3,
        percentile(&mut times, 100).as_secs_f64() * 1e3
    );
}
