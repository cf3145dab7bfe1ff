//! How a foreign event log reads as records: columns to fields, values to states.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::domain::refusal::Refusal;
use crate::flows::scenario::Scenario;

/// A mapping file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Name of the source; records of one source are recognised by it when the import runs again.
    pub name: String,
    /// Slug of the kind that the log's records become.
    pub kind: String,
    /// How the file is read.
    pub source: Source,
    /// Field by field, where its value comes from.
    pub fields: BTreeMap<String, From>,
    /// Foreign state to ours.
    pub states: BTreeMap<String, State>,
    /// Records and settings that the imported records stand on.
    #[serde(default)]
    pub scenario: Scenario,
}

/// How the file is read.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Column that says which record a row is about; rows of one record stand together.
    pub key: String,
    /// Column of the state.
    pub state: String,
    /// Column of the instant of the event.
    pub at: String,
    /// Column of who did it.
    pub actor: Option<String>,
    /// Column of the instant at which the record was opened.
    pub opened_at: String,
    /// Column of the instant at which the service was restored.
    pub restored_at: Option<String>,
    /// Form of dates, in strftime letters: `%d/%m/%Y %H:%M`.
    pub dates: String,
    /// Zone that the log's clock shows.
    #[serde(default = "utc")]
    pub time_zone: String,
    /// Texts that mean "no value".
    #[serde(default)]
    pub missing: Vec<String>,
    /// Separator of columns.
    #[serde(default = "comma")]
    pub separator: char,
}

fn utc() -> String {
    "UTC".to_owned()
}

fn comma() -> char {
    ','
}

/// Where a field's value comes from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct From {
    /// Column; the second column of the same name is `NAME#2`.
    pub column: Option<String>,
    /// Text before the value.
    #[serde(default)]
    pub prefix: String,
    /// The value is a whole number.
    #[serde(default)]
    pub whole: bool,
    /// Foreign value to ours; a value that is not listed is refused.
    pub values: Option<BTreeMap<String, Value>>,
    /// Value where the column has none; may be `@KEY` of a record of the scenario.
    pub default: Option<Value>,
}

/// What a foreign state is here.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Our state.
    pub state: String,
    /// The resolution clock stands still in it.
    #[serde(default)]
    pub pause: bool,
    /// A person has begun to work on it.
    #[serde(default)]
    pub response: bool,
    /// The service is restored.
    #[serde(default)]
    pub restored: bool,
}

impl Mapping {
    /// Reads a mapping file.
    ///
    /// # Errors
    /// What is wrong with it, with its line.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        toml::from_str(text).map_err(|e| Refusal::invalid("mapping", "mapping", e.to_string()))
    }

    /// The columns that the file must have.
    pub fn columns(&self) -> Vec<&str> {
        let source = &self.source;
        let mut columns = vec![source.key.as_str(), &source.state, &source.at, &source.opened_at];
        columns.extend(source.actor.as_deref());
        columns.extend(source.restored_at.as_deref());
        columns.extend(self.fields.values().filter_map(|from| from.column.as_deref()));
        columns.sort_unstable();
        columns.dedup();
        columns
    }
}

impl From {
    /// The field's value from a cell.
    ///
    /// # Errors
    /// Why the cell's text is no value of the field.
    pub fn value(&self, cell: Option<&str>) -> Result<Option<Value>, String> {
        let Some(cell) = cell else { return Ok(self.default.clone()) };
        if let Some(values) = &self.values {
            return values.get(cell).cloned().map(Some).ok_or_else(|| format!("value '{cell}' is not mapped"));
        }
        if self.whole {
            return cell.parse::<i64>().map(|n| Some(n.into())).map_err(|_| format!("'{cell}' is not a whole number"));
        }
        Ok(Some(format!("{}{cell}", self.prefix).into()))
    }
}

/// Fields of a row, by our names.
pub(super) type Fields = Map<String, Value>;
