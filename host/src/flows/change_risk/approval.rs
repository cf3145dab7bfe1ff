//! Approving, rejecting and scheduling a change, and what becomes of approvals when its inputs change.

use serde_json::json;

use super::INPUTS;
use super::assess::{self, Judged, Occasion};
use crate::domain::Actor;
use crate::domain::change::{Approval, Assessment, HOST_ROLE, Verdict, approvals, lacking, seat};
use crate::domain::policy::ChangePolicy;
use crate::domain::record::Record;
use crate::domain::refusal::{FieldProblem, Refusal, rule};
use crate::domain::role::HOST_USER;
use crate::flows::FlowError;
use crate::flows::update_record::commit;
use crate::flows::working::{Cause, Working};
use crate::store::StoreError;

const ASSESSED: &str = "assessed";
const APPROVED: &str = "approved";
/// States that rest on approvals.
const RESTING: [&str; 2] = [APPROVED, "scheduled"];
/// States after the review.
const REVIEWED: [&str; 2] = ["reviewed", "closed"];

/// Adds the actor's approval; the state moves with the last one that the assessment asks for.
pub(super) async fn approve(working: &mut Working<'_>) -> Result<(), FlowError> {
    let assessment = hold_present(working, APPROVED).await?;
    assessment.hold_unblocked()?;
    let mut given = approvals(&working.record);
    let role = seat(&assessment, &given, working.actor)?;
    given.push(said(working, role.code(), &assessment.inputs_hash, Verdict::Approve));
    working.set("approvals", json!(given));
    working.role = role.to_string();
    if !lacking(&assessment, &given).is_empty()
        && let Some(before) = &working.before
    {
        working.record.state.clone_from(&before.state);
        working.cause = Cause::Transition { from: before.state.clone(), to: before.state.clone() };
    }
    Ok(())
}

/// Adds the actor's rejection: one of those who must approve is enough.
pub(super) fn reject(working: &mut Working<'_>) {
    let assessment = Assessment::of(&working.record);
    let approvers = assessment.iter().flat_map(|assessment| &assessment.approvers);
    let role = approvers.map(|approver| approver.role).find(|role| working.actor.has(*role));
    if let Some(role) = role {
        working.role = role.to_string();
    }
    let inputs_hash = assessment.map(|assessment| assessment.inputs_hash).unwrap_or_default();
    let mut given = approvals(&working.record);
    given.push(said(working, &working.role, &inputs_hash, Verdict::Reject));
    working.set("approvals", json!(given));
}

/// Lets a change be scheduled that is approved as it is now, and that nothing stands against.
pub(super) async fn schedule(working: &mut Working<'_>) -> Result<(), FlowError> {
    let assessment = hold_present(working, "scheduled").await?;
    Ok(assessment.hold_schedulable(&approvals(&working.record), &working.desk.policy.change)?)
}

/// Marks every approval as stale; gives whose they were.
pub(super) fn retire(working: &mut Working<'_>) -> Vec<String> {
    let mut given = approvals(&working.record);
    let mut whose = Vec::new();
    for approval in given.iter_mut().filter(|approval| !approval.stale) {
        approval.stale = true;
        whose.push(approval.user.clone());
    }
    if !whose.is_empty() {
        working.set("approvals", json!(given));
    }
    whose
}

/// What follows from another assessment, or from a failure to get one: approvals given on other inputs are stale, and
/// a change that rested on them is back where it waits for approval. A change that needs nobody's passes on.
pub(super) fn follow(working: &mut Working<'_>, judged: Judged) {
    let policy = &working.desk.policy.change;
    if matches!(judged, Judged::Anew | Judged::Failed) {
        let whose = retire(working);
        let rested = RESTING.contains(&working.record.state.as_str());
        if rested || !whose.is_empty() {
            let assessment = Assessment::of(&working.record);
            working.event(
                "change.approval-stale",
                json!({
                    "state": working.record.state,
                    "approvals": whose,
                    "inputs_hash": assessment.map(|assessment| assessment.inputs_hash),
                }),
            );
        }
        note_conditions(&mut working.record, policy);
        if rested {
            let after = Record { state: ASSESSED.to_owned(), ..working.record.clone() };
            working.step(after);
        }
    }
    if judged == Judged::Failed || working.record.state != ASSESSED {
        return;
    }
    if let Some(assessment) = Assessment::of(&working.record).filter(Assessment::passes_by_itself) {
        let mut after = Record { state: APPROVED.to_owned(), ..working.record.clone() };
        let mut given = approvals(&after);
        given.push(Approval {
            user: HOST_USER.to_owned(),
            ..said(working, HOST_ROLE, &assessment.inputs_hash, Verdict::Approve)
        });
        after.data.insert("approvals".to_owned(), json!(given));
        note_conditions(&mut after, policy);
        working.step(after);
    }
}

