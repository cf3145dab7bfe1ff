//! Outcomes of change risk scoring (guide, section 3.2).

use mortise_types::change_risk::{ApprovalRoute, ChangeType, Outcome, Request};

use super::ensure;

/// Score and factor values lie between 0 and this.
const MOST: u32 = 100;

pub(super) fn check(request: &Request, outcome: &Outcome) -> Result<(), String> {
    let sum = outcome.base.saturating_add(outcome.surcharge).min(MOST);
    ensure(outcome.score == sum, || format!("`score` is {}, base and surcharge give {sum}", outcome.score))?;
    for factor in &outcome.factors {
        let name = &factor.factor;
        ensure(!name.is_empty(), || "a factor has no name".to_owned())?;
        ensure(factor.value <= MOST, || format!("factor `{name}` has the value {}, more than {MOST}", factor.value))?;
        let points = u64::from(factor.value) * u64::from(factor.weight);
        ensure(u64::from(factor.points) == points, || {
            format!("factor `{name}` has {} points, value times weight is {points}", factor.points)
        })?;
    }
    // People approve. Only a standard change was approved before, with its model.
    let approved_before = request.change_type == ChangeType::Standard && request.model_approved;
    ensure(outcome.route != ApprovalRoute::Standard || approved_before, || {
        "`route` is `standard`, but the change has no approved standard model".to_owned()
    })
}
