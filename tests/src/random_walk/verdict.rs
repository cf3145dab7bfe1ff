//! What has to be true at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mortise::domain::Kind;
use mortise::domain::audit::{self, AuditEntry};
use serde::Deserialize;
use serde_json::Value;

use super::model::{Acknowledged, Model};
use crate::app::{Desktop, ORG};

/// The dictionary's entry of a kind.
#[derive(Deserialize)]
struct Entry {
    prefix: String,
    initial: Option<String>,
    transitions: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    from: String,
    to: String,
    roles: Vec<String>,
}

impl Step {
    /// Whether somebody in this role may take it; whom a record or a decision names is not known here.
    fn allows(&self, role: &str) -> bool {
        self.roles.iter().any(|allowed| match allowed.as_str() {
            "any" => !["CUS", "auto"].contains(&role),
            "author" | "reviewer" | "approver" | "route" => true,
            allowed => allowed == role,
        })
    }
}

/// Fields that the host may write although people may, too: where a process decides something, all but the description.
fn is_hosts(kind: &Kind, field: &str) -> bool {
    field != "description"
        && (!kind.decisions.is_empty()
            || kind.transitions.iter().any(|step| step.records_actor.as_deref() == Some(field)))
}

pub(super) async fn check(app: &Desktop, kinds: &[Arc<Kind>], model: &Model) {
    let entries = app.desk.store.audit_after(ORG, 0, i64::MAX).await.unwrap();
    audit::verify(audit::Verified::default(), &entries).unwrap();
    let head = app.desk.store.audit_head(ORG).await.unwrap().unwrap();
    assert_eq!(head.0, entries.len() as i64);
    let steps = lifecycles(kinds, &entries);
    let all = model.all();
    for (number, changes) in &all {
        nothing_is_lost(app, kinds, number, changes).await;
    }
    rules_are_known(app, kinds, model).await;
    let acknowledged: usize = all.values().map(Vec::len).sum();
    println!(
        "{} records, {acknowledged} changes acknowledged, {} refused, {} audit entries, {} different transitions taken",
        all.len(),
        model.refusals(),
        entries.len(),
        steps.len()
    );
    assert!(acknowledged > 600 && steps.len() > 60, "the walk went nowhere");
}

/// Every record began in its first state and went on by transitions of the dictionary, in a role that may take them;
/// gives the transitions that were taken.
fn lifecycles(kinds: &[Arc<Kind>], entries: &[AuditEntry]) -> BTreeSet<(String, String, String)> {
    let book: Vec<Entry> = serde_json::from_str(include_str!("../../golden/records.json")).unwrap();
    let book: BTreeMap<&str, &Entry> = book.iter().map(|entry| (entry.prefix.as_str(), entry)).collect();
    let mut states: BTreeMap<&str, String> = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for entry in entries {
        let Some(kind) = kinds.iter().find(|kind| entry.number.split('-').next() == Some(kind.prefix.as_str())) else {
            continue;
        };
        let Some(state) = entry.after.get("state").and_then(Value::as_str) else { continue };
        let law = book[kind.prefix.as_str()];
        match states.insert(&entry.number, state.to_owned()) {
            None if Some(state) == law.initial.as_deref() => {}
            // What an allocation posts is made and posted at once, by who posts the allocation: the dictionary's step
            // and its roles hold all the same.
            None => {
                let links = entry.after.get("links").and_then(Value::as_array);
                let posted = links.is_some_and(|links| links.iter().any(|link| link["type"] == "posted-by"));
                let step =
                    law.transitions.iter().find(|step| Some(&step.from) == law.initial.as_ref() && step.to == state);
                assert!(posted && step.is_some_and(|step| step.allows(&entry.role)), "{entry:?}");
            }
            Some(was) => {
                assert_eq!(entry.before.get("state").and_then(Value::as_str), Some(was.as_str()), "{entry:?}");
                let step = law.transitions.iter().find(|step| step.from == was && step.to == state);
                let step = step.unwrap_or_else(|| panic!("{was} → {state} is not in the dictionary: {entry:?}"));
                let approval = kind.prefix == "CHG" || step.allows(&entry.role);
                assert!(approval, "{} may not take {was} → {state}: {entry:?}", entry.role);
                taken.insert((kind.prefix.clone(), was, state.to_owned()));
            }
        }
    }
    taken
}

/// The record is what its acknowledged changes, one upon the other, made of it.
async fn nothing_is_lost(app: &Desktop, kinds: &[Arc<Kind>], number: &str, changes: &[Acknowledged]) {
    let record = app.desk.store.record(ORG, number).await.unwrap();
    let record = record.unwrap_or_else(|| panic!("{number} is lost"));
    let kind = kinds.iter().find(|kind| kind.slug == record.kind).unwrap();
    let mut revisions = BTreeSet::new();
    let mut fields = BTreeMap::new();
    for change in changes {
        assert!(revisions.insert(change.revision), "{number}: two changes made revision {}", change.revision);
        for (name, value) in &change.fields {
            fields.insert(name.as_str(), (change.revision, value));
        }
    }
    assert!(revisions.last() <= Some(&record.revision), "{number}: {revisions:?}, but it is at {}", record.revision);
    let stored = record.to_json();
    for (name, (revision, value)) in fields {
        if !is_hosts(kind, name) {
            let now = stored.get(name).cloned().unwrap_or_default();
            assert_eq!(&now, value, "{number}: {name} of revision {revision} is lost; {stored}");
        }
    }
}

/// Every rule that was named is explained: by the interface, or by the kind's file.
async fn rules_are_known(app: &Desktop, kinds: &[Arc<Kind>], model: &Model) {
    let stranger = app.stranger();
    for (slug, rule) in model.rules() {
        let kind = kinds.iter().find(|kind| kind.slug == slug).unwrap();
        if !kind.rules.iter().any(|one| one.name == rule) {
            let answer = stranger.get(&format!("//problems/{rule}")).await;
            assert_eq!(answer.status, 200, "{slug}: nobody explains the rule {rule}");
        }
    }
}
