//! Closing a period of a budget: what still stands against it, and what it leaves behind (domain guide, 3.3, close).

use mortise_types::budget::{
    self, CarryPolicy, CloseOutcome, CloseRequest, ClosedPeriod, OrderAmount, PendingItem, PostOutcome,
};
use serde_json::{Value, json};

use super::book::{Book, unbalanced};
use super::entry::{self, Making};
use super::{decide, plan, reopen, rule, stay, subject};
use crate::domain::ledger::{self, Amount};
use crate::domain::period;
use crate::domain::record::Record;
use crate::domain::refusal::{FieldProblem, Refusal, rule as general};
use crate::domain::time::parse_date;
use crate::flows::FlowError;
use crate::flows::working::{Cause, Working};

/// More runs or closes than this for one budget are not looked at.
const MOST: i64 = 10_000;
/// What the record says before anything was decided about it.
const INPUTS: [&str; 6] = ["budget", "period", "period_budget", "carry_policy", "pending", "received_not_invoiced"];

pub(super) async fn run(working: &mut Working<'_>) -> Result<(), FlowError> {
    match working.cause.clone() {
        Cause::Create => assess(working).await,
        Cause::Update if working.record.state == "requested" => {
            let waits = working.field("manual").is_some_and(|manual| manual == true);
            if waits || working.touched(&INPUTS) { assess(working).await } else { Ok(()) }
        }
        Cause::Again { .. } if working.record.state == "requested" => assess(working).await,
        Cause::Again { .. } => Err(working.not_again()),
        Cause::Transition { from, to } => match (from.as_str(), to.as_str()) {
            ("blocked", "requested") => assess(working).await,
            ("requested", "closed") => close(working).await,
            ("closed", "reopened") => reopen::run(working).await,
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// Everything that closing the period depends on.
pub(super) struct Gathered {
    budget: Record,
    period: String,
    books: Vec<Book>,
    received: Vec<Received>,
    request: CloseRequest,
}

/// Something received in the period and not yet invoiced.
struct Received {
    order: String,
    line: String,
    minor: i128,
}

/// Says whether the period could be closed now; if not, the kind file blocks it at once.
async fn assess(working: &mut Working<'_>) -> Result<(), FlowError> {
    let gathered = gather(working).await?;
    working.set("blocked_by", Value::Null);
    if let Some((outcome, id)) = ask(working, &gathered).await? {
        note(working, &gathered, &outcome, &id);
    }
    Ok(())
}

/// Closes the period on fresh figures: it may be later than the request.
async fn close(working: &mut Working<'_>) -> Result<(), FlowError> {
    let gathered = gather(working).await?;
    plan::in_state(&gathered.budget, &plan::COSTS)?;
    // Whatever is booked on a line meanwhile is not in these figures.
    for book in &gathered.books {
        working.held.push((book.line.number.clone(), book.line.revision));
    }
    let Some((outcome, id)) = ask(working, &gathered).await? else {
        stay(working);
        return Ok(());
    };
    let figures = match &outcome {
        CloseOutcome::Closed(figures) => figures.clone(),
        CloseOutcome::Blocked(reasons) => {
            let problems = reasons.iter().map(|reason| FieldProblem::new("period", rule::BLOCKED, reason.as_str()));
            let message = format!("{} cannot be closed: {}", gathered.period, reasons.join(", "));
            let refusal = Refusal::conflict(rule::BLOCKED, message).about("period");
            return Err(Refusal { details: problems.collect(), ..refusal }.into());
        }
    };
    note(working, &gathered, &outcome, &id);
    let Some(reversal) = reversal(working, &gathered).await? else {
        stay(working);
        return Ok(());
    };
    finish(working, gathered, &figures, reversal).await
}

/// Writes what a closed period leaves: accruals and their reversals in the ledger, the period among the closed ones.
async fn finish(
    working: &mut Working<'_>,
    gathered: Gathered,
    figures: &ClosedPeriod,
    reversal: Reversal,
) -> Result<(), FlowError> {
    let Gathered { budget, period, mut books, received, .. } = gathered;
    let last = period::last_day(&period).ok_or_else(|| no_period(&budget, &period))?;
    let here = PostOutcome { posted_period: period.clone(), prior_period: false };
    for item in received.iter().filter(|item| item.minor != 0) {
        let Some(book) = books.iter_mut().find(|book| book.line.number == item.line) else { continue };
        book.is_open(&budget)?;
        let accrual = Making {
            title: format!("Accrual of {} for {period}", item.order),
            line: &book.line,
            minor: item.minor,
            currency: &book.currency,
            on: last,
            posting: here.clone(),
            kind: "accrual",
        };
        let made = entry::make(working, accrual).await?;
        book.take(&made);
        let Reversal::In(day, posting) = &reversal else { continue };
        let back = Making {
            title: format!("Reversal of the accrual of {} for {period}", item.order),
            line: &book.line,
            minor: item.minor.checked_neg().ok_or_else(|| unbalanced(ledger::Unbalanced::Overflow))?,
            currency: &book.currency,
            on: *day,
            posting: posting.clone(),
            kind: "reversal",
        };
        let made = entry::make(working, back).await?;
        book.take(&made);
    }
    if matches!(reversal, Reversal::BeyondBudget) && received.iter().any(|item| item.minor != 0) {
        // The next period is another budget's: which of its lines takes the reversal, people know.
        let data = json!({ "budget": budget.number, "period": period, "amount": figures.reversals_next_period });
        working.event("budget.reversal.due", data);
    }
    for book in books {
        if received.iter().any(|item| item.line == book.line.number) {
            book.settle(working).await?;
        }
    }
    let mut closed = plan::closed_periods(&budget);
    closed.push(period.clone());
    let after = plan::with_closed(&budget, closed);
    for (field, amount) in
        [("accruals", &figures.accruals), ("carried", &figures.budget_carried), ("lapsed", &figures.budget_lapsed)]
    {
        working.set(field, json!({ "amount": amount, "currency": budget.text("currency") }));
    }
    let data = json!({ "budget": budget.number, "period": period, "period_cost": figures.period_cost });
    working.event("period.closed", data);
    working.along(budget, after, "period-closed");
    Ok(())
}

/// Where the reversals of a period's accruals go.
pub(super) enum Reversal {
    /// Into the budget, on this day.
    In(jiff::civil::Date, PostOutcome),
    /// The budget has no open period after this one.
    BeyondBudget,
}

/// Day 1 of the next period, and where a cost of that day is posted once this period is closed; none when the
/// component failed.
async fn reversal(working: &mut Working<'_>, gathered: &Gathered) -> Result<Option<Reversal>, FlowError> {
    let mut closed = plan::closed_periods(&gathered.budget);
    closed.push(gathered.period.clone());
    place_reversal(working, &gathered.budget, &gathered.period, closed).await
}

/// As the closing of a period places its reversals, while `closed` periods are closed.
pub(super) async fn place_reversal(
    working: &mut Working<'_>,
    budget: &Record,
    period: &str,
    closed: Vec<String>,
) -> Result<Option<Reversal>, FlowError> {
    let next = period::next(period).as_deref().and_then(period::first_day);
    let first = next.ok_or_else(|| no_period(budget, period))?;
    let later = |other: &String| other.as_str() > period && !closed.contains(other);
    if !plan::periods(budget).iter().any(later) {
        return Ok(Some(Reversal::BeyondBudget));
    }
    let subject = subject("period-close", None, None);
    let posting = entry::posting(working, &subject, budget, first, closed).await?;
    Ok(posting.map(|posting| Reversal::In(first, posting)))
}

async fn gather(working: &mut Working<'_>) -> Result<Gathered, FlowError> {
    let number = working.text("budget").unwrap_or_default().to_owned();
    let budget = plan::held(working, &number).await?;
    let period = working.text("period").unwrap_or_default().to_owned();
    let periods = plan::periods(&budget);
    let Some(index) = periods.iter().position(|known| *known == period) else {
        return Err(no_period(&budget, &period).into());
    };
    if plan::closed_periods(&budget).contains(&period) {
        let message = format!("{period} of {number} is closed already");
        return Err(Refusal::conflict(rule::CLOSED_PERIOD, message).about("period").into());
    }
    let mut books = Vec::new();
    for line in plan::lines_of(working, &number).await? {
        if Amount::of(&line, "amount").is_some() {
            books.push(Book::of(working, line).await?);
        }
    }
    let mut total: i128 = 0;
    let mut actuals = Vec::new();
    let mut open_commitments = Vec::new();
    for book in &books {
        let totals = book.totals()?;
        total = total.checked_add(book.budget().minor).ok_or(ledger::Unbalanced::Overflow).map_err(unbalanced)?;
        actuals.extend(totals.by_period.get(&period).map(|minor| book.currency.format(*minor)));
        let open = totals.open.iter().map(|(order, minor)| (order.clone(), book.currency.format(*minor)));
        open_commitments.extend(open.map(|(order, amount)| OrderAmount { order, amount }));
    }
    let share = ledger::share_of_period(total, periods.len(), index);
    let share = share.map_err(|error| Refusal::conflict(rule::LEDGER, error.to_string()))?;
    let carried = carried_into(working, &number, index.checked_sub(1).map(|before| periods[before].as_str())).await?;
    let currency = mortise_types::money::Currency::iso(budget.text("currency").unwrap_or_default());
    let currency = currency.map_err(|error| Refusal::conflict(rule::CURRENCY, error.to_string()).about("budget"))?;
    let period_budget = match Amount::of(&working.record, "period_budget") {
        Some(amount) => amount.minor,
        None => share.checked_add(carried).ok_or_else(|| unbalanced(ledger::Unbalanced::Overflow))?,
    };
    let received = received(&working.record, &books, &currency)?;
    let request = CloseRequest {
        currency: currency.code().to_owned(),
        period: period.clone(),
        budget: currency.format(period_budget),
        actuals,
        received_not_invoiced: received
            .iter()
            .map(|item| OrderAmount { order: item.order.clone(), amount: currency.format(item.minor) })
            .collect(),
        open_commitments,
        carry_policy: carry_policy(&working.record),
        pending: pending(working, &books, &number, &period).await?,
        attributes: mortise_types::Attributes::new(),
    };
    Ok(Gathered { budget, period, books, received, request })
}

/// What the close of the period before carried into this one, minor units.
async fn carried_into(working: &Working<'_>, budget: &str, before: Option<&str>) -> Result<i128, FlowError> {
    let Some(before) = before else { return Ok(0) };
    let (org, store) = (&working.record.org, &working.desk.store);
    let closes = store.records_by_field(org, "period-close", "budget", budget, MOST).await?;
    let of_period = closes.iter().rfind(|close| close.state == "closed" && close.text("period") == Some(before));
    Ok(of_period.and_then(|close| Amount::of(close, "carried")).map_or(0, |amount| amount.minor))
}

/// What keeps the period open: drafts of the period, allocation runs that are not posted, and what people say.
async fn pending(
    working: &Working<'_>,
    books: &[Book],
    budget: &str,
    period: &str,
) -> Result<Vec<PendingItem>, FlowError> {
    let within =
        |record: &Record| record.text("on").and_then(parse_date).is_some_and(|day| period::month_of(day) == period);
    let item = |kind: &str, id: &str| PendingItem { kind: kind.to_owned(), id: id.to_owned() };
    let drafts = books.iter().flat_map(|book| &book.entries).filter(|entry| entry.state == "draft" && within(entry));
    let mut pending: Vec<PendingItem> = drafts.map(|entry| item("cost-entry-draft", &entry.number)).collect();
    let (org, store) = (&working.record.org, &working.desk.store);
    let runs = store.records_by_field(org, "allocation", "budget", budget, MOST).await?;
    let runs = runs.iter().filter(|run| run.state == "computed" && within(run));
    pending.extend(runs.map(|run| item("allocation-unposted", &run.number)));
    let said = working.field("pending").and_then(Value::as_array).into_iter().flatten();
    pending.extend(said.filter_map(|one| Some(item(one["kind"].as_str()?, one["id"].as_str()?))));
    Ok(pending)
}

/// What was received and not invoiced; each item names its line, or a commitment of one.
fn received(
    record: &Record,
    books: &[Book],
    currency: &mortise_types::money::Currency,
) -> Result<Vec<Received>, Refusal> {
    let list = record.data.get("received_not_invoiced").and_then(Value::as_array).into_iter().flatten();
    let mut received = Vec::new();
    let mut problems = Vec::new();
    for (index, item) in list.enumerate() {
        let order = item["po"].as_str().unwrap_or_default();
        let path = |key: &str| format!("received_not_invoiced[{index}].{key}");
        let Some(amount) = Amount::read(&item["amount"]).filter(|amount| amount.currency == *currency) else {
            let message = format!("{} must be in {}", path("amount"), currency.code());
            problems.push(FieldProblem::new(path("amount"), rule::CURRENCY, message));
            continue;
        };
        let of_order = books.iter().find(|book| book.commitments.iter().any(|c| c.number == order));
        let named = item["line"].as_str().map(|line| books.iter().find(|book| book.line.number == line));
        match named.unwrap_or(of_order) {
            Some(book) => {
                received.push(Received { order: order.to_owned(), line: book.line.number.clone(), minor: amount.minor })
            }
            None => {
                let message = format!("{} must be a line of the budget, or po one of its commitments", path("line"));
                problems.push(FieldProblem::new(path("line"), general::REQUIRED, message));
            }
        }
    }
    if problems.is_empty() { Ok(received) } else { Err(Refusal::fields(problems)) }
}

fn carry_policy(record: &Record) -> Option<CarryPolicy> {
    serde_json::from_value(record.data.get("carry_policy")?.clone()).ok()
}

async fn ask(working: &mut Working<'_>, gathered: &Gathered) -> Result<Option<(CloseOutcome, String)>, FlowError> {
    let request = budget::Request::Close(gathered.request.clone());
    let subject = subject("period-close", None, None);
    Ok(match decide(working, &subject, request, "period").await? {
        Some((budget::Outcome::Close(outcome), id)) => Some((outcome, id)),
        _ => None,
    })
}

/// What was looked at, what came of it, and what blocks the period.
fn note(working: &mut Working<'_>, gathered: &Gathered, outcome: &CloseOutcome, id: &str) {
    let of = |kind: &str| gathered.request.pending.iter().filter(|item| item.kind == kind).count();
    let checks: Vec<Value> = [
        ("costs posted", "cost-entry-draft"),
        ("allocations posted", "allocation-unposted"),
        ("invoices matched", "invoice-unmatched"),
        ("timesheets approved", "timesheet-unapproved"),
    ]
    .into_iter()
    .map(|(check, kind)| json!({ "check": check, "ok": of(kind) == 0, "pending": of(kind) }))
    .collect();
    working.set("checks", json!(checks));
    let mut result = json!(outcome);
    result["budget"] = json!(gathered.request.budget);
    result["decision"] = json!(id);
    working.mark_fallback(id, &mut result);
    working.set("result", result);
    let blocked_by = match outcome {
        CloseOutcome::Blocked(reasons) => json!(reasons),
        CloseOutcome::Closed(_) => Value::Null,
    };
    working.set("blocked_by", blocked_by);
}

fn no_period(budget: &Record, period: &str) -> Refusal {
    let message = format!("{period} is not one of the periods of {}", budget.number);
    Refusal::invalid(rule::PERIOD, "period", message)
}
