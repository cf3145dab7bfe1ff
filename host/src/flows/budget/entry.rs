//! Cost entries: into which period they are posted, what they use up, and the entries that the host makes itself.

use jiff::civil::Date;
use mortise_types::budget::{self, ConvertRequest, PostOutcome, PostRequest};
use mortise_types::money::Currency;
use serde_json::{Map, Value, json};

use super::book::{Book, currency_of, unbalanced};
use super::{decide, plan, rule, same_currency, stay, subject};
use crate::domain::component::Subject;
use crate::domain::ledger::{self, Amount};
use crate::domain::number;
use crate::domain::record::{self, Record, Stamp};
use crate::domain::refusal::{Refusal, rule as general};
use crate::domain::role::Actor;
use crate::domain::time::{days_from_date, parse_date};
use crate::flows::working::{Cause, Working};
use crate::flows::{FlowError, automatic};

pub(super) async fn run(working: &mut Working<'_>) -> Result<(), FlowError> {
    match working.cause.clone() {
        Cause::Create | Cause::Update => draft(working).await,
        Cause::Transition { to, .. } if to == ledger::POSTED => post(working).await,
        // A posted entry is a booking.
        Cause::Again { .. } if working.record.state == "draft" && working.field("original").is_some() => {
            let number = working.text("line").unwrap_or_default();
            let line = working.desk.store.record(&working.record.org, number).await?;
            match line {
                Some(line) => convert(working, &line).await,
                None => Err(working.not_again()),
            }
        }
        Cause::Again { .. } => Err(working.not_again()),
        _ => Ok(()),
    }
}

/// A draft is in its line's currency, converted where it was given in another one, and names a commitment of its line.
async fn draft(working: &mut Working<'_>) -> Result<(), FlowError> {
    if !working.touched(&["line", "amount", "original", "rate", "commitment"]) {
        return Ok(());
    }
    let (org, store) = (working.record.org.clone(), working.desk.store.clone());
    let number = working.text("line").unwrap_or_default();
    let found = store.record(&org, number).await?;
    let line = found.ok_or_else(|| Refusal::not_found(format!("there is no budget line {number}")))?;
    convert(working, &line).await?;
    same_currency(working, "amount", &line)?;
    if let Some(number) = working.text("commitment") {
        let commitment = store.record(&org, number).await?;
        if commitment.is_none_or(|commitment| commitment.text("line") != Some(&line.number)) {
            let message = format!("{number} is not a commitment on {}", line.number);
            return Err(Refusal::invalid(rule::COMMITMENT, "commitment", message).into());
        }
    }
    Ok(())
}

/// Expresses an amount that was given in another currency in the line's, at the rate that is kept with it.
async fn convert(working: &mut Working<'_>, line: &Record) -> Result<(), FlowError> {
    let (original, rate) = (Amount::of(&working.record, "original"), working.text("rate").map(str::to_owned));
    let (original, rate) = match (original, rate) {
        (Some(original), Some(rate)) => (original, rate),
        (None, None) if working.field("amount").is_some() => return Ok(()),
        (None, None) => {
            let message = "amount is required, or original and rate to convert it from";
            return Err(Refusal::invalid(general::REQUIRED, "amount", message).into());
        }
        (Some(_), None) => {
            let message = "rate is required to convert the original amount";
            return Err(Refusal::invalid(general::REQUIRED, "rate", message).into());
        }
        (None, Some(_)) => {
            let message = "original is required: the amount that the rate converts";
            return Err(Refusal::invalid(general::REQUIRED, "original", message).into());
        }
    };
    let request = budget::Request::Convert(ConvertRequest {
        amount: original.text(),
        from_currency: original.currency.code().to_owned(),
        to_currency: currency_of(line)?.code().to_owned(),
        rate,
        attributes: mortise_types::Attributes::new(),
    });
    let subject = subject("cost-entry", Some(line), None);
    if let Some((budget::Outcome::Convert(outcome), _)) = decide(working, &subject, request, "rate").await? {
        working.set("amount", json!({ "amount": outcome.amount, "currency": outcome.currency }));
    }
    Ok(())
}

/// Posts the entry: from now on it counts, and nothing in it changes any more.
async fn post(working: &mut Working<'_>) -> Result<(), FlowError> {
    let number = working.text("line").unwrap_or_default().to_owned();
    let mut book = Book::open(working, &number).await?;
    same_currency(working, "amount", &book.line)?;
    let of_line = book.line.text("budget").unwrap_or_default().to_owned();
    let budget = plan::held(working, &of_line).await?;
    plan::in_state(&budget, &plan::COSTS)?;
    book.is_open(&budget)?;
    let on = working.text("on").and_then(parse_date);
    let on = on.ok_or_else(|| Refusal::invalid(general::REQUIRED, "on", "on is required for posted"))?;
    let subject = subject("cost-entry", Some(&book.line), None);
    let closed = plan::closed_periods(&budget);
    let Some(posting) = posting(working, &subject, &budget, on, closed).await? else {
        stay(working);
        return Ok(());
    };
    working.set("posted_period", json!(posting.posted_period));
    working.set("prior_period", json!(posting.prior_period));
    book.take(&working.record);
    if let Some(commitment) = working.text("commitment").map(str::to_owned) {
        let correction = matches!(working.text("kind"), Some("correction" | "reversal"));
        use_up(working, &mut book, &commitment, correction)?;
    }
    book.settle(working).await?;
    let data = json!({
        "line": number,
        "amount": working.field("amount"),
        "posted_period": posting.posted_period,
        "prior_period": posting.prior_period,
    });
    working.event("cost.posted", data);
    Ok(())
}

