//! `mortise fill`

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use mortise::domain;
use mortise::flows::fill::{self, Report, Wish};
use mortise::flows::first_start;

use super::{Place, Usage, flow};

/// How often a log hears how far it is.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Make up an organisation with two years of records, for trials and measurements.
#[derive(Args)]
pub(crate) struct Fill {
    /// Records, in all.
    #[arg(long, value_name = "N")]
    records: u64,
    /// The same seed gives the same organisation.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// When the two years end; default: the beginning of today (UTC).
    #[arg(long, value_name = "INSTANT")]
    until: Option<String>,
}

impl Fill {
    pub(crate) async fn run(self, place: &Place) -> anyhow::Result<()> {
        const DAY_MS: i64 = 86_400_000;
        let (config, app) = place.open().await?;
        let until = match &self.until {
            Some(text) => text.parse().map_err(|e| Usage(format!("--until: {e}")))?,
            None => domain::Instant(app.desk.clock.now().0 / DAY_MS * DAY_MS),
        };
        let org = config.organisation.0.clone();
        first_start::organisation(&app.desk, &org, &org).await.map_err(flow)?;
        let started = Instant::now();
        let progress = progress(self.records);
        let wish = Wish { org, records: self.records, seed: self.seed, until };
        let report = fill::run(&app.desk, &wish, |made| progress.set_position(made)).await.map_err(flow)?;
        progress.finish_and_clear();
        app.desk.store.close().await;
        print(&report, started.elapsed());
        Ok(())
    }
}

fn progress(length: u64) -> ProgressBar {
    let form = "{bar:40} {pos}/{len} records  {elapsed} elapsed, {eta} to go";
    let style = ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_bar());
    let progress = ProgressBar::new(length).with_style(style);
    if !std::io::stderr().is_terminal() {
        // A log gets lines.
        progress.set_draw_target(ProgressDrawTarget::hidden());
        let bar = progress.clone();
        std::thread::spawn(move || {
            while !bar.is_finished() {
                std::thread::sleep(HEARTBEAT);
                eprintln!("{} of {length} records, {} s", bar.position(), bar.elapsed().as_secs());
            }
        });
    }
    progress
}

fn print(report: &Report, took: Duration) {
    for (kind, count) in &report.made {
        say!("{kind:<28} {count:>9}");
    }
    for (why, (count, example)) in &report.refused {
        say!("refused  {count:>7}  {why}: {example}");
    }
    let seconds = took.as_secs_f64().max(0.001);
    let records = report.records();
    say!("{records} records in {seconds:.1} s, {:.0} per second", records as f64 / seconds);
}
