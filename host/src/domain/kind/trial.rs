//! Trying the expressions of a kind on sample records, to find those that confuse types.
//!
//! CEL has no types before it is evaluated. What an expression does with typical values, with other ones and with none at all
//! shows most of what it would do wrong with every record. Nothing is said of what the samples cannot show: the inside
//! of maps, other records, functions that are particular about a text.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Kind;
use crate::domain::constant;
use crate::domain::expression::{Expression, Scope, Trial};
use crate::domain::field::{Field, FieldType, Target};
use crate::domain::record::Record;
use crate::domain::time::Instant;

/// What an expression has to give, where it gives something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted<'f> {
    /// True or false.
    Truth,
    /// A date or an instant.
    Moment,
    /// A value of a field.
    Of(&'f FieldType),
    /// Anything.
    Anything,
}

impl Wanted<'_> {
    fn takes(self, value: &Value) -> bool {
        match self {
            Self::Anything => true,
            Self::Truth => value.is_boolean(),
            Self::Moment => value.is_string() || value.is_null(),
            Self::Of(_) if value.is_null() => true,
            Self::Of(ty) => match ty {
                FieldType::Int | FieldType::Dur => value.is_i64() || value.is_u64(),
                FieldType::Bool => value.is_boolean(),
                FieldType::Money | FieldType::Map => value.is_object(),
                FieldType::List(_) | FieldType::Window => value.is_array(),
                FieldType::Dec => value.is_string() || value.is_number(),
                _ => value.is_string(),
            },
        }
    }

    fn words(self) -> String {
        match self {
            Self::Truth => "true or false".to_owned(),
            Self::Moment => "a date or an instant, as text".to_owned(),
            Self::Of(ty) => format!("a value of the type {ty}"),
            Self::Anything => "a value".to_owned(),
        }
    }
}

/// Why the expression cannot be right, if the samples show it. `related` names variables that hold other records.
pub(super) fn fault<'r>(
    kind: &Kind,
    expression: &Expression,
    wanted: Wanted<'_>,
    related: impl Iterator<Item = &'r String> + Clone,
) -> Option<String> {
    let names = expression.names();
    let constants = constant::builtin();
    let policy: Map<String, Value> = names
        .members
        .iter()
        .filter(|(variable, _)| variable == "policy")
        .filter_map(|(_, member)| Some((member.clone(), json!(constants.get(member)?.value))))
        .collect();
    for sample in [Sample::Typical, Sample::Other, Sample::Empty] {
        let record = sample.record(kind);
        let mut scope = Scope::default()
            .with("before", record.clone())
            .with("record", record)
            .with("actor", json!({ "user": "sample", "roles": ["SD"], "host": false }))
            .with("now", "2026-03-31T09:30:00Z".into())
            .with("today", "2026-03-31".into())
            .with("policy", Value::Object(policy.clone()))
            .with("n", 0.into());
        for name in related.clone() {
            scope.set(name, json!([]));
        }
        match expression.trial(&scope) {
            Trial::Value(value) if !wanted.takes(&value) => {
                return Some(format!("it gives {value} for {}, and has to give {}", sample.words(), wanted.words()));
            }
            Trial::Mistyped(why) => return Some(format!("it confuses types: {why}, for {}", sample.words())),
            Trial::Value(_) | Trial::Nothing => {}
        }
    }
    None
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sample {
    /// Every field has a value.
    Typical,
    /// Every field has another value.
    Other,
    /// No field has one.
    Empty,
}

impl Sample {
    fn words(self) -> &'static str {
        match self {
            Self::Typical => "a record with a value in each field",
            Self::Other => "a record with other values in its fields",
            Self::Empty => "a record without values",
        }
    }

    fn record(self, kind: &Kind) -> Value {
        let mut data = Map::new();
        if self != Self::Empty {
            for field in kind.all_fields().filter(|field| !crate::domain::field::COLUMNS.contains(&field.name.as_str()))
            {
                data.insert(field.name.clone(), self.value(field, &field.ty));
            }
        }
        let at = Instant(1_774_949_400_000);
        let record = Record {
            id: "sample".to_owned(),
            org: "sample".to_owned(),
            kind: kind.slug.clone(),
            number: format!("{}-2026-000001", kind.prefix),
            title: "sample".to_owned(),
            state: kind.initial.clone(),
            owner: "sample".to_owned(),
            revision: 1,
            created_at: at,
            created_by: "sample".to_owned(),
            updated_at: at,
            data,
            kind_version: 0,
        };
        record.to_json()
    }

    fn value(self, field: &Field, ty: &FieldType) -> Value {
        let first = self == Self::Typical;
        match ty {
            FieldType::Int | FieldType::Dur => json!(field.min.filter(|_| first).unwrap_or(if first { 1 } else { 3 })),
            FieldType::Dec => json!(if first { "1.5" } else { "20" }),
            FieldType::Money => json!({ "amount": if first { "1.00" } else { "200.00" }, "currency": "CNY" }),
            FieldType::Date => json!(if first { "2026-03-31" } else { "2026-05-01" }),
            FieldType::Instant => json!(if first { "2026-03-31T09:30:00Z" } else { "2026-05-01T09:30:00Z" }),
            FieldType::Window => json!(["09:00", "12:00"]),
            FieldType::Bool => json!(first),
            FieldType::Enum(options) => json!(if first { options.first() } else { options.last() }),
            FieldType::Ref(Target::Kind(prefix)) => json!(format!("{prefix}-2026-000002")),
            FieldType::Ref(Target::Any) => json!("SVC-2026-000002"),
            FieldType::List(item) if first => json!([self.value(field, item)]),
            FieldType::List(item) => json!([self.value(field, item), self.value(field, item)]),
            FieldType::Map => json!({}),
            FieldType::Role => json!(if first { "SD" } else { "PO" }),
            FieldType::Str | FieldType::Text | FieldType::User => json!(if first { "sample" } else { "2" }),
        }
    }
}

