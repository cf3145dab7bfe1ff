//! Reading a file of any format to its end; what is wrong with its form refuses all of it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read, Seek as _, SeekFrom};

use calamine::{DataRef, Reader as _, Xlsx};
use serde_json::{Map, Value};

use super::lines::Lines;
use super::spool::{Cell, Heading, Spool, Spooling};
use crate::domain::refusal::Refusal;
use crate::domain::table::{Mapping, unguarded};
use crate::flows::export::Format;

/// Decompressed bytes of a workbook that have to be in memory: everything but the sheets.
const MAX_BOOK: u64 = 256 << 20;
/// Decompressed bytes of a workbook in all.
const MAX_SHEETS: u64 = 4 << 30;

/// Reads the file.
pub(super) fn read(file: File, format: Format, name: &str, mapping: &Mapping) -> Result<Spool, Refusal> {
    match format {
        Format::Csv => csv(file, name, mapping),
        Format::Xlsx => xlsx(file, name, mapping),
        Format::Jsonl => jsonl(file, name),
    }
}

fn wrong(message: String) -> Refusal {
    Refusal::invalid("columns", "file", message)
}

fn unreadable(message: String) -> Refusal {
    Refusal::invalid("unreadable-file", "file", message)
}

/// Headings of a table, without what stands right of the last one.
fn headings(texts: impl Iterator<Item = String>, line: u64, name: &str) -> Result<Vec<Heading>, Refusal> {
    let clean = |text: String| text.trim_start_matches('\u{feff}').trim().to_owned();
    let mut found: Vec<Heading> =
        texts.enumerate().map(|(place, text)| Heading { text: clean(text), line, column: place + 1 }).collect();
    while found.last().is_some_and(|heading| heading.text.is_empty()) {
        found.pop();
    }
    for (place, heading) in found.iter().enumerate() {
        let twin = found[..place].iter().find(|known| known.text == heading.text && !known.text.is_empty());
        if let Some(twin) = twin {
            let (text, one, two) = (&heading.text, twin.column, heading.column);
            return Err(wrong(format!("{name}: line {line}: the heading '{text}' stands in columns {one} and {two}")));
        }
    }
    if found.is_empty() { Err(wrong(format!("{name}: the file has no headings"))) } else { Ok(found) }
}

/// Refuses a cell that stands under no heading.
fn under(headings: &[Heading], place: usize, name: &str, line: u64) -> Result<(), Refusal> {
    if headings.get(place).is_some_and(|heading| !heading.text.is_empty()) {
        return Ok(());
    }
    Err(wrong(format!("{name}: line {line}, column {}: the cell stands under no heading", place + 1)))
}

fn csv(mut file: File, name: &str, mapping: &Mapping) -> Result<Spool, Refusal> {
    let separator = match mapping.separator {
        // A mapping's separator is checked to be ASCII.
        Some(sign) => u8::try_from(sign).unwrap_or(b','),
        None => separator(&mut file).map_err(|e| unreadable(format!("{name}: {e}")))?,
    };
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator).flexible(true).has_headers(false).from_reader(Lines::new(file));
    let mut spooling = Spooling::new()?;
    let mut known: Option<Vec<Heading>> = None;
    let mut record = csv::StringRecord::new();
    loop {
        let read = reader.read_record(&mut record);
        let position = match &read {
            Ok(false) => break,
            Ok(true) => record.position(),
            Err(error) => error.position(),
        };
        let line = position.map(csv::Position::byte).map_or(0, |byte| reader.get_mut().line(byte));
        read.map_err(|error| unreadable(format!("{name}: {}", csv_error(&error, line))))?;
        let Some(headings) = &known else {
            known = Some(self::headings(record.iter().map(str::to_owned), line, name)?);
            continue;
        };
        if record.iter().all(str::is_empty) {
            continue;
        }
        if record.len() < headings.len() {
            let (cells, columns) = (record.len(), headings.len());
            return Err(wrong(format!("{name}: line {line}: the row has {cells} cells, the headings are {columns}")));
        }
        let mut cells = Vec::new();
        for (place, text) in record.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
            under(headings, place, name, line)?;
            cells.push((place, Cell::Text(unguarded(text).to_owned())));
        }
        spooling.add(line, cells)?;
    }
    let headings = known.ok_or_else(|| wrong(format!("{name}: the file is empty")))?;
    spooling.done(headings)
}

/// The separator that the first line uses: a comma, unless it has none and has semicolons or tabs.
fn separator(file: &mut File) -> std::io::Result<u8> {
    let mut start = Vec::new();
    file.take(64 << 10).read_to_end(&mut start)?;
    file.seek(SeekFrom::Start(0))?;
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let found = [b',', b';', b'\t'].into_iter().find(|sign| line.contains(sign));
    Ok(found.unwrap_or(b','))
}

