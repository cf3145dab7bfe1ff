//! The timers of a record: set when it comes into a state or what they are counted from changes, cleared when it
//! leaves.

use std::sync::Arc;

use super::calendar;
use crate::domain::automatic::Automatic;
use crate::domain::kind::{Kind, Make, Reminder, Transition};
use crate::domain::record::Record;
use crate::domain::time::Instant;
use crate::domain::workdays::Workdays;
use crate::flows::working::Working;
use crate::flows::{Desk, FlowError, rules};
use crate::store::unit::TimerChange;

/// Names of these timers start with this; the state that the transition leads to follows.
pub(super) const TRANSITIONS: &str = "auto.";
/// … the reminder's name follows.
pub(super) const REMINDERS: &str = "remind.";
/// … the name of what is made and a count follow.
pub(super) const MAKES: &str = "make.";

pub(super) fn of_transition(step: &Transition) -> String {
    format!("{TRANSITIONS}{}", step.to)
}

pub(super) fn of_reminder(reminder: &Reminder) -> String {
    format!("{REMINDERS}{}", reminder.name)
}

pub(super) fn of_make(make: &Make, n: i64) -> String {
    format!("{MAKES}{}.{n}", make.name)
}

/// Sets and clears the timers of every record that the use case changes.
pub(in crate::flows) async fn all(working: &mut Working<'_>) -> Result<(), FlowError> {
    let (desk, now, kinds) = (working.desk, working.now, Arc::clone(&working.kinds));
    let mut timers = of_record(desk, working.kind, working.before.as_ref(), &working.record, now).await?;
    let also = working.also.iter().map(|also| (also.before.as_ref(), &also.after));
    let by_host = working.by_host.iter().map(|step| (Some(&step.before), &step.after));
    let others: Vec<_> = also.chain(by_host).collect();
    for (before, after) in others {
        if let Some(kind) = kinds.get(&after.kind) {
            timers.extend(of_record(desk, kind, before, after, now).await?);
        }
    }
    // What fired has set its own timers already; they go on top.
    timers.append(&mut working.timers);
    working.timers = timers;
    Ok(())
}

/// The changes to the timers of one record.
async fn of_record(
    desk: &Desk,
    kind: &Kind,
    before: Option<&Record>,
    after: &Record,
    now: Instant,
) -> Result<Vec<TimerChange>, FlowError> {
    let mut list = Changes { desk, number: &after.number, changes: Vec::new() };
    transitions(&mut list, kind, before, after, now).await?;
    for reminder in &kind.reminders {
        let wanted = |record: &Record| {
            let here = reminder.states.contains(&record.state);
            here.then(|| rules::moment(desk, kind, record, &reminder.moment, 0)).flatten()
        };
        list.replace(of_reminder(reminder), before.and_then(wanted), wanted(after));
    }
    for make in &kind.makes {
        makes(&mut list, kind, make, before, after, now);
    }
    Ok(list.changes)
}

async fn transitions(
    list: &mut Changes<'_>,
    kind: &Kind,
    before: Option<&Record>,
    after: &Record,
    now: Instant,
) -> Result<(), FlowError> {
    let entered = before.is_none_or(|before| before.state != after.state);
    if entered && before.is_some_and(|before| !timed(kind, &before.state).is_empty()) {
        list.clear(TRANSITIONS.to_owned());
    }
    for step in timed(kind, &after.state) {
        let from_field = match &step.when {
            Some(Automatic::At(moment)) => moment.at.as_ref(),
            _ => None,
        };
        let changed = match from_field {
            Some(field) => before.is_none_or(|before| before.data.get(field) != after.data.get(field)),
            None => matches!(step.when, Some(Automatic::Computed(_))),
        };
        if !entered && !changed {
            continue;
        }
        match due(list.desk, kind, step, after, now).await? {
            Some(at) => list.set(of_transition(step), at),
            None if !entered => list.clear(of_transition(step)),
            None => {}
        }
    }
    Ok(())
}

/// The transitions from a state that wait for a moment.
pub(super) fn timed<'k>(kind: &'k Kind, state: &str) -> Vec<&'k Transition> {
    let waits = |step: &&Transition| matches!(step.when, Some(Automatic::At(_) | Automatic::Computed(_)));
    kind.transitions.iter().filter(|step| step.from == state).filter(waits).collect()
}

/// When a transition is due; `None` while the record does not say.
pub(super) async fn due(
    desk: &Desk,
    kind: &Kind,
    step: &Transition,
    record: &Record,
    entered: Instant,
) -> Result<Option<Instant>, FlowError> {
    match &step.when {
        Some(Automatic::At(moment)) => {
            let workdays =
                if moment.counts_workdays() { calendar::of(desk, record).await? } else { Workdays::default() };
            Ok(moment.of(record, entered, &desk.policy, &workdays))
        }
        Some(Automatic::Computed(moment)) => Ok(rules::moment(desk, kind, record, moment, 0)),
        _ => Ok(None),
    }
}

/// How far ahead the next record to be made is looked for.
const MOST_PAST: i64 = 10_000;

/// The next record to be made has a timer; those whose moment had passed when the plan began are not made up for.
fn makes(list: &mut Changes<'_>, kind: &Kind, make: &Make, before: Option<&Record>, after: &Record, now: Instant) {
    let Some(moment) = &make.moment else { return };
    let desk = list.desk;
    let here = |record: &Record| make.states.contains(&record.state);
    let first = |record: &Record| rules::moment(desk, kind, record, moment, 0);
    let was = before.filter(|before| here(before));
    if !here(after) {
        if was.is_some() {
            list.clear(format!("{MAKES}{}.", make.name));
        }
        return;
    }
    if was.is_some_and(|was| {
        first(was) == first(after) && second(desk, kind, was, make) == second(desk, kind, after, make)
    }) {
        return;
    }
    if was.is_some() {
        list.clear(format!("{MAKES}{}.", make.name));
    }
    let today = Instant(now.0 - now.0.rem_euclid(86_400_000));
    for n in 0..MOST_PAST {
        match rules::moment(desk, kind, after, moment, n) {
            Some(at) if at >= today => {
                list.set(of_make(make, n), at);
                break;
            }
            Some(_) => {}
            None => break,
        }
    }
}

/// The second moment shows a change of the interval that the first does not.
fn second(desk: &Desk, kind: &Kind, record: &Record, make: &Make) -> Option<Instant> {
    rules::moment(desk, kind, record, make.moment.as_ref()?, 1)
}

struct Changes<'a> {
    desk: &'a Desk,
    number: &'a str,
    changes: Vec<TimerChange>,
}

impl Changes<'_> {
    fn set(&mut self, name: String, due_at: Instant) {
        let (id, number) = (self.desk.clock.id(), self.number.to_owned());
        self.changes.push(TimerChange::Set { id, number, name, due_at });
    }

    fn clear(&mut self, prefix: String) {
        self.changes.push(TimerChange::Clear { number: self.number.to_owned(), prefix });
    }

    fn replace(&mut self, name: String, was: Option<Instant>, is: Option<Instant>) {
        match is {
            Some(at) if was != is => self.set(name, at),
            None if was.is_some() => self.clear(name),
            _ => {}
        }
    }
}
