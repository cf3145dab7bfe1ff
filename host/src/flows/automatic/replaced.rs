//! A new version takes the place of the old one.

use crate::domain::automatic::Automatic;
use crate::domain::kind::Transition;
use crate::domain::record::Record;
use crate::flows::FlowError;
use crate::flows::rules::filter;
use crate::flows::working::{Cause, Working};
use crate::store::listing::{Filter, ListQuery, SortKey, Subject, Test};
use serde_json::Value;

/// Old versions that one new version replaces at most; there is one where the rule has always held.
const MOST: usize = 200;

/// Moves the records that the one under way replaces, now that it is in the state from which they are replaced.
pub(in crate::flows) async fn run(working: &mut Working<'_>) -> Result<(), FlowError> {
    if !matches!(&working.cause, Cause::Transition { from, to } if from != to) {
        return Ok(());
    }
    let (kind, state) = (working.kind, working.record.state.clone());
    let steps: Vec<&Transition> = kind.transitions_from(&state).collect();
    for step in steps {
        let Some(Automatic::Replaced(fields)) = &step.when else { continue };
        for old in same(working, fields, &state).await? {
            match super::take(kind, &old, step, working.now) {
                Ok(after) => {
                    let action = format!("transition:{}", step.to);
                    working.along(old, after, action);
                }
                Err(refusal) => {
                    let data =
                        serde_json::json!({ "record": old.number, "rule": refusal.rule, "message": refusal.message });
                    working.event("automatic.refused", data);
                }
            }
        }
    }
    Ok(())
}

/// The other records in a state that have the same values.
pub(super) async fn same(working: &Working<'_>, fields: &[String], state: &str) -> Result<Vec<Record>, FlowError> {
    let record = &working.record;
    let mut filters =
        vec![Filter { subject: Subject::Path("state".to_owned(), false), test: Test::AnyOf(vec![state.to_owned()]) }];
    for field in fields {
        let first = match record.data.get(field) {
            Some(Value::Array(items)) => items.first(),
            value => value,
        };
        // Lists are compared as a whole below; the index finds those that share the first value.
        filters.extend(first.and_then(|value| filter(working.kind, field, value)));
    }
    let query = ListQuery {
        org: record.org.clone(),
        kind: record.kind.clone(),
        filters,
        sort: SortKey::Created,
        descending: true,
        after: None,
        limit: MOST,
        only: None,
        text: None,
    };
    let mut found = working.desk.store.list(&query).await?.records;
    found.retain(|old| {
        old.number != record.number && fields.iter().all(|field| old.data.get(field) == record.data.get(field))
    });
    Ok(found)
}
