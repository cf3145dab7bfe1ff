//! What an organisation can set: every constant that the guide leaves open.

use std::collections::BTreeMap;

use mortise_sdk::Problem;
use mortise_sdk::types::sla::{self, Thresholds};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of the standard service level rules. What a request carries itself
/// (matrix, targets, warning levels) wins over them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Impact (1 is the highest) → urgency (1 is the highest) → priority.
    pub matrix: BTreeMap<u32, BTreeMap<u32, String>>,
    /// Which targets apply: those of the table below, or the baseline of 30
    /// minutes and 4 hours, 24x7, for every priority.
    pub profile: Profile,
    /// Priority → what is promised for it.
    pub targets: BTreeMap<String, Target>,
    /// Percent of the target from which a clock is at `warning` and at `critical`.
    #[schemars(inner(range(min = 1, max = 100)))]
    pub warn_pct: [u32; 2],
    /// How many days ahead a due instant is searched for; beyond, there is none.
    #[schemars(range(min = 1, max = 36600))]
    pub horizon_days: u32,
}

/// Which targets apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Those of the table.
    #[default]
    Standard,
    /// 30 minutes and 4 hours, 24x7, for every priority.
    Baseline,
}

/// What is promised for one priority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Seconds of service time until the first human answer.
    #[schemars(range(min = 1, max = 315_360_000))]
    pub response_s: u64,
    /// Seconds of service time until the service is restored.
    #[schemars(range(min = 1, max = 315_360_000))]
    pub resolution_s: u64,
    /// Id of the calendar that measures both, e.g. `24x7` or `business`.
    #[schemars(length(min = 1))]
    pub calendar: String,
}

impl Target {
    /// A target in minutes of service time.
    #[must_use]
    pub fn minutes(response: u64, resolution: u64, calendar: &str) -> Self {
        Self { response_s: response * 60, resolution_s: resolution * 60, calendar: calendar.to_owned() }
    }
}

/// In the form of a request.
impl From<&Target> for sla::Target {
    fn from(target: &Target) -> Self {
        Self { response_s: target.response_s, resolution_s: target.resolution_s, calendar: target.calendar.clone() }
    }
}

impl Default for Settings {
    fn default() -> Self {
        let mut matrix = BTreeMap::<u32, BTreeMap<u32, String>>::new();
        for (impact, urgency) in (1..=3).flat_map(|impact| (1..=3).map(move |it| (impact, it))) {
            // P(impact + urgency − 1).
            let priority = ["P1", "P2", "P3", "P4", "P5"][(impact + urgency - 2) as usize];
            let row = matrix.entry(impact).or_default();
            row.insert(urgency, priority.to_owned());
        }
        let mut targets = BTreeMap::new();
        for (priority, response, resolution_h, calendar) in [
            ("P1", 15, 2, "24x7"),
            ("P2", 30, 4, "24x7"),
            ("P3", 60, 8, "business"),
            ("P4", 120, 24, "business"),
            ("P5", 240, 40, "business"),
        ] {
            let target = Target::minutes(response, resolution_h * 60, calendar);
            targets.insert(priority.to_owned(), target);
        }
        Self { matrix, profile: Profile::Standard, targets, warn_pct: [75, 90], horizon_days: 3660 }
    }
}

impl Settings {
    /// The warning levels in the form of a request.
    #[must_use]
    pub fn thresholds(&self) -> Thresholds {
        Thresholds { warning: self.warn_pct[0], critical: self.warn_pct[1] }
    }
}

impl mortise_sdk::Settings for Settings {
    /// Written out, so that a component does not carry what derives it; a test compares.
    #[cfg(target_arch = "wasm32")]
    fn schema() -> String {
        include_str!("../settings.schema.json").to_owned()
    }

    fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut wrong = |path: String, message: &str| problems.push(Problem::new(path, message));
        let [warning, critical] = self.warn_pct;
        if warning > critical || warning == 0 || critical > 100 {
            wrong("/warn_pct".to_owned(), "two percentages from 1 to 100, the first not above the second");
        }
        if !(1..=36_600).contains(&self.horizon_days) {
            wrong("/horizon_days".to_owned(), "from 1 to 36600 days");
        }
        for (name, target) in &self.targets {
            let longest = 1..=315_360_000;
            if !longest.contains(&target.response_s) || !longest.contains(&target.resolution_s) {
                wrong(format!("/targets/{name}"), "targets are from 1 second to 3650 days");
            }
        }
        for (impact, row) in &self.matrix {
            for (urgency, priority) in row {
                if self.profile == Profile::Standard && !self.targets.contains_key(priority) {
                    wrong(format!("/matrix/{impact}/{urgency}"), "this priority has no target");
                }
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use mortise_sdk::Settings as _;

    #[test]
    fn the_defaults_are_valid_and_those_of_the_guide() {
        let settings = Settings::default();
        assert_eq!(settings.check(), []);
        assert_eq!(settings.matrix[&1][&3], "P3");
        assert_eq!(settings.matrix[&3][&3], "P5");
        assert_eq!(settings.targets["P2"].response_s, 1800);
        assert_eq!(settings.targets["P5"].resolution_s, 144_000);
        assert_eq!(Settings::parse(&Settings::defaults()).unwrap(), settings);
    }

    #[test]
    fn contradictions_are_named() {
        for (text, path) in [
            (r#"{"warn_pct": [90, 75]}"#, "/warn_pct"),
            (r#"{"horizon_days": 0}"#, "/horizon_days"),
            (r#"{"matrix": {"1": {"2": "P9"}}}"#, "/matrix/1/2"),
            (
                r#"{"targets": {"P1": {"response_s": 0, "resolution_s": 1, "calendar": "24x7"}},
                    "matrix": {}}"#,
                "/targets/P1",
            ),
        ] {
            assert_eq!(Settings::validate(text).unwrap_err()[0].path, path, "{text}");
        }
        assert!(Settings::validate(r#"{"warn_pct": [75]}"#).is_err());
        assert!(Settings::validate(r#"{"profile": "baseline", "targets": {}}"#).is_ok());
    }

    #[test]
    fn the_schema_states_ranges_and_defaults() {
        let schema: serde_json::Value = serde_json::from_str(&Settings::schema()).unwrap();
        let properties = &schema["properties"];
        assert_eq!(properties["horizon_days"]["maximum"], 36_600);
        assert_eq!(properties["warn_pct"]["items"]["maximum"], 100);
        assert_eq!(properties["warn_pct"]["default"], serde_json::json!([75, 90]));
        assert_eq!(schema["$defs"]["Target"]["properties"]["response_s"]["minimum"], 1);
    }

    #[test]
    fn the_written_schema_is_the_derived_one() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/settings.schema.json");
        mortise_sdk::testing::schema_file::<Settings>(file).unwrap();
    }
}
