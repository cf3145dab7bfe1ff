//! Checking a value against its field, and bringing it into the one form records keep.

mod amount;

use std::collections::BTreeMap;

use mortise_types::money::Currency;
use serde_json::{Map, Value};

use super::{Entry, Field, FieldType, Format, Target};
use crate::domain::evidence::Evidence;
use crate::domain::nearest::hint;
use crate::domain::number;
use crate::domain::refusal::{FieldProblem, rule};
use crate::domain::role::Role;
use crate::domain::time::{Instant, NotAnInstant, parse_date, zone_name};

/// Longest line of text, in characters.
pub(crate) const MAX_STR: usize = 500;
/// Longest text, in characters.
pub(crate) const MAX_TEXT: usize = 100_000;
/// Longest user name, in characters.
const MAX_USER: usize = 100;
/// Most items of a list.
const MAX_ITEMS: usize = 10_000;
/// Largest free-form map, in bytes of its JSON text.
const MAX_MAP: usize = 100_000;
/// Longest decimal number, in characters.
const MAX_DEC: usize = 40;
/// Whole numbers stay within what every guest language counts exactly (design.md).
pub(crate) const MAX_INT: i64 = 1 << 53;

/// Checks a value and returns it in the form that records keep: text trimmed, moments in UTC,
/// amounts with all decimals of their currency.
///
/// # Errors
///
/// Everything that is wrong with it, each with the path of the part that is wrong.
pub fn normalise(field: &Field, value: &Value) -> Result<Value, Vec<FieldProblem>> {
    let mut checker = Checker {
        rules: Rules { min: field.min, max: field.max, format: field.format, shape: field.shape.as_ref() },
        problems: Vec::new(),
    };
    match checker.check(&field.name, &field.ty, value) {
        Some(value) if checker.problems.is_empty() => Ok(value),
        _ => Err(checker.problems),
    }
}

/// What is asked of a value beyond its type; of a list, of each item.
#[derive(Clone, Copy, Default)]
struct Rules<'a> {
    min: Option<i64>,
    max: Option<i64>,
    format: Option<Format>,
    shape: Option<&'a BTreeMap<String, Entry>>,
}

struct Checker<'a> {
    rules: Rules<'a>,
    problems: Vec<FieldProblem>,
}

