//! Accounting periods: closing them, and booking into the right one.

use serde::{Deserialize, Serialize};

use super::{Attributes, Date};

/// What becomes of budget that was not spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CarryPolicy {
    /// It is lost.
    Lapse,
    /// As much as open commitments need moves to the next period.
    CarryCommitments,
    /// All of it moves to the next period.
    CarryAll,
}

/// An amount by purchase order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderAmount {
    /// The purchase order.
    #[serde(rename = "po")]
    pub order: String,
    /// The amount.
    pub amount: String,
}

/// Something unfinished that keeps a period open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PendingItem {
    /// What is unfinished: `invoice-unmatched`, `timesheet-unapproved`.
    pub kind: String,
    /// The document's number.
    pub id: String,
}

/// A period to be closed (期间结账).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloseRequest {
    /// ISO 4217 code of all amounts.
    pub currency: String,
    /// The period, `YYYY-MM`.
    pub period: String,
    /// The period's budget.
    pub budget: String,
    /// The costs booked.
    pub actuals: Vec<String>,
    /// What was received and not yet invoiced: accrued.
    pub received_not_invoiced: Vec<OrderAmount>,
    /// Open commitments: always carried.
    pub open_commitments: Vec<OrderAmount>,
    /// What becomes of unspent budget; `None` leaves it to the settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carry_policy: Option<CarryPolicy>,
    /// What keeps the period open.
    pub pending: Vec<PendingItem>,
    /// Anything else known about the matter.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes,
}

/// The figures of a closed period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosedPeriod {
    /// Costs and accruals.
    pub period_cost: String,
    /// What was accrued.
    pub accruals: String,
    /// What is booked back on day 1 of the next period.
    pub reversals_next_period: String,
    /// Budget less period cost: negative = over-spending.
    pub unspent: String,
    /// Commitments that go on in the next period.
    pub commitments_carried: String,
    /// Budget that moves to the next period, not negative.
    pub budget_carried: String,
    /// Budget that is lost, not negative.
    pub budget_lapsed: String,
}

/// Whether the period closes; told apart in JSON by `state`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "CloseForm", into = "CloseForm")]
pub enum CloseOutcome {
    /// No, because of these: `kind:id`, sorted.
    Blocked(Vec<String>),
    /// Yes, with these figures.
    Closed(ClosedPeriod),
}

/// The JSON form of [`CloseOutcome`].
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case", deny_unknown_fields)]
enum CloseForm {
    Blocked { reasons: Vec<String> },
    Closed(ClosedPeriod),
}

impl From<CloseForm> for CloseOutcome {
    fn from(form: CloseForm) -> Self {
        match form {
            CloseForm::Blocked { reasons } => CloseOutcome::Blocked(reasons),
            CloseForm::Closed(figures) => CloseOutcome::Closed(figures),
        }
    }
}

impl From<CloseOutcome> for CloseForm {
    fn from(outcome: CloseOutcome) -> Self {
        match outcome {
            CloseOutcome::Blocked(reasons) => CloseForm::Blocked { reasons },
            CloseOutcome::Closed(figures) => CloseForm::Closed(figures),
        }
    }
}

/// A cost to be booked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostRequest {
    /// The document's date.
    pub date: Date,
    /// The periods already closed, `YYYY-MM`.
    pub closed: Vec<String>,
    /// Anything else known about the matter.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes,
}

/// Where a cost is booked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostOutcome {
    /// The period of the date, or the next one that is open.
    pub posted_period: String,
    /// The cost belongs to an earlier, closed period.
    pub prior_period: bool,
}
