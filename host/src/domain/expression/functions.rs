//! The functions that expressions have beside CEL's own. None of them has a floating point number.

use std::cell::OnceCell;

use cel::extractors::Arguments;
use cel::objects::{Key, Value as Cel};
use cel::{Context, ExecutionError};
use mortise_types::money::{Currency, Decimal};
use serde_json::Value as Json;

use crate::domain::asset;
use crate::domain::availability::{self, Share};
use crate::domain::time::{Instant, add_days, add_months, days_from_date, parse_date};
use crate::domain::trend;
use crate::domain::workdays::Workdays;

/// CEL's own functions and operators that may be called.
const STANDARD: &[&str] = &[
    "!_",
    "-_",
    "@in",
    "@not_strictly_false",
    "_!=_",
    "_%_",
    "_&&_",
    "_*_",
    "_+_",
    "_-_",
    "_/_",
    "_<=_",
    "_<_",
    "_==_",
    "_>=_",
    "_>_",
    "_?_:_",
    "_[_]",
    "_||_",
    "contains",
    "endsWith",
    "int",
    "matches",
    "size",
    "startsWith",
    "string",
    "type",
    "has",
    "all",
    "exists",
    "exists_one",
    "map",
    "filter",
];

/// Ours.
const OURS: &[&str] = &[
    "available",
    "availability",
    "book_value",
    "ceil_div",
    "days",
    "dec",
    "earliest",
    "greatest",
    "half_up",
    "hours",
    "latest",
    "least",
    "lower",
    "micro",
    "months",
    "plus_days",
    "plus_minutes",
    "plus_months",
    "plus_workdays",
    "steps_to",
    "sum",
    "version",
];

pub(super) fn is_known(name: &str) -> bool {
    STANDARD.contains(&name) || OURS.contains(&name)
}

/// Millionths in one.
const MICRO: i64 = 1_000_000;

/// Works with the context that holds the functions; each thread has one.
pub(super) fn with_root<T>(work: impl FnOnce(&Context<'static, 'static>) -> T) -> T {
    thread_local! {
        static ROOT: OnceCell<Context<'static, 'static>> = const { OnceCell::new() };
    }
    ROOT.with(|root| work(root.get_or_init(root_context)))
}

type Outcome = Result<Cel, ExecutionError>;
type Function = fn(&[Cel]) -> Outcome;

fn root_context() -> Context<'static, 'static> {
    let mut root = Context::default();
    let ours: [(&str, Function); 22] = [
        ("available", available),
        ("availability", availability_of),
        ("book_value", book_value),
        ("ceil_div", ceil_div),
        ("days", days),
        ("dec", dec),
        ("earliest", earliest),
        ("greatest", greatest),
        ("half_up", half_up),
        ("hours", hours),
        ("latest", latest),
        ("least", least),
        ("lower", lower),
        ("micro", micro),
        ("months", months),
        ("plus_days", plus_days),
        ("plus_minutes", plus_minutes),
        ("plus_months", plus_months),
        ("plus_workdays", plus_workdays),
        ("steps_to", steps_to),
        ("sum", sum),
        ("version", version),
    ];
    for (name, function) in ours {
        let added = root.add_function(name, move |Arguments(arguments): Arguments| function(&arguments));
        debug_assert!(added.is_ok(), "CEL has a function {name} of its own");
    }
    root
}

fn wrong(function: &str, message: impl Into<String>) -> ExecutionError {
    ExecutionError::function_error(function, message.into())
}

fn int(function: &str, arguments: &[Cel], index: usize) -> Result<i64, ExecutionError> {
    match arguments.get(index) {
        Some(Cel::Int(number)) => Ok(*number),
        _ => Err(wrong(function, format!("argument {} has to be a whole number", index + 1))),
    }
}

fn text<'a>(function: &str, arguments: &'a [Cel], index: usize) -> Result<&'a str, ExecutionError> {
    match arguments.get(index) {
        Some(Cel::String(text)) => Ok(text),
        _ => Err(wrong(function, format!("argument {} has to be a text", index + 1))),
    }
}

