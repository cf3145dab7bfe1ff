//! A reference points to a record that exists in the same organisation.

use super::{Desk, FlowError};
use crate::domain::Kind;
use crate::domain::record::{self, Record};
use crate::domain::refusal::{FieldProblem, Refusal, rule};

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
    let found = desk.store.existing_numbers(&after.org, &numbers).await?;
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