fn csv_error(error: &csv::Error, line: u64) -> String {
    match error.kind() {
        csv::ErrorKind::Utf8 { err, .. } => format!("line {line}, column {}: the text is not UTF-8", err.field() + 1),
        _ => format!("line {line}: not CSV: {error}"),
    }
}

fn jsonl(file: File, name: &str) -> Result<Spool, Refusal> {
    let mut spooling = Spooling::new()?;
    let mut headings: Vec<Heading> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (line, text) in (1_u64..).zip(BufReader::new(file).split(b'\n')) {
        let text = text.map_err(|e| unreadable(format!("{name}: line {line}: {e}")))?;
        let text = if line == 1 { text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&text) } else { &text };
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let object: Map<String, Value> = serde_json::from_slice(text)
            .map_err(|e| unreadable(format!("{name}: line {line}, column {}: not a JSON object: {e}", e.column())))?;
        let mut cells = Vec::with_capacity(object.len());
        for (key, value) in object {
            let place = *places.entry(key).or_insert_with_key(|key| {
                headings.push(Heading { text: key.clone(), line, column: 0 });
                headings.len() - 1
            });
            cells.push((place, Cell::Json(value)));
        }
        spooling.add(line, cells)?;
    }
    // The file of a list without records is empty: names of fields stand in the rows only.
    spooling.done(headings)
}

fn xlsx(mut file: File, name: &str, mapping: &Mapping) -> Result<Spool, Refusal> {
    let broken = |e: &dyn std::fmt::Display| unreadable(format!("{name}: not a workbook (XLSX): {e}"));
    weigh(&mut file, name)?;
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(BufReader::new(file)).map_err(|e| broken(&e))?;
    let sheets = book.sheet_names();
    let sheet = match &mapping.sheet {
        Some(wanted) if !sheets.contains(wanted) => {
            return Err(wrong(format!("{name}: there is no sheet '{wanted}'; there are {}", sheets.join(", "))));
        }
        Some(wanted) => wanted.clone(),
        None => sheets.first().cloned().ok_or_else(|| wrong(format!("{name}: the workbook has no sheet")))?,
    };
    let mut cells = book.worksheet_cells_reader(&sheet).map_err(|e| broken(&e))?;
    let mut table = Sheet { name, spooling: Spooling::new()?, headings: None, line: 0, row: Vec::new() };
    while let Some(cell) = cells.next_cell().map_err(|e| broken(&e))? {
        let (row, column) = cell.get_position();
        let (line, place) = (u64::from(row) + 1, column as usize);
        if line != table.line {
            table.turn(line)?;
        }
        if let Some(cell) = content(cell.get_value(), name, line, place)? {
            table.row.push((place, cell));
        }
    }
    table.turn(0)?;
    let headings = table.headings.ok_or_else(|| wrong(format!("{name}: sheet '{sheet}' is empty")))?;
    table.spooling.done(headings)
}

/// Refuses a workbook that is far larger than its file says.
fn weigh(file: &mut File, name: &str) -> Result<(), Refusal> {
    let broken = |e: &dyn std::fmt::Display| unreadable(format!("{name}: not a workbook (XLSX): {e}"));
    let mut zip = zip::ZipArchive::new(BufReader::new(&*file)).map_err(|e| broken(&e))?;
    let (mut sheets, mut rest) = (0, 0);
    for index in 0..zip.len() {
        let member = zip.by_index(index).map_err(|e| broken(&e))?;
        let sheet = member.name().is_ok_and(|name| name.starts_with("xl/worksheets/"));
        let (sum, most) = if sheet { (&mut sheets, MAX_SHEETS) } else { (&mut rest, MAX_BOOK) };
        let left = most.saturating_sub(*sum);
        *sum += std::io::copy(&mut member.take(left + 1), &mut std::io::sink()).map_err(|e| broken(&e))?;
        if *sum > most {
            return Err(Refusal::too_large(format!("{name}: the workbook is too large; export it as CSV")));
        }
    }
    drop(zip);
    file.seek(SeekFrom::Start(0)).map_err(|e| broken(&e))?;
    Ok(())
}

/// A sheet under way.
struct Sheet<'n> {
    name: &'n str,
    spooling: Spooling,
    headings: Option<Vec<Heading>>,
    line: u64,
    row: Vec<(usize, Cell)>,
}

