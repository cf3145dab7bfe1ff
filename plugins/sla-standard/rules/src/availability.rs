//! Service time of a period, and how much of it the service was up.

use mortise_sdk::prelude::*;
use mortise_sdk::types::sla::{AvailabilityOutcome, AvailabilityRequest, ServiceTimeOutcome, ServiceTimeRequest};
use mortise_sdk::types::{Instant, Interval};

use crate::service::Services;
use crate::span::{Cut, Span, bounds, read};

/// Thousandths of a percent in the whole.
const WHOLE: i128 = 100_000;

/// Measures the service time between two instants.
///
/// # Errors
/// Those of calendars; `invalid-interval` if the end is before the start.
pub(crate) fn service_time(request: &ServiceTimeRequest) -> Answer<ServiceTimeOutcome> {
    let period = bounds(Interval { from: request.from, to: request.to })?;
    let mut services = Services::new(&request.calendars);
    let service = services.get(&request.calendar)?;
    let mut seconds = 0;
    let mut intervals = Vec::new();
    for span in service.within(period.from, period.to)? {
        seconds += span.seconds();
        intervals.push(Interval { from: Instant(span.from), to: Instant(span.to) });
    }
    let reason = Reason::new("service-time", "The calendar's service time in the period.")
        .with("calendar", &request.calendar)
        .with("service_s", seconds);
    let outcome = ServiceTimeOutcome { service_s: seconds.unsigned_abs(), intervals };
    Ok(Decided::new(outcome, vec![reason]))
}

/// Measures the availability of a service in a period.
///
/// Agreed service time is the calendar's service time less planned
/// maintenance; down is what merged outages take of it. The target is tested
/// on the exact fraction, not on the rounded figure.
///
/// # Errors
/// Those of calendars; `invalid-interval` if an interval ends before it starts.
pub(crate) fn availability(request: &AvailabilityRequest) -> Answer<AvailabilityOutcome> {
    let period = bounds(request.period)?;
    let maintenance = read(&request.planned_maintenance)?;
    let outages = read(&request.outages)?;
    let mut services = Services::new(&request.calendars);
    let service = services.get(&request.calendar)?;

    let mut tally = Tally::new(&outages);
    let mut total_s = 0;
    let mut maintained = Cut::new(&maintenance);
    for span in service.within(period.from, period.to)? {
        total_s += span.seconds();
        maintained.each(span, |agreed| tally.add(agreed));
    }
    let Tally { agreed_s, down_s, count, .. } = tally;

    let (agreed, up) = (i128::from(agreed_s), i128::from(agreed_s - down_s));
    let share = (agreed > 0).then(|| {
        // Half up; at most 100 000, since up is at most agreed.
        let milli_pct = (2 * up * WHOLE + agreed) / (2 * agreed);
        (milli_pct as u32, up * WHOLE >= i128::from(request.target_milli_pct) * agreed)
    });
    let outcome = AvailabilityOutcome {
        agreed_s: agreed_s.unsigned_abs(),
        down_s: down_s.unsigned_abs(),
        availability_milli_pct: share.map(|(milli_pct, _)| milli_pct),
        met: share.map(|(_, met)| met),
        outage_count: count,
    };
    let mut reasons = vec![
        Reason::new("agreed-service-time", "Service time less planned maintenance.")
            .with("service_s", total_s)
            .with("planned_maintenance_s", total_s - agreed_s)
            .with("agreed_s", agreed_s),
    ];
    if agreed_s == 0 {
        reasons.push(Reason::new("no-agreed-service-time", "No service was agreed in the period."));
    } else {
        reasons.push(
            Reason::new("down", "Outages, merged, within agreed service time.")
                .with("outages", count)
                .with("down_s", down_s)
                .with("target_milli_pct", request.target_milli_pct),
        );
    }
    Ok(Decided::new(outcome, reasons))
}

/// Adds up agreed service time and the outages in it.
struct Tally<'a> {
    agreed_s: i64,
    down_s: i64,
    /// Outages that took agreed service time.
    count: u32,
    /// Outages that are not over before the agreed service time seen so far.
    outages: &'a [Span],
    /// Whether the first of them is counted already.
    counted: bool,
}

impl<'a> Tally<'a> {
    fn new(outages: &'a [Span]) -> Self {
        Self { agreed_s: 0, down_s: 0, count: 0, outages, counted: false }
    }

    /// Adds a stretch of agreed service time, later than all before.
    fn add(&mut self, agreed: Span) {
        self.agreed_s += agreed.seconds();
        while let Some(outage) = self.outages.first().filter(|outage| outage.from < agreed.to) {
            let down = outage.to.min(agreed.to) - outage.from.max(agreed.from);
            if down > 0 {
                self.down_s += down;
                self.count += u32::from(!self.counted);
                self.counted = true;
            }
            if outage.to > agreed.to {
                return;
            }
            self.outages = &self.outages[1..];
            self.counted = false;
        }
    }
}
