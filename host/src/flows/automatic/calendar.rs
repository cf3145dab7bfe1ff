//! The working days by which a ticket's automatic closing counts.

use crate::domain::record::Record;
use crate::domain::workdays::Workdays;
use crate::flows::FlowError;
use crate::flows::working::Working;

/// The working days of the agreement's calendar; without an agreement, of the service's; else Monday to Friday in UTC.
pub(super) async fn of(working: &Working<'_>) -> Result<Workdays, FlowError> {
    let agreement = working.record.at("sla.agreement").and_then(|number| number.as_str());
    for number in agreement.into_iter().chain(working.record.text("service")) {
        if let Some(calendar) = named_by(working, number).await?
            && let Some(workdays) = Workdays::of_calendar(&calendar)
        {
            return Ok(workdays);
        }
    }
    Ok(Workdays::default())
}

/// The calendar that an agreement or a service names.
async fn named_by(working: &Working<'_>, number: &str) -> Result<Option<Record>, FlowError> {
    let (org, store) = (&working.record.org, &working.desk.store);
    let Some(record) = store.record(org, number).await? else { return Ok(None) };
    match record.text("calendar") {
        Some(calendar) => Ok(store.record(org, calendar).await?),
        None => Ok(None),
    }
}
