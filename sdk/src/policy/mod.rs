//! The traits that a component implements, and the macros that export it.

use mortise_types::{Decision, Process, Refusal, Request};

use crate::settings::Settings;

pub mod budget;
pub mod change_risk;
mod export;
pub mod sla;
pub mod supplier;

pub use budget::BudgetPolicy;
pub use change_risk::ChangeRiskPolicy;
pub use sla::SlaPolicy;
pub use supplier::SupplierPolicy;

/// A component of whichever process. Implemented by the export macros; the
/// test harness uses it.
pub trait Policy {
    /// The process it decides for.
    const PROCESS: Process;

    /// Its settings.
    type Settings: Settings;

    /// Decides one request natively, as the exported component would.
    ///
    /// # Errors
    /// The refusal of the rules; `wrong-process` for a request of another process.
    fn decide(request: &Request, settings: &Self::Settings) -> Result<Decision, Refusal>;
}

/// For [`Policy::decide`].
#[doc(hidden)]
#[must_use]
pub fn wrong_process(process: Process) -> Refusal {
    Refusal::invalid_request("wrong-process", format!("this component decides only for the process {process}"))
}
