//! The working days by which a ticket's automatic closing counts.

use crate::domain::record::Record;
use crate::domain::workdays::Workdays;
use crate::flows::{Desk, FlowError};

/// The working days of the agreement's calendar; without an agreement, of the service's; else Monday to Friday in UTC.
pub(super) async fn of(desk: &Desk, record: &Record) -> Result<Workdays, FlowError> {
    let agreement = record.at("sla.agreement").and_then(|number| number.as_str());
    for number in agreement.into_iter().chain(record.text("service")) {
        if let Some(calendar) = named_by(desk, &record.org, number).await?
            && let Some(workdays) = Workdays::of_calendar(&calendar)
        {
            return Ok(workdays);
        }
    }
    Ok(Workdays::default())
}

/// The calendar that an agreement or a service names.
async fn named_by(desk: &Desk, org: &str, number: &str) -> Result<Option<Record>, FlowError> {
    let store = &desk.store;
    let Some(record) = store.record(org, number).await? else { return Ok(None) };
    match record.text("calendar") {
        Some(calendar) => Ok(store.record(org, calendar).await?),
        None => Ok(None),
    }
}
