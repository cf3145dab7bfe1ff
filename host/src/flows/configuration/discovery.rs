//! Reading what was discovered, row by row as it arrives: CSV with a heading, or objects in JSON.

use std::fmt;
use std::io::{BufRead, BufReader, Read};

use serde::de::{Deserializer as _, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::domain::canonical;
use crate::domain::configuration::audit::Comparison;
use crate::domain::refusal::Refusal;

/// Rules of discovery files.
pub mod rule {
    /// The file cannot be read as what it is said to be.
    pub const UNREADABLE: &str = "unreadable-file";
    /// The file lacks a column that is needed.
    pub const COLUMNS: &str = "columns";
    /// A row has no identifier.
    pub const NO_KEY: &str = "row-without-key";
    /// Two rows have one identifier.
    pub const TWICE: &str = "key-twice";
}

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Comma-separated values with a heading.
    Csv,
    /// An array of objects, or objects one after the other.
    Json,
}

/// Which columns are compared with which fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// Column of the identifier.
    pub key: String,
    /// Field, as `version` or `attributes.memory`, and column. Columns that have the name of a field that is compared
    /// need no mapping.
    pub columns: Vec<(String, String)>,
}

/// Characters that an identifier may have.
const LONGEST_KEY: usize = 200;

/// Fields that are compared with columns of their own name, beside all attributes.
const COMPARED: [&str; 5] = ["type", "version", "location", "support_group", "criticality"];

impl Mapping {
    /// The field that a column is compared with; none for other columns.
    fn field<'a>(&'a self, column: &'a str) -> Option<&'a str> {
        if let Some((field, _)) = self.columns.iter().find(|(_, mapped)| mapped == column) {
            return Some(field);
        }
        let mapped = self.columns.iter().any(|(field, _)| field == column);
        let own = COMPARED.contains(&column) || column.starts_with("attributes.");
        (own && !mapped && column != self.key).then_some(column)
    }

    /// The values of a registered item that can be compared, as plain text.
    pub(super) fn registered(&self, data: &Map<String, Value>) -> impl Iterator<Item = (String, String)> {
        let fields: Vec<&str> = self.columns.iter().map(|(field, _)| field.as_str()).chain(COMPARED).collect();
        let mut found = Vec::new();
        for field in fields.into_iter().filter(|field| !field.starts_with("attributes.")) {
            found.extend(data.get(field).and_then(plain).map(|text| (field.to_owned(), text)));
        }
        let mut attributes = Vec::new();
        flatten("attributes", data.get("attributes").unwrap_or(&Value::Null), &mut attributes);
        found.into_iter().chain(attributes)
    }
}

/// Reads a file to its end.
///
/// # Errors
/// What cannot be read, naming the row; a file without the identifier's or a mapped column; rows without identifier, or
/// two with the same.
pub(super) fn read(file: impl Read, form: Form, mapping: &Mapping, comparison: &mut Comparison) -> Result<(), Refusal> {
    match form {
        Form::Csv => csv(file, mapping, comparison),
        Form::Json => json(file, mapping, comparison),
    }
}

fn csv(file: impl Read, mapping: &Mapping, comparison: &mut Comparison) -> Result<(), Refusal> {
    let mut reader = ::csv::ReaderBuilder::new().trim(::csv::Trim::All).from_reader(BufReader::new(file));
    let names = reader.headers().map_err(|error| unreadable(&error))?.clone();
    let needed = mapping.columns.iter().map(|(_, column)| column).chain([&mapping.key]);
    for column in needed {
        if !names.iter().any(|name| name == column) {
            let known = names.iter().collect::<Vec<_>>().join(", ");
            let message = format!("the file has no column '{column}'; it has {known}");
            return Err(Refusal::invalid(rule::COLUMNS, column.as_str(), message));
        }
    }
    let key = names.iter().position(|name| name == mapping.key);
    let compared: Vec<(usize, &str)> =
        names.iter().enumerate().filter_map(|(at, name)| Some((at, mapping.field(name)?))).collect();
    let mut row = ::csv::StringRecord::new();
    let mut number = 0;
    while reader.read_record(&mut row).map_err(|error| unreadable(&error))? {
        number += 1;
        let cell = |at: usize| row.get(at).filter(|cell| !cell.is_empty());
        let values: Vec<(&str, String)> =
            compared.iter().filter_map(|(at, field)| Some((*field, cell(*at)?.to_owned()))).collect();
        take(comparison, number, key.and_then(cell), &mapping.key, &values)?;
    }
    Ok(())
}

