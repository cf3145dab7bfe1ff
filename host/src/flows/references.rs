//! A reference points to a record that exists in the same organisation.

use serde_json::Value;

use super::{Desk, FlowError};
use crate::domain::kind::View;
use crate::domain::record::{self, Record};
use crate::domain::refusal::{FieldProblem, Refusal, rule};
use crate::domain::{Kind, Kinds};

/// Which of these numbers stand for something: a record, or what a kind is a view on.
async fn existing(desk: &Desk, kinds: &Kinds, org: &str, numbers: Vec<String>) -> Result<Vec<String>, FlowError> {
    let view = |number: &String| kinds.of_number(number).and_then(|kind| kind.view);
    let (viewed, records): (Vec<String>, Vec<String>) = numbers.into_iter().partition(|number| view(number).is_some());
    let mut found = if records.is_empty() { Vec::new() } else { desk.store.existing_numbers(org, &records).await? };
    for number in viewed {
        let there = match view(&number) {
            Some(View::Decisions) => desk.store.decision_numbered(org, &number).await?.is_some(),
            _ => desk.store.component_numbered(org, &number).await?.is_some(),
        };
        if there {
            found.push(number);
        }
    }
    Ok(found)
}

/// Refuses names that are new in fields for known users and that no user of the organisation has.
async fn known(desk: &Desk, kind: &Kind, before: Option<&Record>, after: &Record) -> Result<(), FlowError> {
    let mut problems = Vec::new();
    for field in kind.fields.iter().filter(|field| field.known) {
        let old = before.map(|record| users(record, &field.name)).unwrap_or_default();
        let new: Vec<String> = users(after, &field.name).into_iter().filter(|user| !old.contains(user)).collect();
        if new.is_empty() {
            continue;
        }
        let found = desk.store.known_users(&after.org, &new).await?;
        problems.extend(new.iter().filter(|user| !found.contains(*user)).map(|user| {
            let message = format!("{}: there is no user '{user}': a user is whoever was given a token", field.name);
            FieldProblem::new(field.name.as_str(), rule::REFERENCE, message)
        }));
    }
    if problems.is_empty() { Ok(()) } else { Err(Refusal::fields(problems).into()) }
}

/// The users in a field.
fn users(record: &Record, field: &str) -> Vec<String> {
    match record.data.get(field) {
        Some(Value::String(user)) => vec![user.clone()],
        Some(Value::Array(items)) => items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

/// Refuses references that are new in `after` and point to nothing. References that stood before are not asked
/// again: what they point to cannot be deleted. Kinds that this installation does not keep are not asked either.
pub(super) async fn check(desk: &Desk, kind: &Kind, before: Option<&Record>, after: &Record) -> Result<(), FlowError> {
    known(desk, kind, before, after).await?;
    let old = before.map(|b| record::references(kind, b)).unwrap_or_default();
    let kinds = desk.kinds(&after.org);
    let mut new: Vec<_> = record::references(kind, after)
        .into_iter()
        .filter(|reference| !old.contains(reference))
        .filter(|reference| kinds.by_prefix(&reference.prefix).is_some())
        .collect();
    new.dedup();
    if new.is_empty() {
        return Ok(());
    }
    let mut numbers: Vec<String> = new.iter().map(|r| r.number.clone()).collect();
    numbers.sort();
    numbers.dedup();
    let found = existing(desk, &kinds, &after.org, numbers).await?;
    let problems: Vec<FieldProblem> = new
        .into_iter()
        .filter(|reference| !found.contains(&reference.number))
        .map(|reference| {
            let message = format!("{}: there is no record {}", reference.rel, reference.number);
            FieldProblem::new(reference.rel, rule::REFERENCE, message)
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(Refusal::fields(problems).into()) }
}
