//! What waits for an answer goes on when the answer comes.

use serde_json::Map;

use crate::domain::automatic::Automatic;
use crate::domain::{Actor, Kind};
use crate::flows::transition_record::{self, Step};
use crate::flows::{Desk, FlowError};

/// Takes the transition that waited for what the actor said in public. He has to be somebody whose record it is, or no
/// staff. Where the record's rules do not allow it, it waits on, and what was said stands all the same.
///
/// # Errors
/// When the database fails.
pub(in crate::flows) async fn answered(desk: &Desk, actor: &Actor, kind: &Kind, number: &str) -> Result<(), FlowError> {
    if !kind.transitions.iter().any(|step| step.when == Some(Automatic::Answered)) {
        return Ok(());
    }
    let Some(record) = desk.store.record(&actor.org, number).await? else { return Ok(()) };
    let own = || kind.owner_fields.iter().any(|field| record.text(field) == Some(actor.user.as_str()));
    if actor.staff_role().is_some() && !own() {
        return Ok(());
    }
    let mut steps = kind.transitions_from(&record.state);
    let Some(step) = steps.find(|step| step.when == Some(Automatic::Answered)) else { return Ok(()) };
    let reason = format!("{} answered", actor.user);
    let step = Step { name: &step.name, input: Map::new(), expected: None, reason: &reason };
    match transition_record::run(desk, &Actor::host(&actor.org), kind, number, step).await {
        Ok(_) => Ok(()),
        Err(FlowError::Refused(refusal)) => {
            tracing::info!(record = %number, %refusal, "an answer did not take the record on");
            Ok(())
        }
        Err(error) => Err(error),
    }
}
