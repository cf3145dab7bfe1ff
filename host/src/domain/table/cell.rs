//! The text of a cell, and the value in it.
//!
//! | Type | Text |
//! |---|---|
//! | texts, `enum`, `ref`, `user`, `role`, `dec` | the value |
//! | `int`, `dur` | its digits |
//! | `bool` | `true`, `false` |
//! | `date`, `instant` | `2026-03-31`, `2026-03-31T09:30:00Z` |
//! | `money` | `12.50 CNY` |
//! | `window` | `09:00-12:00` |
//! | lists | items joined by `; `, or JSON where an item could be misread |
//! | `map` and lists of maps | JSON |

use serde_json::{Value, json};

use super::Clock;
use crate::domain::field::FieldType;

/// The text of a value.
pub fn write(ty: &FieldType, value: &Value) -> String {
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match ty {
        FieldType::Money => match (value["amount"].as_str(), value["currency"].as_str()) {
            (Some(amount), Some(currency)) => format!("{amount} {currency}"),
            _ => value.to_string(),
        },
        FieldType::Window => match (value[0].as_str(), value[1].as_str()) {
            (Some(from), Some(to)) => format!("{from}-{to}"),
            _ => value.to_string(),
        },
        FieldType::List(item) => joined(item, value).unwrap_or_else(|| value.to_string()),
        _ => plain(value),
    }
}

/// Items joined by semicolons, where that reads back as the same list.
fn joined(item: &FieldType, value: &Value) -> Option<String> {
    if matches!(item, FieldType::Text | FieldType::Map | FieldType::List(_)) {
        return None;
    }
    let texts: Vec<String> = value.as_array()?.iter().map(|value| write(item, value)).collect();
    let clear = |text: &String| !text.is_empty() && text.trim() == text && !text.contains(';');
    let first = texts.first()?;
    (texts.iter().all(clear) && !first.starts_with('[')).then(|| texts.join("; "))
}

/// The value in a cell's text, in the form in which a client would send it; the field's own rules are checked by
/// whoever takes it. `clock` reads dates and moments of another form.
///
/// # Errors
/// One sentence about a text that is no value of the type.
pub fn read(ty: &FieldType, text: &str, clock: &Clock) -> Result<Value, String> {
    let trimmed = text.trim();
    Ok(match ty {
        FieldType::Int | FieldType::Dur => {
            let digits = trimmed.strip_suffix(".0").unwrap_or(trimmed);
            let number = digits.parse::<i64>().map_err(|_| format!("'{trimmed}' is not a whole number"))?;
            json!(number)
        }
        FieldType::Bool => json!(truth(trimmed).ok_or_else(|| format!("'{trimmed}' is neither true nor false"))?),
        FieldType::Money => match trimmed.rsplit_once(' ') {
            Some((amount, currency)) => json!({ "amount": amount.trim_end(), "currency": currency }),
            None => return Err(format!("'{trimmed}' is not an amount with its currency, like 12.50 CNY")),
        },
        FieldType::Window => match trimmed.split_once('-') {
            Some((from, to)) => json!([from.trim(), to.trim()]),
            None => return Err(format!("'{trimmed}' is not a window of the day, like 09:00-12:00")),
        },
        FieldType::Date => clock.date(trimmed)?.into(),
        FieldType::Instant => clock.moment(trimmed)?.into(),
        FieldType::Text => text.into(),
        FieldType::List(item) => list(item, trimmed, clock)?,
        FieldType::Map => structure(trimmed)?,
        FieldType::Str
        | FieldType::Enum(_)
        | FieldType::Ref(_)
        | FieldType::User
        | FieldType::Role
        | FieldType::Dec => trimmed.into(),
    })
}

fn list(item: &FieldType, text: &str, clock: &Clock) -> Result<Value, String> {
    if text.starts_with('[') || matches!(item, FieldType::Text | FieldType::Map | FieldType::List(_)) {
        return structure(text);
    }
    let items = text.split(';').map(str::trim).filter(|part| !part.is_empty());
    items.map(|part| read(item, part, clock)).collect::<Result<Vec<_>, _>>().map(Value::Array)
}

fn structure(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|e| format!("the cell is not JSON: {e}"))
}

/// Words that spreadsheets and people write for true and false.
fn truth(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "1" | "是" | "真" => Some(true),
        "false" | "no" | "0" | "否" | "假" => Some(false),
        _ => None,
    }
}

/// The text as it may stand in a file that a spreadsheet program opens: one that it would take for a formula begins
/// with an apostrophe. Numbers are no formulas.
pub fn guarded(ty: &FieldType, text: String) -> String {
    let number = matches!(ty, FieldType::Int | FieldType::Dec | FieldType::Dur);
    if !number && is_formula(text.trim_start_matches('\'')) { format!("'{text}") } else { text }
}

/// The text without the apostrophe that [`guarded`] put before it.
pub fn unguarded(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if is_formula(text.trim_start_matches('\'')) => rest,
        _ => text,
    }
}

fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}
