//! Keeping to a budget: allocation, budget lines, commitments.

use serde::{Deserialize, Serialize};

use super::Attributes;

/// One receiver of a share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllocationKey {
    /// The receiver, such as a service's number.
    pub id: String,
    /// Its weight in the basis, a decimal that is not negative.
    pub weight: String,
}

/// One receiver's share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllocationPart {
    /// The receiver.
    pub id: String,
    /// Its share.
    pub amount: String,
}

/// An amount to be divided among receivers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllocateRequest {
    /// ISO 4217 code of the amount.
    pub currency: String,
    /// What is divided; negative for a credit.
    pub amount: String,
    /// The receivers, in the order in which they take left-over minor units.
    pub keys: Vec<AllocationKey>,
    /// Anything else known about the matter.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes,
}

/// The divided amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllocateOutcome {
    /// One part per key, in the keys' order; they add up to `total`.
    pub parts: Vec<AllocationPart>,
    /// The amount that was divided.
    pub total: String,
}

/// Where a commitment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommitmentState {
    /// Asked for, not yet granted: binds no money.
    Requested,
    /// Not granted: binds no money.
    Refused,
    /// Granted, no order yet: binds money.
    Reserved,
    /// Ordered: binds money.
    Open,
    /// Ordered and partly invoiced: the rest binds money.
    PartInvoiced,
    /// Invoiced in full: binds no more money.
    Consumed,
    /// Given back: binds no more money.
    Released,
    /// Ended for whatever reason: binds no more money.
    Closed,
}

impl CommitmentState {
    /// Whether a commitment in this state still binds money.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, CommitmentState::Reserved | CommitmentState::Open | CommitmentState::PartInvoiced)
    }
}

/// A commitment on a budget line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commitment {
    /// What was committed.
    pub amount: String,
    /// What of it has been invoiced.
    pub invoiced: String,
    /// Where it stands.
    pub state: CommitmentState,
}

/// How far a line is from its budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineLevel {
    /// Near its budget.
    Ok,
    /// Over it.
    Watch,
    /// Well over it.
    Warning,
    /// Far over it.
    Alert,
    /// Far below it.
    Underspend,
}

impl LineLevel {
    /// The name in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            LineLevel::Ok => "ok",
            LineLevel::Watch => "watch",
            LineLevel::Warning => "warning",
            LineLevel::Alert => "alert",
            LineLevel::Underspend => "underspend",
        }
    }
}

/// A budget line with all that was booked on it. The limits are in basis points
/// of the budget and inclusive; `None` leaves them to the settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineRequest {
    /// ISO 4217 code of all amounts.
    pub currency: String,
    /// The line's budget, not negative.
    pub budget: String,
    /// The costs booked.
    pub actuals: Vec<String>,
    /// The commitments made.
    pub commitments: Vec<Commitment>,
    /// What is still expected beside costs and commitments.
    pub forecast_to_go: String,
    /// Over-spending from here on is a warning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warn_bp: Option<u32>,
    /// Over-spending from here on is an alert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert_bp: Option<u32>,
    /// Under-spending from here on is reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub underspend_bp: Option<u32>,
    /// Anything else known about the matter.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes,
}

/// Where a budget line stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineOutcome {
    /// Sum of the costs.
    pub actual: String,
    /// What open commitments still bind.
    pub open_commitments: String,
    /// What is left: budget less costs less commitments.
    pub available: String,
    /// Estimate at completion (完工估算): costs, commitments and forecast.
    pub estimate_at_completion: String,
    /// Budget less estimate: negative = over-spending.
    pub variance: String,
    /// The variance in basis points of the budget, rounded half to even;
    /// `None` if the budget is 0.
    pub variance_bp: Option<i64>,
    /// How far the line is from its budget, judged on the exact fraction.
    pub level: LineLevel,
}

/// A request to commit money of a budget line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommitRequest {
    /// ISO 4217 code of all amounts.
    pub currency: String,
    /// The line's budget, not negative.
    pub budget: String,
    /// Costs booked so far.
    pub actual: String,
    /// What open commitments bind.
    pub open_commitments: String,
    /// What is asked for, not negative.
    pub request: String,
    /// How much the budget owner may overdraw, in basis points of the budget;
    /// `None` leaves it to the settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance_bp: Option<u32>,
    /// Anything else known about the matter.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes,
}

/// Who may grant a commitment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommitVerdict {
    /// It fits: granted.
    Approved,
    /// It exceeds the line within tolerance: the budget owner decides.
    BudgetOwnerOverride,
    /// It exceeds the tolerance: top management decides.
    TopManagement,
}

impl CommitVerdict {
    /// The name in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            CommitVerdict::Approved => "approved",
            CommitVerdict::BudgetOwnerOverride => "budget-owner-override",
            CommitVerdict::TopManagement => "top-management",
        }
    }
}

/// What a requested commitment does to the line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommitOutcome {
    /// Who may grant it.
    #[serde(rename = "decision")]
    pub verdict: CommitVerdict,
    /// What is left before it.
    pub available_before: String,
    /// What would be left after it.
    pub available_after: String,
    /// What is lacking, not negative.
    pub shortfall: String,
    /// The shortfall that the budget owner may grant, rounded down.
    pub tolerance: String,
}
