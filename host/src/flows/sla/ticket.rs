//! What the clocks need to know of an incident or request: its history, kept by the host as the record moves.

use mortise_types::sla;
use serde_json::{Value, json};

use crate::domain::time::Instant;
use crate::flows::working::{Cause, Working};

/// The state whose time is subtracted from the resolution clock. Waiting for a supplier never pauses (section 3.1).
const PAUSED: &str = "awaiting_customer";
/// States that mean a person has begun to work on it.
const AT_WORK: [&str; 3] = ["in_progress", "fulfilling", "classified"];
/// States in which the service is restored.
const RESTORED: [&str; 2] = ["resolved", "fulfilled"];

/// Keeps pauses, first response, restoration and the history of impact and urgency in step with the state.
pub(super) fn follow_state(working: &mut Working<'_>) {
    let now = json!(working.now.to_string());
    if let Cause::Transition { from, to } = working.cause.clone() {
        if to == PAUSED && from != PAUSED {
            let mut pauses = list(working, "pauses");
            pauses.push(json!({ "from": now, "to": null }));
            working.set("pauses", Value::Array(pauses));
        }
        if from == PAUSED && to != PAUSED {
            let mut pauses = list(working, "pauses");
            if let Some(last) = pauses.last_mut()
                && last["to"].is_null()
            {
                last["to"] = now.clone();
            }
            working.set("pauses", Value::Array(pauses));
        }
        if AT_WORK.contains(&to.as_str()) && working.field("responded_at").is_none() && !working.actor.auto {
            working.set("responded_at", now.clone());
        }
        if RESTORED.contains(&to.as_str()) {
            if working.field("restored_at").is_none() {
                working.set("restored_at", now.clone());
            }
            if working.field("responded_at").is_none() {
                working.set("responded_at", now.clone());
            }
        }
        // Reopened: the service was not restored after all.
        if RESTORED.contains(&from.as_str()) && AT_WORK.contains(&to.as_str()) {
            working.set("restored_at", Value::Null);
        }
    }
    if working.touched(&["impact", "urgency"])
        && let (Some(impact), Some(urgency)) = (whole(working, "impact"), whole(working, "urgency"))
    {
        let mut history = list(working, "impact_history");
        let at = if working.before.is_none() { json!(working.record.created_at.to_string()) } else { now };
        history.push(json!({ "at": at, "impact": impact, "urgency": urgency }));
        working.set("impact_history", Value::Array(history));
    }
}

/// The ticket as the component sees it; none while impact or urgency are not known yet.
pub(super) fn history(working: &Working<'_>) -> Option<sla::Ticket> {
    let history: Vec<sla::Assessment> = list(working, "impact_history")
        .iter()
        .filter_map(|entry| {
            Some(sla::Assessment {
                at: seconds(&entry["at"])?,
                impact: u32::try_from(entry["impact"].as_i64()?).ok()?,
                urgency: u32::try_from(entry["urgency"].as_i64()?).ok()?,
            })
        })
        .collect();
    if history.is_empty() {
        return None;
    }
    let instant = |name: &str| working.field(name).and_then(seconds);
    let pauses = list(working, "pauses");
    Some(sla::Ticket {
        opened_at: mortise_types::Instant(working.record.created_at.seconds()),
        history,
        responded_at: instant("responded_at"),
        restored_at: instant("restored_at"),
        pauses: pauses
            .iter()
            .filter_map(|p| Some(sla::Pause { from: seconds(&p["from"])?, to: seconds(&p["to"]) }))
            .collect(),
    })
}

fn list(working: &Working<'_>, name: &str) -> Vec<Value> {
    working.field(name).and_then(Value::as_array).cloned().unwrap_or_default()
}

fn whole(working: &Working<'_>, name: &str) -> Option<i64> {
    working.field(name).and_then(Value::as_i64)
}

fn seconds(value: &Value) -> Option<mortise_types::Instant> {
    let at: Instant = value.as_str()?.parse().ok()?;
    Some(mortise_types::Instant(at.seconds()))
}
