//! Merging a duplicate into the record that it doubles.

use serde_json::{Map, Value, json};

use super::beside::Beside;
use super::duplicates::DUPLICATE_OF;
use super::transition_record::{self, Step};
use super::{Desk, FlowError, retry};
use crate::domain::kind::Transition;
use crate::domain::refusal::{Refusal, rule};
use crate::domain::work::{self, Watcher};
use crate::domain::{Actor, Kind, Record};
use crate::store::unit::{AuditDraft, EventDraft};
use crate::store::work::WorkChange;

/// A wish to merge a record into another one.
#[derive(Clone, Debug)]
pub struct Wish<'a> {
    /// Number of the record that stays.
    pub into: &'a str,
    /// Why.
    pub reason: &'a str,
    /// The transition that closes the duplicate; where it is not said, the first that leads to a state called
    /// cancelled, rejected, withdrawn or closed.
    pub transition: Option<&'a str>,
    /// Fields that go with it.
    pub fields: Map<String, Value>,
}

/// States a duplicate ends in, the most fitting first.
const ENDS: [&str; 4] = ["cancelled", "rejected", "withdrawn", "closed"];

/// Closes the duplicate by a transition that the actor may take, links it to the record that stays, and lets its
/// watchers watch that one. Comments and files of the duplicate are shown there from then on. All of it is one unit,
/// audited on both.
///
/// # Errors
/// Not found, not allowed, another kind, itself, closed ones, `already-merged`, `no-way-out` when no transition of the
/// actor's leads to a closed state; what the transition refuses; the database's errors.
pub async fn run(desk: &Desk, actor: &Actor, kind: &Kind, number: &str, wish: Wish<'_>) -> Result<Record, FlowError> {
    retry::until_won(|| attempt(desk, actor, kind, number, &wish)).await
}

async fn attempt(desk: &Desk, actor: &Actor, kind: &Kind, number: &str, wish: &Wish<'_>) -> Result<Record, FlowError> {
    let duplicate = Beside::find(desk, actor, kind, number).await?.record;
    work::open(kind, &duplicate)?;
    if wish.reason.trim().is_empty() {
        return Err(Refusal::invalid(rule::REASON, "reason", "to merge takes a reason").into());
    }
    let target = target(desk, actor, kind, number, wish.into).await?;
    let end = way_out(kind, actor, &duplicate, wish.transition)?;
    let mut input = wish.fields.clone();
    let mut links = match duplicate.data.get("links") {
        Some(Value::Array(links)) => links.clone(),
        _ => Vec::new(),
    };
    links.push(json!({ "type": DUPLICATE_OF, "ref": target.record.number }));
    input.insert("links".to_owned(), Value::Array(links));
    let step = Step { name: &end.name, input, expected: Some(duplicate.revision), reason: wish.reason };
    let working = transition_record::prepare(desk, actor, kind, number, &step).await?;
    let mut unit = working.into_unit();
    unit.held.push((target.record.number.clone(), target.record.revision));
    unit.audit.push(AuditDraft {
        at: target.now,
        number: target.record.number.clone(),
        actor: actor.user.clone(),
        role: target.role.clone(),
        action: "merge".to_owned(),
        before: json!({}),
        after: json!({ "duplicate": number }),
        reason: wish.reason.to_owned(),
    });
    unit.events.push(EventDraft {
        at: target.now,
        kind: format!("record.{}.merged", kind.prefix.to_lowercase()),
        number: target.record.number.clone(),
        data: json!({ "kind": kind.slug, "duplicate": number, "actor": actor.user }),
    });
    let watchers = desk.store.watchers(&actor.org, number).await?;
    unit.work.extend(watchers.into_iter().map(|watcher| {
        let (number, since) = (target.record.number.clone(), target.now);
        WorkChange::Watch(Watcher { number, since, added_by: actor.user.clone(), ..watcher })
    }));
    let written = unit.records.iter().rfind(|write| write.record.id == duplicate.id);
    let record = written.map_or(duplicate, |write| write.record.clone());
    desk.commit(unit).await?;
    Ok(record)
}

/// The record that stays: of the same kind, another one, open, and no duplicate itself.
async fn target<'a>(
    desk: &Desk,
    actor: &'a Actor,
    kind: &'a Kind,
    number: &str,
    into: &str,
) -> Result<Beside<'a>, FlowError> {
    if into == number {
        return Err(Refusal::invalid(rule::REFERENCE, "into", "a record is not merged into itself").into());
    }
    let target = Beside::find(desk, actor, kind, into).await.map_err(|error| match error {
        FlowError::Refused(refusal) => {
            let refusal = Refusal { class: crate::domain::Class::Invalid, ..refusal };
            FlowError::Refused(refusal.about("into"))
        }
        other => other,
    })?;
    work::open(kind, &target.record).map_err(|refusal| refusal.about("into"))?;
    let links = target.record.data.get("links").and_then(Value::as_array);
    let duplicate = |link: &&Value| link.get("type").and_then(Value::as_str) == Some(DUPLICATE_OF);
    if let Some(link) = links.into_iter().flatten().find(duplicate) {
        let of = link.get("ref").and_then(Value::as_str).unwrap_or("another record");
        let message = format!("{into} is itself a duplicate of {of}; merge into that one");
        return Err(Refusal::conflict("already-merged", message).about("into").into());
    }
    Ok(target)
}

/// The transition by which the duplicate ends.
fn way_out<'k>(
    kind: &'k Kind,
    actor: &Actor,
    duplicate: &Record,
    asked: Option<&str>,
) -> Result<&'k Transition, Refusal> {
    let closes = |step: &&Transition| step.all_of.is_empty() && kind.state(&step.to).is_some_and(|state| state.closed);
    let ways: Vec<&Transition> =
        transition_record::available(kind, actor, duplicate).into_iter().filter(closes).collect();
    let place = |step: &Transition| ENDS.iter().position(|end| *end == step.to).unwrap_or(ENDS.len());
    let way = match asked {
        Some(name) => ways.iter().copied().find(|step| step.name == name),
        None => ways.iter().copied().min_by_key(|step| place(step)),
    };
    way.ok_or_else(|| {
        let (number, state) = (&duplicate.number, &duplicate.state);
        let which = asked.map_or_else(String::new, |name| format!(" called '{name}'"));
        let message = format!("{number} is {state}: no transition{which} that you may take closes it from there");
        Refusal::conflict("no-way-out", message)
    })
}