fn list<'a>(function: &str, arguments: &'a [Cel]) -> Result<&'a [Cel], ExecutionError> {
    match arguments {
        [Cel::List(items)] => Ok(items),
        _ => Err(wrong(function, "the argument has to be a list")),
    }
}

/// A date or an instant as milliseconds; a date is its start in UTC.
fn moment(function: &str, text: &str) -> Result<i64, ExecutionError> {
    let date = parse_date(text).map(|date| i64::from(days_from_date(date)) * DAY_MS);
    date.or_else(|| text.parse::<Instant>().ok().map(|at| at.0))
        .ok_or_else(|| wrong(function, format!("'{text}' is neither a date nor an instant")))
}

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;

/// Whole units from the first moment to the second; a unit that has begun is not counted.
fn between(function: &str, arguments: &[Cel], unit: i64) -> Outcome {
    let from = moment(function, text(function, arguments, 0)?)?;
    let to = moment(function, text(function, arguments, 1)?)?;
    Ok(Cel::Int((to - from).div_euclid(unit)))
}

fn days(arguments: &[Cel]) -> Outcome {
    between("days", arguments, DAY_MS)
}

fn hours(arguments: &[Cel]) -> Outcome {
    between("hours", arguments, HOUR_MS)
}

/// Whole months from the first date to the second; none when that is the earlier one.
fn months(arguments: &[Cel]) -> Outcome {
    let date = |index: usize| {
        let text = text("months", arguments, index)?;
        parse_date(text.get(..10).unwrap_or(text))
            .ok_or_else(|| wrong("months", format!("'{text}' is neither a date nor an instant")))
    };
    Ok(Cel::Int(asset::whole_months(date(0)?, date(1)?).map_or(0, i64::from)))
}

/// The parts of a model: each has `availability_pct`, or `mtbf_h` and `mttr_h`, and may have a `group`.
fn share(function: &str, arguments: &[Cel]) -> Result<Share, ExecutionError> {
    let parts = list(function, arguments.get(..1).unwrap_or_default())?;
    let mut read = Vec::with_capacity(parts.len());
    for part in parts {
        let Cel::Map(part) = part else { return Err(wrong(function, "the parts have to be maps")) };
        let get = |name: &str| part.map.get(&Key::String(std::sync::Arc::new(name.to_owned())));
        let number = |name: &str| match get(name) {
            Some(value) => micro(std::slice::from_ref(value)).map(|micro| match micro {
                Cel::Int(micro) => Some(i128::from(micro)),
                _ => None,
            }),
            None => Ok(None),
        };
        let of_time = match (number("mtbf_h")?, number("mttr_h")?) {
            (Some(up), Some(down)) => Share::new(up, up + down),
            _ => None,
        };
        let promised = number("availability_pct")?.and_then(|up| Share::new(up, 100 * i128::from(MICRO)));
        let group = match get("group") {
            Some(Cel::String(group)) => Some(group.to_string()),
            _ => None,
        };
        let share = promised.or(of_time);
        read.push((share.ok_or_else(|| wrong(function, "a part has no availability between 0 and 100 %"))?, group));
    }
    let parts: Vec<_> = read.iter().map(|(share, group)| (*share, group.as_deref())).collect();
    availability::model(&parts).ok_or_else(|| too_large(function))
}

fn too_large(function: &str) -> ExecutionError {
    wrong(function, "the numbers are too large to be exact")
}

/// The availability of a model of parts, in thousandths of a percent.
fn availability_of(arguments: &[Cel]) -> Outcome {
    const NAME: &str = "availability";
    share(NAME, arguments)?.milli_pct().map(Cel::Int).ok_or_else(|| too_large(NAME))
}

/// Whether a model of parts is available for so many thousandths of a percent.
fn available(arguments: &[Cel]) -> Outcome {
    const NAME: &str = "available";
    let least = int(NAME, arguments, 1)?;
    share(NAME, arguments)?.is_at_least(least).map(Cel::Bool).ok_or_else(|| too_large(NAME))
}

