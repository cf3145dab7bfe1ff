//! The constants of the rules. Every one of them is a default of the guide
//! (section 3.2) and belongs to the organisation's change policy.

use mortise_sdk::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of the standard change risk policy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StandardSettings {
    /// How much each factor counts, in percent of the score. They add up to 100.
    pub weights: Weights,
    /// Values of the factor `service_impact`.
    pub service_impact: ServiceImpactValues,
    /// Values of the factor `complexity`.
    pub complexity: ComplexityValues,
    /// Values of the factor `backout`.
    pub backout: BackoutValues,
    /// Values of the factor `history`.
    pub history: HistoryRule,
    /// Values of the factor `timing`.
    pub timing: TimingValues,
    /// Values of the factor `collision`.
    pub collision: CollisionValues,
    /// Points added to the base score.
    pub surcharges: Surcharges,
    /// Lowest score of each band above `low`, ascending.
    pub bands: BandLimits,
}

/// How much each factor counts, in percent of the score.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Weights {
    /// Criticality of what is affected.
    #[schemars(range(min = 0, max = 100))]
    pub service_impact: u32,
    /// Difficulty of the work.
    #[schemars(range(min = 0, max = 100))]
    pub complexity: u32,
    /// Quality of the back-out plan.
    #[schemars(range(min = 0, max = 100))]
    pub backout: u32,
    /// Tests passed.
    #[schemars(range(min = 0, max = 100))]
    pub testing: u32,
    /// Success of earlier changes of the same sort.
    #[schemars(range(min = 0, max = 100))]
    pub history: u32,
    /// Time of implementation.
    #[schemars(range(min = 0, max = 100))]
    pub timing: u32,
    /// Other changes at the same time.
    #[schemars(range(min = 0, max = 100))]
    pub collision: u32,
}

impl Default for Weights {
    fn default() -> Self {
        Weights { service_impact: 25, complexity: 15, backout: 15, testing: 15, history: 10, timing: 10, collision: 10 }
    }
}

/// Values of the factor `service_impact`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceImpactValues {
    /// Value of criticality 1, 2, 3 and 4.
    #[schemars(inner(range(min = 0, max = 100)))]
    pub by_criticality: [u32; 4],
    /// Added for each dependent service.
    #[schemars(range(min = 0, max = 100))]
    pub per_dependent: u32,
    /// At most this much is added for dependent services.
    #[schemars(range(min = 0, max = 100))]
    pub dependents_max: u32,
}

impl Default for ServiceImpactValues {
    fn default() -> Self {
        ServiceImpactValues { by_criticality: [10, 35, 65, 90], per_dependent: 2, dependents_max: 10 }
    }
}

/// Values of the factor `complexity`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ComplexityValues {
    /// A routine step, done often.
    #[schemars(range(min = 0, max = 100))]
    pub simple: u32,
    /// Several steps, all of them known.
    #[schemars(range(min = 0, max = 100))]
    pub moderate: u32,
    /// Many steps or dependencies between them.
    #[schemars(range(min = 0, max = 100))]
    pub complex: u32,
    /// Never done here before.
    #[schemars(range(min = 0, max = 100))]
    pub novel: u32,
    /// Added for each team beyond the first.
    #[schemars(range(min = 0, max = 100))]
    pub per_extra_team: u32,
}

impl Default for ComplexityValues {
    fn default() -> Self {
        ComplexityValues { simple: 10, moderate: 40, complex: 70, novel: 90, per_extra_team: 5 }
    }
}

/// Values of the factor `backout`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BackoutValues {
    /// The plan was tried.
    #[schemars(range(min = 0, max = 100))]
    pub tested: u32,
    /// The plan is written.
    #[schemars(range(min = 0, max = 100))]
    pub documented: u32,
    /// The plan covers only a part of the change.
    #[schemars(range(min = 0, max = 100))]
    pub partial: u32,
    /// There is no way back.
    #[schemars(range(min = 0, max = 100))]
    pub none: u32,
    /// Added if backing out takes more than `slow_above_pct` of the change window.
    #[schemars(range(min = 0, max = 100))]
    pub slow: u32,
    /// Share of the change window, in percent, that backing out may take.
    #[schemars(range(min = 0, max = 100))]
    pub slow_above_pct: u32,
    /// From this criticality on, having no way back brings the change to the
    /// change advisory board.
    #[schemars(range(min = 1, max = 4))]
    pub required_from_criticality: u32,
}

impl Default for BackoutValues {
    fn default() -> Self {
        BackoutValues {
            tested: 0,
            documented: 40,
            partial: 70,
            none: 100,
            slow: 20,
            slow_above_pct: 50,
            required_from_criticality: 3,
        }
    }
}

/// Values of the factor `history`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HistoryRule {
    /// With fewer earlier changes than this the share of failures says nothing.
    #[schemars(range(min = 1, max = 1000))]
    pub min_changes: u32,
    /// The value where there are too few.
    #[schemars(range(min = 0, max = 100))]
    pub too_few: u32,
    /// The value if all of them had failed; larger ones than 100 count as 100,
    /// so that 200 reaches the worst value when half of them failed.
    #[schemars(range(min = 0, max = 10_000))]
    pub all_failed: u32,
}

