//! Supplier evaluation: collected from contracts, breaches and measured service levels, scored, graded, and due again
//! when the grade says so (domain guide, P26 and section 3.4).

mod breach;
mod collect;
mod evaluation;
mod review;

use super::FlowError;
use super::working::{Cause, Working};
use crate::domain::record::Record;

/// Name of the timer that a supplier's next review waits for.
const REVIEW: &str = "supplier.review";

/// More contracts, breaches or evaluations of one supplier than this are not looked at.
const MOST: i64 = 10_000;

pub(super) async fn run(working: &mut Working<'_>) -> Result<(), FlowError> {
    match working.kind.slug.as_str() {
        "supplier-evaluation" => evaluation::run(working).await,
        _ if matches!(working.cause, Cause::Again { .. }) => Err(working.not_again()),
        "supplier" => review::run(working).await,
        "breach" => breach::run(working).await,
        _ => Ok(()),
    }
}

/// The supplier's evaluations that have a result, oldest first.
async fn evaluated(working: &Working<'_>, supplier: &str) -> Result<Vec<Record>, FlowError> {
    const DONE: [&str; 3] = ["scored", "signed", "communicated"];
    let mut evaluations = evaluations(working, supplier).await?;
    evaluations.retain(|e| e.number != working.record.number && DONE.contains(&e.state.as_str()));
    evaluations.sort_by(|a, b| (a.text("evaluated_on"), &a.number).cmp(&(b.text("evaluated_on"), &b.number)));
    Ok(evaluations)
}

async fn evaluations(working: &Working<'_>, supplier: &str) -> Result<Vec<Record>, FlowError> {
    let (org, store) = (&working.record.org, &working.desk.store);
    Ok(store.records_by_field(org, "supplier-evaluation", "supplier", supplier, MOST).await?)
}
