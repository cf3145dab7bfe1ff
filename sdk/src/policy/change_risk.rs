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
pub fn decide<P: ChangeRiskPolicy>(request: &Request, settings: &P::Settings) -> Result<Decided<Outcome>, Refusal> {
    P::score(request, settings)
}

/// Exports a type that implements [`ChangeRiskPolicy`] as a component of the process `change-risk`.
///
/// Name, version and summary of the component are those of the crate
/// (`Cargo.toml`: `name`, `version`, `description`).
#[macro_export]
macro_rules! export_change_risk {
    ($policy:ty) => {
        $crate::policy_change_risk!($policy);
        $crate::component_change_risk!($policy);
    };
}

/// Makes a type that implements [`ChangeRiskPolicy`] a [`Policy`](crate::Policy) without exporting it:
/// for a library of rules that several components share.
#[macro_export]
macro_rules! policy_change_risk {
    ($policy:ty) => {
        $crate::__policy!($policy, ChangeRiskPolicy, ChangeRisk, change_risk);
    };
}

/// Exports a [`Policy`](crate::Policy) of a library as a component of the process `change-risk`.
#[macro_export]
macro_rules! component_change_risk {
    ($policy:ty) => {
        $crate::__component! {
            policy: $policy,
            as: ChangeRiskPolicy,
            module: change_risk,
            bindings: __change_risk_bindings,
            conversions: [change_risk_conversions],
            added: {},
            operations: {
                score(ScoreRequest) -> ScoreDecision,
            },
        }
    };
}
