//! Change risk scoring, and the lifecycle of a change that obeys it (domain guide, P30, P21 and section 3.2).
//!
//! A change is assessed when it is submitted and whenever something that the assessment depends on is edited. The
//! component says how risky it is, by which way it is approved and under which conditions; the host finds the facts,
//! collects the approvals, and holds the change where they are lacking. An approval belongs to the inputs it was given
//! on: when they change, it is stale and the change is assessed again.

mod approval;
mod assess;
mod facts;
mod impact;
mod items;
mod request;
mod timing;

use mortise_types::Process;

use crate::domain::Role;
use crate::domain::change::Assessment;
use crate::domain::record::Record;
use crate::flows::FlowError;
use crate::flows::working::{Cause, Working};
use assess::Occasion;

/// States in which an edit leads to another assessment.
const ASSESSED_IN: [&str; 4] = ["submitted", "assessed", "approved", "scheduled"];

/// Fields that the assessment depends on.
const INPUTS: [&str; 16] = [
    "type",
    "model",
    "cis",
    "services",
    "complexity",
    "teams",
    "backout",
    "tests",
    "timing",
    "window_from",
    "window_to",
    "security_relevant",
    "design_transition",
    "previous_attempt_failed",
    "cost",
    "budget_line",
];

pub(super) async fn run(working: &mut Working<'_>) -> Result<(), FlowError> {
    match working.cause.clone() {
        Cause::Timer(_) => Ok(()),
        Cause::Again { process: Process::ChangeRisk, .. } => again(working).await,
        Cause::Again { .. } => Ok(()),
        Cause::Create => Ok(request::check(working)?),
        Cause::Update => {
            request::check(working)?;
            edited(working).await
        }
        Cause::Transition { to, .. } => {
            request::check(working)?;
            entered(working, &to).await
        }
    }
}

async fn edited(working: &mut Working<'_>) -> Result<(), FlowError> {
    let waits = working.field("manual").is_some_and(|manual| manual == true);
    if ASSESSED_IN.contains(&working.record.state.as_str()) && (waits || working.touched(&INPUTS)) {
        let judged = assess::assess(working, Occasion::Edit).await?;
        approval::follow(working, judged);
    }
    Ok(())
}

async fn again(working: &mut Working<'_>) -> Result<(), FlowError> {
    if !ASSESSED_IN.contains(&working.record.state.as_str()) {
        return Err(working.not_again());
    }
    let judged = assess::assess(working, Occasion::Again).await?;
    approval::follow(working, judged);
    Ok(())
}

async fn entered(working: &mut Working<'_>, state: &str) -> Result<(), FlowError> {
    match state {
        // A new round begins: what was approved in an earlier one has to be approved again.
        "submitted" => {
            approval::retire(working);
            assess::assess(working, Occasion::Edit).await?;
        }
        "assessed" => {
            approval::retire(working);
            let judged = assess::assess(working, Occasion::Edit).await?;
            approval::follow(working, judged);
        }
        "draft" => {
            approval::retire(working);
        }
        "approved" => approval::approve(working).await?,
        "rejected" => approval::reject(working),
        "scheduled" => approval::schedule(working).await?,
        "implementing" => items::take(working).await?,
        "implemented" => items::give_back(working).await?,
        "backed_out" => {
            if working.field("outcome").is_none() {
                working.set("outcome", "backed-out".into());
            }
            items::give_back(working).await?;
        }
        _ => {}
    }
    approval::note_conditions(&mut working.record, &working.desk.policy.change);
    Ok(())
}

/// The roles that may approve or reject the record, and whether it passes by itself. While there is no assessment,
/// those who would most likely be asked are let through to hear that it is awaited.
pub(super) fn approvers(record: &Record) -> (Vec<Role>, bool) {
    match Assessment::of(record) {
        Some(assessment) => {
            (assessment.approvers.iter().map(|approver| approver.role).collect(), assessment.passes_by_itself())
        }
        None => (vec![Role::Cm, Role::Cab], false),
    }
}
