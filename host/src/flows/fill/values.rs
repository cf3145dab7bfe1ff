//! Values of fields: by the field's name where it says enough, by its type otherwise.

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::words::{self, CATEGORIES, CHANNELS, CI_TYPES, GROUPS, Language, PLACES};
use super::world::World;
use crate::domain::field::{Entry, Field, FieldType, Format, Target};
use crate::domain::time::{Instant, add_days, local_date};
use crate::domain::{Kind, Role};

/// What a value is made for.
#[derive(Clone, Copy)]
pub(super) struct Setting<'k> {
    pub(super) kind: &'k Kind,
    pub(super) at: Instant,
    pub(super) language: Language,
}

/// Bounds and form of a value beyond its type.
#[derive(Clone, Copy, Default)]
struct Limits {
    min: Option<i64>,
    max: Option<i64>,
    format: Option<Format>,
}

impl World {
    /// A value for a field; none where it refers to records that are not there.
    pub(super) fn value(&mut self, to: Setting<'_>, field: &Field) -> Option<Value> {
        if let Some(value) = self.by_name(to, field) {
            return Some(value);
        }
        let limits = Limits { min: field.min, max: field.max, format: field.format };
        match (&field.ty, &field.shape) {
            (FieldType::Map, Some(shape)) => self.shaped(to, shape),
            (FieldType::List(item), Some(shape)) if **item == FieldType::Map => {
                let count = if field.name == "relations" { 3 } else { 1 + self.dice.below(2) };
                let all: Vec<Value> = (0..count).filter_map(|_| self.shaped(to, shape)).collect();
                (!all.is_empty() || field.name == "relations").then(|| distinct(all))
            }
            (ty, _) => self.by_type(to, &field.name, ty, limits),
        }
    }

    fn by_name(&mut self, to: Setting<'_>, field: &Field) -> Option<Value> {
        let slug = to.kind.slug.as_str();
        Some(match (field.name.as_str(), &field.ty) {
            ("impact" | "urgency", FieldType::Int) => self.dice.weigh(&[(1, 8), (2, 32), (3, 60)])?.into(),
            ("criticality", FieldType::Int) => self.dice.weigh(&[(1, 30), (2, 40), (3, 20), (4, 10)])?.into(),
            ("category", FieldType::Str) => (*self.dice.pick_uneven(&CATEGORIES)?).into(),
            ("channel", FieldType::Str) => (*self.dice.pick_uneven(&CHANNELS)?).into(),
            ("assigned_group" | "support_group" | "team", FieldType::Str) => (*self.dice.pick_uneven(&GROUPS)?).into(),
            ("location", FieldType::Str) => (*self.dice.pick(&PLACES)?).into(),
            ("type", FieldType::Str) if slug == "configuration-item" => (*self.dice.pick(&CI_TYPES)?).into(),
            ("unique_id", FieldType::Str) => format!("{}-{:06}", to.kind.prefix, self.counted()).into(),
            ("external_id", _) => return None,
            ("priority", FieldType::Str) => format!("P{}", self.dice.between(1, 5)).into(),
            ("version", FieldType::Str) => format!("{}.{}", self.dice.between(1, 9), self.dice.below(20)).into(),
            ("major", FieldType::Bool) => self.dice.percent(2).into(),
            ("manual" | "prior_period", FieldType::Bool) => false.into(),
            ("escalations", FieldType::List(_)) => {
                let (kind, whom) = match self.dice.percent(30) {
                    true => ("hierarchical", "PO"),
                    false => ("functional", *self.dice.pick(&GROUPS)?),
                };
                json!([{ "at": self.moment(to, "at").to_string(), "kind": kind, "to": whom }])
            }
            ("year", FieldType::Int) => i64::from(to.at.year()).into(),
            ("currency", FieldType::Str) => "CNY".into(),
            ("mode", FieldType::Enum(_)) if slug == "calendar" => "business".into(),
            ("weekly", FieldType::Map) => {
                let day = json!([["09:00", "12:00"], ["13:00", "18:00"]]);
                json!({ "mon": day, "tue": day, "wed": day, "thu": day, "fri": day })
            }
            ("targets", _) if slug == "sla" => {
                let target = |priority: &str, response: i64, resolution: i64| json!({ "priority": priority, "response_s": response, "resolution_s": resolution, "calendar": "24x7" });
                json!([
                    target("P1", 900, 7_200),
                    target("P2", 1_800, 14_400),
                    target("P3", 3_600, 28_800),
                    target("P4", 7_200, 86_400),
                    target("P5", 14_400, 144_000),
                ])
            }
            ("periods", FieldType::List(_)) => {
                let year = to.at.year();
                (1..=12).map(|month| Value::from(format!("{year}-{month:02}"))).collect()
            }
            ("attributes", FieldType::Map) => json!({ "rack": format!("R{:02}", self.dice.below(40)) }),
            ("users", FieldType::Int) => self.dice.between(20, 5_000).into(),
            _ => return None,
        })
    }

