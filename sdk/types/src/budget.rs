//! Requests and outcomes of budget accounting (guide, section 3.3).
//!
//! Amounts are decimal texts with at most as many decimals as their currency
//! has; [`crate::money`] reads and writes them. Weights, quantities, hours,
//! prices per unit and rates are decimal texts with any number of decimals.

use serde::Serialize;

pub use crate::common::{Attributes, Date};

mod control;
mod cost;
mod period;

pub use control::{
    AllocateOutcome, AllocateRequest, AllocationKey, AllocationPart, CommitOutcome, CommitRequest,
    CommitVerdict, Commitment, CommitmentState, LineLevel, LineOutcome, LineRequest,
};
pub use cost::{
    ChangeCostOutcome, ChangeCostRequest, ConvertOutcome, ConvertRequest, CostItem, CostLine,
    DirectCost, IndirectPool, LabourLine, RiskBand, RunRateOutcome, RunRateRequest,
    ServiceCostOutcome, ServiceCostPart, ServiceCostRequest,
};
pub use period::{
    CarryPolicy, CloseOutcome, CloseRequest, ClosedPeriod, OrderAmount, PendingItem, PostOutcome,
    PostRequest,
};

/// A request, told apart in JSON by `op`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "op", rename_all = "kebab-case")]
pub enum Request {
    /// Divide an amount among receivers.
    Allocate(AllocateRequest),
    /// Where does a budget line stand?
    Line(LineRequest),
    /// Who may grant a commitment?
    Commit(CommitRequest),
    /// What does a change cost?
    ChangeCost(ChangeCostRequest),
    /// What does each service cost?
    ServiceCost(ServiceCostRequest),
    /// Close an accounting period.
    Close(CloseRequest),
    /// In which period is a cost booked?
    Post(PostRequest),
    /// Where do the costs so far lead?
    RunRate(RunRateRequest),
    /// Express an amount in another currency.
    Convert(ConvertRequest),
}

crate::request_by_op!(Request {
    "allocate" => Allocate,
    "line" => Line,
    "commit" => Commit,
    "change-cost" => ChangeCost,
    "service-cost" => ServiceCost,
    "close" => Close,
    "post" => Post,
    "run-rate" => RunRate,
    "convert" => Convert,
});

/// The outcome of the operation of the same name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[allow(missing_docs)]
pub enum Outcome {
    Allocate(AllocateOutcome),
    Line(LineOutcome),
    Commit(CommitOutcome),
    ChangeCost(ChangeCostOutcome),
    ServiceCost(ServiceCostOutcome),
    Close(CloseOutcome),
    Post(PostOutcome),
    RunRate(RunRateOutcome),
    Convert(ConvertOutcome),
}

crate::outcome_by_op!(Outcome {
    "allocate" => Allocate,
    "line" => Line,
    "commit" => Commit,
    "change-cost" => ChangeCost,
    "service-cost" => ServiceCost,
    "close" => Close,
    "post" => Post,
    "run-rate" => RunRate,
    "convert" => Convert,
});
