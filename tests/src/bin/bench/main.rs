//! `cargo xtask bench`: ratios, measured in one run on one machine.
//!
//! `bench [SECTION …]` runs those sections, or all of them; [`SECTIONS`] names them. `--log FILE` imports that log instead
//! of a made-up one; `--sizes 10000,1000000` are the numbers of records of the section `size`.

#![allow(clippy::unwrap_used)]
// The compiler looks through whole use cases, one in another, where it lays out what runs here.
#![recursion_limit = "256"]

mod backtest;
mod beside;
mod breaker;
mod contain;
mod create;
mod decision;
mod grant;
mod impact;
mod import;
mod running;
mod served;
mod shadow;
mod size;
mod start;

use std::path::PathBuf;
use std::time::Duration;

/// In the order in which they run.
const SECTIONS: [&str; 12] = [
    "decision", "create", "import", "start", "contain", "impact", "shadow", "breaker", "backtest", "beside", "grant",
    "size",
];

fn main() {
    let mut sections = Vec::new();
    let mut log = None;
    let mut size = size::Asked { sizes: vec![10_000, 1_000_000], database: None, keep: None };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--log" => log = arguments.next().map(PathBuf::from),
            "--sizes" => {
                let given = arguments.next().unwrap_or_default();
                size.sizes = given.split(',').filter_map(|size| size.parse().ok()).collect();
            }
            "--database" => size.database = arguments.next(),
            "--keep" => size.keep = arguments.next().map(PathBuf::from),
            section if SECTIONS.contains(&section) => sections.push(argument),
            other => {
                eprintln!(
                    "bench: '{other}' is not {}, --log FILE, --sizes N,N, --database sqlite|postgres|URL or --keep DIR",
                    SECTIONS.join(", ")
                );
                std::process::exit(2);
            }
        }
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    for section in SECTIONS.into_iter().filter(|name| sections.is_empty() || sections.iter().any(|s| s == name)) {
        runtime.block_on(async {
            match section {
                "decision" => decision::run().await,
                "create" => create::run().await,
                "import" => import::run(log.as_deref()),
                "start" => start::run().await,
                "contain" => contain::run().await,
                "impact" => impact::run().await,
                "shadow" => shadow::run().await,
                "breaker" => breaker::run().await,
                "backtest" => backtest::run().await,
                "beside" => beside::run().await,
                "grant" => grant::run().await,
                "size" => size::run(&size).await,
                other => unreachable!("{other} is no section"),
            }
        });
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
