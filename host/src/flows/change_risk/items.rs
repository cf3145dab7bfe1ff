//! The configuration items of a change while it is carried out (guide, P21: live → in change → live).

use super::facts::numbers;
use crate::domain::record::Record;
use crate::flows::FlowError;
use crate::flows::working::Working;

const LIVE: &str = "live";
const IN_CHANGE: &str = "in_change";

/// The work begins: the live items that the change affects are in change.
pub(super) async fn take(working: &mut Working<'_>) -> Result<(), FlowError> {
    let items = affected(working).await?;
    for item in items.into_iter().filter(|item| item.state == LIVE) {
        moved(working, item, IN_CHANGE);
    }
    Ok(())
}

/// The work has ended: the items are live again, but for those that another change is still working on. Two changes that
/// end at the same time take turns, or each would leave the items to the other.
pub(super) async fn give_back(working: &mut Working<'_>) -> Result<(), FlowError> {
    let items = affected(working).await?;
    for item in items.into_iter().filter(|item| item.state == IN_CHANGE) {
        let store = &working.desk.store;
        let at_work = store.naming(&item.org, "change", &["implementing"], "cis", &item.number).await?;
        let others: Vec<(String, i64)> =
            at_work.into_iter().filter(|(change, _)| *change != working.record.number).collect();
        if others.is_empty() {
            moved(working, item, LIVE);
        } else {
            working.turns.push(item.number);
            working.held.extend(others);
        }
    }
    Ok(())
}

async fn affected(working: &Working<'_>) -> Result<Vec<Record>, FlowError> {
    let cis = numbers(working, "cis");
    let records = working.desk.store.records(&working.record.org, &cis).await?;
    Ok(records.into_iter().filter(|r| r.kind == "configuration-item").collect())
}

fn moved(working: &mut Working<'_>, item: Record, state: &str) {
    let after = Record { state: state.to_owned(), ..item.clone() };
    working.along(item, after, format!("transition:{state}"));
}
