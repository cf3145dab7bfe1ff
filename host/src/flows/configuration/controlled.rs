//! What a live item is changes only through an approved change, and so does that it is retired (guide, P21).

use crate::domain::record::Record;
use crate::domain::refusal::Refusal;
use crate::flows::FlowError;
use crate::flows::working::{Cause, Working};

/// States of a change that lets its items be edited: it is approved, and not done yet.
const ALLOWS: [&str; 3] = ["approved", "scheduled", "implementing"];
/// Relations by which one item needs another.
const NEEDS: [&str; 2] = ["depends-on", "runs-on"];
/// States of an item that is in use.
const IN_USE: [&str; 2] = ["live", "in_change"];
/// Items that a refusal names.
const NAMED: usize = 10;

/// Refuses an edit of a live item's controlled fields, and its retirement, that no approved change allows. The change
/// that does allows it is named in the reason of the audit entry: an edit of such a field without one is an
/// unauthorised change. What depends on an item that is retired is covered by the change as well.
pub(super) async fn check(working: &mut Working<'_>) -> Result<(), FlowError> {
    let Some(before) = working.before.clone() else { return Ok(()) };
    if working.kind.slug != "configuration-item" || !IN_USE.contains(&before.state.as_str()) {
        return Ok(());
    }
    match &working.cause {
        Cause::Update => edit(working, &before).await,
        Cause::Transition { to, .. } if to == "retired" => retire(working, &before).await,
        // Whatever goes along with another step is an edit as well.
        Cause::Transition { .. } if !working.actor.auto => edit(working, &before).await,
        _ => Ok(()),
    }
}

async fn edit(working: &mut Working<'_>, before: &Record) -> Result<(), FlowError> {
    let controlled = &working.desk.policy.configuration.controlled;
    let touched = |name: &&String| before.get(name) != working.record.get(name);
    let Some(field) = controlled.iter().find(touched).cloned() else { return Ok(()) };
    let mut changes = allowing(working).await?;
    if changes.is_empty() {
        let message = format!(
            "{field} of {} changes only through an approved change, because the item is {}; no change that names \
             it in cis is approved, scheduled or being implemented",
            before.number, before.state
        );
        return Err(Refusal::conflict("approved-change", message).about(field).into());
    }
    allow(working, changes.swap_remove(0));
    Ok(())
}

async fn retire(working: &mut Working<'_>, before: &Record) -> Result<(), FlowError> {
    let changes = allowing(working).await?;
    if changes.is_empty() {
        let message = format!(
            "{} is retired only through an approved change, because it is {}; no change that names it in cis is \
             approved, scheduled or being implemented",
            before.number, before.state
        );
        return Err(Refusal::conflict("approved-change", message).into());
    }
    let dependents = dependents(working, &before.number).await?;
    let store = &working.desk.store;
    for change in changes {
        let links = store.links_from(&before.org, std::slice::from_ref(&change.0), &["cis"]).await?;
        if dependents.iter().all(|item| links.iter().any(|link| link.target == item.number)) {
            working.hold(dependents.iter().map(|item| (item.number.clone(), item.revision)).collect());
            allow(working, change);
            return Ok(());
        }
    }
    let mut named: Vec<&str> = dependents.iter().take(NAMED).map(|item| item.number.as_str()).collect();
    let more = format!("and {} more", dependents.len().saturating_sub(NAMED));
    if dependents.len() > NAMED {
        named.push(&more);
    }
    let message = format!(
        "{} is needed by what is live: {}; the change that retires it has to name these in cis, too",
        before.number,
        named.join(", ")
    );
    Err(Refusal::conflict("approved-change", message).into())
}

/// The changes that name the item and allow it to be edited, with their revisions; the lowest number first.
async fn allowing(working: &Working<'_>) -> Result<Vec<(String, i64)>, FlowError> {
    let record = &working.record;
    let mut changes = working.desk.store.naming(&record.org, "change", &ALLOWS, "cis", &record.number).await?;
    changes.sort();
    Ok(changes)
}

/// The items in use that need this one.
async fn dependents(working: &Working<'_>, number: &str) -> Result<Vec<Record>, FlowError> {
    let (store, org) = (&working.desk.store, working.record.org.as_str());
    let links = store.links_to(org, &[number.to_owned()], &NEEDS).await?;
    let mut numbers: Vec<String> = links.into_iter().map(|link| link.source).collect();
    numbers.sort();
    numbers.dedup();
    let mut items = store.records(org, &numbers).await?;
    items.retain(|item| item.kind == "configuration-item" && IN_USE.contains(&item.state.as_str()));
    Ok(items)
}

/// Notes the change that allows it.
fn allow(working: &mut Working<'_>, change: (String, i64)) {
    working.reason = match working.reason.as_str() {
        "" => change.0.clone(),
        reason => format!("{reason} ({})", change.0),
    };
    // If the change is withdrawn meanwhile, the edit starts over and is refused.
    working.held.push(change);
}
