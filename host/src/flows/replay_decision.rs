//! Running a stored decision again.

use mortise_types::Request;
use serde_json::{Value, json};

use super::decide::stored_output;
use super::{Desk, FlowError};
use crate::domain::Actor;
use crate::domain::decision::DecisionRecord;
use crate::domain::lookup;
use crate::domain::refusal::Refusal;

/// A stored decision beside what the same component says today.
#[derive(Clone, Debug)]
pub struct Replay {
    /// The stored decision.
    pub decision: DecisionRecord,
    /// What the component gave this time, as canonical JSON.
    pub output: String,
    /// Fuel of this run.
    pub fuel: u64,
}

impl Replay {
    /// True when both texts are the same bytes.
    pub fn is_equal(&self) -> bool {
        self.output == self.decision.output
    }

    /// The answer as the interface shows it.
    pub fn to_json(&self) -> Value {
        let output: Value = serde_json::from_str(&self.output).unwrap_or_else(|_| Value::String(self.output.clone()));
        json!({
            "decision": self.decision.id,
            "equal": self.is_equal(),
            "component": self.decision.component,
            "stored_output": self.decision.to_json()["output"],
            "output": output,
            "stored_fuel": self.decision.fuel,
            "fuel": self.fuel,
        })
    }
}

/// Runs the decision's stored input on the component and settings that decided it.
///
/// # Errors
/// Not found; a stored input that this version cannot read; a component that does not load.
pub async fn run(desk: &Desk, actor: &Actor, id: &str) -> Result<Replay, FlowError> {
    let decision = desk.store.decision(&actor.org, id).await?;
    let decision = decision.ok_or_else(|| Refusal::not_found(format!("there is no decision {id}")))?;
    if decision.is_by_person() {
        let message = format!("{id} was decided by a person ({}): no component gave it", decision.component_name);
        return Err(Refusal::conflict("decided-by-person", message).into());
    }
    let unreadable = |why: String| {
        Refusal::conflict("unreadable-decision", format!("the stored input of decision {id} cannot be read: {why}"))
    };
    let input: Value = serde_json::from_str(&decision.input).map_err(|e| unreadable(e.to_string()))?;
    let request = Request::from_json(decision.process, input).map_err(unreadable)?;
    let settings = desk.store.settings_text(&actor.org, &decision.settings_hash).await?;
    let settings = settings.ok_or_else(|| unreadable("its settings are gone".to_owned()))?;
    let recorded = lookup::recorded(&decision.lookups).map_err(unreadable)?;
    let evaluation = desk.catalog.replay(&actor.org, &decision.component, &settings, &request, recorded).await?;
    let (_, output) = stored_output(&evaluation);
    Ok(Replay { decision, output, fuel: evaluation.fuel })
}
