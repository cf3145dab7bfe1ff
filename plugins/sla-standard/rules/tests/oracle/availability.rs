//! Service time and availability.

use std::collections::BTreeMap;

use mortise_sdk::SlaPolicy;
use mortise_sdk::types::Interval;
use mortise_sdk::types::sla::{AvailabilityRequest, ServiceTimeRequest};
use sla_rules::{Settings, Standard};

use crate::random::Random;
use crate::world::{self, MINUTES, at};

/// Intervals in minutes; they may overlap, touch and be empty.
fn stretches(random: &mut Random, most: i64) -> Vec<(i64, i64)> {
    let mut stretches = Vec::new();
    for _ in 0..random.between(0, most) {
        let from = match stretches.last() {
            Some((_, to)) if random.chance(20) => *to,
            _ => random.between(0, MINUTES - 3000),
        };
        stretches.push((from, from + random.between(0, 50) * random.between(1, 60)));
    }
    stretches
}

fn intervals(stretches: &[(i64, i64)]) -> Vec<Interval> {
    let interval = |&(from, to): &(i64, i64)| Interval { from: at(from), to: at(to) };
    stretches.iter().map(interval).collect()
}

fn covers(stretches: &[(i64, i64)], minute: i64) -> bool {
    stretches.iter().any(|(from, to)| (*from..*to).contains(&minute))
}

#[test]
fn availability_agrees_with_the_slow_one() {
    let mut random = Random::new(19);
    let settings = Settings::default();
    for case in 0..100 {
        let calendar = world::calendar(&mut random);
        let service = world::minutes_in_service(&calendar);
        let maintenance = stretches(&mut random, 4);
        let outages = stretches(&mut random, 8);
        let from = random.between(0, MINUTES / 2);
        let to = from + random.between(0, 30) * random.between(0, 1440);
        let request = AvailabilityRequest {
            calendar: "c".to_owned(),
            calendars: BTreeMap::from([("c".to_owned(), calendar)]),
            target_milli_pct: random.between(90_000, 100_000) as u32,
            period: Interval { from: at(from), to: at(to) },
            planned_maintenance: intervals(&maintenance),
            outages: intervals(&outages),
            attributes: BTreeMap::new(),
        };
        let outcome = Standard::availability(&request, &settings).unwrap().outcome;

        let (mut agreed, mut down, mut count) = (0, 0, 0);
        let mut counted = false;
        for minute in 0..MINUTES {
            // An outage that touches the one before is the same outage.
            let out = covers(&outages, minute);
            counted &= out;
            let within = (from..to).contains(&minute) && service[minute as usize];
            if within && !covers(&maintenance, minute) {
                agreed += 1;
                if out {
                    down += 1;
                    count += u32::from(!counted);
                    counted = true;
                }
            }
        }
        let up = agreed - down;
        let share = (agreed > 0).then(|| {
            let floor = up * 100_000 / agreed;
            let rest = up * 100_000 % agreed;
            (floor + u64::from(rest * 2 >= agreed)) as u32
        });
        let met = (agreed > 0).then(|| up * 100_000 >= u64::from(request.target_milli_pct) * agreed);
        assert_eq!(outcome.agreed_s, agreed * 60, "case {case}");
        assert_eq!(outcome.down_s, down * 60, "case {case}");
        assert_eq!(outcome.outage_count, count, "case {case}");
        assert_eq!(outcome.availability_milli_pct, share, "case {case}");
        assert_eq!(outcome.met, met, "case {case}");
    }
}

#[test]
fn service_time_agrees_with_the_slow_one() {
    let mut random = Random::new(17);
    let settings = Settings::default();
    for case in 0..100 {
        let calendar = world::calendar(&mut random);
        let service = world::minutes_in_service(&calendar);
        let from = random.between(0, MINUTES / 2);
        let to = from + random.between(0, 30) * random.between(0, 1440);
        let mut expected = Vec::<Interval>::new();
        for minute in (from..to).filter(|minute| service[*minute as usize]) {
            match expected.last_mut().filter(|last| last.to == at(minute)) {
                Some(last) => last.to = at(minute + 1),
                None => expected.push(Interval { from: at(minute), to: at(minute + 1) }),
            }
        }
        let request = ServiceTimeRequest {
            calendar: "c".to_owned(),
            calendars: BTreeMap::from([("c".to_owned(), calendar)]),
            from: at(from),
            to: at(to),
            attributes: BTreeMap::new(),
        };
        let outcome = Standard::service_time(&request, &settings).unwrap().outcome;
        let seconds: i64 = expected.iter().map(|span| span.to.0 - span.from.0).sum();
        assert_eq!(outcome.intervals, expected, "case {case}");
        assert_eq!(outcome.service_s, seconds as u64, "case {case}");
    }
}
