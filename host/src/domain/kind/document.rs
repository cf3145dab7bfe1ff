//! A kind's file as a document that can be changed part by part: what it says, not yet what it means.
//!
//! Everything here works on any part that a file may have, so that a new sort of part needs nothing here but its name.

mod keep;
mod write;

use serde_json::{Map, Value as Json};
use toml::{Table, Value};

use super::KindError;

/// A sort of part that a kind has several of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `[[state]]`
    State,
    /// `[[field]]`
    Field,
    /// `[[index]]`
    Index,
    /// `[[transition]]`
    Transition,
    /// `[[rule]]`
    Rule,
    /// `[[reminder]]`
    Reminder,
    /// `[[makes]]`
    Makes,
    /// `[[decision]]`
    Decision,
}

impl Part {
    /// All of them, in the order in which a file has them.
    pub const ALL: [Self; 8] = [
        Self::State,
        Self::Field,
        Self::Index,
        Self::Transition,
        Self::Rule,
        Self::Reminder,
        Self::Makes,
        Self::Decision,
    ];

    /// Its key in the file.
    pub fn key(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Field => "field",
            Self::Index => "index",
            Self::Transition => "transition",
            Self::Rule => "rule",
            Self::Reminder => "reminder",
            Self::Makes => "makes",
            Self::Decision => "decision",
        }
    }

    /// The part with this name in URLs, in the plural; the processes that decide are not for an organisation to set.
    pub fn of_path(name: &str) -> Option<Self> {
        Some(match name {
            "states" => Self::State,
            "fields" => Self::Field,
            "indexes" => Self::Index,
            "transitions" => Self::Transition,
            "rules" => Self::Rule,
            "reminders" => Self::Reminder,
            "makes" => Self::Makes,
            _ => return None,
        })
    }

    /// What tells one part of this sort from the others: its name, an index's path, a transition's `FROM>NAME`.
    fn name(self, table: &Table) -> String {
        let text = |key: &str| table.get(key).and_then(Value::as_str).unwrap_or_default();
        match self {
            Self::Index => text("path").to_owned(),
            Self::Decision => text("process").to_owned(),
            Self::Transition => {
                let name = if table.contains_key("name") { text("name") } else { text("to") };
                format!("{}>{name}", text("from"))
            }
            _ => text("name").to_owned(),
        }
    }
}

/// A kind's file as a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document(Table);

impl Document {
    /// Reads a file.
    ///
    /// # Errors
    /// Where it is not TOML.
    pub fn read(text: &str, file: &str) -> Result<Self, KindError> {
        toml::from_str(text).map(Self).map_err(|error| super::parse::syntax(&error, text, file))
    }

    /// Reads the JSON form of a file: the same keys and values. Null says the same as nothing.
    ///
    /// # Errors
    /// The path of a value that TOML does not have.
    pub fn of_json(map: &Map<String, Json>) -> Result<Self, String> {
        table(map, "").map(Self)
    }

    /// The JSON form of the file.
    pub fn to_json(&self) -> Json {
        serde_json::to_value(&self.0).unwrap_or_default()
    }

    /// The file as text, in the order in which kind files are written.
    pub fn text(&self) -> String {
        write::document(&self.0)
    }

    /// The text under a key at the head of the file.
    pub fn head(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(Value::as_str)
    }

    fn parts(&self, part: Part) -> impl Iterator<Item = &Table> {
        self.0.get(part.key()).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table)
    }

    fn part(&self, part: Part, name: &str) -> Option<&Table> {
        self.parts(part).find(|table| part.name(table) == name)
    }

    /// The names of its parts of a sort.
    pub fn names(&self, part: Part) -> Vec<String> {
        self.parts(part).map(|table| part.name(table)).collect()
    }

    /// Adds a part, given in its JSON form, to a file's text. Comments and order stay where they are.
    ///
    /// # Errors
    /// The path of a value that TOML does not have.
    pub fn add(text: &str, file: &str, part: Part, map: &Map<String, Json>) -> Result<String, AddError> {
        let table = table(map, "").map_err(AddError::Value)?;
        let mut document = Self::read(text, file)?;
        let longer = format!("{}\n\n{}", text.trim_end(), write::part(part, &table));
        document.push(part, table);
        // A file that keeps its parts in inline lists cannot be added to at its end.
        match Self::read(&longer, file) {
            Ok(same) if same == document => Ok(longer),
            _ => Ok(document.text()),
        }
    }

    fn push(&mut self, part: Part, table: Table) {
        let list = self.0.entry(part.key()).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(list) = list {
            list.push(Value::Table(table));
        }
    }

    /// Removes the parts of a sort with this name; a transition may be named without the state it starts from when
    /// only one has the name. Gives how many had the name.
    pub fn remove(&mut self, part: Part, name: &str) -> usize {
        let alone = |table: &Table| part.name(table).split_once('>').is_some_and(|(_, rest)| rest == name);
        let known = |table: &Table| part.name(table) == name || (part == Part::Transition && alone(table));
        let count = self.parts(part).filter(|table| known(table)).count();
        if count == 1
            && let Some(Value::Array(list)) = self.0.get_mut(part.key())
        {
            list.retain(|item| !item.as_table().is_some_and(known));
            if list.is_empty() {
                self.0.remove(part.key());
            }
        }
        count
    }

    /// Adds what `base` has and this document has not: parts that a newer server brings for a kind that an
    /// organisation shaped before. Gives whether anything was missing.
    pub fn complete(&mut self, base: &Self) -> bool {
        let mut missing = false;
        for part in Part::ALL {
            for table in base.parts(part) {
                if self.part(part, &part.name(table)).is_none() {
                    self.push(part, table.clone());
                    missing = true;
                }
            }
        }
        missing
    }
}

/// Why a part cannot be added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddError {
    /// The part has a value that a file cannot have.
    #[error("{0}")]
    Value(String),
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] KindError),
}

fn table(map: &Map<String, Json>, within: &str) -> Result<Table, String> {
    let mut table = Table::new();
    for (key, value) in map {
        let path = if within.is_empty() { key.clone() } else { format!("{within}.{key}") };
        if let Some(value) = value_of(value, &path)? {
            table.insert(key.clone(), value);
        }
    }
    Ok(table)
}

fn value_of(json: &Json, path: &str) -> Result<Option<Value>, String> {
    Ok(Some(match json {
        Json::Null => return Ok(None),
        Json::Bool(flag) => Value::Boolean(*flag),
        Json::String(text) => Value::String(text.clone()),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::Integer(whole),
            None => return Err(format!("{path} is {number}; a kind's file has whole numbers only")),
        },
        Json::Array(items) => {
            let items = items.iter().enumerate().map(|(index, item)| {
                let path = format!("{path}[{index}]");
                value_of(item, &path)?.ok_or_else(|| format!("{path} is null; a list has no empty places"))
            });
            Value::Array(items.collect::<Result<_, _>>()?)
        }
        Json::Object(map) => Value::Table(table(map, path)?),
    }))
}

#[cfg(test)]
mod tests;
