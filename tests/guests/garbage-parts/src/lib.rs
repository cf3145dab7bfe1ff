//! An allocation whose parts do not add up: everybody gets the whole amount.
//! From two receivers on, that is more than there is.

use mortise_sdk::prelude::*;
use mortise_sdk::types::budget::{AllocateOutcome, AllocateRequest, AllocationPart};

/// Gives away too much in `allocate`.
pub struct GarbageParts;

impl BudgetPolicy for GarbageParts {
    type Settings = NoSettings;

    fn allocate(request: &AllocateRequest, _: &NoSettings) -> Result<Decided<AllocateOutcome>, Refusal> {
        let part = |id: &String| AllocationPart { id: id.clone(), amount: request.amount.clone() };
        let outcome = AllocateOutcome {
            parts: request.keys.iter().map(|key| part(&key.id)).collect(),
            total: request.amount.clone(),
        };
        let reason = Reason::new("generous", "Everybody gets everything.");
        Ok(Decided::new(outcome, vec![reason]))
    }
}

mortise_sdk::export_budget!(GarbageParts);
