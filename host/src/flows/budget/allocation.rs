//! Allocation runs: an indirect cost shared out by a key, and what the shares become in the ledger (domain guide, 3.3,
//! allocate).

use std::collections::BTreeMap;

use mortise_types::budget::{self, AllocateRequest, AllocationKey};
use serde_json::{Value, json};

use super::book::Book;
use super::entry::{self, Making};
use super::{decide, plan, rule, same_currency, stay, subject};
use crate::domain::ledger::Amount;
use crate::domain::record::Record;
use crate::domain::refusal::{Refusal, rule as general};
use crate::domain::time::{local_date, parse_date};
use crate::flows::FlowError;
use crate::flows::working::{Cause, Working};

pub(super) async fn run(working: &mut Working<'_>) -> Result<(), FlowError> {
    match working.cause.clone() {
        Cause::Create | Cause::Update if working.record.state == "draft" => {
            let waits = working.field("manual").is_some_and(|manual| manual == true);
            if waits || working.touched(&["amount", "keys", "line", "budget"]) {
                compute(working).await?;
            }
            Ok(())
        }
        Cause::Again { .. } if working.record.state == "draft" => compute(working).await,
        Cause::Again { .. } => Err(working.not_again()),
        Cause::Transition { from, to } if from != to => match to.as_str() {
            // Back to where what is shared out can be changed.
            "draft" => {
                working.set("parts", Value::Null);
                Ok(())
            }
            "posted" => post(working).await,
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// Divides the amount. With the parts the run is computed; the kind file says that this follows at once.
async fn compute(working: &mut Working<'_>) -> Result<(), FlowError> {
    working.set("parts", Value::Null);
    let Some(amount) = Amount::of(&working.record, "amount") else { return Ok(()) };
    let keys = keys(&working.record);
    if keys.is_empty() {
        return Ok(());
    }
    lines(working).await?;
    let request = budget::Request::Allocate(AllocateRequest {
        currency: amount.currency.code().to_owned(),
        amount: amount.text(),
        keys: keys.iter().map(|key| AllocationKey { id: key.id.clone(), weight: key.weight.clone() }).collect(),
        attributes: attributes(working),
    });
    let decided = decide(working, &subject("allocation", None, None), request, "keys").await?;
    // The engine has checked that the parts are those of the keys and add up to the amount.
    if let Some((budget::Outcome::Allocate(outcome), _)) = decided {
        let parts = outcome.parts.iter().zip(&keys).map(|(part, key)| {
            let mut value = json!({ "id": part.id, "amount": part.amount });
            if let Some(line) = &key.line {
                value["line"] = json!(line);
            }
            value
        });
        let parts: Vec<Value> = parts.collect();
        working.set("parts", json!(parts));
    }
    Ok(())
}

/// Books each part on its line, and takes what was booked from the pool's line, so that the budget's total stays what
/// it was. Parts without a line are reported only.
async fn post(working: &mut Working<'_>) -> Result<(), FlowError> {
    let shares = shares(&working.record)?;
    let lines = lines(working).await?;
    let mut books = BTreeMap::new();
    for line in lines {
        books.insert(line.number.clone(), Book::of(working, line).await?);
    }
    let Some(of_budget) = books.values().find_map(|book| book.line.text("budget")).map(str::to_owned) else {
        return Ok(());
    };
    let budget = plan::held(working, &of_budget).await?;
    plan::in_state(&budget, &plan::COSTS)?;
    for book in books.values() {
        book.is_open(&budget)?;
    }
    let today = local_date("UTC", working.now).ok();
    let on = working.text("on").and_then(parse_date).or(today);
    let on = on.ok_or_else(|| Refusal::invalid(general::REQUIRED, "on", "on is required for posted"))?;
    let closed = plan::closed_periods(&budget);
    let subject = subject("allocation", None, None);
    let Some(posting) = entry::posting(working, &subject, &budget, on, closed).await? else {
        stay(working);
        return Ok(());
    };
    let pool = working.text("pool").unwrap_or_default().to_owned();
    let mut bookings: Vec<(String, i128, String, &str)> = Vec::new();
    let mut booked: i128 = 0;
    for (id, line, minor) in shares.into_iter().filter(|(_, _, minor)| *minor != 0) {
        booked = booked.checked_add(minor).ok_or_else(too_large)?;
        bookings.push((line, minor, format!("{pool}: share of {id}"), "actual"));
    }
    if let Some(source) = working.text("line").filter(|_| booked != 0) {
        let given = booked.checked_neg().ok_or_else(too_large)?;
        bookings.push((source.to_owned(), given, format!("{pool}: shared out"), "reversal"));
    }
    for (line, minor, title, kind) in bookings {
        let Some(book) = books.get_mut(&line) else { continue };
        let making =
            Making { title, line: &book.line, minor, currency: &book.currency, on, posting: posting.clone(), kind };
        let made = entry::make(working, making).await?;
        book.take(&made);
    }
    for book in books.into_values() {
        book.settle(working).await?;
    }
    Ok(())
}

struct Key {
    id: String,
    weight: String,
    line: Option<String>,
}

fn keys(record: &Record) -> Vec<Key> {
    let list = record.data.get("keys").and_then(Value::as_array).into_iter().flatten();
    let text = |key: &Value, name: &str| key[name].as_str().map(str::to_owned);
    list.filter_map(|key| Some(Key { id: text(key, "id")?, weight: text(key, "weight")?, line: text(key, "line") }))
        .collect()
}

/// Receiver, line and minor units of the parts that have a line.
fn shares(record: &Record) -> Result<Vec<(String, String, i128)>, Refusal> {
    let Some(amount) = Amount::of(record, "amount") else { return Ok(Vec::new()) };
    let list = record.data.get("parts").and_then(Value::as_array).into_iter().flatten();
    let mut shares = Vec::new();
    for part in list {
        let Some(line) = part["line"].as_str() else { continue };
        let minor = amount.currency.parse(part["amount"].as_str().unwrap_or_default());
        let minor = minor.map_err(|error| Refusal::conflict(rule::LEDGER, error.to_string()))?;
        shares.push((part["id"].as_str().unwrap_or_default().to_owned(), line.to_owned(), minor));
    }
    Ok(shares)
}

/// The lines that the run names, each once; they are lines of one budget and kept in the amount's currency.
async fn lines(working: &Working<'_>) -> Result<Vec<Record>, FlowError> {
    let mut numbers: Vec<String> = keys(&working.record).into_iter().filter_map(|key| key.line).collect();
    numbers.extend(working.text("line").map(str::to_owned));
    numbers.sort();
    numbers.dedup();
    let lines = working.desk.store.records(&working.record.org, &numbers).await?;
    let mut budget = working.text("budget");
    for line in &lines {
        same_currency(working, "amount", line)?;
        let of = line.text("budget");
        if budget.is_some() && of != budget {
            let message = format!("{} is a line of another budget", line.number);
            return Err(Refusal::invalid(rule::OTHER_BUDGET, "keys", message).into());
        }
        budget = of;
    }
    Ok(lines)
}

fn attributes(working: &Working<'_>) -> mortise_types::Attributes {
    let text = |name: &str| Some((name.to_owned(), mortise_types::Value::Text(working.text(name)?.to_owned())));
    ["pool", "basis"].into_iter().filter_map(text).collect()
}

fn too_large() -> Refusal {
    Refusal::conflict(rule::LEDGER, "the amounts are too large to be added exactly")
}
