//! What the triage rule proposes for an incident (guide, P35 (d) and section 4, `incident-triage`): priority, whether it
//! is major, group, and who takes it. A person assigns.
//!
//! Priority, criteria and group are formulas of the kind. Who takes it depends on what everybody has to do at present,
//! so it is worked out when it is asked for and not kept.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::rules::newest;
use super::{Desk, FlowError, read_record, rules};
use crate::domain::access::{self, Action};
use crate::domain::kind::Kind;
use crate::domain::record::Record;
use crate::domain::refusal::Refusal;
use crate::domain::triage::{Candidate, assignee};
use crate::domain::{Actor, Kinds};

/// Prefixes of the kinds.
const INCIDENT: &str = "INC";
const SKILL: &str = "SKL";
/// States of an incident that somebody has to work on.
const OPEN: [&str; 5] = ["new", "assigned", "in_progress", "awaiting_customer", "awaiting_supplier"];
/// Skill entries and open tickets of each skilled user that are looked at.
const MOST: usize = 200;

/// What is proposed.
#[derive(Clone, Debug, Serialize)]
pub struct Proposal {
    /// Number of the incident.
    pub record: String,
    /// The priority; null while there is none.
    pub priority: Option<Value>,
    /// The criteria of a major incident that it meets.
    pub major_criteria: Vec<Value>,
    /// The group.
    pub group: Option<Value>,
    /// The skill that is needed, if it is known.
    pub skill: Option<String>,
    /// Who has it, by load.
    pub candidates: Vec<Load>,
    /// Who takes it; null where nobody has the skill: it waits in the queue of the group.
    pub assignee: Option<String>,
}

/// What somebody has to do.
#[derive(Clone, Debug, Serialize)]
pub struct Load {
    /// The user.
    pub user: String,
    /// The sum over his open incidents.
    pub load: i64,
}

/// Proposes how an incident is triaged; nothing is written.
///
/// # Errors
/// Not found; not allowed to change it; `no-triage` for a record that is no incident; the database's errors.
pub async fn run(desk: &Desk, actor: &Actor, kind: &Kind, number: &str) -> Result<Proposal, FlowError> {
    let mut record = read_record::run(desk, actor, kind, number).await?;
    access::permit(kind, actor, Action::Update, Some(&record))?;
    if kind.prefix != INCIDENT {
        let message = format!("incidents are triaged; {number} is a {}", kind.slug);
        return Err(Refusal::conflict("no-triage", message).into());
    }
    let now = desk.clock.now();
    // The item's group may have changed since the incident did.
    rules::work_out(desk, kind, actor, &mut record, now, &mut Vec::new()).await?;
    let skill = record.text("skill").or(record.text("category")).map(str::to_owned);
    let kinds = desk.kinds(&actor.org);
    let today = now.to_string().get(..10).unwrap_or_default().to_owned();
    let skilled = match &skill {
        Some(skill) => skilled(desk, &kinds, kind, &record, skill, &today).await?,
        None => Vec::new(),
    };
    let base = desk.policy.constants.get("triage_load_base").unwrap_or_default();
    let chosen = assignee(base, &skilled).map(|one| one.user.clone());
    let mut candidates: Vec<Load> =
        skilled.into_iter().map(|one| Load { load: one.load(base), user: one.user }).collect();
    candidates.sort_by(|a, b| (a.load, &a.user).cmp(&(b.load, &b.user)));
    let field = |name: &str| record.data.get(name).cloned();
    Ok(Proposal {
        record: record.number.clone(),
        priority: field("proposed_priority"),
        major_criteria: field("major_criteria").and_then(|list| list.as_array().cloned()).unwrap_or_default(),
        group: field("proposed_group"),
        skill,
        candidates,
        assignee: chosen,
    })
}

/// Who has the skill as it is required, with a certificate that is valid, and the open incidents of each; the incident
/// itself is nobody's load.
async fn skilled(
    desk: &Desk,
    kinds: &Kinds,
    incidents: &Kind,
    record: &Record,
    skill: &str,
    today: &str,
) -> Result<Vec<Candidate>, FlowError> {
    let Some(kind) = kinds.by_prefix(SKILL) else { return Ok(Vec::new()) };
    let entries =
        newest(desk, &record.org, kind, &[("skill", json!(skill)), ("state", json!(["active"]))], MOST).await?;
    let whole = |entry: &Record, name: &str| entry.data.get(name).and_then(Value::as_i64).unwrap_or_default();
    let able = |entry: &&Record| {
        let valid = entry.text("expires_on").is_none_or(|until| until >= today);
        whole(entry, "held") > 0 && whole(entry, "held") >= whole(entry, "required") && valid
    };
    let users = entries.iter().filter(able).filter_map(|entry| entry.text("user").map(str::to_owned));
    let mut skilled: BTreeMap<String, Vec<i64>> = users.map(|user| (user, Vec::new())).collect();
    if skilled.is_empty() {
        return Ok(Vec::new());
    }
    let users: Vec<&String> = skilled.keys().collect();
    let wanted = [("assignee", json!(users)), ("state", json!(OPEN))];
    let most = MOST * users.len();
    for ticket in newest(desk, &record.org, incidents, &wanted, most).await? {
        let priority = ticket.text("priority").and_then(|text| text.strip_prefix('P')?.parse::<i64>().ok());
        let load = ticket.text("assignee").and_then(|user| skilled.get_mut(user)).filter(|_| ticket.id != record.id);
        if let (Some(priority), Some(load)) = (priority, load) {
            load.push(priority);
        }
    }
    Ok(skilled.into_iter().map(|(user, open)| Candidate { user, open }).collect())
}