/// Keeps the conditions that are met in step with approvals and state.
pub(super) fn note_conditions(record: &mut Record, policy: &ChangePolicy) {
    let met = Assessment::of(record).map(|assessment| {
        let reviewed = REVIEWED.contains(&record.state.as_str());
        assessment.conditions_met(&approvals(record), reviewed, policy)
    });
    match met.filter(|met| !met.is_empty()) {
        Some(met) => record.data.insert("conditions_met".to_owned(), json!(met)),
        None => record.data.remove("conditions_met"),
    };
}

fn said(working: &Working<'_>, role: &str, inputs_hash: &str, decision: Verdict) -> Approval {
    Approval {
        role: role.to_owned(),
        user: working.actor.user.clone(),
        at: working.now,
        inputs_hash: inputs_hash.to_owned(),
        decision,
        stale: false,
    }
}

/// The assessment, if it is one of the change as it is at this moment.
///
/// Other changes, blackouts, items or models may have changed since. Then the change is assessed again, that is
/// written in the host's name, and the step towards `to` is refused: nobody has approved what it is now.
async fn hold_present(working: &mut Working<'_>, to: &str) -> Result<Assessment, FlowError> {
    let touched: Vec<FieldProblem> = INPUTS
        .iter()
        .filter(|field| working.touched(&[*field]))
        .map(|field| {
            let message = format!("{field} is edited before the step, not with it: the change is assessed in between");
            FieldProblem::new(*field, rule::LOCKED_FIELD, message)
        })
        .collect();
    if !touched.is_empty() {
        return Err(Refusal::fields(touched).into());
    }
    let before = working.before.clone().unwrap_or_else(|| working.record.clone());
    let host = Actor::host(before.org.as_str());
    let mut side = Working::new(
        working.desk,
        working.kind,
        &host,
        working.cause.clone(),
        working.now,
        Some(before.clone()),
        before,
    );
    let judged = assess::assess(&mut side, Occasion::Reliance).await?;
    if matches!(judged, Judged::Same | Judged::Confirmed) {
        working.decisions.append(&mut side.decisions);
        working.held.append(&mut side.held);
        assess::no_person_needed(working);
        return Assessment::of(&working.record).ok_or_else(|| awaited().into());
    }
    let refusal = match judged {
        Judged::Failed => awaited(),
        _ => outdated(&side, to),
    };
    side.cause = Cause::Update;
    side.reason = format!("assessed again on the way to {to}");
    follow(&mut side, judged);
    let number = side.record.number.clone();
    let stored = commit(side.desk, side).await?;
    // Approved again by itself: the step can be taken from there.
    if to != APPROVED && stored.state == APPROVED {
        return Err(StoreError::Stale(number).into());
    }
    Err(refusal.into())
}

fn awaited() -> Refusal {
    let message = "the change has no assessment of what it is now; its component failed and a person has to decide";
    Refusal::conflict("awaiting-decision", message)
}

fn outdated(side: &Working<'_>, to: &str) -> Refusal {
    let assessment = Assessment::of(&side.record);
    if let Some(Err(blocked)) = assessment.map(|assessment| assessment.hold_unblocked()) {
        return blocked;
    }
    let (rule, what) = match to {
        APPROVED => ("stale-assessment", "assessed"),
        _ => ("stale-approval", "approved"),
    };
    let message = format!("the change is not what was {what} any more; it was assessed again and waits for approval");
    Refusal::conflict(rule, message)
}