    fn by_type(&mut self, to: Setting<'_>, name: &str, ty: &FieldType, limits: Limits) -> Option<Value> {
        let (least, most) = (limits.min.unwrap_or(1), limits.max.unwrap_or_else(|| limits.min.unwrap_or(1) + 99));
        Some(match ty {
            FieldType::Str => match limits.format {
                Some(Format::TimeZone) => "Asia/Shanghai".into(),
                Some(Format::Currency) => "CNY".into(),
                Some(Format::Clause) => "8.6.1".into(),
                Some(Format::Period) => self.day(to, name).strftime("%Y-%m").to_string().into(),
                None => words::phrase(&mut self.dice, to.language).into(),
            },
            FieldType::Text => words::text(&mut self.dice, to.language).into(),
            FieldType::Int => self.dice.between(least, most).into(),
            FieldType::Dec => {
                format!("{}.{}", self.dice.between(least, (most - 1).max(least)), self.dice.below(10)).into()
            }
            FieldType::Money => {
                let amount = self.dice.between(limits.min.unwrap_or(100), limits.max.unwrap_or(90_000));
                json!({ "amount": format!("{amount}.{:02}", self.dice.below(4) * 25), "currency": "CNY" })
            }
            FieldType::Date => self.day(to, name).to_string().into(),
            FieldType::Instant => self.moment(to, name).to_string().into(),
            FieldType::Window => json!(["09:00", "18:00"]),
            FieldType::Bool => self.dice.percent(25).into(),
            FieldType::Enum(options) => self.dice.pick_uneven(options)?.as_str().into(),
            FieldType::Ref(Target::Kind(prefix)) => self.number_of(prefix)?.into(),
            FieldType::Ref(Target::Any) => {
                let prefix = *self.dice.pick(&["SVC", "CI", "CST", "SUP"])?;
                self.number_of(prefix).or_else(|| self.number_of("SVC"))?.into()
            }
            FieldType::List(item) => {
                let all =
                    (0..=self.dice.below(2)).filter_map(|_| self.by_type(to, name, item, limits)).collect::<Vec<_>>();
                if all.is_empty() {
                    return None;
                }
                distinct(all)
            }
            FieldType::Map => json!({ "note": words::phrase(&mut self.dice, to.language) }),
            FieldType::User => self.user().into(),
            FieldType::Role => self.dice.pick(&Role::ALL)?.code().into(),
            FieldType::Dur => self.dice.between(60, 86_400).into(),
        })
    }

    fn shaped(&mut self, to: Setting<'_>, shape: &std::collections::BTreeMap<String, Entry>) -> Option<Value> {
        let mut map = Map::new();
        for (key, entry) in shape {
            let limits = Limits { min: entry.min, ..Limits::default() };
            match self.by_type(to, key, &entry.ty, limits) {
                Some(value) => {
                    map.insert(key.clone(), value);
                }
                None if entry.optional => {}
                None => return None,
            }
        }
        Some(Value::Object(map))
    }

    /// A day near the record's making: what begins lies before it, what ends or falls due lies after.
    fn day(&mut self, to: Setting<'_>, name: &str) -> Date {
        let day = local_date("UTC", to.at).unwrap_or_default();
        match tense(name) {
            Tense::Begins => add_days(day, -i32::try_from(self.dice.below(30)).unwrap_or_default()),
            Tense::Ends => add_days(day, 30 + i32::try_from(self.dice.below(700)).unwrap_or_default()),
            Tense::Near => add_days(day, i32::try_from(self.dice.below(14)).unwrap_or_default()),
        }
    }

    fn moment(&mut self, to: Setting<'_>, name: &str) -> Instant {
        const HOUR: i64 = 3_600_000;
        let hours = match tense(name) {
            Tense::Begins => 24 + self.dice.between(0, 24),
            Tense::Ends => 72 + self.dice.between(0, 240),
            Tense::Near => self.dice.between(0, 48),
        };
        Instant(to.at.0 / 60_000 * 60_000).plus(hours * HOUR)
    }
}

enum Tense {
    Begins,
    Near,
    Ends,
}

fn tense(name: &str) -> Tense {
    let word = |words: &[&str]| words.iter().any(|word| name.split('_').any(|part| part == *word));
    if word(&["from", "start", "begin", "starts", "since"]) {
        Tense::Begins
    } else if word(&["to", "end", "until", "due", "expires", "valid", "next", "review", "ends"]) {
        Tense::Ends
    } else {
        Tense::Near
    }
}

/// A list in which nothing comes twice.
fn distinct(mut all: Vec<Value>) -> Value {
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|value| seen.insert(value.to_string()));
    Value::Array(all)
}
