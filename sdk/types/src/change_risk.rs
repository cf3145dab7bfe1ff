//! Requests and outcomes of change risk scoring (guide, section 3.2).

use serde::{Deserialize, Serialize};

pub use crate::common::Attributes;

/// The kind of change, as the change policy defines it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeType {
    /// Pre-approved by a standard change model.
    Standard,
    /// Assessed and approved one by one.
    Normal,
    /// Must be implemented before the ordinary approval can be had.
    Emergency,
}

/// How difficult the work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Complexity {
    /// A routine step, done often.
    Simple,
    /// Several steps, all of them known.
    Moderate,
    /// Many steps or dependencies between them.
    Complex,
    /// Never done here before.
    Novel,
}

/// How far the back-out plan has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BackoutState {
    /// Written and tried.
    Tested,
    /// Written, not tried.
    Documented,
    /// Covers only a part of the change.
    Partial,
    /// There is no way back.
    None,
}

/// When the change is implemented, seen from the services it touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timing {
    /// In the agreed maintenance window.
    MaintenanceWindow,
    /// Outside the service hours, but not in a maintenance window.
    OffHours,
    /// While the services are in use.
    BusinessHours,
    /// In a period in which changes are frozen (封网期).
    Blackout,
}

/// How a change planned for the same time touches this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CollisionRelation {
    /// Both change the same configuration item.
    SameCi,
    /// The other one changes a configuration item related to ours.
    RelatedCi,
}

/// A configuration item that the change modifies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AffectedItem {
    /// The configuration item's number.
    pub ci: String,
    /// Criticality of the item, 1 (low) to 4 (vital).
    pub criticality: u32,
}

/// A service that depends on an affected configuration item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DependentService {
    /// The service's number.
    pub service: String,
    /// Criticality of the service, 1 (low) to 4 (vital).
    pub criticality: u32,
}

/// The back-out plan (回退方案) and the time it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backout {
    /// How far the plan has come.
    pub state: BackoutState,
    /// Time that backing out takes, in minutes.
    pub duration_min: u32,
    /// Length of the change window, in minutes.
    pub window_min: u32,
}

/// The tests of the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tests {
    /// Number of tests planned.
    pub planned: u32,
    /// Number of them passed, at most `planned`.
    pub passed: u32,
}

/// Earlier changes of the same model, or of the same class of items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// Number of closed changes.
    pub total: u32,
    /// Number of them that failed or were backed out, at most `total`.
    pub failed: u32,
}

/// Another change planned for an overlapping time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collision {
    /// The other change's number.
    pub change: String,
    /// How it touches this one.
    pub relation: CollisionRelation,
}

/// Everything a policy may know about a request for change. A factor that is
/// `null` or left out was not supplied: it counts as the worst and is named in
/// [`Outcome::missing`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The kind of change asked for.
    #[serde(rename = "type")]
    pub change_type: ChangeType,
    /// The standard change model is approved and has not expired.
    pub model_approved: bool,
    /// The configuration items that the change modifies. The service impact is
    /// missing if no affected item and no dependent service is known.
    #[serde(default)]
    pub affected: Option<Vec<AffectedItem>>,
    /// The services that depend on them.
    #[serde(default)]
    pub dependents: Option<Vec<DependentService>>,
    /// How difficult the work is.
    #[serde(default)]
    pub complexity: Option<Complexity>,
    /// Number of teams that have to work together, 1 or more.
    pub teams: u32,
    /// The back-out plan.
    #[serde(default)]
    pub backout: Option<Backout>,
    /// The tests.
    #[serde(default)]
    pub tests: Option<Tests>,
    /// Earlier changes of the same sort.
    #[serde(default)]
    pub history: Option<History>,
    /// When the change is implemented.
    #[serde(default)]
    pub timing: Option<Timing>,
    /// Changes at the same time; an empty list says that there is none.
    #[serde(default)]
    pub collisions: Option<Vec<Collision>>,
    /// The change touches information security, and no infosec assessment has
    /// been made for it yet.
    pub security_relevant: bool,
    /// The change adds, removes or transfers a service, or has major impact.
    pub design_transition: bool,
    /// An earlier attempt at this change failed.
    pub previous_attempt_failed: bool,
    /// Cost of the change in minor units of the budget's currency, within ±2^53.
    #[serde(default)]
    pub cost_minor: Option<i64>,
    /// What is left in the budget line, in the same minor units. `None`: no
    /// budget line is attached, so nothing can be exceeded.
    #[serde(default)]
    pub budget_available_minor: Option<i64>,
    /// Anything else known about the change.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes,
}