/// The first formula that reads itself, directly or over others, and the names along the way. One that keeps what its
/// field has does not count: it comes to the same however often it is worked out.
pub(super) fn circle(kind: &Kind) -> Option<Vec<&str>> {
    let reads: BTreeMap<&str, Vec<&str>> = kind
        .fields
        .iter()
        .filter_map(|field| {
            let formula = field.formula.as_ref()?;
            let mut names = formula.expression.names().members;
            for related in formula.related.values() {
                if let super::Related::Where(values) = related {
                    for value in values.values.values() {
                        names.append(&mut value.names().members);
                    }
                }
            }
            let own = |name: &str| kind.fields.iter().find(|field| field.name == name && field.formula.is_some());
            let keeps = keeps(&field.name, formula.expression.text());
            let read = names.iter().filter(|(variable, name)| variable == "record" && !(keeps && *name == field.name));
            Some((field.name.as_str(), read.filter_map(|(_, name)| Some(own(name)?.name.as_str())).collect()))
        })
        .collect();
    kind.fields.iter().filter(|field| field.formula.is_some()).find_map(|field| way(&reads, &field.name))
}

/// Whether a formula gives what its field has, if it has anything: `has(record.x) ? record.x : …`.
fn keeps(field: &str, formula: &str) -> bool {
    let text: String = formula.split_whitespace().collect();
    let value = format!("record.{field}");
    let rest = text.strip_prefix(&format!("has({value})?{value}:"));
    rest.is_some_and(|rest| !rest.contains(&value))
}

/// A shortest way from a formula back to it.
fn way<'k>(reads: &BTreeMap<&'k str, Vec<&'k str>>, start: &str) -> Option<Vec<&'k str>> {
    let start = reads.keys().copied().find(|name| *name == start)?;
    let mut ways = std::collections::VecDeque::from([vec![start]]);
    let mut seen = std::collections::BTreeSet::new();
    while let Some(so_far) = ways.pop_front() {
        for next in so_far.last().and_then(|last| reads.get(last)).into_iter().flatten() {
            let mut longer = so_far.clone();
            longer.push(*next);
            if *next == start {
                return Some(longer);
            }
            if seen.insert(*next) {
                ways.push_back(longer);
            }
        }
    }
    None
}
