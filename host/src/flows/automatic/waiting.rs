//! What waited for another record goes on.

use super::replaced::same;
use super::schedule;
use crate::domain::kind::Transition;
use crate::flows::FlowError;
use crate::flows::working::{Cause, Working};
use crate::store::unit::TimerChange;

/// Has the records looked at again, as soon as this unit is written, that wait for the record under way to leave its
/// state: only then do the rules see that it has.
pub(in crate::flows) async fn run(working: &mut Working<'_>) -> Result<(), FlowError> {
    if !matches!(&working.cause, Cause::Transition { from, to } if from != to) {
        return Ok(());
    }
    let kind = working.kind;
    let steps: Vec<&Transition> = kind.transitions.iter().filter(|step| !step.waits_for.is_empty()).collect();
    for step in steps {
        for waiting in same(working, &step.waits_for, &step.from).await? {
            working.timers.push(TimerChange::Set {
                id: working.desk.clock.id(),
                number: waiting.number,
                name: schedule::of_transition(step),
                due_at: working.now,
            });
        }
    }
    Ok(())
}