/// The class of a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RiskBand {
    /// 0 to 24 in the standard policy.
    Low,
    /// 25 to 49.
    Medium,
    /// 50 to 74.
    High,
    /// 75 to 100.
    VeryHigh,
}

impl RiskBand {
    /// The name in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            RiskBand::Low => "low",
            RiskBand::Medium => "medium",
            RiskBand::High => "high",
            RiskBand::VeryHigh => "very-high",
        }
    }
}

/// Who approves the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApprovalRoute {
    /// Nobody any more: the model was approved beforehand.
    Standard,
    /// The change manager.
    ChangeManager,
    /// The change advisory board.
    Cab,
    /// The emergency change advisory board.
    Ecab,
}

impl ApprovalRoute {
    /// The name in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            ApprovalRoute::Standard => "standard",
            ApprovalRoute::ChangeManager => "change-manager",
            ApprovalRoute::Cab => "cab",
            ApprovalRoute::Ecab => "ecab",
        }
    }
}

/// What one factor adds to the score.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactorPoints {
    /// The factor's name, such as `service_impact`.
    pub factor: String,
    /// The factor's value, 0 (harmless) to 100 (worst).
    pub value: u32,
    /// The factor's weight, in percent of the score.
    pub weight: u32,
    /// `weight` times `value`: hundredths of a point of the score.
    pub points: u32,
}

/// What the policy says about the change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// The risk score, 0 to 100: base and surcharge together, at most 100.
    pub score: u32,
    /// The score before surcharges.
    pub base: u32,
    /// What an emergency or an earlier failure adds.
    pub surcharge: u32,
    /// The class of the score.
    pub band: RiskBand,
    /// Who approves the change.
    pub route: ApprovalRoute,
    /// The change must not be scheduled as it stands.
    pub blocked: bool,
    /// Top management has to sign as well.
    pub top_management_signoff: bool,
    /// What has to be done before or after the change, sorted.
    pub conditions: Vec<String>,
    /// The special circumstances found, in the policy's own order.
    pub flags: Vec<String>,
    /// The factors that were not supplied, in the policy's own order.
    pub missing: Vec<String>,
    /// What each factor adds, the largest first.
    #[serde(rename = "reasons")]
    pub factors: Vec<FactorPoints>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::Value;

    use super::*;

    const GOLDEN: &str = include_str!("../../../tests/golden/change_risk.json");

    /// Requests as values; outcomes also in the order of their keys, as text
    /// without white space, of which the golden files have none in strings.
    #[test]
    fn golden_cases_keep_their_form() {
        let compact: String = GOLDEN.split_ascii_whitespace().collect();
        let cases: Vec<Value> = serde_json::from_str(GOLDEN).unwrap();
        for case in cases {
            let request: Request = serde_json::from_value(case["input"].clone()).unwrap();
            let outcome = serde_json::from_value::<Outcome>(case["expected"].clone());
            assert_eq!(serde_json::to_value(&request).unwrap(), case["input"]);
            if case["expected"].get("error").is_none() {
                let text = format!("\"expected\":{}", serde_json::to_string(&outcome.unwrap()).unwrap());
                assert!(compact.contains(&text), "{text}");
            }
        }
    }

    #[test]
    fn wrong_forms_are_named() {
        let cases: Vec<Value> = serde_json::from_str(GOLDEN).unwrap();
        let read = |field: &str, value: Value| {
            let mut input = cases[0]["input"].clone();
            input[field] = value;
            serde_json::from_value::<Request>(input).map_err(|error| error.to_string())
        };
        assert!(read("complexity", "tricky".into()).unwrap_err().contains("tricky"));
        assert!(read("colour", "red".into()).unwrap_err().contains("colour"));
        assert!(read("teams", Value::Null).is_err());
        assert_eq!(read("affected", Value::Null).unwrap().affected, None);
        let vip = read("attributes", serde_json::json!({"vip": true})).unwrap();
        assert_eq!(serde_json::to_value(vip).unwrap()["attributes"]["vip"], true);
    }
}
