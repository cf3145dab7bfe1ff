//! The reference component for budgeting and accounting (guide, section 3.3).
//!
//! Money is exact: amounts are whole minor units inside, products are rounded
//! once and half to even, shares are dealt by largest remainder so that parts
//! add up, and limits are tested on exact fractions.

mod rules;
mod settings;
#[cfg(test)]
mod tests;

use mortise_sdk::prelude::*;
use mortise_sdk::types::budget::{
    AllocateOutcome, AllocateRequest, ChangeCostOutcome, ChangeCostRequest, CloseOutcome, CloseRequest, CommitOutcome,
    CommitRequest, ConvertOutcome, ConvertRequest, LineOutcome, LineRequest, PostOutcome, PostRequest, RunRateOutcome,
    RunRateRequest, ServiceCostOutcome, ServiceCostRequest,
};

pub use rules::{allocate, change_cost, close, commit, convert, line, post, run_rate, service_cost};
pub use settings::{CarryDefault, ContingencyByBand, StandardSettings};

/// The standard policy.
pub struct Standard;

impl BudgetPolicy for Standard {
    type Settings = StandardSettings;

    fn allocate(request: &AllocateRequest, settings: &StandardSettings) -> Result<Decided<AllocateOutcome>, Refusal> {
        rules::allocate(request, settings)
    }

    fn line(request: &LineRequest, settings: &StandardSettings) -> Result<Decided<LineOutcome>, Refusal> {
        rules::line(request, settings)
    }

    fn commit(request: &CommitRequest, settings: &StandardSettings) -> Result<Decided<CommitOutcome>, Refusal> {
        rules::commit(request, settings)
    }

    fn change_cost(
        request: &ChangeCostRequest,
        settings: &StandardSettings,
    ) -> Result<Decided<ChangeCostOutcome>, Refusal> {
        rules::change_cost(request, settings)
    }

    fn service_cost(
        request: &ServiceCostRequest,
        settings: &StandardSettings,
    ) -> Result<Decided<ServiceCostOutcome>, Refusal> {
        rules::service_cost(request, settings)
    }

    fn close(request: &CloseRequest, settings: &StandardSettings) -> Result<Decided<CloseOutcome>, Refusal> {
        rules::close(request, settings)
    }

    fn post(request: &PostRequest, _: &StandardSettings) -> Result<Decided<PostOutcome>, Refusal> {
        rules::post(request)
    }

    fn run_rate(request: &RunRateRequest, settings: &StandardSettings) -> Result<Decided<RunRateOutcome>, Refusal> {
        rules::run_rate(request, settings)
    }

    fn convert(request: &ConvertRequest, settings: &StandardSettings) -> Result<Decided<ConvertOutcome>, Refusal> {
        rules::convert(request, settings)
    }
}

mortise_sdk::export_budget!(Standard);
