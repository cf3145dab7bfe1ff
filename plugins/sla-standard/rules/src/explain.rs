//! The reasons of a clock.

use mortise_sdk::prelude::Reason;
use mortise_sdk::types::sla::Level;

use crate::clock::Measured;
use crate::ticket::Segment;

/// Says by what a clock was judged and how it stands.
pub(crate) fn explain(
    reasons: &mut Vec<Reason>,
    name: &'static str,
    measured: &Measured<'_>,
    segments: &[Segment<'_>],
) {
    let clock = &measured.clock;
    let level = match clock.level {
        Level::Ok => "ok",
        Level::Warning => "warning",
        Level::Critical => "critical",
        Level::Breached => "breached",
    };
    let used = "Service time used of the target, on the target's calendar.";
    reasons.push(
        Reason::new(name, used)
            .with("level", level)
            .with("percent", clock.percent)
            .with("target_s", clock.target_s)
            .with("elapsed_s", clock.elapsed_s)
            .with("calendar", measured.promise.calendar),
    );
    if let Some(at) = clock.breached_at {
        // Only a raise makes a clock pass its target in the instant of a change.
        let raised = segments.iter().skip(1).any(|segment| segment.from == at.0);
        let (code, message) = if raised {
            ("breached-by-raise", "More time was used than the new priority allows.")
        } else {
            ("breached", "The target was passed.")
        };
        reasons.push(Reason::new(code, message).with("clock", name));
    }
}
