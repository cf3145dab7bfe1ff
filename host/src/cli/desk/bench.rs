//! `mortise plugin bench`: what a decision costs.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use mortise::engine::Evaluation;

use super::super::Usage;
use super::cases::{Case, answer};
use super::subject::{Ready, Subject};

/// Build a project's component and measure its golden cases: time, fuel and memory of each. One call after the other, a
/// fresh instance for each, as on the server.
#[derive(Args)]
pub(crate) struct Bench {
    #[command(flatten)]
    subject: Subject,
    /// File with cases, or folder of such files; without it the project's folder golden.
    #[arg(long, value_name = "PATH")]
    golden: Option<PathBuf>,
    /// Only the case of this name.
    #[arg(long, value_name = "NAME")]
    case: Option<String>,
    /// How often each case is run.
    #[arg(long, default_value_t = 1000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    runs: u32,
}

impl Bench {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let files = self.subject.cases(self.golden.as_deref())?;
        let wanted = |case: &&Case| self.case.as_ref().is_none_or(|name| *name == case.name);
        let cases: Vec<&Case> = files.iter().flat_map(|file| &file.cases).filter(wanted).collect();
        if cases.is_empty() {
            return Err(Usage(format!("--case: there is no case {}", self.case.unwrap_or_default())).into());
        }
        let (path, ready) = self.subject.admit().await?;
        say!("{}: {} bytes, {} runs of each case", path.display(), ready.admission.size, self.runs);
        say!("{:>10} {:>10} {:>12} {:>10}  case", "p50 µs", "p95 µs", "fuel", "memory KB");
        for case in cases {
            let (times, last) = measure(case, &ready, self.runs).await?;
            let share = |percent: usize| times[(times.len() - 1) * percent / 100].as_micros();
            let (p50, p95, memory) = (share(50), share(95), last.memory_peak.div_ceil(1024));
            say!("{p50:>10} {p95:>10} {:>12} {memory:>10}  {}", last.fuel, case.name);
        }
        let limits = ready.engine.limits();
        let (wall, memory) = (limits.wall.as_micros(), limits.memory_bytes / 1024);
        say!("{wall:>10} {wall:>10} {:>12} {memory:>10}  (limits of a server, if it keeps the defaults)", limits.fuel);
        Ok(())
    }
}

/// The times of all runs, ascending, and the last of the evaluations. Fuel and memory are the same in each.
async fn measure(case: &Case, ready: &Ready, runs: u32) -> anyhow::Result<(Vec<Duration>, Evaluation)> {
    let wrong = |why: String| anyhow::anyhow!("{}: {why}", case.name);
    // The first call is not counted: it pays for what later ones find warm.
    let mut last = case.ask(ready).await.map_err(wrong)?;
    answer(&last).map_err(wrong)?;
    let request = case.request(ready.admission.process).map_err(wrong)?;
    let mut times = Vec::new();
    for _ in 0..runs {
        last = ready.engine.evaluate(&ready.admission.prepared, &request, case.settings()).await;
        answer(&last).map_err(wrong)?;
        times.push(last.took);
    }
    times.sort_unstable();
    Ok((times, last))
}
