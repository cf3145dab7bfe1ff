//! Changes: who must approve one, what one reaches, and when it happens (guide, P30 and section 3.2).
//!
//! The component scores; what follows from the score for the lifecycle is the host's and stands here.

mod approval;
mod assessment;
mod hours;
mod reach;

use mortise_types::change_risk;

use super::canonical;

pub use approval::{Approval, Approver, HOST_ROLE, Verdict, approvals, approvers, in_force, lacking, seat};
pub use assessment::{ABOVE_MODEL, Assessment, Basis, Colliding, Impact, Relation};
pub use hours::{in_service, overlap};
pub use reach::Reach;

/// The hash that an assessment and the approvals given on it belong to: SHA-256 of the canonical
/// JSON of the request. A request says nothing of the present time, so time alone changes no hash.
pub fn inputs_hash(request: &change_risk::Request) -> String {
    canonical::digest(request)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn the_hash_is_of_what_the_request_says() {
        let request = |teams: u32| -> change_risk::Request {
            serde_json::from_value(json!({
                "type": "normal", "model_approved": false, "teams": teams, "security_relevant": false,
                "design_transition": false, "previous_attempt_failed": false,
            }))
            .unwrap()
        };
        assert_eq!(inputs_hash(&request(1)), inputs_hash(&request(1)));
        assert_ne!(inputs_hash(&request(1)), inputs_hash(&request(2)));
        assert_eq!(inputs_hash(&request(1)).len(), 64);
    }
}
