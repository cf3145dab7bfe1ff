//! Incidents that come again, and the problem behind them (guide, section 4, `problem-recurrence`).

use jiff::civil::Date;

use super::constant::Constants;
use super::time::days_from_date;

/// An incident on the configuration item and in the category that are looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The day on which it was opened.
    pub on: Date,
    /// Its priority: 1 for P1; none while it has none.
    pub priority: Option<u8>,
}

/// When incidents are a problem: the organisation's constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Incidents younger than so many days count.
    pub days: i64,
    /// So many of them are a problem.
    pub count: i64,
    /// So much weight is a problem.
    pub weight: i64,
    /// Weights of P1, P2, P3 and the rest.
    pub weights: [i64; 4],
}

impl Limits {
    /// What an organisation's constants say.
    pub fn of(constants: &Constants) -> Self {
        // A test asks whether they are all there.
        let constant = |name: &str| constants.get(name).unwrap_or_default();
        Self {
            days: constant("recurrence_days"),
            // One at least, whatever the configuration says.
            count: constant("recurrence_count").max(1),
            weight: constant("recurrence_weight").max(1),
            weights: ["p1", "p2", "p3", "rest"].map(|of| constant(&format!("recurrence_weight_{of}"))),
        }
    }
}

/// What the incidents amount to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recurrence {
    /// Incidents that are young enough to count.
    pub count: i64,
    /// Their weight.
    pub weight: i64,
    /// Whether they are a problem.
    pub problem: bool,
}

/// Weighs incidents as of a day.
pub fn weigh(limits: &Limits, today: Date, incidents: &[Sighting]) -> Recurrence {
    let [first, second, third, rest] = limits.weights;
    let young: Vec<&Sighting> = incidents.iter().filter(|one| is_young(limits, today, one.on)).collect();
    let weight = young.iter().map(|one| match one.priority {
        Some(1) => first,
        Some(2) => second,
        Some(3) => third,
        _ => rest,
    });
    let (count, weight) = (i64::try_from(young.len()).unwrap_or(i64::MAX), weight.sum());
    let gravest = young.iter().any(|one| one.priority == Some(1));
    Recurrence { count, weight, problem: count >= limits.count || weight >= limits.weight || gravest }
}

/// Whether an incident of a day still counts.
pub fn is_young(limits: &Limits, today: Date, on: Date) -> bool {
    i64::from(days_from_date(today) - days_from_date(on)) < limits.days
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::Value;

    use super::*;

    #[test]
    fn the_examples_of_the_guide() {
        let cases: Vec<Value> = serde_json::from_str(include_str!("../../../tests/golden/tier2.json")).unwrap();
        let limits = Limits::of(&Constants::default());
        let mut seen = 0;
        for case in cases.iter().filter(|case| case["policy"] == "problem-recurrence") {
            let (input, expected) = (&case["input"], &case["expected"]);
            assert_eq!(input["window_days"], limits.days);
            let date = |value: &Value| value.as_str().unwrap().parse::<Date>().unwrap();
            let incidents = input["incidents"].as_array().unwrap().iter();
            let incidents: Vec<Sighting> = incidents
                .map(|one| Sighting {
                    on: date(&one["date"]),
                    priority: one["p"].as_u64().and_then(|p| u8::try_from(p).ok()),
                })
                .collect();
            let found = weigh(&limits, date(&input["today"]), &incidents);
            let action = match (found.problem, input["open_problem"].is_string()) {
                (false, _) => "none",
                (true, true) => "attach",
                (true, false) => "open-problem",
            };
            assert_eq!(expected["count"], found.count, "{}", case["name"]);
            assert_eq!(expected["weight"], found.weight, "{}", case["name"]);
            assert_eq!(expected["action"], action, "{}", case["name"]);
            seen += 1;
        }
        assert_eq!(seen, 3);
        let one = |priority| [Sighting { on: Date::constant(2026, 3, 31), priority }];
        assert!(weigh(&limits, Date::constant(2026, 3, 31), &one(Some(1))).problem);
        assert!(!weigh(&limits, Date::constant(2026, 3, 31), &one(None)).problem);
    }
}
