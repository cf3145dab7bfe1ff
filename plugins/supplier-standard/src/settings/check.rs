//! Ranges, and rules between settings.

use mortise_sdk::prelude::*;

use super::StandardSettings;

impl Settings for StandardSettings {
    fn check(&self) -> Vec<Problem> {
        let weights = [
            ("/weights/quality", self.weights.quality),
            ("/weights/delivery", self.weights.delivery),
            ("/weights/service_level", self.weights.service_level),
            ("/weights/cost", self.weights.cost),
            ("/weights/security", self.weights.security),
            ("/weights/responsiveness", self.weights.responsiveness),
        ];
        let others = [
            ("/min_weight", self.min_weight, 1, 100),
            ("/cost/points_per_excess_pct", self.cost.points_per_excess_pct, 0, 100),
            ("/security/points_per_incident", self.security.points_per_incident, 0, 100),
            ("/security/points_per_open_major", self.security.points_per_open_major, 0, 100),
            ("/security/points_per_open_minor", self.security.points_per_open_minor, 0, 100),
            ("/penalties/minor_tenths", self.penalties.minor_tenths, 0, 1000),
            ("/penalties/minor_max_tenths", self.penalties.minor_max_tenths, 0, 1000),
            ("/penalties/major_tenths", self.penalties.major_tenths, 0, 1000),
            ("/grades/a_tenths", self.grades.a_tenths, self.grades.b_tenths, 1000),
            ("/grades/b_tenths", self.grades.b_tenths, self.grades.c_tenths, 1000),
            ("/grades/c_tenths", self.grades.c_tenths, 1, 1000),
            ("/caps/service_level_below", self.caps.service_level_below, 0, 100),
            ("/caps/security_below", self.caps.security_below, 0, 100),
            ("/trend/improving_tenths", self.trend.improving_tenths, 1, 1000),
            ("/trend/declining_tenths", self.trend.declining_tenths, 1, 1000),
            ("/review/a_months", self.review.a_months, 1, 60),
            ("/review/b_months", self.review.b_months, 1, 60),
            ("/review/c_months", self.review.c_months, 1, 60),
            ("/review/d_months", self.review.d_months, 1, 60),
            ("/review/without_grade_months", self.review.without_grade_months, 1, 60),
            ("/review/critical_divisor", self.review.critical_divisor, 1, 12),
            ("/review/declining_max_months", self.review.declining_max_months, 1, 60),
            ("/improvement_plan_days", self.improvement_plan_days, 1, 365),
        ];
        let mut problems = Vec::new();
        for (path, value, min, max) in weights.into_iter().map(|(path, weight)| (path, weight, 0, 100)).chain(others) {
            if !(min..=max).contains(&value) {
                problems.push(Problem::new(path, format!("{value} is not within {min} to {max}")));
            }
        }
        let sum: u64 = weights.into_iter().map(|(_, weight)| u64::from(weight)).sum();
        if sum != 100 {
            problems.push(Problem::new("/weights", format!("the weights add up to {sum}, not to 100")));
        }
        problems
    }
}
