//! Decisions by people: what a component could not decide, somebody decides, or has the component asked once more.
//!
//! Either goes through the process's own code, as if the component had answered: [`Person`] stands in for it
//! (`Working::ask`). Where the record was held up on its way to another state, that step is taken now.

mod answer;

use mortise_types::{Milestone, Process, Reason};
use serde_json::{Map, Value, json};

use super::transition_record::{self, Step};
use super::update_record::{commit, hold_revision};
use super::working::{Cause, Why, Working};
use super::{Desk, FlowError, hooks, retry};
use crate::domain::record::Record;
use crate::domain::refusal::{Refusal, rule};
use crate::domain::role::Role;
use crate::domain::{Actor, Kind, manual};
use crate::store::manual::Waiting;

pub(super) use answer::Person;

/// What a person says in place of a component.
#[derive(Clone, Debug)]
pub struct Said {
    /// The outcome, in the shape of the process's contract.
    pub outcome: Value,
    /// When to look again; empty where the outcome says it all.
    pub milestones: Vec<Milestone>,
    /// Why, in order; at least one.
    pub reasons: Vec<Reason>,
}

/// Decides an entry of the queue as a person. The outcome is held to what a component's has to hold to, and applied by
/// the same code.
///
/// # Errors
/// No such entry, or one that was decided meanwhile; not allowed ([`manual::permit`]); an outcome that cannot be true;
/// a stale revision; what the process, or the step that was held up, refuses; the database's errors.
pub async fn decide(
    desk: &Desk,
    actor: &Actor,
    id: &str,
    said: Said,
    expected: Option<i64>,
    reason: &str,
) -> Result<Record, FlowError> {
    retry::until_won(|| attempt(desk, actor, id, Some(&said), expected, reason)).await
}

/// Has the component that is responsible now asked once more.
///
/// # Errors
/// As [`decide`]; an administrator may, too. A component that fails again is no error: the record waits on.
pub async fn ask_again(
    desk: &Desk,
    actor: &Actor,
    id: &str,
    expected: Option<i64>,
    reason: &str,
) -> Result<Record, FlowError> {
    retry::until_won(|| attempt(desk, actor, id, None, expected, reason)).await
}

async fn attempt(
    desk: &Desk,
    actor: &Actor,
    id: &str,
    said: Option<&Said>,
    expected: Option<i64>,
    reason: &str,
) -> Result<Record, FlowError> {
    let missing = || Refusal::not_found(format!("nothing waits for a person as {id}"));
    let waiting = desk.store.manual_entry(&actor.org, id).await?.ok_or_else(missing)?;
    let process: Process = waiting.entry.process.parse().map_err(|_| missing())?;
    let record = desk.store.record(&actor.org, &waiting.entry.number).await?.ok_or_else(missing)?;
    let kinds = desk.kinds(&actor.org);
    let kind = kinds.get(&record.kind).ok_or_else(missing)?;
    let role = match manual::permit(kind, actor, &record, process) {
        Err(refusal) if said.is_none() && refusal.rule == rule::ROLE && actor.has(Role::Adm) => Role::Adm,
        other => other?,
    };
    if waiting.resolved_at.is_some() {
        let message = format!("{} waits no longer: it was decided meanwhile", waiting.entry.number);
        return Err(Refusal::conflict("decided-already", message).into());
    }
    hold_revision(&record, expected)?;
    let mut working = begin(desk, actor, kind, record, &waiting, said.is_some(), reason).await?;
    if matches!(working.cause, Cause::Again { .. }) {
        working.role = role.to_string();
    }
    working.person = said.map(|said| Person::new(&waiting, process, said));
    let went = hooks::run(&mut working).await;
    if let Some(person) = &working.person {
        let decision = match &person.came {
            Some(Err(refusal)) => return Err(refusal.clone().into()),
            // What the process itself refuses comes before what it did not ask.
            None => return Err(went.err().unwrap_or_else(|| unasked(&working, process))),
            Some(Ok(decision)) => decision.clone(),
        };
        let data = json!({ "process": process.slug(), "decision": decision, "waited": id, "actor": actor.user });
        working.event("decision.by-person", data);
    }
    went?;
    commit(desk, working).await
}

/// The step that the record was held up at, if it is still to be taken; else a decision about the record as it is.
async fn begin<'d>(
    desk: &'d Desk,
    actor: &'d Actor,
    kind: &'d Kind,
    record: Record,
    waiting: &Waiting,
    by_person: bool,
    reason: &'d str,
) -> Result<Working<'d>, FlowError> {
    let held_up = kind.transition(&record.state, &waiting.entry.step).filter(|_| !waiting.entry.step.is_empty());
    if let Some(step) = held_up {
        let step = Step { name: &step.name, input: Map::new(), expected: None, reason };
        return transition_record::begin(desk, actor, kind, record, &step).await;
    }
    let process = waiting.entry.process.parse().map_err(|why: String| Refusal::not_found(why))?;
    let cause = Cause::Again { process, why: if by_person { Why::Person } else { Why::Retry } };
    let mut working = Working::new(desk, kind, actor, cause, desk.clock.now(), Some(record.clone()), record);
    reason.clone_into(&mut working.reason);
    Ok(working)
}

fn unasked(working: &Working<'_>, process: Process) -> FlowError {
    let message = format!("{process} has nothing to decide about {} as it is now", working.record.number);
    Refusal::conflict("not-decided-again", message).into()
}

impl Working<'_> {
    /// Said where a process does not decide about a record again: what it decided was carried out already.
    pub(super) fn not_again(&self) -> FlowError {
        let (number, state) = (&self.record.number, &self.record.state);
        let message = format!(
            "{number} is {state}: nothing is decided about it again. What it waits for, if anything, is decided with \
             the step that needs it"
        );
        Refusal::conflict("not-decided-again", message).into()
    }
}
