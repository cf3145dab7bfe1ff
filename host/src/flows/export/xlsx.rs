//! A list as a workbook: rows go to a temporary file as they come, so that memory does not grow with them.

use std::io::{Seek as _, SeekFrom};

use rust_xlsxwriter::{Format, Workbook, XlsxError};
use serde_json::Value;

use super::{Export, text, value};
use crate::domain::field::FieldType;
use crate::domain::record::Record;
use crate::domain::refusal::Refusal;
use crate::domain::table;
use crate::flows::FlowError;

/// Rows of a sheet beside the heading.
const MAX_ROWS: u32 = 1_048_575;
/// Characters of a cell.
const MAX_CELL: usize = 32_767;
/// Whole numbers up to here are exact in a cell; longer ones are texts there.
const MAX_EXACT: i64 = 999_999_999_999_999;

impl Export {
    /// The whole list as a workbook, in a temporary file that vanishes when it is closed; it stands at its beginning.
    ///
    /// # Errors
    /// More rows than a sheet holds, or a text longer than a cell holds, by record and field; no room for the file;
    /// the database's errors.
    pub async fn workbook(mut self) -> Result<std::fs::File, FlowError> {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet_with_constant_memory().map_err(failed)?;
        let bold = Format::new().set_bold();
        for (place, heading) in (0_u16..).zip(table::headings(&self.kind, &self.columns, self.ask.lang)) {
            sheet.write_string_with_format(0, place, heading, &bold).map_err(failed)?;
        }
        sheet.set_freeze_panes(1, 0).map_err(failed)?;
        let mut row = 0;
        while let Some(records) = self.take().await? {
            for record in &records {
                row += 1;
                if row > MAX_ROWS {
                    let message = format!("a sheet holds {MAX_ROWS} rows; export more as csv or jsonl, or filter");
                    return Err(Refusal::invalid("range", "format", message).into());
                }
                self.row(sheet, row, record)?;
            }
        }
        let full = |e: std::io::Error| failed(XlsxError::IoError(e));
        let mut file = tempfile::tempfile().map_err(full)?;
        let saved = tokio::task::spawn_blocking(move || {
            book.save_to_writer(std::io::BufWriter::new(&file))?;
            file.seek(SeekFrom::Start(0)).map_err(XlsxError::IoError)?;
            Ok::<_, XlsxError>(file)
        });
        let saved = saved.await.map_err(|e| full(std::io::Error::other(e)))?;
        Ok(saved.map_err(failed)?)
    }

    fn row(&self, sheet: &mut rust_xlsxwriter::Worksheet, row: u32, record: &Record) -> Result<(), FlowError> {
        for (place, column) in (0_u16..).zip(&self.columns) {
            let Some(value) = value(record, column) else { continue };
            let written = match (&column.ty, &value) {
                (FieldType::Bool, Value::Bool(truth)) => sheet.write_boolean(row, place, *truth),
                (FieldType::Int | FieldType::Dur, Value::Number(number)) => match number.as_i64() {
                    // Every whole number of up to fifteen digits is one of a cell's numbers.
                    Some(n) if n.abs() <= MAX_EXACT => sheet.write_number(row, place, n as f64),
                    _ => sheet.write_string(row, place, number.to_string()),
                },
                _ => {
                    let text = text(record, column);
                    if text.encode_utf16().count() > MAX_CELL {
                        let message = format!(
                            "{} has more than {MAX_CELL} characters in {}, the most a cell of a workbook holds; leave \
                             the column out, or export as csv or jsonl",
                            record.number, column.name
                        );
                        return Err(Refusal::invalid("range", column.name.as_str(), message).into());
                    }
                    sheet.write_string(row, place, text)
                }
            };
            written.map_err(failed)?;
        }
        Ok(())
    }
}

fn failed(error: XlsxError) -> Refusal {
    tracing::error!(%error, "a workbook cannot be written");
    Refusal::unavailable("temporary-file", "the workbook cannot be written here at present; the log has the reason")
}
