//! The rows of a file in one form, whatever the file's format: in a temporary file, since there may be many.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Seek as _, SeekFrom, Write as _};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::refusal::Refusal;

/// A heading and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heading {
    pub(super) text: String,
    /// Line, from 1.
    pub(super) line: u64,
    /// Column, from 1; 0 in JSON Lines, which have none.
    pub(super) column: usize,
}

/// A cell that is not empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Cell {
    /// A text.
    #[serde(rename = "t")]
    Text(String),
    /// A date and time on a spreadsheet's wall, `2026-03-31T09:30:00`.
    #[serde(rename = "w")]
    Wall(String),
    /// A JSON value.
    #[serde(rename = "j")]
    Json(Value),
}

/// A row: its cells by the place of their headings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Raw {
    pub(super) row: u64,
    pub(super) line: u64,
    pub(super) cells: Vec<(usize, Cell)>,
}

/// All rows, to be read once.
pub(super) struct Spool {
    pub(super) headings: Vec<Heading>,
    pub(super) rows: u64,
    reader: BufReader<File>,
    line: String,
}

/// Rows on their way into the temporary file.
pub(super) struct Spooling {
    writer: BufWriter<File>,
    rows: u64,
}

impl Spooling {
    pub(super) fn new() -> Result<Self, Refusal> {
        let file = tempfile::tempfile().map_err(|e| no_room(&e))?;
        Ok(Self { writer: BufWriter::new(file), rows: 0 })
    }

    /// Adds a row; one without cells is no row.
    pub(super) fn add(&mut self, line: u64, cells: Vec<(usize, Cell)>) -> Result<(), Refusal> {
        if cells.is_empty() {
            return Ok(());
        }
        self.rows += 1;
        let raw = Raw { row: self.rows, line, cells };
        serde_json::to_writer(&mut self.writer, &raw).map_err(|e| no_room(&e))?;
        self.writer.write_all(b"\n").map_err(|e| no_room(&e))
    }

    pub(super) fn done(self, headings: Vec<Heading>) -> Result<Spool, Refusal> {
        let mut file = self.writer.into_inner().map_err(|e| no_room(&e))?;
        file.seek(SeekFrom::Start(0)).map_err(|e| no_room(&e))?;
        Ok(Spool { headings, rows: self.rows, reader: BufReader::new(file), line: String::new() })
    }
}

impl Spool {
    /// The next row; none after the last.
    pub(super) fn next(&mut self) -> Result<Option<Raw>, Refusal> {
        self.line.clear();
        if self.reader.read_line(&mut self.line).map_err(|e| no_room(&e))? == 0 {
            return Ok(None);
        }
        serde_json::from_str(&self.line).map(Some).map_err(|e| no_room(&e))
    }
}

fn no_room(error: &dyn std::fmt::Display) -> Refusal {
    tracing::error!(%error, "a temporary file of an import cannot be written or read");
    Refusal::unavailable("temporary-file", "the file cannot be kept here while it is read; the log has the reason")
}
