//! Transitions that the host takes by itself (pseudo-role `auto`): at once, or at a moment that the record names.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::expression::Expression;
use super::field::FieldType;
use super::policy::Policy;
use super::record::Record;
use super::time::{self, Instant, parse_date};
use super::workdays::Workdays;

/// When the host takes a transition by itself. In a kind file `when = "immediately"`, `when = "answered"`,
/// `when = { at = "valid_to", days = -30 }`, `when = { days = "auto-close" }`,
/// `when = { moment = "plus_days(record.used_on, 90)" }` or `when = { replaced = ["code"] }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Automatic {
    /// In the same unit of work, as soon as the record is in the state the transition starts from and has what the
    /// transition requires.
    Immediately,
    /// When somebody whose record it is, or who is no staff, says something in public about it.
    Answered,
    /// At a moment counted from another one.
    At(Moment),
    /// At a moment that an expression gives: a date, an instant, or null for never.
    Computed(Expression),
    /// When another record of the kind, with the same values in these fields, comes into the state that the
    /// transition starts from: the new version takes the place of the old one.
    Replaced(Vec<String>),
}

/// The tables that `when` may be.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    at: Option<String>,
    days: Option<Distance>,
    moment: Option<Expression>,
    replaced: Option<Vec<String>>,
}

impl Table {
    fn read(self) -> Result<Automatic, &'static str> {
        match self {
            Self { at: None, days: None, moment: Some(moment), replaced: None } => Ok(Automatic::Computed(moment)),
            Self { at: None, days: None, moment: None, replaced: Some(fields) } => Ok(Automatic::Replaced(fields)),
            Self { at: None, days: None, moment: None, replaced: None } => Err("the table says nothing"),
            Self { at, days, moment: None, replaced: None } => {
                Ok(Automatic::At(Moment { at, days: days.unwrap_or_default() }))
            }
            _ => Err("at and days, moment, and replaced exclude one another"),
        }
    }
}

/// A moment counted from another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Date or instant field that is counted from; a date stands for its start in UTC. `None`: the moment at which
    /// the record entered the state that the transition starts from.
    pub at: Option<String>,
    /// How far from there.
    pub days: Distance,
}

/// A number of days: as the kind file gives it, or as the organisation's policy does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distance {
    /// Days of 24 hours later, earlier when negative.
    Days(i32),
    /// What the policy says.
    Policy(Delay),
}

/// The delays that the policy sets, because the guide gives them as defaults (DEF).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delay {
    /// `contract-notice`: so many days before a contract ends it counts as expiring.
    ContractNotice,
    /// `auto-close`: so many working days after it was resolved or fulfilled a ticket is closed (guide, P35).
    AutoClose,
}

impl Delay {
    const ALL: [Self; 2] = [Self::ContractNotice, Self::AutoClose];

    /// Its name in kind files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ContractNotice => "contract-notice",
            Self::AutoClose => "auto-close",
        }
    }
}

impl Default for Distance {
    fn default() -> Self {
        Self::Days(0)
    }
}

impl Moment {
    /// Whether the moment is counted in working days, so that a calendar matters.
    pub fn counts_workdays(&self) -> bool {
        self.days == Distance::Policy(Delay::AutoClose)
    }

    /// The moment for a record; `None` while the field it counts from is empty. `entered` is when the record came
    /// into its state.
    pub fn of(&self, record: &Record, entered: Instant, policy: &Policy, workdays: &Workdays) -> Option<Instant> {
        const DAY_MS: i64 = 86_400_000;
        let from = match &self.at {
            None => entered,
            Some(field) => instant(record.text(field)?)?,
        };
        let later = |days: i64| from.plus(days.saturating_mul(DAY_MS));
        Some(match self.days {
            Distance::Days(days) => later(i64::from(days)),
            Distance::Policy(Delay::ContractNotice) => later(-i64::from(policy.contract.notice_days)),
            Distance::Policy(Delay::AutoClose) => workdays.after(from, policy.ticket.auto_close_working_days),
        })
    }

    /// Whether moments can be counted from values of this type.
    pub fn can_count_from(ty: &FieldType) -> bool {
        matches!(ty, FieldType::Date | FieldType::Instant)
    }
}

/// The moment that a text stands for, a date or an instant; a date stands for its start in UTC.
pub fn instant(text: &str) -> Option<Instant> {
    match parse_date(text) {
        Some(date) => time::start_of_day("UTC", date).ok(),
        None => text.parse().ok(),
    }
}

impl<'de> Deserialize<'de> for Automatic {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Forms;

        impl<'de> Visitor<'de> for Forms {
            type Value = Automatic;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(r#""immediately", "answered" or a table like { at = "valid_to", days = -30 }"#)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Automatic, E> {
                match text {
                    "immediately" => Ok(Automatic::Immediately),
                    "answered" => Ok(Automatic::Answered),
                    _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Automatic, A::Error> {
                let table = Table::deserialize(MapAccessDeserializer::new(map))?;
                table.read().map_err(de::Error::custom)
            }
        }

        deserializer.deserialize_any(Forms)
    }
}

impl Serialize for Automatic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Immediately => serializer.serialize_str("immediately"),
            Self::Answered => serializer.serialize_str("answered"),
            Self::Computed(moment) => one(serializer, "moment", moment),
            Self::Replaced(fields) => one(serializer, "replaced", fields),
            Self::At(moment) => {
                let mut map = serializer.serialize_map(None)?;
                if let Some(field) = &moment.at {
                    map.serialize_entry("at", field)?;
                }
                map.serialize_entry("days", &moment.days)?;
                map.end()
            }
        }
    }
}

