//! The relations of an item: shown from both ends, added and removed one by one.

use serde_json::{Map, Value, json};

use crate::domain::Actor;
use crate::domain::access::{self, Action};
use crate::domain::record::Record;
use crate::domain::refusal::{self, Refusal};
use crate::flows::{Desk, FlowError, read_record, update_record};

/// A relation to another item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// `depends-on`, `runs-on`, `part-of`, `backs-up` or `connects`.
    pub sort: String,
    /// Number of the other item.
    pub ci: String,
    /// Redundancy group: of those with the same one, one is enough.
    pub group: Option<String>,
}

/// Which relations are shown, and how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// At most so many.
    pub limit: usize,
}

/// The relations of an item from both ends: its own, and every other reference to it or from it.
///
/// # Errors
/// Not found, not allowed; the database's errors.
pub async fn list(desk: &Desk, actor: &Actor, number: &str, shown: Shown) -> Result<(Record, Value), FlowError> {
    let record = item(desk, actor, number).await?;
    let own = [record.number.clone()];
    let from = desk.store.links_from(&actor.org, &own, &[]).await?.into_iter().map(|l| ("to", l.rel, l.target));
    let to = desk.store.links_to(&actor.org, &own, &[]).await?.into_iter().map(|l| ("from", l.rel, l.source));
    let all: Vec<_> = from.chain(to).collect();
    let numbers: Vec<String> = all.iter().take(shown.limit).map(|(_, _, number)| number.clone()).collect();
    let others = desk.store.records(&actor.org, &numbers).await?;
    let groups = own_relations(&record);
    let mut list = Vec::new();
    for (side, rel, other) in all.iter().take(shown.limit) {
        let mut line = json!({ "side": side, "type": rel, "number": other });
        if let Some(other) = others.iter().find(|r| r.number == *other).filter(|r| reads(desk, actor, r)) {
            line["kind"] = json!(other.kind);
            line["title"] = json!(other.title);
            line["state"] = json!(other.state);
        }
        let group = groups.iter().find(|r| *side == "to" && r["type"] == rel.as_str() && r["ci"] == other.as_str());
        if let Some(group) = group.and_then(|r| r.get("group")) {
            line["group"] = group.clone();
        }
        list.push(line);
    }
    let view = json!({
        "number": record.number,
        "revision": record.revision,
        "total": all.len(),
        "relations": list,
    });
    Ok((record, view))
}

/// Adds a relation to an item's own: an update of its field `relations`, with everything that holds for updates.
///
/// # Errors
/// As of an update; also `duplicate-relation`, `self-relation`, `relation-cycle` and `approved-change`.
pub async fn add(
    desk: &Desk,
    actor: &Actor,
    number: &str,
    new: &Relation,
    expected: Option<i64>,
    reason: &str,
) -> Result<Record, FlowError> {
    let entry = match &new.group {
        Some(group) => json!({ "type": new.sort, "ci": new.ci, "group": group }),
        None => json!({ "type": new.sort, "ci": new.ci }),
    };
    change(desk, actor, number, expected, reason, |relations| {
        relations.push(entry.clone());
        Ok(())
    })
    .await
}

/// Removes a relation from an item's own, as an update of its field `relations`.
///
/// # Errors
/// As of an update; not found when the item has no such relation.
pub async fn remove(
    desk: &Desk,
    actor: &Actor,
    number: &str,
    old: (&str, &str),
    expected: Option<i64>,
    reason: &str,
) -> Result<Record, FlowError> {
    let (sort, ci) = old;
    change(desk, actor, number, expected, reason, |relations| {
        let before = relations.len();
        relations.retain(|r| r["type"] != sort || r["ci"] != ci);
        if relations.len() < before {
            return Ok(());
        }
        Err(Refusal::not_found(format!("{number} has no relation {sort} to {ci}")))
    })
    .await
}

/// Edits the list as it is now. When somebody else edited the record meanwhile and the caller did not say what he
/// worked from, the edit is made again on what is there then.
async fn change(
    desk: &Desk,
    actor: &Actor,
    number: &str,
    expected: Option<i64>,
    reason: &str,
    edit: impl Fn(&mut Vec<Value>) -> Result<(), Refusal>,
) -> Result<Record, FlowError> {
    const ATTEMPTS: usize = 16;
    let kind = super::item_kind(desk, &actor.org)?;
    for _ in 0..ATTEMPTS {
        let record = item(desk, actor, number).await?;
        let mut relations = own_relations(&record);
        edit(&mut relations)?;
        let patch = Map::from_iter([("relations".to_owned(), Value::Array(relations))]);
        let from = expected.unwrap_or(record.revision);
        match update_record::run(desk, actor, &kind, number, patch, Some(from), reason).await {
            Err(FlowError::Refused(refusal)) if expected.is_none() && refusal.rule == refusal::rule::STALE => {}
            other => return other,
        }
    }
    Err(Refusal::conflict("contended", "the item is being changed by too many at once; try again").into())
}

async fn item(desk: &Desk, actor: &Actor, number: &str) -> Result<Record, FlowError> {
    let kind = super::item_kind(desk, &actor.org)?;
    read_record::run(desk, actor, &kind, number).await
}

fn own_relations(record: &Record) -> Vec<Value> {
    record.data.get("relations").and_then(Value::as_array).cloned().unwrap_or_default()
}

fn reads(desk: &Desk, actor: &Actor, record: &Record) -> bool {
    let kinds = desk.kinds(&actor.org);
    kinds.get(&record.kind).is_some_and(|kind| access::may(kind, actor, Action::Read, Some(record)))
}
