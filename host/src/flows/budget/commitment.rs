//! Commitments: money set aside on a line for an order. Who may grant one, the component says; nobody grants more than
//! that (domain guide, 3.3, commit).

use mortise_types::Process;
use mortise_types::budget::{self, CommitOutcome, CommitVerdict};
use serde_json::{Value, json};

use super::book::Book;
use super::{decide, plan, rule, same_currency, stay, subject};
use crate::domain::ledger::Amount;
use crate::domain::record::Record;
use crate::domain::refusal::{Refusal, rule as general};
use crate::domain::role::Role;
use crate::flows::FlowError;
use crate::flows::working::{Cause, Working};

/// Where top management's approvals are collected.
const APPROVALS: &str = "approvals";

pub(super) async fn run(working: &mut Working<'_>) -> Result<(), FlowError> {
    match working.cause.clone() {
        Cause::Create => {
            let book = open(working).await?;
            working.set("invoiced", Amount::zero(&book.currency).to_value());
            propose(working, &book).await
        }
        Cause::Update if working.record.state == "requested" && working.touched(&["line", "amount"]) => {
            let book = open(working).await?;
            working.set("invoiced", Amount::zero(&book.currency).to_value());
            // What was approved was another amount.
            working.set(APPROVALS, Value::Null);
            propose(working, &book).await
        }
        Cause::Again { .. } if working.record.state == "requested" => {
            let book = open(working).await?;
            propose(working, &book).await
        }
        Cause::Again { .. } => Err(working.not_again()),
        Cause::Transition { from, to } => match (from.as_str(), to.as_str()) {
            ("requested", "reserved") => reserve(working).await,
            (_, "released") => {
                let mut book = open(working).await?;
                book.take(&working.record);
                book.settle(working).await
            }
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// Roles that may approve a commitment beside the budget owner: beyond the tolerance it takes top management too.
pub(in crate::flows) fn approvers(record: &Record) -> &'static [Role] {
    if record.kind == "commitment" && record.state == "requested" { &[Role::Top] } else { &[] }
}

/// The commitment's line, which must not change until the unit is written.
async fn open(working: &mut Working<'_>) -> Result<Book, FlowError> {
    let number = working.text("line").unwrap_or_default().to_owned();
    let book = Book::open(working, &number).await?;
    same_currency(working, "amount", &book.line)?;
    Ok(book)
}

/// Says on a requested commitment what it would take to grant it now.
async fn propose(working: &mut Working<'_>, book: &Book) -> Result<(), FlowError> {
    working.held.push((book.line.number.clone(), book.line.revision));
    match ask(working, book).await? {
        Some((outcome, id)) => note(working, &outcome, &id),
        None => working.set("decision", Value::Null),
    }
    Ok(())
}

/// Grants the commitment as far as a fresh decision allows: the line may have changed since it was requested.
async fn reserve(working: &mut Working<'_>) -> Result<(), FlowError> {
    let mut book = open(working).await?;
    let budget = book.line.text("budget").unwrap_or_default().to_owned();
    let budget = plan::held(working, &budget).await?;
    plan::in_state(&budget, &plan::COMMITMENTS)?;
    book.is_open(&budget)?;
    let decided = ask(working, &book).await?;
    let verdict = match &decided {
        Some((outcome, id)) => {
            note(working, outcome, id);
            Some(outcome.verdict)
        }
        // Without a decision people decide, as many as it takes at the most (invariant 6).
        None => None,
    };
    let by_top = working.role == Role::Top.code();
    match verdict {
        Some(CommitVerdict::Approved | CommitVerdict::BudgetOwnerOverride) if by_top => {
            let message = "reserved takes the role BUD: the decision does not ask for top management";
            return Err(Refusal::forbidden(general::ROLE, message).into());
        }
        Some(CommitVerdict::Approved) => {}
        Some(CommitVerdict::BudgetOwnerOverride) => {
            if working.reason.trim().is_empty() {
                let lacking = decided.as_ref().map_or("", |(outcome, _)| outcome.shortfall.as_str());
                let message = format!("the line lacks {lacking}; overriding that needs a reason");
                return Err(Refusal::invalid(general::REASON, "reason", message).into());
            }
        }
        Some(CommitVerdict::TopManagement) | None if by_top => {
            approve(working);
            return Ok(());
        }
        Some(CommitVerdict::TopManagement) | None => {
            if !approved(working) {
                if verdict.is_none() {
                    stay(working);
                    return Ok(());
                }
                let message = "the commitment exceeds what the budget owner may grant: the role TOP has to approve \
                               it first, by the same transition";
                return Err(Refusal::conflict(rule::APPROVAL, message).about(APPROVALS).into());
            }
        }
    }
    if verdict.is_none() {
        // Both have decided what the component could not.
        working.set("manual", json!(false));
        working.resolved.push((working.record.number.clone(), Process::Budget.slug().to_owned()));
    }
    book.take(&working.record);
    book.settle(working).await
}

/// Keeps top management's approval; the commitment is reserved when the budget owner follows.
fn approve(working: &mut Working<'_>) {
    let mut approvals = working.field(APPROVALS).and_then(Value::as_array).cloned().unwrap_or_default();
    approvals.push(json!({
        "role": Role::Top,
        "user": working.actor.user,
        "at": working.now,
        "amount": working.field("amount"),
    }));
    working.set(APPROVALS, Value::Array(approvals));
    let data = json!({ "role": Role::Top, "decision": working.record.at("decision.id") });
    stay(working);
    working.event("commitment.approved", data);
}

/// Whether top management approved this amount, in another person than the one who reserves it.
fn approved(working: &Working<'_>) -> bool {
    let approvals = working.field(APPROVALS).and_then(Value::as_array).into_iter().flatten();
    let mut of_others = approvals.filter(|approval| approval["user"].as_str() != Some(working.actor.user.as_str()));
    of_others.any(|approval| Some(&approval["amount"]) == working.field("amount"))
}

async fn ask(working: &mut Working<'_>, book: &Book) -> Result<Option<(CommitOutcome, String)>, FlowError> {
    let Some(amount) = Amount::of(&working.record, "amount") else { return Ok(None) };
    let subject = subject("commitment", Some(&book.line), working.text("source"));
    let request = book.commit_request(&amount)?;
    Ok(match decide(working, &subject, request, "amount").await? {
        Some((budget::Outcome::Commit(outcome), id)) => Some((outcome, id)),
        _ => None,
    })
}

fn note(working: &mut Working<'_>, outcome: &CommitOutcome, id: &str) {
    let mut decision = json!(outcome);
    decision["id"] = json!(id);
    working.mark_fallback(id, &mut decision);
    working.set("decision", decision);
}