fn json(file: impl Read, mapping: &Mapping, comparison: &mut Comparison) -> Result<(), Refusal> {
    let mut file = BufReader::new(file);
    let mut number = 0;
    let mut object = |map: Map<String, Value>| {
        number += 1;
        let mut cells = Vec::new();
        for (name, value) in &map {
            flatten(name, value, &mut cells);
        }
        let values: Vec<(&str, String)> =
            cells.iter().filter_map(|(name, text)| Some((mapping.field(name)?, text.clone()))).collect();
        let key = cells.iter().find(|(name, _)| *name == mapping.key).map(|(_, text)| text.as_str());
        take(comparison, number, key, &mapping.key, &values)
    };
    if starts_with_bracket(&mut file)? {
        let mut deserializer = serde_json::Deserializer::from_reader(file);
        let mut refused = None;
        let each = Each { object: &mut object, refused: &mut refused };
        let read = deserializer.deserialize_seq(each).and_then(|()| deserializer.end());
        return match (refused, read) {
            (Some(refusal), _) => Err(refusal),
            (None, Err(error)) => Err(unreadable(&error)),
            (None, Ok(())) => Ok(()),
        };
    }
    for map in serde_json::Deserializer::from_reader(file).into_iter::<Map<String, Value>>() {
        object(map.map_err(|error| unreadable(&error))?)?;
    }
    Ok(())
}

/// Whether the first character that is not white space opens an array.
fn starts_with_bracket(file: &mut impl BufRead) -> Result<bool, Refusal> {
    loop {
        let buffer = file.fill_buf().map_err(|error| unreadable(&error))?;
        let Some(first) = buffer.first() else { return Ok(false) };
        if !first.is_ascii_whitespace() {
            return Ok(*first == b'[');
        }
        file.consume(1);
    }
}

/// Hands on the objects of an array one by one, so that none but the last is in memory.
struct Each<'a, F> {
    object: &'a mut F,
    refused: &'a mut Option<Refusal>,
}

impl<'de, F: FnMut(Map<String, Value>) -> Result<(), Refusal>> Visitor<'de> for Each<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(Item(map)) = items.next_element()? {
            if let Err(refusal) = (self.object)(map) {
                *self.refused = Some(refusal);
                // Any error ends the reading; the refusal says what it was.
                return Err(serde::de::Error::custom("refused"));
            }
        }
        Ok(())
    }
}

struct Item(Map<String, Value>);

impl<'de> serde::Deserialize<'de> for Item {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self)
    }
}

fn take(
    comparison: &mut Comparison,
    row: u64,
    key: Option<&str>,
    column: &str,
    values: &[(&str, String)],
) -> Result<(), Refusal> {
    let field = format!("rows[{row}].{column}");
    let Some(key) = key else {
        return Err(Refusal::invalid(rule::NO_KEY, field, format!("row {row} has no {column}")));
    };
    if key.chars().count() > LONGEST_KEY || key.chars().any(char::is_control) {
        let message = format!("row {row}: {column} has to be one line of at most {LONGEST_KEY} characters");
        return Err(Refusal::invalid(crate::domain::refusal::rule::FORMAT, field, message));
    }
    comparison.discover(key, values).map_err(|_| {
        Refusal::invalid(rule::TWICE, field, format!("row {row}: {column} '{key}' was in an earlier row already"))
    })
}

/// Values of an object inside an object are named by their path.
fn flatten(name: &str, value: &Value, cells: &mut Vec<(String, String)>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                flatten(&format!("{name}.{key}"), value, cells);
            }
        }
        value => cells.extend(plain(value).map(|text| (name.to_owned(), text))),
    }
}

/// A value as a file of text would have it; none for null and for empty texts.
fn plain(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.trim().to_owned(),
        other => canonical::text(other),
    };
    (!text.is_empty()).then_some(text)
}