fn one<S: Serializer, T: Serialize>(serializer: S, key: &str, value: &T) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(key, value)?;
    map.end()
}

impl<'de> Deserialize<'de> for Distance {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Forms;

        impl Visitor<'_> for Forms {
            type Value = Distance;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let names = Delay::ALL.map(|delay| format!("{:?}", delay.as_str())).join(" or ");
                write!(f, "a number of days, {names}")
            }

            fn visit_i64<E: de::Error>(self, days: i64) -> Result<Distance, E> {
                let wrong = |_| E::invalid_value(de::Unexpected::Signed(days), &self);
                i32::try_from(days).map(Distance::Days).map_err(wrong)
            }

            fn visit_u64<E: de::Error>(self, days: u64) -> Result<Distance, E> {
                let wrong = |_| E::invalid_value(de::Unexpected::Unsigned(days), &self);
                i32::try_from(days).map(Distance::Days).map_err(wrong)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Distance, E> {
                let delay = Delay::ALL.into_iter().find(|delay| delay.as_str() == text);
                delay.map(Distance::Policy).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_any(Forms)
    }
}

impl Serialize for Distance {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Days(days) => serializer.serialize_i32(*days),
            Self::Policy(delay) => serializer.serialize_str(delay.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[derive(serde::Deserialize)]
    struct File {
        when: Automatic,
    }

    fn read(text: &str) -> Result<Automatic, String> {
        toml::from_str::<File>(text).map(|file| file.when).map_err(|error| error.message().to_owned())
    }

    fn record(data: serde_json::Value) -> Record {
        Record {
            id: "1".to_owned(),
            org: "o".to_owned(),
            kind: "contract".to_owned(),
            number: "CON-2026-000001".to_owned(),
            title: String::new(),
            state: "active".to_owned(),
            owner: String::new(),
            revision: 1,
            created_at: Instant(0),
            created_by: String::new(),
            updated_at: Instant(0),
            kind_version: 0,
            data: data.as_object().cloned().unwrap(),
        }
    }

    #[test]
    fn kind_files_say_when() {
        assert_eq!(read(r#"when = "immediately""#), Ok(Automatic::Immediately));
        let moment = |at: Option<&str>, days| Ok(Automatic::At(Moment { at: at.map(str::to_owned), days }));
        assert_eq!(read(r#"when = { at = "to" }"#), moment(Some("to"), Distance::Days(0)));
        assert_eq!(read(r#"when = { at = "to", days = -30 }"#), moment(Some("to"), Distance::Days(-30)));
        assert_eq!(
            read(r#"when = { at = "to", days = "contract-notice" }"#),
            moment(Some("to"), Distance::Policy(Delay::ContractNotice))
        );
        assert_eq!(read(r#"when = { days = "auto-close" }"#), moment(None, Distance::Policy(Delay::AutoClose)));
        for wrong in [
            r#"when = "soon""#,
            "when = 3",
            "when = {}",
            r#"when = { on = "to" }"#,
            r#"when = { at = "to", days = "x" }"#,
            r#"when = { at = "to", replaced = ["x"] }"#,
            r#"when = { moment = "record." }"#,
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert!(read(r#"when = { days = "x" }"#).unwrap_err().contains("auto-close"));
    }

    #[test]
    fn they_are_shown_as_they_are_written() {
        for (text, form) in [
            (r#"when = "immediately""#, json!("immediately")),
            (r#"when = { at = "to", days = -30 }"#, json!({ "at": "to", "days": -30 })),
            (r#"when = { days = "auto-close" }"#, json!({ "days": "auto-close" })),
            (r#"when = { moment = "record.to" }"#, json!({ "moment": "record.to" })),
            (r#"when = { replaced = ["code"] }"#, json!({ "replaced": ["code"] })),
        ] {
            assert_eq!(serde_json::to_value(read(text).unwrap()).unwrap(), form);
        }
    }

    #[test]
    fn moments_are_counted_from_fields_or_from_entering_the_state() {
        let policy = Policy::default();
        let entered: Instant = "2026-03-06T15:00:00Z".parse().unwrap();
        let at = |text: &str, data| match read(text).unwrap() {
            Automatic::At(moment) => {
                moment.of(&record(data), entered, &policy, &Workdays::default()).map(|at| at.to_string())
            }
            _ => None,
        };
        let day = json!({ "to": "2026-12-31" });
        assert_eq!(at(r#"when = { at = "to" }"#, day.clone()).unwrap(), "2026-12-31T00:00:00Z");
        assert_eq!(at(r#"when = { at = "to", days = 1 }"#, day.clone()).unwrap(), "2027-01-01T00:00:00Z");
        assert_eq!(at(r#"when = { at = "to", days = "contract-notice" }"#, day).unwrap(), "2026-11-01T00:00:00Z");
        let moment = json!({ "to": "2026-12-31T10:30:00Z" });
        assert_eq!(at(r#"when = { at = "to" }"#, moment).unwrap(), "2026-12-31T10:30:00Z");
        assert_eq!(at(r#"when = { at = "to" }"#, json!({})), None);
        // A Friday: Monday, Tuesday, Wednesday.
        assert_eq!(at(r#"when = { days = "auto-close" }"#, json!({})).unwrap(), "2026-03-11T15:00:00Z");
    }
}
