//! Watchers of records.

use serde_json::json;

use super::beside::{Beside, Happening};
use super::{Desk, FlowError, retry};
use crate::domain::access::{self, Action};
use crate::domain::refusal::{Refusal, rule};
use crate::domain::work::{self, Watcher};
use crate::domain::{Actor, Kind, Record};
use crate::store::events::Event;
use crate::store::work::WorkChange;

/// Records, or events, read at once.
const BATCH: i64 = 200;

/// Lets a user watch a record; gives the watcher, and whether he is new. Staff adds anybody, a customer himself.
///
/// # Errors
/// Not found, not allowed; `reference` for a name that no user of the organisation has; the database's errors.
pub async fn add(
    desk: &Desk,
    actor: &Actor,
    kind: &Kind,
    number: &str,
    user: &str,
) -> Result<(Watcher, bool), FlowError> {
    let beside = Beside::find(desk, actor, kind, number).await?;
    himself_or_staff(actor, user)?;
    if let Some(watcher) = watcher(desk, actor, number, user).await? {
        return Ok((watcher, false));
    }
    if user != actor.user && desk.store.known_users(&actor.org, &[user.to_owned()]).await?.is_empty() {
        let message = format!("there is no user '{user}': a user is whoever was given a token");
        return Err(Refusal::invalid(rule::REFERENCE, "user", message).into());
    }
    let watcher = Watcher {
        org: actor.org.clone(),
        number: number.to_owned(),
        user: user.to_owned(),
        since: beside.now,
        added_by: actor.user.clone(),
    };
    let about = json!({ "watcher": user });
    let happening = Happening { action: "watch", event: "", about, reason: "", hold: false };
    desk.store.commit(beside.unit(happening, vec![WorkChange::Watch(watcher.clone())])).await?;
    Ok((watcher, true))
}

/// Ends that a user watches a record. Staff does it for anybody, a customer for himself.
///
/// # Errors
/// Not found, also when he does not watch it; not allowed; the database's errors.
pub async fn remove(desk: &Desk, actor: &Actor, kind: &Kind, number: &str, user: &str) -> Result<(), FlowError> {
    retry::until_won(|| attempt_remove(desk, actor, kind, number, user)).await
}

async fn attempt_remove(desk: &Desk, actor: &Actor, kind: &Kind, number: &str, user: &str) -> Result<(), FlowError> {
    let beside = Beside::find(desk, actor, kind, number).await?;
    himself_or_staff(actor, user)?;
    if watcher(desk, actor, number, user).await?.is_none() {
        return Err(Refusal::not_found(format!("{user} does not watch {number}")).into());
    }
    let about = json!({ "watcher": user });
    let happening = Happening { action: "unwatch", event: "", about, reason: "", hold: false };
    let change = WorkChange::Unwatch(number.to_owned(), user.to_owned());
    Ok(desk.store.commit(beside.unit(happening, vec![change])).await?)
}

async fn watcher(desk: &Desk, actor: &Actor, number: &str, user: &str) -> Result<Option<Watcher>, FlowError> {
    Ok(desk.store.watchers(&actor.org, number).await?.into_iter().find(|watcher| watcher.user == user))
}

fn himself_or_staff(actor: &Actor, user: &str) -> Result<(), Refusal> {
    if user == actor.user || work::sees_internal(actor) {
        return Ok(());
    }
    Err(Refusal::forbidden(rule::OWN, "you may let only yourself watch a record"))
}

/// The watchers of a record that the actor sees: staff all, a customer himself.
///
/// # Errors
/// When the database fails.
pub async fn of(desk: &Desk, actor: &Actor, record: &Record) -> Result<Vec<Watcher>, FlowError> {
    let mut watchers = desk.store.watchers(&actor.org, &record.number).await?;
    watchers.retain(|watcher| watcher.user == actor.user || work::sees_internal(actor));
    Ok(watchers)
}

/// What the actor watches and may read, by number, with the records; and the number to go on behind.
///
/// # Errors
/// When the database fails.
pub async fn watching(
    desk: &Desk,
    actor: &Actor,
    after: &str,
    limit: i64,
) -> Result<(Vec<(Watcher, Record)>, Option<String>), FlowError> {
    let mut rows = desk.store.watched_by(&actor.org, &actor.user, after, limit + 1).await?;
    let more = i64::try_from(rows.len()).is_ok_and(|count| count > limit);
    if more {
        rows.pop();
    }
    let next = rows.last().filter(|_| more).map(|last| last.number.clone());
    let records = readable(desk, actor, rows.iter().map(|row| row.number.clone()).collect()).await?;
    let with = |watcher: Watcher| {
        let record = records.iter().find(|record| record.number == watcher.number)?.clone();
        Some((watcher, record))
    };
    Ok((rows.into_iter().filter_map(with).collect(), next))
}

/// What happened to the records that the actor watches and may read, behind a place in the event stream; and the
/// place that was read to, also when nothing there was for him.
///
/// # Errors
/// When the database fails.
pub async fn notifications(desk: &Desk, actor: &Actor, after: i64, limit: i64) -> Result<(Vec<Event>, i64), FlowError> {
    let (mut found, mut place) = (Vec::new(), after);
    loop {
        let events = desk.store.watched_events(&actor.org, &actor.user, place, BATCH).await?;
        let end = i64::try_from(events.len()).is_ok_and(|count| count < BATCH);
        let records = readable(desk, actor, events.iter().map(|event| event.number.clone()).collect()).await?;
        for event in events {
            let seen = work::sees_internal(actor) || event.data["visibility"] != work::Visibility::Internal.as_str();
            let for_him = seen && records.iter().any(|record| record.number == event.number);
            place = event.seq;
            if for_him {
                found.push(event);
                if i64::try_from(found.len()).is_ok_and(|count| count == limit) {
                    return Ok((found, place));
                }
            }
        }
        if end {
            return Ok((found, place));
        }
    }
}

async fn readable(desk: &Desk, actor: &Actor, mut numbers: Vec<String>) -> Result<Vec<Record>, FlowError> {
    numbers.sort_unstable();
    numbers.dedup();
    let kinds = desk.kinds(&actor.org);
    let mut records = desk.store.records(&actor.org, &numbers).await?;
    records.retain(|record| {
        kinds.get(&record.kind).is_some_and(|kind| access::may(kind, actor, Action::Read, Some(record)))
    });
    Ok(records)
}
