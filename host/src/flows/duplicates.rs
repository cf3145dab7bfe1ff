//! Records that were merged into another one: what was written on them is shown there too.

use super::{Desk, FlowError};
use crate::domain::Actor;
use crate::domain::access::{self, Action};
use crate::domain::record::Record;

/// The link from a duplicate to the record that it was merged into.
pub(super) const DUPLICATE_OF: &str = "duplicate-of";
/// Duplicates of one record that are looked at.
const MOST: i64 = 500;

/// The number of the record, and those of its duplicates that the actor may read.
///
/// # Errors
/// When the database fails.
pub async fn with_duplicates(desk: &Desk, actor: &Actor, record: &Record) -> Result<Vec<String>, FlowError> {
    let mut numbers = vec![record.number.clone()];
    let duplicates = desk.store.sources(&actor.org, &record.number, DUPLICATE_OF, MOST).await?;
    if duplicates.is_empty() {
        return Ok(numbers);
    }
    let kinds = desk.kinds(&actor.org);
    let may = |record: &Record| {
        kinds.get(&record.kind).is_some_and(|kind| access::may(kind, actor, Action::Read, Some(record)))
    };
    let found = desk.store.records(&actor.org, &duplicates).await?;
    numbers.extend(found.into_iter().filter(may).map(|record| record.number));
    Ok(numbers)
}