/// What is left of an amount of money after some months, straight line: cost, residual in hundredths of a percent,
/// useful months, months in use.
fn book_value(arguments: &[Cel]) -> Outcome {
    const NAME: &str = "book_value";
    let key = |name: &str| Key::String(std::sync::Arc::new(name.to_owned()));
    let Some(Cel::Map(cost)) = arguments.first() else { return Err(wrong(NAME, "argument 1 has to be money")) };
    let (Some(Cel::String(amount)), Some(Cel::String(code))) =
        (cost.map.get(&key("amount")), cost.map.get(&key("currency")))
    else {
        return Err(wrong(NAME, "argument 1 has to be money"));
    };
    let whole = |index: usize| {
        let number = int(NAME, arguments, index)?;
        u32::try_from(number).map_err(|_| wrong(NAME, format!("argument {} is out of range", index + 1)))
    };
    let currency = Currency::iso(code).map_err(|error| wrong(NAME, error.to_string()))?;
    let cost = currency.parse(amount).map_err(|error| wrong(NAME, error.to_string()))?;
    let valuation = asset::value(cost, whole(1)?, whole(2)?, whole(3)?);
    let left = valuation.map_err(|error| wrong(NAME, error.to_string()))?.book_value;
    let entries = [("amount", currency.format(left)), ("currency", currency.code().to_owned())];
    let map = entries.map(|(name, value)| (key(name), Cel::from(value))).into_iter().collect();
    Ok(Cel::Map(cel::objects::Map { map: std::sync::Arc::new(map) }))
}

/// A date some days later. Of an instant, an instant.
fn plus_days(arguments: &[Cel]) -> Outcome {
    let (from, by) = (text("plus_days", arguments, 0)?, int("plus_days", arguments, 1)?);
    match parse_date(from) {
        Some(date) => Ok(add_days(date, clamp(by)).to_string().into()),
        None => later("plus_days", from, by, DAY_MS),
    }
}

/// A date some months later, clamped to the end of a shorter month. Of an instant, the date in UTC.
fn plus_months(arguments: &[Cel]) -> Outcome {
    let (from, by) = (text("plus_months", arguments, 0)?, int("plus_months", arguments, 1)?);
    let date = parse_date(from.get(..10).unwrap_or(from));
    let date = date.ok_or_else(|| wrong("plus_months", format!("'{from}' is neither a date nor an instant")))?;
    Ok(add_months(date, clamp(by)).to_string().into())
}

fn plus_minutes(arguments: &[Cel]) -> Outcome {
    later("plus_minutes", text("plus_minutes", arguments, 0)?, int("plus_minutes", arguments, 1)?, 60_000)
}

/// An instant some working days later: by the first of some calendars that says which days those are, and by Monday to
/// Friday in UTC where none does.
fn plus_workdays(arguments: &[Cel]) -> Outcome {
    const NAME: &str = "plus_workdays";
    /// Ten years, since days are counted one by one.
    const MOST: i64 = 3_650;
    let (from, days) = (moment(NAME, text(NAME, arguments, 0)?)?, int(NAME, arguments, 1)?);
    let days = u32::try_from(days).ok().filter(|_| days <= MOST);
    let days = days.ok_or_else(|| wrong(NAME, format!("argument 2 has to be from 0 to {MOST}")))?;
    let calendars = arguments.get(2).map_or(Ok(&[][..]), |calendars| list(NAME, std::slice::from_ref(calendars)))?;
    let of_calendar = |calendar: &Cel| match super::to_json(calendar) {
        Ok(Json::Object(fields)) => Workdays::of_fields(&fields),
        _ => None,
    };
    let workdays = calendars.iter().find_map(of_calendar).unwrap_or_default();
    Ok(workdays.after(Instant(from), days).to_string().into())
}

