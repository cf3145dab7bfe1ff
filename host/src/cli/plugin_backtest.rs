//! `mortise plugin backtest`: exported decisions through a candidate; no server, no database.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;

use clap::Args;
use indicatif::ProgressBar;
use mortise::catalog::Candidate;
use mortise::domain::backtest::{Cost, Sort, Summary};
use mortise::domain::canonical;
use mortise::domain::lookup::Recorded;
use mortise::engine::{Grants, Lookups};
use mortise::flows::backtest::judge;
use mortise_types::Process;
use serde_json::{Value, json};

use super::Usage;
use super::plugin::settings_wrong;

/// Try a component on exported decisions: what would have come out otherwise.
///
/// The input has one decision a line, as `GET /api/v1/decisions/export` gives them. Prints the sums; with --decisions
/// every decision that comes out otherwise goes to a file, one a line.
#[derive(Args)]
pub(crate) struct Backtest {
    /// Component file (.wasm).
    component: PathBuf,
    /// File with decisions (JSON Lines); - for standard input.
    #[arg(long, default_value = "-")]
    input: String,
    /// File with the component's settings (JSON); without it its defaults hold.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Import to grant, for example itsm:log/log; may be given several times.
    #[arg(long, value_name = "IMPORT")]
    grant: Vec<String>,
    /// File for the decisions that come out otherwise (JSON Lines).
    #[arg(long, value_name = "FILE")]
    decisions: Option<PathBuf>,
}

impl Backtest {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let (candidate, process) = self.candidate().await?;
        let input: Box<dyn BufRead> = match self.input.as_str() {
            "-" => Box::new(BufReader::new(std::io::stdin())),
            path => {
                let file = std::fs::File::open(path).map_err(|e| Usage(format!("--input {path}: {e}")))?;
                Box::new(BufReader::new(file))
            }
        };
        let mut out = match &self.decisions {
            Some(path) => {
                let file = std::fs::File::create(path);
                let file = file.map_err(|e| Usage(format!("--decisions {}: {e}", path.display())))?;
                Some(std::io::BufWriter::new(file))
            }
            None => None,
        };
        let progress = ProgressBar::new_spinner();
        let mut summary = Summary::default();
        for (n, line) in input.lines().enumerate() {
            let line = line?;
            if line.trim().is_empty() {
                continue;
            }
            let wrong = |why: String| Usage(format!("input line {}: {why}", n + 1));
            let stored: Value = serde_json::from_str(&line).map_err(|e| wrong(format!("not JSON: {e}")))?;
            let of = stored["process"].as_str().unwrap_or(process.slug());
            if of != process.slug() {
                return Err(wrong(format!("a decision of {of}; the component decides for {process}")).into());
            }
            if !stored["input"].is_object() || !stored["output"].is_object() {
                return Err(wrong("a decision has the members input and output".to_owned()).into());
            }
            let (request, answer) = (canonical::text(&stored["input"]), canonical::text(&stored["output"]));
            let recorded: Vec<Recorded> = match &stored["lookups"] {
                Value::Null => Vec::new(),
                lookups => serde_json::from_value(lookups.clone()).map_err(|e| wrong(format!("lookups: {e}")))?,
            };
            let recorded = Lookups::Recorded(recorded);
            let Some(judged) = judge(&candidate, process, &request, &answer, recorded).await else {
                summary.skipped += 1;
                continue;
            };
            let old =
                Cost { fuel: stored["fuel"].as_u64().unwrap_or(0), took_us: stored["took_us"].as_u64().unwrap_or(0) };
            summary.add(&judged.comparison, old, judged.cost);
            if let Some(out) = out.as_mut().filter(|_| judged.comparison.sort != Sort::Same) {
                let new: Value = serde_json::from_str(&judged.output)?;
                let shown = json!({
                    "decision": stored["id"], "record": stored["record"], "sort": judged.comparison.sort,
                    "group": judged.comparison.group, "differences": judged.comparison.differences,
                    "old": stored["output"], "new": new,
                });
                writeln!(out, "{shown}")?;
            }
            progress.set_message(format!("{} decisions", summary.decisions));
            progress.tick();
        }
        progress.finish_and_clear();
        if let Some(mut out) = out {
            out.flush()?;
        }
        say!("{}", serde_json::to_string_pretty(&summary.to_json())?);
        Ok(())
    }

    async fn candidate(&self) -> anyhow::Result<(Candidate, Process)> {
        let settings = match &self.settings {
            Some(path) => {
                std::fs::read_to_string(path).map_err(|e| Usage(format!("--settings {}: {e}", path.display())))?
            }
            None => "{}".to_owned(),
        };
        let name = self.component.display();
        let bytes = std::fs::read(&self.component).map_err(|e| Usage(format!("component {name}: {e}")))?;
        let grants = Grants { imports: self.grant.iter().cloned().collect() };
        let engine = super::engine()?;
        let admission = engine.admit(bytes.into(), &grants).await;
        let admission = admission.map_err(|e| Usage(format!("component {name}: {} [{}]", e.message, e.rule)))?;
        if let Err(refused) = engine.check_settings(&admission.prepared, &settings).await {
            return Err(settings_wrong(&refused).into());
        }
        Ok((Candidate::new(engine, admission.prepared, &settings), admission.process))
    }
}
