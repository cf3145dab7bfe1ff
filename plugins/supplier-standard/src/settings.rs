//! The constants of the rules. Every one of them is a default of the guide
//! (section 3.4) and belongs to the organisation's supplier policy.

use mortise_sdk::types::supplier::Grade;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod check;

/// Settings of the standard supplier policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StandardSettings {
    /// How much each criterion counts, in percent of the score. They add up to 100.
    pub weights: Weights,
    /// There is a grade only if the weights of the measured criteria reach this.
    #[schemars(range(min = 1, max = 100))]
    pub min_weight: u32,
    /// Score of the criterion `cost`.
    pub cost: CostRule,
    /// Score of the criterion `security`.
    pub security: SecurityRule,
    /// What breaches of contract take off the score.
    pub penalties: Penalties,
    /// Lowest score of each grade above D, descending.
    pub grades: GradeLimits,
    /// What limits the grade whatever the score.
    pub caps: Caps,
    /// What counts as a change since the previous evaluation.
    pub trend: TrendLimits,
    /// When the supplier is evaluated again.
    pub review: ReviewRule,
    /// Days that a supplier of grade C has for its improvement plan.
    #[schemars(range(min = 1, max = 365))]
    pub improvement_plan_days: u32,
}

impl Default for StandardSettings {
    fn default() -> Self {
        StandardSettings {
            weights: Weights::default(),
            min_weight: 70,
            cost: CostRule::default(),
            security: SecurityRule::default(),
            penalties: Penalties::default(),
            grades: GradeLimits::default(),
            caps: Caps::default(),
            trend: TrendLimits::default(),
            review: ReviewRule::default(),
            improvement_plan_days: 30,
        }
    }
}

/// How much each criterion counts, in percent of the score.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Weights {
    /// Deliveries accepted.
    #[schemars(range(min = 0, max = 100))]
    pub quality: u32,
    /// Deliveries on time.
    #[schemars(range(min = 0, max = 100))]
    pub delivery: u32,
    /// Service level targets met.
    #[schemars(range(min = 0, max = 100))]
    pub service_level: u32,
    /// Loyalty to the agreed price.
    #[schemars(range(min = 0, max = 100))]
    pub cost: u32,
    /// Incidents and audit findings.
    #[schemars(range(min = 0, max = 100))]
    pub security: u32,
    /// Requests answered in time.
    #[schemars(range(min = 0, max = 100))]
    pub responsiveness: u32,
}

impl Default for Weights {
    fn default() -> Self {
        Weights { quality: 25, delivery: 15, service_level: 25, cost: 10, security: 15, responsiveness: 10 }
    }
}

/// Score of the criterion `cost`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CostRule {
    /// Points off for each percent invoiced above the contract.
    #[schemars(range(min = 0, max = 100))]
    pub points_per_excess_pct: u32,
}

impl Default for CostRule {
    fn default() -> Self {
        CostRule { points_per_excess_pct: 2 }
    }
}

/// Score of the criterion `security`: points off for each finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SecurityRule {
    /// A security incident that the supplier caused.
    #[schemars(range(min = 0, max = 100))]
    pub points_per_incident: u32,
    /// A major finding still open.
    #[schemars(range(min = 0, max = 100))]
    pub points_per_open_major: u32,
    /// A minor finding still open.
    #[schemars(range(min = 0, max = 100))]
    pub points_per_open_minor: u32,
}

impl Default for SecurityRule {
    fn default() -> Self {
        SecurityRule { points_per_incident: 40, points_per_open_major: 25, points_per_open_minor: 10 }
    }
}

/// What breaches of contract take off the score, in tenths of a point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Penalties {
    /// For each minor breach.
    #[schemars(range(min = 0, max = 1000))]
    pub minor_tenths: u32,
    /// At most this much for all minor breaches together.
    #[schemars(range(min = 0, max = 1000))]
    pub minor_max_tenths: u32,
    /// For each major breach, remedied or open.
    #[schemars(range(min = 0, max = 1000))]
    pub major_tenths: u32,
}

