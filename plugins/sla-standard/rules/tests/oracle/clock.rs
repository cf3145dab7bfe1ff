//! The clocks of a ticket.

use std::collections::BTreeMap;

use mortise_sdk::SlaPolicy;
use mortise_sdk::types::Instant;
use mortise_sdk::types::sla::{
    Assessment, Calendar, Clock, ClockRequest, ClockState, Level, Pause, Target, Thresholds, Ticket,
};
use sla_rules::{Settings, Standard};

use crate::random::Random;
use crate::world::{self, MINUTES, at};

/// The last minute at which a random ticket changes.
const LATEST: i64 = 12 * 1440;

/// A request at random, in minutes. Changes may come in any order, before the
/// ticket was opened, after it was restored and after now.
fn request(random: &mut Random, calendars: &BTreeMap<String, Calendar>) -> ClockRequest {
    let opened = random.between(0, 5 * 1440);
    // Half of the times fall on full quarters of hours, so that edges meet.
    let later = |random: &mut Random| {
        let minute = opened + random.between(0, LATEST - opened);
        if random.chance(50) { minute - minute % 15 } else { minute }
    };
    let opened = if random.chance(50) { opened - opened % 60 } else { opened };
    let now = if random.chance(10) { opened } else { later(random) };
    let some = |random: &mut Random, percent| random.chance(percent).then(|| later(random));
    let responded = some(random, 70);
    let restored = some(random, 60);
    let mut history = Vec::new();
    for index in 0..random.between(1, 4) {
        let minute = match random.between(1, 10) {
            1 => restored.unwrap_or(now),
            2 => now,
            3 => opened - random.between(0, 60),
            _ if index == 0 => opened,
            _ => later(random),
        };
        history.push(Assessment {
            at: at(minute),
            impact: random.between(1, 3) as u32,
            urgency: random.between(1, 3) as u32,
        });
    }
    let mut pauses = Vec::new();
    for _ in 0..random.between(0, 3) {
        let from = if random.chance(10) { opened - 30 } else { later(random) };
        let to = random.chance(85).then(|| at(from + random.between(0, 30) * 60));
        pauses.push(Pause { from: at(from), to });
    }
    let names: Vec<&String> = calendars.keys().collect();
    let mut target = |priority: u32| {
        let target = Target {
            response_s: (random.between(1, 40) * 15 * 60) as u64,
            resolution_s: (random.between(1, 48) * 3600) as u64,
            calendar: (*random.pick(&names)).clone(),
        };
        (format!("P{priority}"), target)
    };
    let targets = (1..=5).map(&mut target).collect();
    ClockRequest {
        now: at(now),
        matrix: None,
        warn_pct: Some(Thresholds { warning: 75, critical: 90 }),
        targets: Some(targets),
        calendars: calendars.clone(),
        ticket: Ticket {
            opened_at: at(opened),
            history,
            responded_at: responded.map(at),
            restored_at: restored.map(at),
            pauses,
        },
        attributes: BTreeMap::new(),
    }
}

/// The priority valid at an instant.
fn priority(ticket: &Ticket, instant: Instant) -> String {
    let mut history = ticket.history.clone();
    history.sort_by_key(|entry| entry.at);
    let valid = history.iter().rev().find(|entry| entry.at <= instant);
    let entry = valid.unwrap_or(&history[0]);
    format!("P{}", entry.impact + entry.urgency - 1)
}

