//! Lists as files: CSV, XLSX or JSON Lines, a page of records at a time.

mod xlsx;

use serde_json::{Map, Value};

use super::list_records::{self, MAX_LIMIT};
use super::{Desk, FlowError, accesses, view_records};
use crate::domain::reading::Way;
use crate::domain::record::Record;
use crate::domain::refusal::Refusal;
use crate::domain::table::{self, Column, Lang};
use crate::domain::{Actor, Kind};
use crate::store::listing::Cursor;

/// What a list is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values, UTF-8.
    Csv,
    /// A workbook with one sheet (Office Open XML).
    Xlsx,
    /// One JSON object a line.
    Jsonl,
}

impl Format {
    /// The names of all formats.
    pub const NAMES: &'static [&'static str] = &["csv", "xlsx", "jsonl"];

    /// Media type of the file.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Jsonl => "application/x-ndjson",
        }
    }

    /// End of the file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Jsonl => "jsonl",
        }
    }
}

impl std::str::FromStr for Format {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        match text {
            "csv" => Ok(Self::Csv),
            "xlsx" => Ok(Self::Xlsx),
            "jsonl" => Ok(Self::Jsonl),
            other => {
                let message = format!("'{other}' is not a format of lists; there are {}", Self::NAMES.join(", "));
                Err(Refusal::invalid("enum", "format", message))
            }
        }
    }
}

/// What to write, and how.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The file's format.
    pub format: Format,
    /// Names of the columns in their order; all of them unless told otherwise.
    pub columns: Option<Vec<String>>,
    /// Headings are labels of this language; names of fields unless told otherwise. JSON Lines always have names.
    pub lang: Option<Lang>,
    /// A CSV file begins with a byte order mark, by which Excel knows that it is UTF-8.
    pub bom: bool,
    /// Which records, and in which order; its limit and cursor are not looked at.
    pub list: list_records::Ask,
}

/// Where a page ended.
enum Next {
    /// In a list of records.
    Records(Cursor),
    /// In a list of a view.
    View(String),
}

/// An export under way.
pub struct Export {
    desk: Desk,
    actor: Actor,
    kind: Kind,
    ask: Ask,
    columns: Vec<Column>,
    page: Vec<Record>,
    next: Option<Next>,
    begun: bool,
    done: bool,
}

impl Export {
    /// Checks everything that can be wrong and reads the first page, so that nothing is refused half-way.
    ///
    /// # Errors
    /// Not allowed to read the kind; an unknown column, filter or sort field; the database's errors.
    pub async fn prepare(desk: &Desk, actor: &Actor, kind: &Kind, ask: Ask) -> Result<Self, FlowError> {
        let columns = table::columns(kind, ask.columns.as_deref())?;
        if columns.is_empty() {
            return Err(Refusal::invalid("required", "columns", "an export needs at least one column").into());
        }
        let mut export = Self {
            desk: desk.clone(),
            actor: actor.clone(),
            kind: kind.clone(),
            ask,
            columns,
            page: Vec::new(),
            next: None,
            begun: false,
            done: false,
        };
        export.turn().await?;
        Ok(export)
    }

    /// Reads the page after the present one.
    async fn turn(&mut self) -> Result<(), FlowError> {
        let next = self.next.take();
        if let Some(view) = self.kind.view {
            let after = next.and_then(|next| match next {
                Next::View(last) => Some(last),
                Next::Records(_) => None,
            });
            let list_records::Ask { filters, sort, .. } = self.ask.list.clone();
            let ask = view_records::Ask { filters, sort, limit: Some(MAX_LIMIT), after };
            let (records, last) = view_records::list(&self.desk, &self.actor, &self.kind, view, ask).await?;
            self.page = records;
            self.next = last.map(Next::View);
            return Ok(());
        }
        let after = next.and_then(|next| match next {
            Next::Records(cursor) => Some(cursor),
            Next::View(_) => None,
        });
        let ask = list_records::Ask { after, limit: Some(MAX_LIMIT), ..self.ask.list.clone() };
        let page = list_records::run(&self.desk, &self.actor, &self.kind, ask).await?;
        accesses::note(&self.desk, &self.actor, &page.records, Way::Export).await?;
        self.page = page.records;
        self.next = page.next.map(Next::Records);
        Ok(())
    }

    /// The present page; reads the next one behind it. None after the last.
    async fn take(&mut self) -> Result<Option<Vec<Record>>, FlowError> {
        if self.done {
            return Ok(None);
        }
        if self.begun {
            if self.next.is_none() {
                self.done = true;
                return Ok(None);
            }
            self.turn().await?;
        }
        self.begun = true;
        Ok(Some(std::mem::take(&mut self.page)))
    }

    /// The next part of a CSV or JSON Lines file; none after the last.
    ///
    /// # Errors
    /// The database's errors; a workbook is not written in parts (see [`Self::workbook`]).
    pub async fn part(&mut self) -> Result<Option<Vec<u8>>, FlowError> {
        let first = !self.begun;
        let Some(records) = self.take().await? else { return Ok(None) };
        match self.ask.format {
            Format::Csv => self.csv(&records, first).map(Some),
            Format::Jsonl => Ok(Some(self.jsonl(&records))),
            Format::Xlsx => Err(Refusal::invalid("enum", "format", "a workbook is not written in parts").into()),
        }
    }

    fn csv(&self, records: &[Record], first: bool) -> Result<Vec<u8>, FlowError> {
        let mut out = Vec::new();
        if first && self.ask.bom {
            out.extend_from_slice("\u{feff}".as_bytes());
        }
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        let written = (|| {
            if first {
                let headings = table::headings(&self.kind, &self.columns, self.ask.lang);
                writer.write_record(&headings)?;
            }
            for record in records {
                let cells = self.columns.iter().map(|column| table::guarded(&column.ty, text(record, column)));
                writer.write_record(cells)?;
            }
            Ok::<_, csv::Error>(())
        })();
        // Memory takes every write.
        let failed = |why: String| Refusal::unavailable("database", format!("the table cannot be written: {why}"));
        written.map_err(|e| failed(e.to_string()))?;
        Ok(writer.into_inner().map_err(|e| failed(e.to_string()))?)
    }

    fn jsonl(&self, records: &[Record]) -> Vec<u8> {
        let mut out = Vec::new();
        for record in records {
            let map: Map<String, Value> =
                self.columns.iter().filter_map(|c| Some((c.name.clone(), value(record, c)?))).collect();
            out.extend_from_slice(Value::Object(map).to_string().as_bytes());
            out.push(b'\n');
        }
        out
    }

    /// Name to save the file under: kind and day.
    pub fn file_name(&self) -> String {
        let at = self.desk.clock.now().to_string();
        let day = at.split('T').next().unwrap_or_default();
        format!("{}-{day}.{}", self.kind.slug, self.ask.format.extension())
    }
}

/// What a record has in a column.
fn value(record: &Record, column: &Column) -> Option<Value> {
    record.get(&column.name).or_else(|| record.at(&column.name).cloned()).filter(|value| !value.is_null())
}

fn text(record: &Record, column: &Column) -> String {
    value(record, column).map_or_else(String::new, |value| table::write(&column.ty, &value))
}