fn later(function: &str, from: &str, by: i64, unit: i64) -> Outcome {
    let at = moment(function, from)?.checked_add(by.saturating_mul(unit));
    at.map(|at| Cel::from(Instant(at).to_string())).ok_or_else(|| wrong(function, "the moment is out of range"))
}

fn clamp(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(if number < 0 { i32::MIN } else { i32::MAX })
}

fn earliest(arguments: &[Cel]) -> Outcome {
    extreme("earliest", arguments, |at, best| at < best)
}

fn latest(arguments: &[Cel]) -> Outcome {
    extreme("latest", arguments, |at, best| at > best)
}

/// The first or last of some moments; null ones do not count, and of none it is null.
fn extreme(function: &str, arguments: &[Cel], better: fn(i64, i64) -> bool) -> Outcome {
    let mut found: Option<(i64, &Cel)> = None;
    for item in list(function, arguments)? {
        let at = match item {
            Cel::Null => continue,
            Cel::String(text) => moment(function, text)?,
            _ => return Err(wrong(function, "the list has to hold dates and instants")),
        };
        if found.is_none_or(|(best, _)| better(at, best)) {
            found = Some((at, item));
        }
    }
    Ok(found.map_or(Cel::Null, |(_, item)| item.clone()))
}

fn numbers(function: &str, arguments: &[Cel]) -> Result<Vec<i64>, ExecutionError> {
    let whole = |item: &Cel| match item {
        Cel::Int(number) => Ok(*number),
        _ => Err(wrong(function, "the list has to hold whole numbers")),
    };
    list(function, arguments)?.iter().map(whole).collect()
}

fn greatest(arguments: &[Cel]) -> Outcome {
    Ok(numbers("greatest", arguments)?.into_iter().max().map_or(Cel::Null, Cel::Int))
}

fn least(arguments: &[Cel]) -> Outcome {
    Ok(numbers("least", arguments)?.into_iter().min().map_or(Cel::Null, Cel::Int))
}

fn sum(arguments: &[Cel]) -> Outcome {
    let total = numbers("sum", arguments)?.into_iter().try_fold(0_i64, i64::checked_add);
    total.map(Cel::Int).ok_or_else(|| wrong("sum", "the sum is out of range"))
}

/// A text in small letters.
fn lower(arguments: &[Cel]) -> Outcome {
    Ok(text("lower", arguments, 0)?.to_lowercase().into())
}

/// At which step the straight line through some values (least squares, the first one at step 0) reaches a limit,
/// rounded up; null where the values do not grow.
fn steps_to(arguments: &[Cel]) -> Outcome {
    const NAME: &str = "steps_to";
    let values = list(NAME, arguments.get(..1).unwrap_or_default())?;
    let in_micro = |value: &Cel| match micro(std::slice::from_ref(value))? {
        Cel::Int(micro) => Ok(micro),
        _ => Err(wrong(NAME, "the values have to be numbers")),
    };
    let values: Vec<i64> = values.iter().map(in_micro).collect::<Result<_, _>>()?;
    let limit = arguments.get(1).map_or_else(|| Err(wrong(NAME, "it takes two arguments")), in_micro)?;
    let step = trend::steps_to(&values, limit);
    Ok(step.map_err(|_| wrong(NAME, "the values are out of range"))?.map_or(Cel::Null, Cel::Int))
}

/// The place of a version among those of its scheme, decimal (`1.9` before `1.10`) or letter and number (`A/3` before
/// `B/0`). A second part that begins with 0 is a decimal fraction of the first step: `1.05` lies before `1.1`.
fn version(arguments: &[Cel]) -> Outcome {
    let text = text("version", arguments, 0)?;
    let place = || {
        if let Some((letter, number)) = text.split_once('/') {
            let [letter @ b'A'..=b'Z'] = letter.as_bytes() else { return None };
            return place_of(i64::from(letter - b'A'), number.parse().ok()?, 0);
        }
        let (whole, part) = text.split_once('.')?;
        let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
        if !is_number(whole) || !is_number(part) {
            return None;
        }
        let whole = whole.parse().ok()?;
        match part.strip_prefix('0').filter(|rest| !rest.is_empty()) {
            Some(_) => place_of(whole, 0, in_micro(&format!("0.{part}"))?),
            None => place_of(whole, part.parse().ok()?, 0),
        }
    };
    place().map(Cel::Int).ok_or_else(|| wrong("version", format!("'{text}' is no version like 1.0 or A/0")))
}