/// A clock by the letter of the guide, from one minute to the next.
fn oracle(
    request: &ClockRequest,
    service: &BTreeMap<String, Vec<bool>>,
    stop: Option<Instant>,
    pauses: &[Pause],
    target_of: impl Fn(&Target) -> u64,
) -> Clock {
    let ticket = &request.ticket;
    let stop = stop.filter(|stop| *stop <= request.now);
    let end = stop.unwrap_or(request.now).max(ticket.opened_at);
    let paused =
        |instant: Instant| pauses.iter().any(|pause| pause.from <= instant && pause.to.is_none_or(|to| instant < to));
    let target = |priority: &str| &request.targets.as_ref().unwrap()[priority];
    let in_service = |priority: &str, instant: Instant| {
        let minute = (instant.0 - at(0).0) / 60;
        let service = &service[&target(priority).calendar];
        service[minute as usize]
    };

    let mut elapsed = 0;
    // Since when elapsed has been at the target that is valid now.
    let mut reached = None;
    let mut breached_at = None;
    let mut valid = priority(ticket, ticket.opened_at);
    let mut instant = ticket.opened_at;
    loop {
        let current = priority(ticket, instant);
        if current != valid {
            valid = current;
            reached = None;
        }
        let goal = target_of(target(&valid));
        if elapsed >= goal {
            reached = reached.or(Some(instant));
        }
        if elapsed > goal {
            breached_at = breached_at.or(reached);
        }
        if instant >= end {
            break;
        }
        if in_service(&valid, instant) && !paused(instant) {
            elapsed += 60;
            if elapsed > goal {
                breached_at = breached_at.or(reached);
            }
        }
        instant = Instant(instant.0 + 60);
    }

    let goal = target_of(target(&valid));
    let state = match stop {
        Some(_) => ClockState::Stopped,
        None if paused(request.now) => ClockState::Paused,
        None => ClockState::Running,
    };
    let mut due_at = reached;
    if due_at.is_none() && state != ClockState::Paused {
        let mut ahead = elapsed;
        let last = at(MINUTES - 1);
        while ahead < goal && instant < last {
            ahead += if in_service(&valid, instant) { 60 } else { 0 };
            instant = Instant(instant.0 + 60);
        }
        due_at = (ahead >= goal).then_some(instant);
    }
    Clock {
        target_s: goal,
        elapsed_s: elapsed,
        remaining_s: goal as i64 - elapsed as i64,
        percent: 100 * elapsed / goal,
        state,
        level: match elapsed * 100 {
            used if used > goal * 100 => Level::Breached,
            used if used >= goal * 90 => Level::Critical,
            used if used >= goal * 75 => Level::Warning,
            _ => Level::Ok,
        },
        met: stop.map(|_| elapsed <= goal),
        due_at,
        breached_at,
        ever_breached: breached_at.is_some(),
    }
}

#[test]
fn clocks_agree_with_the_slow_ones() {
    let mut random = Random::new(20_000);
    let settings = Settings { horizon_days: 3660, ..Settings::default() };
    let mut seen = BTreeMap::<String, u32>::new();
    for round in 0..25 {
        let calendars: BTreeMap<_, _> =
            ["a", "b", "c"].map(|name| (name.to_owned(), world::calendar(&mut random))).into();
        let service: BTreeMap<_, _> =
            calendars.iter().map(|(name, calendar)| (name.clone(), world::minutes_in_service(calendar))).collect();
        for case in 0..50 {
            let request = request(&mut random, &calendars);
            let ticket = &request.ticket;
            let decided = Standard::clock(&request, &settings).unwrap();
            let outcome = decided.outcome;
            let response = oracle(&request, &service, ticket.responded_at, &[], |target| target.response_s);
            let resolution =
                oracle(&request, &service, ticket.restored_at, &ticket.pauses, |target| target.resolution_s);
            for (name, fast, mut slow) in
                [("response", &outcome.response, response), ("resolution", &outcome.resolution, resolution)]
            {
                // The slow one sees only so far.
                if slow.due_at.is_none() && fast.due_at.is_some_and(|due| due >= at(MINUTES - 1)) {
                    slow.due_at = fast.due_at;
                }
                assert_eq!(*fast, slow, "{name} of case {case} in round {round}: {request:#?}");
                *seen.entry(format!("{:?} {:?}", fast.state, fast.level)).or_default() += 1;
                *seen.entry(format!("ever breached {}", fast.ever_breached)).or_default() += 1;
            }
            assert_eq!(outcome.priority, priority(ticket, request.now.max(ticket.opened_at)));
            check_milestones(&request, &decided.milestones, &settings);
        }
    }
    // The cases are worth something only if they reach every corner.
    assert_eq!(seen.len(), 14, "{seen:?}");
    assert!(seen.values().all(|count| *count >= 3), "{seen:?}");
}

/// At a milestone the clock is at the mark, a second before it is not.
fn check_milestones(request: &ClockRequest, milestones: &[mortise_sdk::types::Milestone], settings: &Settings) {
    for milestone in milestones {
        let (clock, mark) = milestone.name.split_once('.').unwrap();
        let pct = match mark {
            "warning" => 75,
            "critical" => 90,
            _ => 100,
        };
        let reaches = |now: Instant| {
            let mut later = request.clone();
            later.ticket.history.retain(|entry| entry.at <= request.now);
            later.ticket.pauses.retain(|pause| pause.from <= request.now);
            later.ticket.responded_at = None;
            later.ticket.restored_at = None;
            if later.ticket.history.is_empty() {
                later.ticket.history = request.ticket.history.clone();
                later.ticket.history.sort_by_key(|entry| entry.at);
                later.ticket.history.truncate(1);
            }
            later.now = now;
            let outcome = Standard::clock(&later, settings).unwrap().outcome;
            let clock = if clock == "response" { outcome.response } else { outcome.resolution };
            clock.elapsed_s * 100 >= clock.target_s * pct
        };
        assert!(milestone.at > request.now, "{milestone:?} {request:#?}");
        assert!(reaches(milestone.at), "{milestone:?} {request:#?}");
        assert!(!reaches(Instant(milestone.at.0 - 1)), "{milestone:?} {request:#?}");
    }
}
