//! Supplier evaluation.

use mortise_types::supplier::{Outcome, Request};
use mortise_types::{Decided, Refusal};

use crate::settings::Settings;

/// The rules of the supplier evaluation process (guide, section 3.4).
pub trait SupplierPolicy {
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
pub fn decide<P: SupplierPolicy>(request: &Request, settings: &P::Settings) -> Result<Decided<Outcome>, Refusal> {
    P::score(request, settings)
}

/// Exports a type that implements [`SupplierPolicy`] as a component of the process `supplier`.
///
/// Name, version and summary of the component are those of the crate
/// (`Cargo.toml`: `name`, `version`, `description`).
#[macro_export]
macro_rules! export_supplier {
    ($policy:ty) => {
        $crate::policy_supplier!($policy);
        $crate::component_supplier!($policy);
    };
}

/// Makes a type that implements [`SupplierPolicy`] a [`Policy`](crate::Policy) without exporting it:
/// for a library of rules that several components share.
#[macro_export]
macro_rules! policy_supplier {
    ($policy:ty) => {
        $crate::__policy!($policy, SupplierPolicy, Supplier, supplier);
    };
}

/// Exports a [`Policy`](crate::Policy) of a library as a component of the process `supplier`.
#[macro_export]
macro_rules! component_supplier {
    ($policy:ty) => {
        $crate::__component! {
            policy: $policy,
            as: SupplierPolicy,
            module: supplier,
            bindings: __supplier_bindings,
            conversions: [supplier_conversions],
            added: {},
            operations: {
                score(ScoreRequest) -> ScoreDecision,
            },
        }
    };
}
