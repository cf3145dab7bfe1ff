//! Records that the host makes because of another one: periodic orders, follow-ups.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::schedule;
use crate::domain::kind::Make;
use crate::domain::record::{self, Record, Stamp};
use crate::domain::refusal::Refusal;
use crate::domain::role::Actor;
use crate::domain::{Kind, number};
use crate::flows::create_record::{self, Key};
use crate::flows::working::{Cause, Working};
use crate::flows::{FlowError, rules};

/// Makes what the kind's file says for the state that the record has come into.
pub(in crate::flows) async fn entered(working: &mut Working<'_>) -> Result<(), FlowError> {
    if !matches!(&working.cause, Cause::Transition { from, to } if from != to) {
        return Ok(());
    }
    let (kind, state) = (working.kind, working.record.state.clone());
    let makes: Vec<&Make> = kind.makes.iter().filter(|make| make.on.contains(&state) && make.into.is_none()).collect();
    for make in makes {
        one(working, make, 0).await?;
    }
    Ok(())
}

/// Makes what a transition that the host is about to take leads into, by a use case of its own, and puts its number
/// into the record under way. However often the host begins anew, there is one such record.
pub(super) async fn first(working: &mut Working<'_>, to: &str) -> Result<(), FlowError> {
    let kinds = Arc::clone(&working.kinds);
    let kind = working.kind;
    for make in kind.makes.iter().filter(|make| make.on.iter().any(|on| on == to)) {
        let Some(into) = &make.into else { continue };
        if working.field(into).is_some() {
            continue;
        }
        let (Some(other), Some(input)) = (kinds.get(&make.kind), fields(working, make, 0)) else { continue };
        let host = Actor::host(working.record.org.as_str());
        let key = format!("make/{}/{}", working.record.number, make.name);
        let earlier = working.desk.store.idempotent(&host.org, &host.user, &key).await?;
        let number = match earlier {
            Some((_, number)) => number,
            None => {
                let key = Key { of: &host.user, text: &key };
                match create_record::within(working.desk, &host, other, input, Some(key)).await {
                    Ok(made) => made.record.number,
                    Err(FlowError::Refused(refusal)) => {
                        refused(working, make, &refusal);
                        continue;
                    }
                    Err(error) => return Err(error),
                }
            }
        };
        working.set(into, number.into());
    }
    Ok(())
}

fn refused(working: &mut Working<'_>, make: &Make, refusal: &Refusal) {
    tracing::warn!(record = %working.record.number, makes = %make.name, rule = %refusal.rule, %refusal, "a record was not made");
    let data = json!({ "makes": make.name, "kind": make.kind, "rule": refusal.rule, "message": refusal.message });
    working.event("automatic.refused", data);
}

/// Makes the record whose timer fired, and sets the timer of the next one.
pub(super) async fn due(working: &mut Working<'_>, timer: &str) -> Result<(), FlowError> {
    let kind = working.kind;
    let Some((name, n)) = timer.rsplit_once('.') else { return Ok(()) };
    let (Some(make), Ok(n)) = (kind.makes.iter().find(|make| make.name == name), n.parse::<i64>()) else {
        return Ok(());
    };
    if !make.states.contains(&working.record.state) {
        return Ok(());
    }
    one(working, make, n).await?;
    let next = make.moment.as_ref().and_then(|m| rules::moment(working.desk, kind, &working.record, m, n + 1));
    if let Some(at) = next {
        working.timer(schedule::of_make(make, n + 1), at);
    }
    Ok(())
}

/// Makes one record. What cannot be made is told on the event stream and in the log; the use case goes on.
async fn one(working: &mut Working<'_>, make: &Make, n: i64) -> Result<(), FlowError> {
    let kinds = Arc::clone(&working.kinds);
    let Some(kind) = kinds.get(&make.kind) else { return Ok(()) };
    let Some(input) = fields(working, make, n) else { return Ok(()) };
    match build(working, kind, input).await? {
        Ok(record) => working.made(record),
        Err(refusal) => refused(working, make, &refusal),
    }
    Ok(())
}

/// The fields of the new record; `None` when the guard does not hold.
fn fields(working: &Working<'_>, make: &Make, n: i64) -> Option<Map<String, Value>> {
    let host = Actor::host(working.record.org.as_str());
    let seen = rules::Seen {
        desk: working.desk,
        kind: working.kind,
        actor: &host,
        before: None,
        record: &working.record,
        now: working.now,
    };
    let scope = seen.scope().with("n", n.into());
    if make.guard.as_ref().is_some_and(|guard| guard.holds(&scope) != Ok(true)) {
        return None;
    }
    let mut input = Map::new();
    input.insert("title".to_owned(), working.record.title.as_str().into());
    input.insert("owner".to_owned(), working.record.owner.as_str().into());
    input.insert("links".to_owned(), json!([{ "type": "made-by", "ref": working.record.number }]));
    for (field, expression) in &make.set {
        if let Ok(value) = expression.value(&scope)
            && !value.is_null()
        {
            input.insert(field.clone(), value);
        }
    }
    Some(input)
}

/// A record made by the host, with its number and what its kind works out; or why it cannot be made.
pub(in crate::flows) async fn build(
    working: &mut Working<'_>,
    kind: &Kind,
    input: Map<String, Value>,
) -> Result<Result<Record, Refusal>, FlowError> {
    let (desk, now) = (working.desk, working.now);
    let host = Actor::host(working.record.org.as_str());
    let mut record = match record::create(kind, &host, input, Stamp { id: desk.clock.id(), number: String::new(), now })
    {
        Ok(record) => record,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let mut held = Vec::new();
    rules::work_out(desk, kind, &host, &mut record, now, &mut held).await?;
    working.hold(held);
    let counter = desk.store.next_number(&record.org, &kind.prefix, i64::from(now.year())).await?;
    record.number = number::format(&kind.prefix, now.year(), counter.unsigned_abs());
    Ok(Ok(record))
}
