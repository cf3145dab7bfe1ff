//! `mortise import-records`

use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use mortise::domain::table::Mapping;
use mortise::flows::import_records::{Ask, Import, Outcome, RowResult};

use super::record::{Who, by_slug};
use super::{Place, Usage, flow};

/// Make and change records from the rows of a file: CSV, XLSX or JSON Lines. Running it again changes nothing twice.
#[derive(Args)]
pub(crate) struct ImportRecords {
    /// Kind, for example incident.
    kind: String,
    /// The file. Its headings are names of fields or their labels, or a mapping says what they mean.
    file: PathBuf,
    /// csv, xlsx or jsonl; by default what the name of the file ends with.
    #[arg(long)]
    format: Option<String>,
    /// Mapping file (TOML or JSON): headings to fields, values, dates, constants.
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Indexed field by which rows find their records; number or external_id by default.
    #[arg(long, value_name = "FIELD")]
    key: Option<String>,
    /// Say what would happen, and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Write what became of each row to this file, one JSON object a line.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    #[command(flatten)]
    who: Who,
}

/// Refused rows that are printed; the report has them all.
const SHOWN: u64 = 20;

impl ImportRecords {
    pub(crate) async fn run(self, place: &Place) -> anyhow::Result<()> {
        let unreadable = |path: &PathBuf, e: &dyn std::fmt::Display| Usage(format!("{}: {e}", path.display()));
        let format = super::export::format(self.format.as_deref(), Some(&self.file))?;
        let mapping = match &self.mapping {
            None => Mapping::default(),
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|e| unreadable(path, &e))?;
                Mapping::parse(&text).map_err(|e| unreadable(path, &e))?
            }
        };
        let file = std::fs::File::open(&self.file).map_err(|e| unreadable(&self.file, &e))?;
        let mut report = match &self.report {
            None => None,
            Some(path) => Some(std::io::BufWriter::new(std::fs::File::create(path).map_err(|e| unreadable(path, &e))?)),
        };
        let (config, app) = place.open().await?;
        let kind = by_slug(&app.desk.kinds(&config.organisation.0), &self.kind)?;
        let actor = self.who.actor(&app.desk, &config.organisation.0).await?;
        let name = self.file.display().to_string();
        let ask = Ask { name, mapping, dry_run: self.dry_run, key: self.key, most_rows: None };
        let mut import = Import::prepare(&app.desk, &actor, &kind, format, file, ask).await.map_err(flow)?;
        for heading in import.ignored() {
            eprintln!("not read, the host keeps it: {heading}");
        }
        let form = "{bar:40} {pos}/{len} rows  {elapsed} elapsed, {eta} to go";
        let style = ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_bar());
        // Hidden by itself where standard error is no terminal.
        let progress = ProgressBar::new(import.rows()).with_style(style);
        let mut refused = 0;
        while let Some(result) = import.next().await.map_err(flow)? {
            progress.inc(1);
            if result.outcome == Outcome::Refused {
                refused += 1;
                if refused <= SHOWN {
                    progress.suspend(|| show(&result));
                }
            }
            if let Some(report) = &mut report {
                serde_json::to_writer(&mut *report, &result)?;
                report.write_all(b"\n")?;
            }
        }
        progress.finish_and_clear();
        if let Some(mut report) = report {
            report.flush()?;
        }
        app.desk.store.close().await;
        let totals = import.totals();
        let done = if self.dry_run { "would be " } else { "" };
        say!("rows read          {:>9}", totals.rows);
        say!("{done}created   {:>9}", totals.created);
        say!("{done}updated   {:>9}", totals.updated);
        say!("unchanged          {:>9}", totals.unchanged);
        say!("refused            {:>9}", totals.refused);
        if totals.refused > 0 {
            return Err(Usage(format!("{} of {} rows were refused", totals.refused, totals.rows)).into());
        }
        Ok(())
    }
}

fn show(result: &RowResult) {
    for error in &result.errors {
        eprintln!("line {}: {} [{}]", result.line, error.message, error.rule);
    }
}
