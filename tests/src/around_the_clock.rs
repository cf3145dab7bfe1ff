//! The clocks that the SDK gives to policies without calendars are those of the reference rules on a calendar that
//! never closes.

use mortise_sdk::Policy as _;
use mortise_sdk::clocks::around_the_clock;
use mortise_types::sla::{self, Assessment, ClockRequest, Pause, Target, Thresholds, Ticket};
use mortise_types::{Instant, Outcome, Request};
use proptest::prelude::*;
use serde_json::json;

/// When the tickets of these cases are opened.
const OPENED: i64 = 1_772_000_000;

/// Pauses one after another, told as gap and length; the last one may go on.
fn pauses(told: &[(i64, i64)], goes_on: bool) -> Vec<Pause> {
    // The first one may have begun before the ticket was opened.
    let mut at = OPENED - 500;
    let mut pauses: Vec<Pause> = Vec::new();
    for (gap, length) in told {
        pauses.push(Pause { from: Instant(at + gap), to: Some(Instant(at + gap + length)) });
        at += gap + length + 1;
    }
    if let Some(last) = pauses.last_mut().filter(|_| goes_on) {
        last.to = None;
    }
    pauses
}

proptest! {
    #[test]
    fn they_are_the_reference_rules_on_a_calendar_that_never_closes(
        now in 0_i64..100_000,
        responded in prop::option::of(0_i64..100_000),
        restored in prop::option::of(0_i64..100_000),
        told in prop::collection::vec((0_i64..20_000, 0_i64..20_000), 0..5),
        goes_on in any::<bool>(),
        (response_s, resolution_s) in (1_u64..60_000, 1_u64..60_000),
        warn_pct in prop::option::of((1_u32..=100, 1_u32..=100)),
    ) {
        let at = |offset: i64| Instant(OPENED + offset);
        let target = Target { response_s, resolution_s, calendar: "24x7".to_owned() };
        let request = ClockRequest {
            now: at(now),
            matrix: None,
            warn_pct: warn_pct.map(|(a, b)| Thresholds { warning: a.min(b), critical: a.max(b) }),
            targets: Some([("P1".to_owned(), target.clone())].into()),
            calendars: serde_json::from_value(json!({ "24x7": { "time_zone": "UTC", "mode": "24x7" } })).unwrap(),
            ticket: Ticket {
                opened_at: at(0),
                history: vec![Assessment { at: at(0), impact: 1, urgency: 1 }],
                responded_at: responded.map(at),
                restored_at: restored.map(at),
                pauses: pauses(&told, goes_on),
            },
            attributes: Default::default(),
        };
        let mine = around_the_clock(&request, &target);
        let request = Request::Sla(sla::Request::Clock(request));
        let reference = sla_rules::Standard::decide(&request, &sla_rules::Settings::default()).unwrap();
        let Outcome::Sla(sla::Outcome::Clock(outcome)) = reference.outcome else { panic!("clocks were asked for") };
        prop_assert_eq!(&mine.response, &outcome.response);
        prop_assert_eq!(&mine.resolution, &outcome.resolution);
        prop_assert_eq!(&mine.milestones, &reference.milestones);
    }
}
