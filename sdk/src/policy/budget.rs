//! Budget accounting.

use mortise_types::budget::{
    AllocateOutcome, AllocateRequest, ChangeCostOutcome, ChangeCostRequest, CloseOutcome, CloseRequest, CommitOutcome,
    CommitRequest, ConvertOutcome, ConvertRequest, LineOutcome, LineRequest, Outcome, PostOutcome, PostRequest,
    Request, RunRateOutcome, RunRateRequest, ServiceCostOutcome, ServiceCostRequest,
};
use mortise_types::{Decided, Refusal};

use crate::settings::Settings;

/// The rules of the budget process (guide, section 3.3).
///
/// Every operation that is not implemented is refused with `not-supported`.
pub trait BudgetPolicy {
    /// The component's settings.
    type Settings: Settings;

    /// How is an amount shared by a key?
    ///
    /// # Errors
    /// The refusal of the rules.
    fn allocate(_request: &AllocateRequest, _settings: &Self::Settings) -> Result<Decided<AllocateOutcome>, Refusal> {
        Err(Refusal::not_supported("this component has no operation allocate"))
    }

    /// Where does a budget line stand?
    ///
    /// # Errors
    /// The refusal of the rules.
    fn line(_request: &LineRequest, _settings: &Self::Settings) -> Result<Decided<LineOutcome>, Refusal> {
        Err(Refusal::not_supported("this component has no operation line"))
    }

    /// May this be committed?
    ///
    /// # Errors
    /// The refusal of the rules.
    fn commit(_request: &CommitRequest, _settings: &Self::Settings) -> Result<Decided<CommitOutcome>, Refusal> {
        Err(Refusal::not_supported("this component has no operation commit"))
    }

    /// What does a change cost?
    ///
    /// # Errors
    /// The refusal of the rules.
    fn change_cost(
        _request: &ChangeCostRequest,
        _settings: &Self::Settings,
    ) -> Result<Decided<ChangeCostOutcome>, Refusal> {
        Err(Refusal::not_supported("this component has no operation change-cost"))
    }

    /// What does each service cost?
    ///
    /// # Errors
    /// The refusal of the rules.
    fn service_cost(
        _request: &ServiceCostRequest,
        _settings: &Self::Settings,
    ) -> Result<Decided<ServiceCostOutcome>, Refusal> {
        Err(Refusal::not_supported("this component has no operation service-cost"))
    }

    /// Can a period be closed, and what carries over?
    ///
    /// # Errors
    /// The refusal of the rules.
    fn close(_request: &CloseRequest, _settings: &Self::Settings) -> Result<Decided<CloseOutcome>, Refusal> {
        Err(Refusal::not_supported("this component has no operation close"))
    }

    /// Into which period does a cost go?
    ///
    /// # Errors
    /// The refusal of the rules.
    fn post(_request: &PostRequest, _settings: &Self::Settings) -> Result<Decided<PostOutcome>, Refusal> {
        Err(Refusal::not_supported("this component has no operation post"))
    }

    /// Where does the present pace lead?
    ///
    /// # Errors
    /// The refusal of the rules.
    fn run_rate(_request: &RunRateRequest, _settings: &Self::Settings) -> Result<Decided<RunRateOutcome>, Refusal> {
        Err(Refusal::not_supported("this component has no operation run-rate"))
    }

    /// What is an amount in another currency?
    ///
    /// # Errors
    /// The refusal of the rules.
    fn convert(_request: &ConvertRequest, _settings: &Self::Settings) -> Result<Decided<ConvertOutcome>, Refusal> {
        Err(Refusal::not_supported("this component has no operation convert"))
    }
}

/// Runs the operation that a request names.
///
/// # Errors
/// The refusal of the rules.
pub fn decide<P: BudgetPolicy>(request: &Request, settings: &P::Settings) -> Result<Decided<Outcome>, Refusal> {
    Ok(match request {
        Request::Allocate(request) => P::allocate(request, settings)?.map(Outcome::Allocate),
        Request::Line(request) => P::line(request, settings)?.map(Outcome::Line),
        Request::Commit(request) => P::commit(request, settings)?.map(Outcome::Commit),
        Request::ChangeCost(request) => P::change_cost(request, settings)?.map(Outcome::ChangeCost),
        Request::ServiceCost(request) => P::service_cost(request, settings)?.map(Outcome::ServiceCost),
        Request::Close(request) => P::close(request, settings)?.map(Outcome::Close),
        Request::Post(request) => P::post(request, settings)?.map(Outcome::Post),
        Request::RunRate(request) => P::run_rate(request, settings)?.map(Outcome::RunRate),
        Request::Convert(request) => P::convert(request, settings)?.map(Outcome::Convert),
    })
}

/// Exports a type that implements [`BudgetPolicy`] as a component of the process `budget`.
///
/// Name, version and summary of the component are those of the crate
/// (`Cargo.toml`: `name`, `version`, `description`).
#[macro_export]
macro_rules! export_budget {
    ($policy:ty) => {
        $crate::policy_budget!($policy);
        $crate::component_budget!($policy);
    };
}

/// Makes a type that implements [`BudgetPolicy`] a [`Policy`](crate::Policy) without exporting it:
/// for a library of rules that several components share.
#[macro_export]
macro_rules! policy_budget {
    ($policy:ty) => {
        $crate::__policy!($policy, BudgetPolicy, Budget, budget);
    };
}

/// Exports a [`Policy`](crate::Policy) of a library as a component of the process `budget`.
#[macro_export]
macro_rules! component_budget {
    ($policy:ty) => {
        $crate::__component! {
            policy: $policy,
            as: BudgetPolicy,
            module: budget,
            bindings: __budget_bindings,
            conversions: [budget_conversions],
            added: {},
            operations: {
                allocate(AllocateRequest) -> AllocateDecision,
                line(LineRequest) -> LineDecision,
                commit(CommitRequest) -> CommitDecision,
                change_cost(ChangeCostRequest) -> ChangeCostDecision,
                service_cost(ServiceCostRequest) -> ServiceCostDecision,
                close(CloseRequest) -> CloseDecision,
                post(PostRequest) -> PostDecision,
                run_rate(RunRateRequest) -> RunRateDecision,
                convert(ConvertRequest) -> ConvertDecision,
            },
        }
    };
}
