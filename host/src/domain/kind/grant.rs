//! Entries of a kind's access lists (guide, section 2): who may, and with which records.

use std::fmt;

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use serde_json::{Map, Value};

use super::Kind;
use crate::domain::field::{FieldType, Target, encode, encode_text};
use crate::domain::record::Record;
use crate::domain::role::{Actor, Who};

/// Columns that a condition may look at beside indexed fields.
const COLUMNS: [&str; 3] = ["state", "owner", "created_by"];

/// One entry of an access list: `SD`, `CUS:own`, `any`, or `{ role = "CUS", where = { state = "published" } }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Who.
    pub who: Who,
    /// With which records.
    pub extent: Extent,
}

/// Which records a grant is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of the kind.
    All,
    /// Their own: those that they own, made, or are named in by one of the kind's `owner_fields`.
    Own,
    /// Those of which all of this holds.
    Where(Vec<Condition>),
}

/// A condition on a record: the field, or the column, has one of these values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// An indexed field or path of the kind, or one of the columns `state`, `owner` and `created_by`.
    pub field: String,
    /// The values.
    pub values: Values,
}

/// What a condition compares with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Values {
    /// These values.
    These(Vec<Literal>),
    /// Something of whoever asks.
    Of(Personal),
}

/// A value as the file has it, and as the index has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Literal {
    given: Value,
    sortable: String,
}

/// What a condition knows of whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Personal {
    /// His name.
    Actor,
    /// The customers he belongs to ([`crate::domain::role::Reach`]).
    Customers,
    /// The services of those customers.
    Services,
}

impl Personal {
    /// The word for it in a kind file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Actor => "@actor",
            Self::Customers => "@customers",
            Self::Services => "@services",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Actor, Self::Customers, Self::Services].into_iter().find(|personal| personal.word() == word)
    }

    /// The fields that it can be compared with.
    fn fits(self, ty: &FieldType) -> bool {
        let refers = |ty: &FieldType, to: &str| matches!(ty, FieldType::Ref(Target::Kind(prefix)) if prefix == to);
        match self {
            Self::Actor => *ty == FieldType::User,
            Self::Customers => refers(ty, "CST"),
            Self::Services => refers(ty, "SVC"),
        }
    }
}

impl Condition {
    /// Reads what a kind file says of a field: a value, or a list of values.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(kind: &Kind, field: &str, given: &Value) -> Result<Self, String> {
        let ty = Self::ty(kind, field)?;
        if let Some(word) = given.as_str().filter(|word| word.starts_with('@')) {
            let personal =
                Personal::parse(word).ok_or_else(|| format!("'{word}' is none of @actor, @customers and @services"))?;
            if !personal.fits(&ty) {
                return Err(format!("{field} is of the type {ty} and cannot be compared with {word}"));
            }
            return Ok(Self { field: field.to_owned(), values: Values::Of(personal) });
        }
        let items = match given {
            Value::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        if items.is_empty() {
            return Err(format!("the condition on {field} names no value"));
        }
        let values = items.iter().map(|item| Self::literal(kind, field, &ty, item)).collect::<Result<_, _>>()?;
        Ok(Self { field: field.to_owned(), values: Values::These(values) })
    }

    /// The type of what a condition compares; lists are narrowed by conditions, so that it has to be in the index.
    fn ty(kind: &Kind, field: &str) -> Result<FieldType, String> {
        match field {
            "state" => Ok(FieldType::Str),
            column if COLUMNS.contains(&column) => Ok(FieldType::User),
            path => match kind.indexed(path) {
                Some(ty) => Ok(ty.clone()),
                None if kind.field(path).is_some() => {
                    Err(format!("{path} is not indexed, and lists could not be narrowed by it"))
                }
                None => Err(format!("the kind has no field '{path}'")),
            },
        }
    }