impl Default for HistoryRule {
    fn default() -> Self {
        HistoryRule { min_changes: 5, too_few: 50, all_failed: 200 }
    }
}

/// Values of the factor `timing`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TimingValues {
    /// In the agreed maintenance window.
    #[schemars(range(min = 0, max = 100))]
    pub maintenance_window: u32,
    /// Outside the service hours.
    #[schemars(range(min = 0, max = 100))]
    pub off_hours: u32,
    /// While the services are in use.
    #[schemars(range(min = 0, max = 100))]
    pub business_hours: u32,
    /// While changes are frozen.
    #[schemars(range(min = 0, max = 100))]
    pub blackout: u32,
}

impl Default for TimingValues {
    fn default() -> Self {
        TimingValues { maintenance_window: 0, off_hours: 30, business_hours: 70, blackout: 100 }
    }
}

/// Values of the factor `collision`; none is 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CollisionValues {
    /// Another change on the same configuration item.
    #[schemars(range(min = 0, max = 100))]
    pub same_ci: u32,
    /// Another change on a related configuration item.
    #[schemars(range(min = 0, max = 100))]
    pub related_ci: u32,
}

impl Default for CollisionValues {
    fn default() -> Self {
        CollisionValues { same_ci: 100, related_ci: 50 }
    }
}

/// Points added to the base score.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Surcharges {
    /// The change is an emergency.
    #[schemars(range(min = 0, max = 100))]
    pub emergency: u32,
    /// An earlier attempt failed.
    #[schemars(range(min = 0, max = 100))]
    pub previous_attempt_failed: u32,
}

impl Default for Surcharges {
    fn default() -> Self {
        Surcharges { emergency: 10, previous_attempt_failed: 5 }
    }
}

/// Lowest score of each band above `low`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BandLimits {
    /// From here on the risk is medium.
    #[schemars(range(min = 1, max = 100))]
    pub medium: u32,
    /// From here on the risk is high.
    #[schemars(range(min = 1, max = 100))]
    pub high: u32,
    /// From here on the risk is very high.
    #[schemars(range(min = 1, max = 100))]
    pub very_high: u32,
}

impl Default for BandLimits {
    fn default() -> Self {
        BandLimits { medium: 25, high: 50, very_high: 75 }
    }
}

impl Weights {
    /// All weights with their names, in the table's order.
    fn named(&self) -> [(&'static str, u32); 7] {
        [
            ("service_impact", self.service_impact),
            ("complexity", self.complexity),
            ("backout", self.backout),
            ("testing", self.testing),
            ("history", self.history),
            ("timing", self.timing),
            ("collision", self.collision),
        ]
    }
}

impl Settings for StandardSettings {
    fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut within = |path: &str, value: u32, min: u32, max: u32| {
            if !(min..=max).contains(&value) {
                problems.push(Problem::new(path, format!("{value} is not within {min} to {max}")));
            }
        };
        for (name, weight) in self.weights.named() {
            within(&format!("/weights/{name}"), weight, 0, 100);
        }
        for (index, value) in self.service_impact.by_criticality.into_iter().enumerate() {
            within(&format!("/service_impact/by_criticality/{index}"), value, 0, 100);
        }
        for (path, value) in [
            ("/service_impact/per_dependent", self.service_impact.per_dependent),
            ("/service_impact/dependents_max", self.service_impact.dependents_max),
            ("/complexity/simple", self.complexity.simple),
            ("/complexity/moderate", self.complexity.moderate),
            ("/complexity/complex", self.complexity.complex),
            ("/complexity/novel", self.complexity.novel),
            ("/complexity/per_extra_team", self.complexity.per_extra_team),
            ("/backout/tested", self.backout.tested),
            ("/backout/documented", self.backout.documented),
            ("/backout/partial", self.backout.partial),
            ("/backout/none", self.backout.none),
            ("/backout/slow", self.backout.slow),
            ("/backout/slow_above_pct", self.backout.slow_above_pct),
            ("/history/too_few", self.history.too_few),
            ("/timing/maintenance_window", self.timing.maintenance_window),
            ("/timing/off_hours", self.timing.off_hours),
            ("/timing/business_hours", self.timing.business_hours),
            ("/timing/blackout", self.timing.blackout),
            ("/collision/same_ci", self.collision.same_ci),
            ("/collision/related_ci", self.collision.related_ci),
            ("/surcharges/emergency", self.surcharges.emergency),
            ("/surcharges/previous_attempt_failed", self.surcharges.previous_attempt_failed),
        ] {
            within(path, value, 0, 100);
        }
        within("/backout/required_from_criticality", self.backout.required_from_criticality, 1, 4);
        within("/history/min_changes", self.history.min_changes, 1, 1000);
        within("/history/all_failed", self.history.all_failed, 0, 10_000);
        within("/bands/medium", self.bands.medium, 1, 100);
        within("/bands/high", self.bands.high, self.bands.medium, 100);
        within("/bands/very_high", self.bands.very_high, self.bands.high, 100);

        let sum: u64 = self.weights.named().into_iter().map(|(_, weight)| u64::from(weight)).sum();
        if sum != 100 {
            problems.push(Problem::new("/weights", format!("the weights add up to {sum}, not to 100")));
        }
        problems
    }
}
