//! `cargo xtask bench`: ratios, measured in one run on one machine.
//!
//! `bench [decision] [create] [import] [start] [contain] [impact] [shadow] [breaker] [size]` runs those sections, or all of them. `--log FILE` imports that log
//! instead of a made-up one; `--sizes 10000,1000000` are the numbers of records of the section `size`.

#![allow(clippy::unwrap_used)]

mod breaker;
mod contain;
mod create;
mod decision;
mod impact;
mod import;
mod served;
mod shadow;
mod size;
mod start;

use std::path::PathBuf;
use std::time::Duration;

fn main() {
    let mut sections = Vec::new();
    let mut log = None;
    let mut sizes = vec![10_000, 1_000_000];
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--log" => log = arguments.next().map(PathBuf::from),
            "--sizes" => {
                let given = arguments.next().unwrap_or_default();
                sizes = given.split(',').filter_map(|size| size.parse().ok()).collect();
            }
            "decision" | "create" | "import" | "start" | "contain" | "impact" | "shadow" | "breaker" | "size" => {
                sections.push(argument)
            }
            other => {
                eprintln!(
                    "bench: '{other}' is not decision, create, import, start, contain, impact, shadow, breaker, size, --log FILE or --sizes N,N"
                );
                std::process::exit(2);
            }
        }
    }
    let wanted = |name: &str| sections.is_empty() || sections.iter().any(|s| s == name);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    if wanted("decision") {
        runtime.block_on(decision::run());
    }
    if wanted("create") {
        runtime.block_on(create::run());
    }
    if wanted("import") {
        import::run(log.as_deref());
    }
    if wanted("start") {
        runtime.block_on(start::run());
    }
    if wanted("contain") {
        runtime.block_on(contain::run());
    }
    if wanted("impact") {
        runtime.block_on(impact::run());
    }
    if wanted("shadow") {
        runtime.block_on(shadow::run());
    }
    if wanted("breaker") {
        runtime.block_on(breaker::run());
    }
    if wanted("size") {
        runtime.block_on(size::run(&sizes));
    }
}

/// The value below which `percent` of the times lie.
fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times[(times.len() * percent / 100).min(times.len() - 1)]
}

fn micros(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1000.0
}

/// The `mortise` binary under measurement.
fn binary() -> PathBuf {
    std::env::var_os("MORTISE_TEST_BIN")
        .map_or_else(|| std::env::current_exe().unwrap().with_file_name("mortise"), PathBuf::from)
}
