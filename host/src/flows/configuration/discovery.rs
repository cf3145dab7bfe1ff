//! Reading a discovery: rows of CSV, or objects of JSON, as they arrive.

use std::fmt;
use std::io::{BufRead, BufReader, Read};

use serde::de::{DeserializeSeed, Deserializer as _, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::domain::configuration::audit::Comparison;
use crate::domain::refusal::{FieldProblem, Refusal};

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

/// The form of a discovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Comma-separated values with a heading.
    Csv,
    /// An array of objects, or objects one after the other (JSON Lines).
    Json,
}

/// Which columns of the discovery are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// Column of the identifier.
    pub key: String,
    /// Fields that are compared, each with its column.
    pub columns: Vec<(String, String)>,
}

/// What a column of CSV, or a path of JSON, is called that has a field's own name.
fn is_compared(name: &str) -> bool {
    const FIELDS: [&str; 5] = ["type", "version", "location", "support_group", "criticality"];
    FIELDS.contains(&name) || name.strip_prefix("attributes.").is_some_and(|rest| !rest.is_empty())
}

/// The columns of a CSV that have a field's own name, beside those that the caller mapped.
///
/// # Errors
/// When the heading cannot be read, or lacks the identifier or a mapped column.
pub(super) fn heading(
    file: impl Read,
    mapping: &Mapping,
) -> Result<(csv::Reader<BufReader<impl Read>>, Columns), Refusal> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(BufReader::new(WithoutMark::new(file)));
    let names: Vec<String> = match reader.headers() {
        Ok(names) => names.iter().map(str::to_owned).collect(),
        Err(error) => return Err(unreadable(&error)),
    };
    let place = |name: &str| names.iter().position(|known| known == name);
    let lacks = |name: &str| {
        let message = format!("the file has no column '{name}'; it has {}", names.join(", "));
        Refusal::invalid(rule::COLUMNS, name, message)
    };
    let key = place(&mapping.key).ok_or_else(|| lacks(&mapping.key))?;
    let mut compared = Vec::new();
    for (field, column) in &mapping.columns {
        compared.push((field.clone(), place(column).ok_or_else(|| lacks(column))?));
    }
    for (at, name) in names.iter().enumerate() {
        if at != key && is_compared(name) && !compared.iter().any(|(field, _)| field == name) {
            compared.push((name.clone(), at));
        }
    }
    Ok((reader, Columns { key, compared }))
}
