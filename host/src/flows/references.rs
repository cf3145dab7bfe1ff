//! A reference points to a record that exists in the same organisation.

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

/// Refuses references that are new in `after` and point to nothing. References that stood before are not asked
/// again: what they point to cannot be deleted. Kinds that this installation does not keep are not asked either.
pub(super) async fn check(desk: &Desk, kind: &Kind, before: Option<&Record>, after: &Record) -> Result<(), FlowError> {
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