/// Steps of a version within one of its first part; more than anybody has.
const VERSION_STEPS: i64 = 1_000_000;

fn place_of(whole: i64, step: i64, micro: i64) -> Option<i64> {
    let step = (step < VERSION_STEPS).then_some(step)?;
    whole.checked_mul(VERSION_STEPS)?.checked_add(step)?.checked_mul(MICRO)?.checked_add(micro)
}

fn division(function: &str, arguments: &[Cel]) -> Result<(i128, i128), ExecutionError> {
    let (a, b) = (int(function, arguments, 0)?, int(function, arguments, 1)?);
    if b <= 0 {
        return Err(wrong(function, "the divisor has to be positive"));
    }
    Ok((i128::from(a), i128::from(b)))
}

/// A quotient of two whole numbers is within their range when the divisor is at least one.
fn quotient(value: i128) -> Cel {
    Cel::Int(i64::try_from(value).unwrap_or(i64::MAX))
}

fn half_up(arguments: &[Cel]) -> Outcome {
    let (a, b) = division("half_up", arguments)?;
    // Away from zero on a tie, as in the guide's figures.
    let rounded = (2 * a.abs() + b) / (2 * b);
    Ok(quotient(if a < 0 { -rounded } else { rounded }))
}

fn ceil_div(arguments: &[Cel]) -> Outcome {
    let (a, b) = division("ceil_div", arguments)?;
    Ok(quotient(-(-a).div_euclid(b)))
}

/// A decimal text, a whole number or an amount of money, in millionths.
fn micro(arguments: &[Cel]) -> Outcome {
    let [value] = arguments else { return Err(wrong("micro", "it takes one argument")) };
    let decimal = match value {
        Cel::Int(number) => {
            let micro = number.checked_mul(MICRO).ok_or_else(|| wrong("micro", "the number is out of range"))?;
            return Ok(Cel::Int(micro));
        }
        Cel::String(text) => text.as_str(),
        Cel::Map(map) => match map.map.get(&Key::String(std::sync::Arc::new("amount".to_owned()))) {
            Some(Cel::String(text)) => text.as_str(),
            _ => return Err(wrong("micro", "the map is not an amount of money")),
        },
        _ => return Err(wrong("micro", "the argument is neither a number nor an amount")),
    };
    in_micro(decimal).map(Cel::Int).ok_or_else(|| wrong("micro", format!("'{decimal}' is not a number in range")))
}

/// Digits beyond the sixth decimal are cut off.
fn in_micro(decimal: &str) -> Option<i64> {
    decimal.parse::<Decimal>().ok()?;
    let (negative, digits) = decimal.strip_prefix('-').map_or((false, decimal), |digits| (true, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction: String = fraction.chars().chain(std::iter::repeat('0')).take(6).collect();
    let value = whole.parse::<i64>().ok()?.checked_mul(MICRO)?.checked_add(fraction.parse().ok()?)?;
    Some(if negative { -value } else { value })
}

/// Millionths as a decimal text, without trailing zeros.
fn dec(arguments: &[Cel]) -> Outcome {
    let micro = int("dec", arguments, 0)?;
    let sign = if micro < 0 { "-" } else { "" };
    let (whole, fraction) = (micro.unsigned_abs() / MICRO.unsigned_abs(), micro.unsigned_abs() % MICRO.unsigned_abs());
    let fraction = format!("{fraction:06}");
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    Ok(format!("{sign}{whole}{point}{fraction}").into())
}
