//! What things cost: changes, services, forecasts, other currencies.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{AllocationKey, Attributes};

pub use crate::change_risk::RiskBand;

/// Work on a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabourLine {
    /// Who works.
    pub role: String,
    /// Hours, a decimal that is not negative.
    pub hours: String,
    /// Price per hour, a decimal.
    pub rate: String,
}

/// Goods or services bought for a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostItem {
    /// The cost type, such as `hardware`.
    #[serde(rename = "type")]
    pub cost_type: String,
    /// What is bought.
    pub name: String,
    /// How much of it, a decimal that is not negative.
    pub quantity: String,
    /// Price per unit, a decimal.
    pub unit_price: String,
}

/// What a change will need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeCostRequest {
    /// ISO 4217 code of all prices.
    pub currency: String,
    /// The work.
    pub labour: Vec<LabourLine>,
    /// The purchases.
    pub items: Vec<CostItem>,
    /// Contingency in basis points of the subtotal; `None` takes it from the
    /// settings by `risk_band`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contingency_bp: Option<u32>,
    /// The change's risk band; needed where `contingency_bp` is `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk_band: Option<RiskBand>,
    /// What the change costs each month once it runs.
    pub recurring_monthly: String,
    /// Months it runs in this budget year, 0 to 12.
    pub months_in_year: u32,
    /// Anything else known about the matter.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes,
}

/// One line of a change's cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostLine {
    /// `labour:` and the role, or the cost type, a colon and the name.
    pub id: String,
    /// The product, rounded once, half to even.
    pub amount: String,
}

/// What a change costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeCostOutcome {
    /// Labour first, then purchases, each in the request's order.
    pub lines: Vec<CostLine>,
    /// Sum of the lines.
    pub subtotal: String,
    /// Contingency on the subtotal, rounded half to even.
    pub contingency: String,
    /// Subtotal and contingency.
    pub one_off: String,
    /// Running cost of this budget year.
    pub recurring_this_year: String,
    /// All of this budget year.
    pub total_this_year: String,
}

/// Cost that belongs to one service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirectCost {
    /// The service.
    pub id: String,
    /// The cost.
    pub amount: String,
}

/// Cost that several services share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndirectPool {
    /// The pool's name.
    pub pool: String,
    /// What the weights count (分摊依据), such as `rack-units`.
    pub basis: String,
    /// The cost.
    pub amount: String,
    /// The services that share it.
    pub keys: Vec<AllocationKey>,
}

/// The costs of a set of services.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceCostRequest {
    /// ISO 4217 code of all amounts.
    pub currency: String,
    /// Direct costs; several of one service add up.
    pub direct: Vec<DirectCost>,
    /// Indirect costs with their keys.
    pub indirect: Vec<IndirectPool>,
    /// Units of use by service; a service that is not named, or has 0 units,
    /// gets no unit cost.
    #[serde(default)]
    pub units: BTreeMap<String, u64>,
    /// Anything else known about the matter.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes,
}

/// One service's cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceCostPart {
    /// The service.
    pub id: String,
    /// Its direct cost.
    pub direct: String,
    /// Its shares of the pools.
    pub indirect: String,
    /// Both together.
    pub total: String,
    /// Total divided by units, rounded half to even.
    pub unit_cost: Option<String>,
}

/// The services' costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceCostOutcome {
    /// The services in order of first mention, direct costs first.
    pub services: Vec<ServiceCostPart>,
    /// Sum of the services, which is the sum of all costs.
    pub grand_total: String,
}

/// Costs so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunRateRequest {
    /// ISO 4217 code of all amounts.
    pub currency: String,
    /// Costs of the periods elapsed.
    pub actual_to_date: String,
    /// Periods elapsed, 1 or more.
    pub periods_elapsed: u32,
    /// Periods in all, at least as many.
    pub periods_total: u32,
    /// The budget of all periods.
    pub budget: String,
    /// Anything else known about the matter.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes,
}

/// Where the costs lead if they go on so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunRateOutcome {
    /// Estimate at completion, rounded half to even.
    pub run_rate_eac: String,
    /// Budget less estimate: negative = over-spending.
    pub variance: String,
}

/// An amount to be expressed in another currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConvertRequest {
    /// The amount.
    pub amount: String,
    /// ISO 4217 code of its currency.
    #[serde(rename = "from")]
    pub from_currency: String,
    /// ISO 4217 code of the currency wanted.
    #[serde(rename = "to")]
    pub to_currency: String,
    /// Units of the currency wanted per unit of the amount's, a decimal above 0.
    pub rate: String,
    /// Anything else known about the matter.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes,
}

/// The converted amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConvertOutcome {
    /// The amount, rounded half to even.
    pub amount: String,
    /// Its currency.
    pub currency: String,
}