impl Sheet<'_> {
    /// Ends the present row; the first one that is not empty holds the headings.
    fn turn(&mut self, next: u64) -> Result<(), Refusal> {
        let (line, row) = (std::mem::replace(&mut self.line, next), std::mem::take(&mut self.row));
        if row.is_empty() {
            return Ok(());
        }
        let Some(headings) = &self.headings else {
            let width = row.iter().map(|(place, _)| place + 1).max().unwrap_or_default();
            let mut texts = vec![String::new(); width];
            for (place, cell) in row {
                texts[place] = match cell {
                    Cell::Text(text) | Cell::Wall(text) => text,
                    Cell::Json(value) => value.to_string(),
                };
            }
            self.headings = Some(headings(texts.into_iter(), line, self.name)?);
            return Ok(());
        };
        for (place, _) in &row {
            under(headings, *place, self.name, line)?;
        }
        self.spooling.add(line, row)
    }
}

/// What a cell of a sheet holds; none for an empty one.
fn content(value: &DataRef<'_>, name: &str, line: u64, place: usize) -> Result<Option<Cell>, Refusal> {
    let text = |text: String| (!text.is_empty()).then_some(Cell::Text(text));
    Ok(match value {
        DataRef::Empty => None,
        DataRef::Int(number) if number.unsigned_abs() >= MOST_EXACT => return Err(too_long(name, line, place)),
        DataRef::Int(number) => text(number.to_string()),
        DataRef::Float(number) if number.abs() >= MOST_EXACT as f64 => return Err(too_long(name, line, place)),
        DataRef::Float(number) => text(digits(*number)),
        DataRef::String(string) => text(string.clone()),
        DataRef::SharedString(string) => text((*string).to_owned()),
        DataRef::Bool(truth) => text(truth.to_string()),
        DataRef::DateTime(at) if at.is_duration() => text(digits(at.as_f64())),
        DataRef::DateTime(at) => {
            let (year, month, day, hour, minute, second, milli) = at.to_ymd_hms_milli();
            let mut wall = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
            if milli > 0 {
                wall.push_str(&format!(".{milli:03}"));
            }
            Some(Cell::Wall(wall))
        }
        DataRef::DateTimeIso(at) => Some(Cell::Wall(at.clone())),
        DataRef::DurationIso(duration) => text(duration.clone()),
        DataRef::Error(error) => {
            return Err(unreadable(format!(
                "{name}: line {line}, column {}: the cell is the error {error}",
                place + 1
            )));
        }
    })
}

/// The smallest whole number with more than fifteen digits.
const MOST_EXACT: u64 = 1_000_000_000_000_000;

/// Refuses a number of which a workbook keeps the first fifteen digits only: what the rest was, nothing tells.
fn too_long(name: &str, line: u64, place: usize) -> Refusal {
    let cell = cell_name(line, place);
    unreadable(format!(
        "{name}: cell {cell}: a workbook keeps fifteen digits of a number, and this one has more; format the cell as \
         text and enter it again, or import CSV"
    ))
}

/// A cell as spreadsheets call it: `B3`.
fn cell_name(line: u64, place: usize) -> String {
    let (mut letters, mut left) = (Vec::new(), place + 1);
    while left > 0 {
        left -= 1;
        letters.push(char::from(b'A' + u8::try_from(left % 26).unwrap_or_default()));
        left /= 26;
    }
    format!("{}{line}", letters.into_iter().rev().collect::<String>())
}

/// A sheet's number as people see it: at most fifteen digits, no exponent.
fn digits(number: f64) -> String {
    let rounded: f64 = format!("{number:.14e}").parse().unwrap_or(number);
    rounded.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_called_as_spreadsheets_call_them() {
        let names = [(1, 0), (3, 25), (3, 26), (9, 701), (9, 702)].map(|(line, place)| cell_name(line, place));
        assert_eq!(names, ["A1", "Z3", "AA3", "ZZ9", "AAA9"]);
    }

    #[test]
    fn whole_numbers_that_a_workbook_cannot_hold_are_refused() {
        let read = |value: DataRef<'_>| content(&value, "a.xlsx", 3, 1);
        assert!(
            matches!(read(DataRef::Float(999_999_999_999_999.0)), Ok(Some(Cell::Text(t))) if t == "999999999999999")
        );
        for value in
            [DataRef::Float(12_345_678_901_234_567.0), DataRef::Float(-1e15), DataRef::Int(1_234_567_890_123_456)]
        {
            let refused = read(value).map(|_| ()).map_err(|refusal| refusal.message);
            assert!(refused.is_err_and(|message| message.contains("a.xlsx: cell B3")));
        }
    }
}