impl Default for Penalties {
    fn default() -> Self {
        Penalties { minor_tenths: 20, minor_max_tenths: 100, major_tenths: 100 }
    }
}

/// Lowest score of each grade above D, in tenths of a point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GradeLimits {
    /// From here on the grade is A.
    #[schemars(range(min = 1, max = 1000))]
    pub a_tenths: u32,
    /// From here on the grade is B.
    #[schemars(range(min = 1, max = 1000))]
    pub b_tenths: u32,
    /// From here on the grade is C.
    #[schemars(range(min = 1, max = 1000))]
    pub c_tenths: u32,
}

impl Default for GradeLimits {
    fn default() -> Self {
        GradeLimits { a_tenths: 900, b_tenths: 750, c_tenths: 600 }
    }
}

/// A grade, A the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub enum GradeLetter {
    A,
    B,
    C,
    D,
}

impl From<GradeLetter> for Grade {
    fn from(letter: GradeLetter) -> Self {
        match letter {
            GradeLetter::A => Grade::A,
            GradeLetter::B => Grade::B,
            GradeLetter::C => Grade::C,
            GradeLetter::D => Grade::D,
        }
    }
}

/// What limits the grade whatever the score; the worst cap wins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Caps {
    /// A score of `service_level` below this limits the grade.
    #[schemars(range(min = 0, max = 100))]
    pub service_level_below: u32,
    /// The best grade with such a service level.
    pub service_level_grade: GradeLetter,
    /// A score of `security` below this limits the grade.
    #[schemars(range(min = 0, max = 100))]
    pub security_below: u32,
    /// The best grade with such security.
    pub security_grade: GradeLetter,
    /// The best grade of a security-relevant supplier without security evidence.
    pub security_evidence_missing_grade: GradeLetter,
    /// The best grade with an open major breach.
    pub open_major_breach_grade: GradeLetter,
    /// The best grade with a material breach.
    pub material_breach_grade: GradeLetter,
}

impl Default for Caps {
    fn default() -> Self {
        Caps {
            service_level_below: 60,
            service_level_grade: GradeLetter::C,
            security_below: 40,
            security_grade: GradeLetter::C,
            security_evidence_missing_grade: GradeLetter::C,
            open_major_breach_grade: GradeLetter::C,
            material_breach_grade: GradeLetter::D,
        }
    }
}

/// What counts as a change since the previous evaluation, in tenths of a point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TrendLimits {
    /// A rise of at least this is an improvement.
    #[schemars(range(min = 1, max = 1000))]
    pub improving_tenths: u32,
    /// A fall of at least this is a decline.
    #[schemars(range(min = 1, max = 1000))]
    pub declining_tenths: u32,
}

impl Default for TrendLimits {
    fn default() -> Self {
        TrendLimits { improving_tenths: 50, declining_tenths: 50 }
    }
}

/// When the supplier is evaluated again, in months.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReviewRule {
    /// After grade A.
    #[schemars(range(min = 1, max = 60))]
    pub a_months: u32,
    /// After grade B.
    #[schemars(range(min = 1, max = 60))]
    pub b_months: u32,
    /// After grade C.
    #[schemars(range(min = 1, max = 60))]
    pub c_months: u32,
    /// After grade D.
    #[schemars(range(min = 1, max = 60))]
    pub d_months: u32,
    /// Where too little was measured for a grade.
    #[schemars(range(min = 1, max = 60))]
    pub without_grade_months: u32,
    /// The interval of a critical supplier is divided by this, rounded up.
    #[schemars(range(min = 1, max = 12))]
    pub critical_divisor: u32,
    /// The longest interval of a declining supplier.
    #[schemars(range(min = 1, max = 60))]
    pub declining_max_months: u32,
}

impl Default for ReviewRule {
    fn default() -> Self {
        ReviewRule {
            a_months: 12,
            b_months: 6,
            c_months: 3,
            d_months: 1,
            without_grade_months: 1,
            critical_divisor: 2,
            declining_max_months: 3,
        }
    }
}
