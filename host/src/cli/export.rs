//! `mortise export`

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use mortise::domain::table::Lang;
use mortise::flows::export::{Ask, Export, Format};
use mortise::flows::list_records;

use super::record::{Who, by_slug, condition};
use super::{Place, Usage, flow};

/// Write the records of a kind to a file: CSV, XLSX or JSON Lines.
#[derive(Args)]
pub(crate) struct ExportCommand {
    /// Kind, for example incident.
    kind: String,
    /// Filters FIELD=CONDITION: a,b for one of them, !a for none, from..to for a range.
    filters: Vec<String>,
    /// csv, xlsx or jsonl; by default what the name of the file ends with, else csv.
    #[arg(long)]
    format: Option<String>,
    /// Names of the columns, separated by commas; everything by default.
    #[arg(long, value_delimiter = ',')]
    columns: Option<Vec<String>>,
    /// Headings are labels of this language (en, zh) instead of names of fields.
    #[arg(long)]
    lang: Option<String>,
    /// Begin a CSV file with a byte order mark, for Excel.
    #[arg(long)]
    bom: bool,
    /// Field to sort by, with - before it for descending.
    #[arg(long, default_value = "created_at", allow_hyphen_values = true)]
    sort: String,
    /// File to write; standard output by default.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    who: Who,
}

impl ExportCommand {
    pub(crate) async fn run(self, place: &Place) -> anyhow::Result<()> {
        let format = format(self.format.as_deref(), self.out.as_deref())?;
        let lang: Option<Lang> = self.lang.map(|lang| lang.parse()).transpose().map_err(Usage)?;
        let filters = self.filters.iter().map(|text| condition(text)).collect::<anyhow::Result<_>>()?;
        let (config, app) = place.open().await?;
        let kind = by_slug(&app.desk.kinds(&config.organisation.0), &self.kind)?;
        let actor = self.who.actor(&app.desk, &config.organisation.0).await?;
        let list = list_records::Ask { filters, sort: Some(self.sort), ..list_records::Ask::default() };
        let ask = Ask { format, columns: self.columns, lang, bom: self.bom, list };
        let mut export = Export::prepare(&app.desk, &actor, &kind, ask).await.map_err(flow)?;
        let mut out: Box<dyn Write> = match &self.out {
            Some(path) => {
                let file = std::fs::File::create(path).map_err(|e| Usage(format!("{}: {e}", path.display())))?;
                Box::new(std::io::BufWriter::new(file))
            }
            None => Box::new(std::io::stdout().lock()),
        };
        if format == Format::Xlsx {
            let mut book = export.workbook().await.map_err(flow)?;
            std::io::copy(&mut book, &mut out)?;
        } else {
            while let Some(part) = export.part().await.map_err(flow)? {
                out.write_all(&part)?;
            }
        }
        out.flush()?;
        app.desk.store.close().await;
        Ok(())
    }
}

/// The format that was named, or that the name of the file ends with.
pub(super) fn format(named: Option<&str>, file: Option<&std::path::Path>) -> anyhow::Result<Format> {
    let ending = file.and_then(|path| path.extension()).and_then(|ending| ending.to_str());
    let ending = ending.filter(|ending| Format::NAMES.contains(ending));
    let format = named.or(ending).unwrap_or("csv").parse::<Format>();
    Ok(format.map_err(|refusal| Usage(refusal.message))?)
}