/// Into which period a cost of this day goes; none when the component failed. The period is one of the budget's.
pub(super) async fn posting(
    working: &mut Working<'_>,
    subject: &Subject,
    budget: &Record,
    on: Date,
    closed: Vec<String>,
) -> Result<Option<PostOutcome>, FlowError> {
    let request = budget::Request::Post(PostRequest {
        date: mortise_types::Date(days_from_date(on)),
        closed,
        attributes: mortise_types::Attributes::new(),
    });
    let Some((budget::Outcome::Post(outcome), _)) = decide(working, subject, request, "on").await? else {
        return Ok(None);
    };
    if plan::periods(budget).contains(&outcome.posted_period) {
        return Ok(Some(outcome));
    }
    let message = format!("{} has no open period for a cost of {on}", budget.number);
    Err(Refusal::conflict(rule::PERIOD, message).about("on").into())
}

/// Brings what is invoiced on a commitment up to date and moves it along.
fn use_up(working: &mut Working<'_>, book: &mut Book, number: &str, correction: bool) -> Result<(), FlowError> {
    let wrong = |message: String| Refusal::conflict(rule::COMMITMENT, message).about("commitment");
    let known = book.commitments.iter().find(|commitment| commitment.number == number);
    let before =
        known.cloned().ok_or_else(|| wrong(format!("{number} is not a commitment on {}", book.line.number)))?;
    let open = match before.state.as_str() {
        "open" | "part_invoiced" => true,
        // What was booked wrongly can be put right after the fact.
        "consumed" | "released" => correction,
        _ => false,
    };
    if !open {
        return Err(wrong(format!("{number} is {}; nothing can be invoiced on it", before.state)).into());
    }
    let invoiced = ledger::invoiced(&book.currency, number, &book.entries).map_err(unbalanced)?;
    let committed = Amount::of(&before, "amount").map_or(0, |amount| amount.minor);
    let mut after = before.clone();
    let sum = Amount { minor: invoiced, currency: book.currency.clone() };
    after.data.insert("invoiced".to_owned(), sum.to_value());
    let mut action = "invoiced".to_owned();
    if let Some(to) = ledger::moved_by_invoice(&before.state, committed, invoiced)
        && let Some(kind) = working.kinds.get("commitment").cloned()
        && let Some(step) = kind.transition(&before.state, to)
    {
        after = automatic::take(&kind, &after, step, working.now)?;
        action = format!("transition:{to}");
    }
    book.take(&after);
    working.along(before, after, action);
    Ok(())
}

/// An entry that the host makes and posts as part of another step.
pub(super) struct Making<'a> {
    /// What it is about.
    pub(super) title: String,
    /// The line.
    pub(super) line: &'a Record,
    /// Minor units of the line's currency.
    pub(super) minor: i128,
    /// The line's currency.
    pub(super) currency: &'a Currency,
    /// Its day.
    pub(super) on: Date,
    /// Where it is posted.
    pub(super) posting: PostOutcome,
    /// `actual`, `accrual`, `reversal` or `correction`.
    pub(super) kind: &'a str,
}

/// Makes a posted entry that points back to the record the use case is about, and writes it with the unit.
pub(super) async fn make(working: &mut Working<'_>, making: Making<'_>) -> Result<Record, FlowError> {
    let desk = working.desk;
    let Some(kind) = working.kinds.get("cost-entry").cloned() else {
        return Err(Refusal::conflict(general::UNKNOWN_KIND, "there is no kind cost-entry").into());
    };
    let org = working.record.org.clone();
    let amount = Amount { minor: making.minor, currency: making.currency.clone() };
    let mut input = Map::new();
    input.insert("title".to_owned(), json!(making.title));
    input.insert("line".to_owned(), json!(making.line.number));
    input.insert("amount".to_owned(), amount.to_value());
    input.insert("on".to_owned(), json!(making.on.to_string()));
    input.insert("kind".to_owned(), json!(making.kind));
    input.insert("links".to_owned(), json!([{ "type": "posted-by", "ref": working.record.number }]));
    let year = working.now.year();
    let counter = desk.store.next_number(&org, &kind.prefix, i64::from(year)).await?;
    let stamp = Stamp {
        id: desk.clock.id(),
        number: number::format(&kind.prefix, year, counter.unsigned_abs()),
        now: working.now,
    };
    let mut entry = record::create(&kind, &Actor::host(org), input, stamp)?;
    entry.owner.clone_from(&working.actor.user);
    entry.state = ledger::POSTED.to_owned();
    entry.data.insert("posted_period".to_owned(), json!(making.posting.posted_period));
    entry.data.insert("prior_period".to_owned(), json!(making.posting.prior_period));
    if working.record.kind == "allocation" {
        entry.data.insert("allocation".to_owned(), json!(working.record.number));
    }
    working.made(entry.clone());
    Ok(entry)
}

/// The entries that a record posted, from what the ledger of a line holds.
pub(super) fn posted_by<'b>(book: &'b Book, number: &str) -> impl Iterator<Item = &'b Record> {
    book.entries.iter().filter(move |entry| {
        let links = entry.data.get("links").and_then(Value::as_array).into_iter().flatten();
        entry.state == ledger::POSTED
            && links.into_iter().any(|link| link["type"] == "posted-by" && link["ref"].as_str() == Some(number))
    })
}