impl Checker<'_> {
    /// `None` means that at least one problem was noted.
    fn check(&mut self, path: &str, ty: &FieldType, value: &Value) -> Option<Value> {
        match ty {
            FieldType::Str => self.line(path, value, MAX_STR),
            FieldType::User => self.line(path, value, MAX_USER),
            FieldType::Text => self.text(path, value),
            FieldType::Int => self.int(path, value),
            FieldType::Dur => self.dur(path, value),
            FieldType::Dec => self.dec(path, value),
            FieldType::Money => self.money(path, value),
            FieldType::Bool => match value {
                Value::Bool(_) => Some(value.clone()),
                _ => self.wrong(path, rule::TYPE, "must be true or false"),
            },
            FieldType::Date => match value.as_str().and_then(parse_date) {
                Some(date) => Some(date.to_string().into()),
                None => self.wrong(path, rule::TYPE, "must be an existing day like \"2026-03-31\""),
            },
            FieldType::Instant => match value.as_str().map(str::parse::<Instant>) {
                Some(Ok(at)) => Some(at.to_string().into()),
                Some(Err(why @ NotAnInstant::Missing)) => self.wrong(path, rule::TYPE, &why.to_string()),
                Some(Err(why @ NotAnInstant::Range)) => self.wrong(path, rule::RANGE, &why.to_string()),
                _ => self.wrong(
                    path,
                    rule::TYPE,
                    "must be a moment like \"2026-03-31T09:30:00Z\" (RFC 3339, with its offset from UTC)",
                ),
            },
            FieldType::Window if is_window(value) => Some(value.clone()),
            FieldType::Window => {
                let form = "must be a window of the day like [\"09:00\", \"12:00\"], its end after its start";
                self.wrong(path, rule::TYPE, form)
            }
            FieldType::Enum(options) => self.option(path, options, value),
            FieldType::Ref(target) => self.reference(path, target, value),
            FieldType::Role => match value.as_str().map(str::parse::<Role>) {
                Some(Ok(role)) => Some(role.code().into()),
                _ => {
                    let codes = Role::ALL.map(Role::code).join(", ");
                    self.wrong(path, rule::ENUM, &format!("must be one of the roles {codes}"))
                }
            },
            FieldType::List(item) => self.list(path, item, value),
            FieldType::Map => self.map(path, value),
        }
    }

    fn wrong<T>(&mut self, path: &str, rule: &'static str, message: &str) -> Option<T> {
        self.problems.push(FieldProblem::new(path, rule, format!("{path} {message}")));
        None
    }

    fn line(&mut self, path: &str, value: &Value, longest: usize) -> Option<Value> {
        let Some(text) = value.as_str() else {
            return self.wrong(path, rule::TYPE, "must be a text");
        };
        let text = text.trim();
        if text.is_empty() {
            return self.wrong(path, rule::RANGE, "must not be empty (null removes a value)");
        }
        if text.chars().count() > longest {
            return self.wrong(path, rule::RANGE, &format!("must have at most {longest} characters"));
        }
        // Marks of writing direction would turn about what is written behind the line wherever it is shown.
        if text.chars().any(|c| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')) {
            return self.wrong(path, rule::FORMAT, "must be one line without control or direction characters");
        }
        match self.rules.format {
            None => Some(text.into()),
            Some(Format::TimeZone) => match zone_name(text) {
                Ok(zone) => Some(zone.into()),
                Err(error) => self.wrong(path, rule::FORMAT, &format!("is no time zone: {error}")),
            },
            Some(Format::Currency) => match Currency::iso(text) {
                Ok(currency) => Some(currency.code().into()),
                Err(error) => self.wrong(path, rule::FORMAT, &format!("is no currency: {error}")),
            },
            Some(Format::Period) if is_period(text) => Some(text.into()),
            Some(Format::Period) => self.wrong(path, rule::FORMAT, "must be a month of a year like \"2026-03\""),
            Some(Format::Clause) if Evidence::builtin().clauses.iter().any(|clause| clause.is_within(text)) => {
                Some(text.into())
            }
            Some(Format::Clause) => {
                self.wrong(path, rule::FORMAT, "must be a clause of ISO/IEC 20000-1:2018 like \"8.2.4\"")
            }
        }
    }

    fn text(&mut self, path: &str, value: &Value) -> Option<Value> {
        let Some(text) = value.as_str() else {
            return self.wrong(path, rule::TYPE, "must be a text");
        };
        if text.trim().is_empty() {
            return self.wrong(path, rule::RANGE, "must not be empty (null removes a value)");
        }
        if text.chars().count() > MAX_TEXT {
            return self.wrong(path, rule::RANGE, &format!("must have at most {MAX_TEXT} characters"));
        }
        if text.chars().any(|sign| sign.is_control() && !matches!(sign, '\n' | '\r' | '\t')) {
            return self.wrong(path, rule::FORMAT, "must not contain control characters");
        }
        Some(text.into())
    }

    fn int(&mut self, path: &str, value: &Value) -> Option<Value> {
        let Some(number) = value.as_i64().filter(|number| (-MAX_INT..=MAX_INT).contains(number)) else {
            let rule = if value.is_i64() || value.is_u64() { rule::RANGE } else { rule::TYPE };
            return self.wrong(path, rule, "must be a whole number within ±2^53");
        };
        let below = self.rules.min.is_some_and(|min| number < min);
        let above = self.rules.max.is_some_and(|max| number > max);
        self.in_range(path, below || above).map(|()| number.into())
    }

    fn dur(&mut self, path: &str, value: &Value) -> Option<Value> {
        match value.as_i64() {
            Some(seconds) if (0..=MAX_INT).contains(&seconds) => Some(seconds.into()),
            _ => self.wrong(path, rule::TYPE, "must be a whole number of seconds, not negative"),
        }
    }

    fn option(&mut self, path: &str, options: &[String], value: &Value) -> Option<Value> {
        match value.as_str() {
            Some(text) if options.iter().any(|option| option == text) => Some(text.into()),
            other => {
                let hint = other.map_or_else(String::new, |text| hint(text, options.iter().map(String::as_str)));
                self.wrong(path, rule::ENUM, &format!("must be one of {}{hint}", options.join(", ")))
            }
        }
    }

    fn reference(&mut self, path: &str, target: &Target, value: &Value) -> Option<Value> {
        let number = value.as_str().and_then(number::parse);
        match (number, target) {
            (Some(number), Target::Any) => Some(number.to_string().into()),
            (Some(number), Target::Kind(prefix)) if number.prefix == *prefix => Some(number.to_string().into()),
            (_, Target::Any) => {
                self.wrong(path, rule::REFERENCE, "must be the number of a record, like \"INC-2026-000123\"")
            }
            (_, Target::Kind(prefix)) => {
                let form = format!("must be the number of a {prefix} record, like \"{prefix}-2026-000123\"");
                self.wrong(path, rule::REFERENCE, &form)
            }
        }
    }

    fn list(&mut self, path: &str, item: &FieldType, value: &Value) -> Option<Value> {
        let Some(items) = value.as_array() else {
            return self.wrong(path, rule::TYPE, "must be a list");
        };
        if items.len() > MAX_ITEMS {
            return self.wrong(path, rule::RANGE, &format!("must have at most {MAX_ITEMS} items"));
        }
        let checked =
            items.iter().enumerate().map(|(index, value)| self.check(&format!("{path}[{index}]"), item, value));
        // Every item is checked, so that one answer names everything that is wrong.
        let checked: Vec<Option<Value>> = checked.collect();
        checked.into_iter().collect::<Option<Vec<_>>>().map(Value::Array)
    }

    fn map(&mut self, path: &str, value: &Value) -> Option<Value> {
        let Some(map) = value.as_object() else {
            return self.wrong(path, rule::TYPE, "must be an object");
        };
        let Some(shape) = self.rules.shape else {
            if value.to_string().len() > MAX_MAP {
                return self.wrong(path, rule::RANGE, &format!("must be at most {MAX_MAP} bytes of JSON"));
            }
            return Some(value.clone());
        };
        let before = self.problems.len();
        let mut out = Map::new();
        for (key, value) in map {
            let inner = format!("{path}.{key}");
            match shape.get(key) {
                Some(entry) if value.is_null() && entry.optional => {}
                Some(entry) => {
                    let rules = Rules { min: entry.min, ..Rules::default() };
                    let outer = std::mem::replace(&mut self.rules, rules);
                    let value = self.check(&inner, &entry.ty, value);
                    self.rules = outer;
                    out.insert(key.clone(), value.unwrap_or_default());
                }
                None => {
                    let hint = hint(key, shape.keys().map(String::as_str));
                    let _: Option<()> = self.wrong(&inner, rule::UNKNOWN_FIELD, &format!("is not a known key{hint}"));
                }
            }
        }
        for (key, _) in shape.iter().filter(|(key, entry)| !entry.optional && !map.contains_key(*key)) {
            let _: Option<()> = self.wrong(&format!("{path}.{key}"), rule::REQUIRED, "is required");
        }
        (self.problems.len() == before).then_some(Value::Object(out))
    }
}

/// Whether the value is two times of day, the second later than the first.
fn is_window(value: &Value) -> bool {
    let times: Option<Vec<&str>> = value.as_array().and_then(|times| times.iter().map(Value::as_str).collect());
    match times.as_deref() {
        // Texts of this form sort like the times they stand for.
        Some([start, end]) => is_time_of_day(start) && is_time_of_day(end) && start < end,
        _ => false,
    }
}

fn is_time_of_day(text: &str) -> bool {
    let two = |part: &str| {
        (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse::<u8>().ok())?
    };
    let parts = text.split_once(':').and_then(|(hours, minutes)| Some((two(hours)?, two(minutes)?)));
    parts.is_some_and(|(hours, minutes)| (hours < 24 && minutes < 60) || (hours == 24 && minutes == 0))
}

/// Whether the text is a month of a year, `YYYY-MM`.
pub(crate) fn is_period(text: &str) -> bool {
    text.len() == 7 && text.is_char_boundary(7) && parse_date(&format!("{text}-01")).is_some()
}