    fn literal(kind: &Kind, field: &str, ty: &FieldType, given: &Value) -> Result<Literal, String> {
        let text = match (given, ty) {
            (Value::String(text), _) if text.starts_with('@') => {
                return Err(format!("{text} stands for several values and by itself"));
            }
            (Value::Number(number), FieldType::Int | FieldType::Dur) => number.to_string(),
            (Value::Bool(value), FieldType::Bool) => value.to_string(),
            (Value::String(text), ty) if !matches!(ty, FieldType::Int | FieldType::Dur | FieldType::Bool) => {
                text.clone()
            }
            _ => return Err(format!("{field} is of the type {ty}, and {given} is no such value")),
        };
        // In the index this stands for a field without a value.
        if text.is_empty() {
            return Err(format!("the condition on {field} names an empty value"));
        }
        if field == "state" && kind.state(&text).is_none() {
            return Err(format!("the kind has no state '{text}'"));
        }
        let sortable = encode_text(field, ty, &text).map_err(|refusal| refusal.to_string())?;
        Ok(Literal { given: given.clone(), sortable })
    }

    /// The values that pass for this actor, in the index's form; there may be none.
    pub fn passing(&self, actor: &Actor) -> Vec<String> {
        match &self.values {
            Values::These(values) => values.iter().map(|value| value.sortable.clone()).collect(),
            Values::Of(Personal::Actor) => vec![actor.user.clone()],
            Values::Of(Personal::Customers) => actor.reach.customers.iter().cloned().collect(),
            Values::Of(Personal::Services) => actor.reach.services.iter().cloned().collect(),
        }
    }

    /// Whether it holds of a record for this actor, as the index would say.
    pub fn holds(&self, kind: &Kind, actor: &Actor, record: &Record) -> bool {
        let passes = |text: &str| match &self.values {
            Values::These(values) => values.iter().any(|value| value.sortable == text),
            Values::Of(Personal::Actor) => actor.user == text,
            Values::Of(Personal::Customers) => actor.reach.customers.contains(text),
            Values::Of(Personal::Services) => actor.reach.services.contains(text),
        };
        match self.field.as_str() {
            "state" => passes(&record.state),
            "owner" => passes(&record.owner),
            "created_by" => passes(&record.created_by),
            path => kind.indexed(path).zip(record.at(path)).is_some_and(|(ty, value)| {
                let items = match value {
                    Value::Array(items) => items.as_slice(),
                    one => std::slice::from_ref(one),
                };
                items.iter().filter_map(|item| encode(ty, item)).any(|text| passes(&text))
            }),
        }
    }

    /// Whether it depends on the customers that somebody belongs to.
    pub fn asks_reach(&self) -> bool {
        matches!(self.values, Values::Of(Personal::Customers | Personal::Services))
    }

    fn given(&self) -> Value {
        match &self.values {
            Values::Of(personal) => personal.word().into(),
            Values::These(values) => match values.as_slice() {
                [one] => one.given.clone(),
                several => several.iter().map(|value| value.given.clone()).collect(),
            },
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match &self.values {
            Values::Of(Personal::Actor) => write!(f, "{} names you", self.field),
            Values::Of(Personal::Customers) => write!(f, "{} is one that you belong to", self.field),
            Values::Of(Personal::Services) => write!(f, "{} is one of your own", self.field),
            Values::These(values) => {
                let values: Vec<String> = values.iter().map(|value| text(&value.given)).collect();
                write!(f, "{} is {}", self.field, values.join(" or "))
            }
        }
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.who.fmt(f)?;
        match &self.extent {
            Extent::All => Ok(()),
            Extent::Own => f.write_str(":own"),
            Extent::Where(conditions) => {
                let all: Vec<String> = conditions.iter().map(Condition::to_string).collect();
                write!(f, " (where {})", all.join(" and "))
            }
        }
    }
}

/// As a kind file has it.
impl Serialize for Grant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Extent::Where(conditions) = &self.extent else {
            return serializer.collect_str(self);
        };
        let given: Map<String, Value> = conditions.iter().map(|one| (one.field.clone(), one.given())).collect();
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("role", &self.who)?;
        map.serialize_entry("where", &given)?;
        map.end()
    }
}
