//! Service level clocks of what was made up: no component is asked, so they are worked out here, with targets that run
//! around the clock.

use mortise_types::sla::{Clock, ClockState, Level};
use serde_json::{Value, json};

use crate::domain::Kind;
use crate::domain::record::Record;
use crate::domain::time::Instant;

/// Seconds to answer and to restore, by priority.
const TARGETS: [(i64, i64); 5] = [(900, 7_200), (1_800, 14_400), (3_600, 28_800), (7_200, 86_400), (14_400, 144_000)];

/// Sets what the host would have computed on a record whose kind has service level clocks.
pub(super) fn set(
    record: &mut Record,
    kind: &Kind,
    answered: Option<Instant>,
    restored: Option<Instant>,
    until: Instant,
) {
    if kind.field("sla").is_none_or(|field| !field.computed) {
        return;
    }
    let whole = |name: &str| record.data.get(name).and_then(Value::as_i64).unwrap_or(3).clamp(1, 3);
    let (impact, urgency) = (whole("impact"), whole("urgency"));
    // The usual matrix: the sum of both, from 2 to 6.
    let at = usize::try_from(impact + urgency - 2).unwrap_or_default().min(TARGETS.len() - 1);
    let priority = format!("P{}", at + 1);
    let opened = record.created_at;
    let given_up = kind.state(&record.state).is_some_and(|state| state.closed) && restored.is_none();
    let stop = if given_up { Some(record.updated_at) } else { restored };
    let paused = record.state.starts_with("awaiting_customer");
    let response = clock(TARGETS[at].0, opened, answered.or(stop), until, false);
    let resolution = clock(TARGETS[at].1, opened, stop, until, paused);
    let history = json!([{ "at": opened, "impact": impact, "urgency": urgency }]);
    record.set_computed("priority", priority.as_str().into());
    record.set_computed("impact_history", history);
    record.set_computed("manual", false.into());
    record.set_computed("responded_at", moment(answered));
    record.set_computed("restored_at", moment(restored));
    record.set_computed("sla", json!({ "priority": priority, "response": response, "resolution": resolution }));
}

fn moment(at: Option<Instant>) -> Value {
    at.map_or(Value::Null, |at| Instant::from_seconds(at.seconds()).to_string().into())
}

fn clock(target: i64, opened: Instant, stopped: Option<Instant>, until: Instant, paused: bool) -> Clock {
    let elapsed = (stopped.unwrap_or(until).seconds() - opened.seconds()).max(0);
    let over = elapsed > target;
    let percent = elapsed * 100 / target;
    let due = mortise_types::Instant(opened.seconds() + target);
    Clock {
        target_s: target.unsigned_abs(),
        elapsed_s: elapsed.unsigned_abs(),
        remaining_s: target - elapsed,
        percent: percent.unsigned_abs(),
        state: match stopped {
            Some(_) => ClockState::Stopped,
            None if paused => ClockState::Paused,
            None => ClockState::Running,
        },
        level: match percent {
            _ if over => Level::Breached,
            90.. => Level::Critical,
            75.. => Level::Warning,
            _ => Level::Ok,
        },
        met: stopped.map(|_| !over),
        due_at: Some(due),
        breached_at: over.then_some(mortise_types::Instant(due.0 + 1)),
        ever_breached: over,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_stop_and_are_passed() {
        let (opened, until) = (Instant(0), Instant(100_000_000));
        let met = clock(900, opened, Some(Instant(600_000)), until, false);
        assert_eq!((met.percent, met.level, met.met), (66, Level::Ok, Some(true)));
        let late = clock(900, opened, Some(Instant(901_000)), until, false);
        assert_eq!((late.level, late.met, late.ever_breached), (Level::Breached, Some(false), true));
        let open = clock(100_000, opened, None, until, true);
        assert_eq!((open.state, open.level, open.met), (ClockState::Paused, Level::Critical, None));
    }
}
