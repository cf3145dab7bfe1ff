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
    AllocateOutcome, AllocateRequest, AllocationKey, AllocationPart, CommitOutcome, CommitRequest, CommitVerdict,
    Commitment, CommitmentState, LineLevel, LineOutcome, LineRequest,
};
pub use cost::{
    ChangeCostOutcome, ChangeCostRequest, ConvertOutcome, ConvertRequest, CostItem, CostLine, DirectCost, IndirectPool,
    LabourLine, RiskBand, RunRateOutcome, RunRateRequest, ServiceCostOutcome, ServiceCostPart, ServiceCostRequest,
};
pub use period::{
    CarryPolicy, CloseOutcome, CloseRequest, ClosedPeriod, OrderAmount, PendingItem, PostOutcome, PostRequest,
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

impl Request {
    /// ISO 4217 code of the amounts of its outcome; none where the outcome is no amount.
    #[must_use]
    pub fn currency(&self) -> Option<&str> {
        Some(match self {
            Self::Allocate(it) => &it.currency,
            Self::Line(it) => &it.currency,
            Self::Commit(it) => &it.currency,
            Self::ChangeCost(it) => &it.currency,
            Self::ServiceCost(it) => &it.currency,
            Self::Close(it) => &it.currency,
            Self::RunRate(it) => &it.currency,
            Self::Convert(it) => &it.to_currency,
            Self::Post(_) => return None,
        })
    }
}

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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::Value;

    use super::*;

    const GOLDEN: &str = include_str!("../../../tests/golden/budget.json");

    /// Requests as values; outcomes also in the order of their keys, as text
    /// without white space, of which the golden files have none in strings.
    #[test]
    fn golden_cases_keep_their_form() {
        let compact: String = GOLDEN.split_ascii_whitespace().collect();
        let cases: Vec<Value> = serde_json::from_str(GOLDEN).unwrap();
        for case in cases {
            let request = Request::from_json(case["input"].clone()).unwrap();
            let outcome = Outcome::from_json(request.op(), case["expected"].clone());
            assert_eq!(serde_json::to_value(&request).unwrap(), case["input"]);
            if case["expected"].get("error").is_none() {
                let text = format!("\"expected\":{}", serde_json::to_string(&outcome.unwrap()).unwrap());
                assert!(compact.contains(&text), "{text}");
            }
        }
    }

    #[test]
    fn wrong_forms_are_named() {
        let read = |text: &str| Request::from_json(serde_json::from_str(text).unwrap());
        let error = read(r#"{"op": "post", "date": "2026-02-30", "closed": []}"#).unwrap_err();
        assert!(error.starts_with("post: "), "{error}");
        let error = read(r#"{"op": "post", "date": "2026-02-28", "closed": [], "x": 1}"#);
        assert!(error.unwrap_err().contains('x'));
        let money = r#"{"op": "convert", "amount": 1.5, "from": "USD", "to": "CNY", "rate": "7"}"#;
        assert!(read(money).unwrap_err().contains("string"));
        assert!(serde_json::from_str::<CloseOutcome>(r#"{"state": "open"}"#).is_err());
    }
}
