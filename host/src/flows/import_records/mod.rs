//! Rows of a file as records: CSV, XLSX and JSON Lines.
//!
//! The file is read to its end before anything is written: a column that means nothing, a row that is cut or a line
//! that is not JSON refuses the whole file. Then each row goes through the ordinary use cases in the caller's name, all
//! of it or nothing. A row that says what its record says already writes nothing, so an import can run again.

mod lines;
mod plan;
mod row;
mod source;
mod spool;
mod write;

use serde::Serialize;

use super::export::Format;
use super::{Desk, FlowError};
use crate::domain::access::{self, Action};
use crate::domain::refusal::{FieldProblem, Refusal};
use crate::domain::table::Mapping;
use crate::domain::{Actor, Kind};
use plan::Plan;
use spool::Spool;
use write::Writer;

/// What to import, and how.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// The file's name, for messages.
    pub name: String,
    /// How its columns are read; headings that it does not name are recognised by themselves.
    pub mapping: Mapping,
    /// Say what would happen, and write nothing.
    pub dry_run: bool,
    /// Indexed field by which rows find their records; `number` or `external_id` unless told otherwise.
    pub key: Option<String>,
    /// More rows than this are refused before anything is written.
    pub most_rows: Option<u64>,
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// A record was made.
    Created,
    /// A record was changed.
    Updated,
    /// The record says what the row says; nothing was written.
    Unchanged,
    /// A rule refused the row; nothing was written.
    Refused,
}

impl Outcome {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Refused => "refused",
        }
    }
}

/// A row and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowResult {
    /// Which row, from 1; the heading is none.
    pub row: u64,
    /// Line in the file, from 1 (of a workbook, the row of the sheet).
    pub line: u64,
    /// What became of it.
    pub outcome: Outcome,
    /// The record, where there is one. A dry run gives no numbers to new ones.
    pub number: Option<String>,
    /// Why it was refused, field by field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
}

/// How many rows came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Rows read.
    pub rows: u64,
    /// Records made.
    pub created: u64,
    /// Records changed.
    pub updated: u64,
    /// Rows that changed nothing.
    pub unchanged: u64,
    /// Rows refused.
    pub refused: u64,
}

/// An import under way.
pub struct Import {
    spool: Spool,
    plan: Plan,
    writer: Writer,
    totals: Totals,
}

impl Import {
    /// Reads the file to its end and resolves its columns; writes nothing.
    ///
    /// # Errors
    /// Not allowed to make or change records of the kind; a file that cannot be read, by line; columns that mean
    /// nothing, each by file, line and column, with the nearest field's name; a mapping or key that fits neither the
    /// kind nor the file; more rows than allowed.
    pub async fn prepare(
        desk: &Desk,
        actor: &Actor,
        kind: &Kind,
        format: Format,
        file: std::fs::File,
        ask: Ask,
    ) -> Result<Self, FlowError> {
        if !access::may(kind, actor, Action::Update, None) {
            access::permit(kind, actor, Action::Create, None)?;
        }
        let (name, mapping) = (ask.name.clone(), ask.mapping.clone());
        let reading = tokio::task::spawn_blocking(move || source::read(file, format, &name, &mapping));
        let spool = reading.await.map_err(|e| {
            tracing::error!(error = %e, "a file to import could not be read");
            Refusal::unavailable("temporary-file", "the file could not be read here at present; the log has the reason")
        })??;
        if let Some(most) = ask.most_rows.filter(|most| spool.rows > *most) {
            let message = format!("{} has {} rows, more than the {most} taken at once here", ask.name, spool.rows);
            return Err(Refusal::too_large(message).into());
        }
        let plan = Plan::new(kind, &spool.headings, &ask)?;
        let writer = Writer::new(desk, actor, kind, &ask);
        Ok(Self { spool, plan, writer, totals: Totals::default() })
    }

    /// How many rows the file has.
    pub fn rows(&self) -> u64 {
        self.spool.rows
    }

    /// Headings of the columns that are not read, because the host keeps what they say.
    pub fn ignored(&self) -> &[String] {
        &self.plan.ignored
    }

    /// Imports the next row; none after the last.
    ///
    /// # Errors
    /// The database's errors. Rows that were told of before stand; the file can be imported again.
    pub async fn next(&mut self) -> Result<Option<RowResult>, FlowError> {
        let Some(raw) = self.spool.next()? else { return Ok(None) };
        let (row, line) = (raw.row, raw.line);
        let result = match self.plan.read(&raw) {
            Ok(read) => self.writer.write(read, row).await,
            Err(problems) => Err(Refusal::fields(problems).into()),
        };
        let (outcome, number, errors) = match result {
            Ok((outcome, number)) => (outcome, number, Vec::new()),
            Err(FlowError::Refused(refusal)) => (Outcome::Refused, None, errors(refusal)),
            Err(other) => return Err(other),
        };
        self.totals.rows += 1;
        *match outcome {
            Outcome::Created => &mut self.totals.created,
            Outcome::Updated => &mut self.totals.updated,
            Outcome::Unchanged => &mut self.totals.unchanged,
            Outcome::Refused => &mut self.totals.refused,
        } += 1;
        Ok(Some(RowResult { row, line, outcome, number, errors }))
    }

    /// How many rows came to what so far.
    pub fn totals(&self) -> Totals {
        self.totals
    }
}

fn errors(refusal: Refusal) -> Vec<FieldProblem> {
    if refusal.details.is_empty() {
        let Refusal { field, rule, message, message_zh, .. } = refusal;
        vec![FieldProblem { field: field.unwrap_or_default(), rule, message, message_zh }]
    } else {
        refusal.details
    }
}
