//! When the change is carried out, seen from the services that it touches.

use std::collections::{BTreeMap, BTreeSet};

use mortise_types::change_risk::Timing;

use super::impact::Walk;
use crate::domain::change::in_service;
use crate::domain::time::Instant;
use crate::flows::FlowError;
use crate::flows::sla::calendar;
use crate::flows::working::Working;
use crate::store::changes::During;

/// States of a blackout window that count.
const IN_FORCE: [&str; 2] = ["planned", "active"];
/// A window is looked at so far: where no service has hours for so long, none has hours.
const LOOKED_AT_MS: i64 = 400 * 86_400_000;

/// The blackout windows that overlap the change's window and hold for a service that it touches, by number. A blackout
/// that names no service holds for all.
pub(super) async fn blackouts(
    working: &Working<'_>,
    walk: &Walk,
    own_services: &[String],
    (from, to): (Instant, Instant),
) -> Result<Vec<String>, FlowError> {
    let asked = During {
        kind: "blackout",
        span: ("from", "to"),
        states: &IN_FORCE,
        from: &from.sortable(),
        to: &to.sortable(),
        rel: "services",
    };
    let rows = working.desk.store.during(&working.record.org, &asked).await?;
    let mut services: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (blackout, service) in rows {
        services.entry(blackout).or_default().extend(service);
    }
    let touched = |service: &String| walk.services.contains_key(service) || own_services.contains(service);
    services.retain(|_, services| services.is_empty() || services.iter().any(touched));
    Ok(services.into_keys().collect())
}

/// Whether a service that the change touches is in use during the window, by its calendar; none where no such service
/// has a calendar.
pub(super) async fn hours(
    working: &mut Working<'_>,
    walk: &Walk,
    (from, to): (Instant, Instant),
) -> Result<Option<Timing>, FlowError> {
    let numbers: BTreeSet<&str> = walk.services.values().filter_map(|service| service.text("calendar")).collect();
    let numbers: Vec<String> = numbers.into_iter().map(str::to_owned).collect();
    let to = to.min(from.plus(LOOKED_AT_MS));
    let mut timing = None;
    for record in working.desk.store.records(&working.record.org, &numbers).await? {
        working.held.push((record.number.clone(), record.revision));
        let Some(calendar) = calendar(&record, from, to) else { continue };
        if in_service(&calendar, from.seconds(), to.seconds()) {
            return Ok(Some(Timing::BusinessHours));
        }
        timing = Some(Timing::OffHours);
    }
    Ok(timing)
}
