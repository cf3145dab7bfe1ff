//! Requests and outcomes of supplier evaluation (guide, section 3.4).

use serde::{Deserialize, Serialize};

pub use crate::common::{Attributes, Date};

/// Breaches of contract recorded in the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Breaches {
    /// Number of minor breaches.
    pub minor: u32,
    /// Number of major breaches that have been remedied.
    pub major_remedied: u32,
    /// Number of major breaches still open.
    pub major_open: u32,
    /// There was a material breach.
    pub material: bool,
}

/// Deliveries accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QualityMeasure {
    /// Number of deliveries accepted at once, at most `delivered`.
    pub accepted: u32,
    /// Number of deliveries made; 0 counts as not measured.
    pub delivered: u32,
}

/// Deliveries on time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveryMeasure {
    /// Number of deliveries made in time, at most `due`.
    pub on_time: u32,
    /// Number of deliveries due; 0 counts as not measured.
    pub due: u32,
}

/// Service level targets met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceLevelMeasure {
    /// Number of targets met, at most `measured`.
    pub met: u32,
    /// Number of targets measured; 0 counts as not measured.
    pub measured: u32,
}

/// What the supplier invoiced against what was agreed. Amounts are decimal texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostMeasure {
    /// ISO 4217 code of both amounts.
    pub currency: String,
    /// What the contract sets, not negative.
    pub contracted: String,
    /// What was invoiced.
    pub invoiced: String,
}

/// Information security of the supplier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecurityMeasure {
    /// Number of security incidents that the supplier caused.
    pub incidents: u32,
    /// Number of major audit findings still open.
    pub open_major: u32,
    /// Number of minor audit findings still open.
    pub open_minor: u32,
}

/// Answers in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResponsivenessMeasure {
    /// Number of requests answered in time, at most `requests`.
    pub in_time: u32,
    /// Number of requests made; 0 counts as not measured.
    pub requests: u32,
}

/// The measured facts, one group per criterion; `None` = not measured.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Measures {
    /// Criterion `quality`.
    pub quality: Option<QualityMeasure>,
    /// Criterion `delivery`.
    pub delivery: Option<DeliveryMeasure>,
    /// Criterion `service_level`.
    pub service_level: Option<ServiceLevelMeasure>,
    /// Criterion `cost`.
    pub cost: Option<CostMeasure>,
    /// Criterion `security`.
    pub security: Option<SecurityMeasure>,
    /// Criterion `responsiveness`.
    pub responsiveness: Option<ResponsivenessMeasure>,
}

/// One supplier's evaluation period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The supplier's number.
    pub supplier: String,
    /// The day of the evaluation, from which the next review is counted.
    pub evaluated_on: Date,
    /// The supplier is critical for a service.
    pub critical: bool,
    /// The supplier is relevant to information security.
    pub security_relevant: bool,
    /// The score of the previous evaluation, in tenths of a point.
    #[serde(default)]
    pub previous_tenths: Option<i32>,
    /// Breaches of contract in the period.
    pub breaches: Breaches,
    /// The measured facts.
    pub measures: Measures,
    /// Anything else known about the supplier.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes,
}

/// The supplier's grade, A the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Grade {
    A,
    B,
    C,
    D,
}

impl Grade {
    /// The letter.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Grade::A => "A",
            Grade::B => "B",
            Grade::C => "C",
            Grade::D => "D",
        }
    }
}

/// How the score moved since the previous evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trend {
    /// There is no previous score.
    New,
    /// There is no score now, so nothing can be compared.
    Unknown,
    /// Clearly better.
    Improving,
    /// About the same.
    Stable,
    /// Clearly worse.
    Declining,
}

impl Trend {
    /// The name in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Trend::New => "new",
            Trend::Unknown => "unknown",
            Trend::Improving => "improving",
            Trend::Stable => "stable",
            Trend::Declining => "declining",
        }
    }
}

/// The score of each criterion, 0 to 100; `None` = missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CriterionScores {
    /// Share of deliveries accepted.
    pub quality: Option<u32>,
    /// Share of deliveries on time.
    pub delivery: Option<u32>,
    /// Share of service level targets met.
    pub service_level: Option<u32>,
    /// Loyalty to the agreed price.
    pub cost: Option<u32>,
    /// Freedom from incidents and findings.
    pub security: Option<u32>,
    /// Share of requests answered in time.
    pub responsiveness: Option<u32>,
}

/// What the policy says about the supplier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// The score of each criterion.
    pub scores: CriterionScores,
    /// The criteria without a score, in the order of [`CriterionScores`].
    pub missing: Vec<String>,
    /// Sum of the weights of the criteria that have a score.
    pub weight_present: u32,
    /// What breaches take off, in tenths of a point.
    pub penalty_tenths: u32,
    /// Weighted mean of the criteria, in tenths of a point; `None` if too
    /// little was measured.
    pub base_tenths: Option<u32>,
    /// Base less penalty, not below 0, in tenths of a point.
    pub score_tenths: Option<u32>,
    /// The grade, after caps; `None` if too little was measured.
    pub grade: Option<Grade>,
    /// What limits the grade, in the policy's own order.
    pub caps: Vec<String>,
    /// How the score moved.
    pub trend: Trend,
    /// What has to be done, in the policy's own order.
    pub actions: Vec<String>,
    /// Months until the next review.
    pub review_months: u32,
    /// The day of the next review.
    pub next_review: Date,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::Value;

    use super::*;

    const GOLDEN: &str = include_str!("../../../tests/golden/supplier.json");

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
    fn measures_that_are_left_out_are_not_measured() {
        assert_eq!(serde_json::from_str::<Measures>("{}").unwrap(), Measures::default());
        assert!(serde_json::from_str::<Measures>(r#"{"speed": null}"#).is_err());
        let scores = serde_json::to_string(&CriterionScores::default()).unwrap();
        assert!(scores.starts_with(r#"{"quality":null,"delivery":null"#), "{scores}");
    }
}
