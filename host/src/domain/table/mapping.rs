//! How the columns of a foreign file become fields: the mapping of an import.
//!
//! ```toml
//! time_zone = "Asia/Shanghai"       # of moments that name no offset; UTC unless told otherwise
//! moment = "%d/%m/%Y %H:%M"         # form of moments, in strftime letters
//! missing = ["?", "n/a"]            # texts that mean "no value"
//!
//! [columns]
//! Subject = "title"
//! Remark = { ignore = true }
//! Prio = { field = "impact", values = { High = 1, Low = 3 } }
//!
//! [constants]
//! channel = "mail"
//! ```

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::domain::refusal::Refusal;

/// A mapping, as TOML or JSON. Columns that it does not name are recognised by their headings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mapping {
    /// Zone of moments that name no offset from UTC.
    pub time_zone: Option<String>,
    /// Form of days, in strftime letters; `2026-03-31` unless told otherwise.
    pub date: Option<String>,
    /// Form of moments; RFC 3339 unless told otherwise.
    pub moment: Option<String>,
    /// Texts that mean "no value".
    pub missing: Vec<String>,
    /// An empty cell removes the field's value; unless told so, it leaves it as it is.
    pub clear: bool,
    /// Separator of the columns of a CSV file.
    pub separator: Option<char>,
    /// Sheet of an XLSX file; the first one unless told otherwise.
    pub sheet: Option<String>,
    /// Heading to what becomes of the column.
    pub columns: BTreeMap<String, From>,
    /// Fields that every row gets where it does not say otherwise.
    pub constants: Map<String, Value>,
}

/// What becomes of a column: the name of a field, or more.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum From {
    /// The field.
    Field(String),
    /// The field and how its values are read, or that the column is passed over.
    Target(Target),
}

/// A field and how its values are read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Target {
    /// The field (or `number`, `state`, `revision`).
    pub field: Option<String>,
    /// Pass the column over.
    pub ignore: bool,
    /// Foreign text to our value; a text that is not listed is refused.
    pub values: Option<BTreeMap<String, Value>>,
    /// Value for an empty cell.
    pub default: Option<Value>,
    /// Text before every value.
    pub prefix: String,
    /// Form of days in this column.
    pub date: Option<String>,
    /// Form of moments in this column.
    pub moment: Option<String>,
}

impl From {
    /// The long form.
    pub fn target(&self) -> Target {
        match self {
            Self::Field(name) => Target { field: Some(name.clone()), ..Target::default() },
            Self::Target(target) => target.clone(),
        }
    }
}

impl Mapping {
    /// Reads a mapping: JSON when it begins with a brace, else TOML.
    ///
    /// # Errors
    /// What is wrong with it, with its line.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let refused = |why: String| Refusal::invalid("mapping", "mapping", why);
        let mapping: Self = if text.trim_start().starts_with('{') {
            serde_json::from_str(text).map_err(|e| refused(format!("the mapping cannot be read: {e}")))?
        } else {
            toml::from_str(text).map_err(|e| refused(format!("the mapping cannot be read: {e}")))?
        };
        if mapping.separator.is_some_and(|sign| !sign.is_ascii()) {
            return Err(refused("separator is one ASCII character".to_owned()));
        }
        for (heading, from) in &mapping.columns {
            let target = from.target();
            if target.ignore == target.field.is_some() {
                let message = format!("columns.{heading} needs either a field or ignore = true");
                return Err(refused(message));
            }
        }
        Ok(mapping)
    }
}
