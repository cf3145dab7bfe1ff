//! Change risk.

use mortise_types::change_risk::{Outcome, Request};
use mortise_types::{Decided, Refusal};

use crate::settings::Settings;

/// The rules of the change risk process (guide, section 3.2).
pub trait ChangeRiskPolicy {
    /// The component's settings.
    type Settings: Settings;

    /// Scores one request.
    ///
    /// # Errors
    /// The refusal of the rules.
    fn score(request: &Request, settings: &Self::Settings) -> Result<Decided<Outcome>, Refusal>;
}

/// Runs the only operation of the process.
///
/// # Errors
/// The refusal of the rules.
pub fn decide<P: ChangeRiskPolicy>(
    request: &Request,
    settings: &P::Settings,
) -> Result<Decided<Outcome>, Refusal> {
    P::score(request, settings)
}

/// Exports a type that implements [`ChangeRiskPolicy`] as a component of the process
/// `change-risk`.
///
/// Name, version and summary of the component are those of the crate
/// (`Cargo.toml`: `name`, `version`, `description`).
#[macro_export]
macro_rules! export_change_risk {
    ($policy:ty) => {
        $crate::__export_policy! {
            policy: $policy,
            as: ChangeRiskPolicy,
            process: ChangeRisk,
            module: change_risk,
            bindings: __change_risk_bindings,
            conversions: change_risk_conversions,
            operations: {
                score(ScoreRequest) -> ScoreDecision,
            },
        }
    };
}
