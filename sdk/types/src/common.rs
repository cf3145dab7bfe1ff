//! What every process shares: reasons, refusals, attributes.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, MapAccess, Unexpected, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use crate::time::{DAY_S, Date, Instant, Interval, TimeOfDay, Weekday, Window, days_in_month, interval_pairs};

/// Named values that the typed request does not carry, by name.
pub type Attributes = BTreeMap<String, Value>;

/// One value of an attribute. JSON: a string, an integer or a boolean.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// Yes or no.
    Flag(bool),
    /// A whole number within ±2^53.
    Whole(i64),
    /// Free text or a code.
    Text(String),
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl Visitor<'_> for Any {
            type Value = Value;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an attribute that is a text, a whole number or a boolean")
            }

            fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
                Ok(Value::Flag(flag))
            }

            fn visit_i64<E>(self, whole: i64) -> Result<Value, E> {
                Ok(Value::Whole(whole))
            }

            fn visit_u64<E: de::Error>(self, whole: u64) -> Result<Value, E> {
                i64::try_from(whole).map(Value::Whole).map_err(|_| E::invalid_value(Unexpected::Unsigned(whole), &self))
            }

            fn visit_str<E>(self, text: &str) -> Result<Value, E> {
                Ok(Value::Text(text.to_owned()))
            }

            fn visit_string<E>(self, text: String) -> Result<Value, E> {
                Ok(Value::Text(text))
            }
        }

        deserializer.deserialize_any(Any)
    }
}

/// One step of the explanation of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// Stable code, lower case with hyphens.
    pub code: String,
    /// One sentence in English for people; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Named figures behind the reason, in order.
    #[serde(default, skip_serializing_if = "Data::is_empty")]
    pub data: Data,
}

impl Reason {
    /// A reason without figures.
    #[must_use]
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), data: Data::default() }
    }

    /// Adds a figure.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.data.0.push((name.into(), value.to_string()));
        self
    }
}

/// Named figures in order. JSON: a map.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Data(pub Vec<(String, String)>);

impl Data {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first value of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Data;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of strings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Data, A::Error> {
                let mut entries = Vec::with_capacity(map.size_hint().unwrap_or(0).min(64));
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Data(entries))
            }
        }

        deserializer.deserialize_map(Entries)
    }
}

/// What sort of refusal it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalKind {
    /// The request breaks a rule of the process.
    InvalidRequest,
    /// The settings are wrong.
    InvalidSettings,
    /// The component does not offer this.
    NotSupported,
    /// Any other reason.
    Other,
}

/// Why a component returned no decision. An answer, not a failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// What sort of refusal it is.
    pub kind: RefusalKind,
    /// Stable code, e.g. `calendar-conflict`.
    pub code: String,
    /// One sentence in English for people.
    pub message: String,
}

impl Refusal {
    /// The request breaks a rule of the process.
    #[must_use]
    pub fn invalid_request(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind: RefusalKind::InvalidRequest, code: code.into(), message: message.into() }
    }

    /// The settings are wrong; the code is `invalid-settings`.
    #[must_use]
    pub fn invalid_settings(message: impl Into<String>) -> Self {
        Self { kind: RefusalKind::InvalidSettings, code: "invalid-settings".to_owned(), message: message.into() }
    }

    /// The component does not offer this; the code is `not-supported`.
    #[must_use]
    pub fn not_supported(message: impl Into<String>) -> Self {
        Self { kind: RefusalKind::NotSupported, code: "not-supported".to_owned(), message: message.into() }
    }

    /// Any other reason.
    #[must_use]
    pub fn other(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind: RefusalKind::Other, code: code.into(), message: message.into() }
    }

    /// The golden files' form of a refusal: `{"error": CODE}`.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "error": self.code })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Refusal {}

/// When a decision should be looked at again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Milestone {
    /// What will have happened by then, e.g. `resolution.warning`.
    pub name: String,
    /// First instant at which it holds if nothing else changes.
    pub at: Instant,
}

/// An outcome with its reasons, as a rule returns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided<T> {
    /// What was decided.
    pub outcome: T,
    /// When to look again; only the clocks of a ticket have milestones.
    pub milestones: Vec<Milestone>,
    /// Why, in order.
    pub reasons: Vec<Reason>,
}

impl<T> Decided<T> {
    /// An outcome and its reasons.
    #[must_use]
    pub fn new(outcome: T, reasons: Vec<Reason>) -> Self {
        Self { outcome, milestones: Vec::new(), reasons }
    }

    /// The same reasons with another form of the outcome.
    #[must_use]
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Decided<U> {
        Decided { outcome: change(self.outcome), milestones: self.milestones, reasons: self.reasons }
    }
}
