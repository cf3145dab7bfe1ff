//! `mortise import`

use std::io::IsTerminal as _;
use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use mortise::flows::first_start;
use mortise::flows::import::{Header, Importer, Mapping, Report, Row};

use super::serve::offers;
use super::{Place, Usage, flow};

/// Replay an event log (CSV) into records, in the log's own time. Running it again adds nothing twice.
#[derive(Args)]
pub(crate) struct Import {
    /// Mapping file (TOML): columns to fields, values to states.
    #[arg(long, value_name = "FILE")]
    mapping: PathBuf,
    /// Event log (CSV), the rows of one record standing together.
    file: PathBuf,
    /// Folder of components for an organisation that has none yet.
    #[arg(long, value_name = "DIR")]
    components: Option<PathBuf>,
}

impl Import {
    pub(crate) async fn run(self, place: &Place) -> anyhow::Result<()> {
        let unreadable = |path: &PathBuf, e: &dyn std::fmt::Display| Usage(format!("{}: {e}", path.display()));
        let text = std::fs::read_to_string(&self.mapping).map_err(|e| unreadable(&self.mapping, &e))?;
        let mapping = Mapping::parse(&text).map_err(|e| unreadable(&self.mapping, &e))?;
        let file = std::fs::File::open(&self.file).map_err(|e| unreadable(&self.file, &e))?;
        let length = file.metadata().map_err(|e| unreadable(&self.file, &e))?.len();
        let separator = u8::try_from(mapping.source.separator)
            .map_err(|_| Usage("source.separator is one ASCII character".to_owned()))?;
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator)
            .flexible(true)
            .has_headers(false)
            .from_reader(std::io::BufReader::with_capacity(1 << 20, file));
        let mut rows = reader.byte_records();
        let first = rows.next().transpose().map_err(|e| unreadable(&self.file, &e))?;
        let first = first.ok_or_else(|| Usage(format!("{}: the file is empty", self.file.display())))?;
        let header = Header::read(cells(&first), &mapping).map_err(|e| unreadable(&self.file, &e))?;

        let (config, app) = place.open().await?;
        let org = &config.organisation.0;
        first_start::organisation(&app.desk, org, org).await.map_err(flow)?;
        if let Some(folder) = self.components.as_ref().or(config.components.as_ref()) {
            first_start::components(&app.desk, org, offers(folder)?).await.map_err(flow)?;
        }
        let mut importer = Importer::prepare(&app.desk, org, mapping, header).await.map_err(flow)?;
        let started = std::time::Instant::now();
        let progress = progress(length);
        let mut current: Option<(String, Vec<Row>)> = None;
        for row in rows {
            let row = match row {
                Ok(row) => row,
                Err(e) => {
                    let line = e.position().map_or(0, csv::Position::line);
                    importer.unreadable(line, format!("not a CSV row: {e}"));
                    continue;
                }
            };
            let position = row.position().map_or((0, 0), |p| (p.line(), p.byte()));
            let row = Row { line: position.0, cells: cells(&row).collect() };
            let Some(key) = importer.key(&row) else { continue };
            match &mut current {
                Some((of, rows)) if *of == key => rows.push(row),
                _ => {
                    if let Some((of, rows)) = current.replace((key, vec![row])) {
                        importer.add(of, rows).await.map_err(flow)?;
                        progress.set_position(position.1);
                    }
                }
            }
        }
        if let Some((of, rows)) = current {
            importer.add(of, rows).await.map_err(flow)?;
        }
        let report = importer.finish().await.map_err(flow)?;
        progress.finish_and_clear();
        app.desk.store.close().await;
        print(&report, started.elapsed());
        Ok(())
    }
}

fn cells(row: &csv::ByteRecord) -> impl Iterator<Item = String> + '_ {
    row.iter().map(|cell| String::from_utf8_lossy(cell).into_owned())
}

fn progress(length: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let form = "{bar:40} {bytes}/{total_bytes}  {elapsed} elapsed, {eta} to go";
    let style = ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style)
}

fn print(report: &Report, took: std::time::Duration) {
    say!("rows read      {:>9}", report.rows);
    say!("events written {:>9}", report.events);
    say!("records made   {:>9}", report.records);
    if report.known > 0 {
        say!("already there  {:>9}  ({} rows left alone)", report.known, report.known_rows);
    }
    say!("rows refused   {:>9}", report.refused_rows());
    for (why, (count, lines)) in &report.refused {
        let lines: Vec<String> = lines.iter().map(u64::to_string).collect();
        say!("  {count:>7}  {why}  (line {}{})", lines.join(", "), if *count > 3 { ", …" } else { "" });
    }
    let seconds = took.as_secs_f64().max(0.001);
    say!("took {seconds:.1} s, {:.0} events per second", report.events as f64 / seconds);
}
