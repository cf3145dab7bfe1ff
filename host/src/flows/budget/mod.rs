//! Budget accounting on budgets, their lines, commitments, cost entries, allocation runs and period closes (domain
//! guide, P27 and section 3.3).
//!
//! The ledger is the host's: a line's totals are always the sums of what is booked on it, read in the same use case
//! and guarded by the line's revision, which every booking advances. Two bookings at once can therefore never both
//! see the money that only one of them gets. What follows from the sums (who may grant a commitment, into which
//! period a cost goes, how an amount is divided) the component says.

mod allocation;
mod book;
mod change;
mod close;
mod commitment;
mod entry;
mod line;
mod plan;
mod reopen;
mod report;

use mortise_types::{Outcome, Process, Request, budget};
use serde_json::json;

use super::FlowError;
use super::decide::Answer;
use super::working::{Cause, Working};
use crate::domain::component::Subject;
use crate::domain::ledger::Amount;
use crate::domain::record::Record;
use crate::domain::refusal::Refusal;

pub use report::{FiguresQuery, figures};

pub(super) use commitment::approvers;

/// Names of the rules that refuse here; they are part of the interface and never change.
mod rule {
    /// The amount is not in the budget's currency.
    pub(super) const CURRENCY: &str = "currency";
    /// The budget is not in a state in which money moves.
    pub(super) const BUDGET_STATE: &str = "budget-not-active";
    /// The line is frozen or closed.
    pub(super) const LINE_STATE: &str = "line-not-open";
    /// The period is not one of the budget's, or none of them is open.
    pub(super) const PERIOD: &str = "no-open-period";
    /// The period is closed already.
    pub(super) const CLOSED_PERIOD: &str = "period-closed";
    /// Something keeps the period from being closed.
    pub(super) const BLOCKED: &str = "period-blocked";
    /// A further role has to approve first.
    pub(super) const APPROVAL: &str = "approval-required";
    /// The commitment belongs to another line, or is not open.
    pub(super) const COMMITMENT: &str = "commitment-not-open";
    /// The sums of the line cannot be made.
    pub(super) const LEDGER: &str = "ledger";
    /// Records of several budgets in one step.
    pub(super) const OTHER_BUDGET: &str = "other-budget";
}

pub(super) async fn run(working: &mut Working<'_>) -> Result<(), FlowError> {
    match working.kind.slug.as_str() {
        "budget" | "budget-line" if matches!(working.cause, Cause::Again { .. }) => Err(working.not_again()),
        "budget" => plan::run(working).await,
        "budget-line" => line::run(working).await,
        "commitment" => commitment::run(working).await,
        "cost-entry" => entry::run(working).await,
        "allocation" => allocation::run(working).await,
        "period-close" => close::run(working).await,
        "change" => change::run(working).await,
        _ => Ok(()),
    }
}

/// Asks about the record itself; none when the component failed and a person has to decide. What the component
/// refuses, the caller is refused, by the component's code and about `field`.
async fn decide(
    working: &mut Working<'_>,
    subject: &Subject,
    request: budget::Request,
    field: &str,
) -> Result<Option<(budget::Outcome, String)>, FlowError> {
    match working.ask(subject, &Request::Budget(request)).await {
        Answer::Decided(decision, id) => {
            working.set("manual", json!(false));
            match decision.outcome {
                Outcome::Budget(outcome) => Ok(Some((outcome, id))),
                // The engine checks that an outcome answers its request.
                _ => Ok(None),
            }
        }
        Answer::Refused { code, message, .. } => Err(Refusal::invalid(code, field, message).into()),
        Answer::Failed => {
            working.set("manual", json!(true));
            Ok(None)
        }
    }
}

/// Asks about another record than the one the use case is about; the decision is kept with that one.
async fn ask_about(working: &mut Working<'_>, number: &str, subject: &Subject, request: budget::Request) -> Answer {
    let own = std::mem::replace(&mut working.record.number, number.to_owned());
    let answer = working.ask(subject, &Request::Budget(request)).await;
    working.record.number = own;
    answer
}

/// Puts another record than the one the use case is about into the manual-decision queue.
fn person_for(working: &mut Working<'_>, number: &str, reason: &str, decision: &str) {
    // An answer that cannot be used settles nothing.
    working.resolved.retain(|(of, process)| of != number || process != Process::Budget.slug());
    let own = std::mem::replace(&mut working.record.number, number.to_owned());
    working.needs_a_person(Process::Budget, reason, decision);
    working.record.number = own;
}

/// Leaves the record in the state it was in: without a decision nothing is approved (invariant 6).
fn stay(working: &mut Working<'_>) {
    if let Some(before) = &working.before {
        let held_up = std::mem::replace(&mut working.record.state, before.state.clone());
        for entry in working.manual.iter_mut().filter(|entry| entry.number == before.number) {
            entry.step.clone_from(&held_up);
        }
        working.cause = Cause::Update;
    }
}

/// What a decision about money of a line is about, as far as scopes care.
fn subject(kind: &str, line: Option<&Record>, contract: Option<&str>) -> Subject {
    let service = line.and_then(|line| line.text("service")).map(str::to_owned);
    Subject {
        kind: kind.to_owned(),
        services: service.into_iter().collect(),
        customer: None,
        contract: contract.filter(|number| number.starts_with("CON-")).map(str::to_owned),
    }
}

/// Refuses an amount in another currency than the line's.
fn same_currency(working: &Working<'_>, field: &str, line: &Record) -> Result<(), Refusal> {
    let (Some(amount), Some(of_line)) = (Amount::of(&working.record, field), Amount::of(line, "amount")) else {
        return Ok(());
    };
    if amount.currency == of_line.currency {
        return Ok(());
    }
    let (is, must) = (amount.currency.code(), of_line.currency.code());
    let message = format!("{field} is in {is}, but {} is kept in {must}", line.number);
    Err(Refusal::invalid(rule::CURRENCY, field, message))
}