fn unreadable(error: &dyn fmt::Display) -> Refusal {
    Refusal::invalid(rule::UNREADABLE, "body", format!("the file cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::domain::configuration::audit::Registered;

    fn mapping(columns: &[(&str, &str)]) -> Mapping {
        let columns = columns.iter().map(|(f, c)| ((*f).to_owned(), (*c).to_owned())).collect();
        Mapping { key: "id".to_owned(), columns }
    }

    /// What differs from one registered item, or the rule and field that the file breaks.
    fn compared(text: &str, form: Form, mapping: &Mapping) -> Result<Vec<String>, (String, String)> {
        let mut comparison = Comparison::new(10);
        let data = json!({"type": "server", "version": "1", "criticality": 2, "attributes": {"ram": {"gb": 64}}});
        let values = mapping.registered(data.as_object().unwrap()).collect();
        comparison.register("a".into(), Registered { number: "CI-1".into(), not_expected: None, values });
        read(text.as_bytes(), form, mapping, &mut comparison)
            .map_err(|r| (r.rule.into_owned(), r.field.unwrap_or_default()))?;
        Ok(comparison.finish().differences.into_iter().map(|f| format!("{}: {}", f.key, f.what)).collect())
    }

    #[test]
    fn rows_of_csv_are_compared_by_their_columns() {
        let text = "\u{feff}id , version,Rating,attributes.ram.gb,other\na,1, 2,64,x\nb,,,,\n";
        let map = mapping(&[("criticality", "Rating")]);
        assert_eq!(compared(text, Form::Csv, &map), Ok(vec!["b: found, but not registered".to_owned()]));
        let text = "id,version,attributes.ram.gb,location\na,2,,\"Bei\njing\"\n";
        let what = "a: version is registered as '1', found '2'; location is not registered, found 'Bei\njing'";
        assert_eq!(compared(text, Form::Csv, &mapping(&[])), Ok(vec![what.to_owned()]));
    }

    #[test]
    fn objects_of_json_are_compared_by_their_paths() {
        for text in [
            r#"[{"id": "a", "version": 1, "attributes": {"ram": {"gb": 64}}, "type": null}]"#,
            "  {\"id\": \"a\", \"version\": \"1\"}\n{\"id\": \"b\"}\n",
            "[]",
            "",
        ] {
            let found = compared(text, Form::Json, &mapping(&[])).unwrap();
            assert!(!found.iter().any(|line| line.contains("is registered")), "{text}: {found:?}");
        }
        let text = r#"[{"id": "a", "hw": {"memory": 32}}]"#;
        let map = mapping(&[("attributes.ram.gb", "hw.memory")]);
        let what = "a: attributes.ram.gb is registered as '64', found '32'";
        assert_eq!(compared(text, Form::Json, &map), Ok(vec![what.to_owned()]));
    }

    #[test]
    fn a_file_that_makes_no_sense_names_its_row() {
        let refused = |text: &str, form| compared(text, form, &mapping(&[("version", "Release")])).unwrap_err();
        let is = |rule: &str, field: &str| (rule.to_owned(), field.to_owned());
        assert_eq!(refused("id,version\n", Form::Csv), is("columns", "Release"));
        assert_eq!(refused("Release\n1\n", Form::Csv), is("columns", "id"));
        assert_eq!(refused("id,Release\na,1\n,2\n", Form::Csv), is("row-without-key", "rows[2].id"));
        assert_eq!(refused("id,Release\na,1\na,2\n", Form::Csv), is("key-twice", "rows[2].id"));
        assert_eq!(refused("id,Release\na\n", Form::Csv), is("unreadable-file", "body"));
        assert_eq!(refused(r#"[{"id": "x"}, {"id": "x"}]"#, Form::Json), is("key-twice", "rows[2].id"));
        assert_eq!(refused(r#"[{"id": "x"}, {}]"#, Form::Json), is("row-without-key", "rows[2].id"));
        for text in [r#"[{"id": "x"}"#, r#"[{"id": "x"}] 1"#, "[1]", "{\"id\"", "x"] {
            assert_eq!(refused(text, Form::Json), is("unreadable-file", "body"), "{text}");
        }
    }
}
