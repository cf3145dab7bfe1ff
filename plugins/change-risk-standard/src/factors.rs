//! The seven factors of the score, each 0 (harmless) to 100 (worst).

use mortise_sdk::prelude::*;
use mortise_sdk::types::change_risk::{BackoutState, CollisionRelation, Complexity, Request, Timing};

use crate::settings::StandardSettings;

/// The worst value, and that of a factor for which there is no evidence.
pub(crate) const WORST: u32 = 100;

/// A factor of the table.
pub(crate) struct Factor {
    /// Its name in the outcome.
    pub(crate) name: &'static str,
    /// Its weight, in percent of the score.
    pub(crate) weight: u32,
    /// Its value; `None` if no evidence was supplied.
    pub(crate) value: Option<u32>,
}

impl Factor {
    /// The value that counts.
    pub(crate) fn counted(&self) -> u32 {
        self.value.unwrap_or(WORST)
    }

    /// What the factor adds, in hundredths of a point.
    pub(crate) fn points(&self) -> u32 {
        self.weight * self.counted()
    }
}

/// All factors in the table's order.
///
/// Refuses evidence that contradicts itself.
pub(crate) fn all(request: &Request, settings: &StandardSettings) -> Result<[Factor; 7], Refusal> {
    let weights = &settings.weights;
    let factor = |name, weight, value| Factor { name, weight, value };
    Ok([
        factor("service_impact", weights.service_impact, service_impact(request, settings)?),
        factor("complexity", weights.complexity, complexity(request, settings)?),
        factor("backout", weights.backout, backout(request, settings)),
        factor("testing", weights.testing, testing(request)?),
        factor("history", weights.history, history(request, settings)?),
        factor("timing", weights.timing, timing(request, settings)),
        factor("collision", weights.collision, collision(request, settings)),
    ])
}

/// The highest criticality among affected items and dependent services.
pub(crate) fn highest_criticality(request: &Request) -> Option<u32> {
    let affected = request.affected.iter().flatten().map(|item| item.criticality);
    let dependents = request.dependents.iter().flatten().map(|service| service.criticality);
    affected.chain(dependents).max()
}

fn service_impact(request: &Request, settings: &StandardSettings) -> Result<Option<u32>, Refusal> {
    let affected = request.affected.iter().flatten().map(|item| (&item.ci, item.criticality));
    let dependents = request.dependents.iter().flatten();
    let dependents = dependents.map(|service| (&service.service, service.criticality));
    for (number, criticality) in affected.chain(dependents) {
        if !(1..=4).contains(&criticality) {
            return Err(Refusal::invalid_request(
                "criticality-out-of-range",
                format!("the criticality of {number} is {criticality}, not 1 to 4"),
            ));
        }
    }
    let Some(highest) = highest_criticality(request) else {
        return Ok(None);
    };
    let values = &settings.service_impact;
    let own = values.by_criticality[highest as usize - 1];
    let dependents = request.dependents.as_ref().map_or(0, Vec::len);
    let extra = u64::from(values.per_dependent) * dependents as u64;
    Ok(Some(capped(u64::from(own) + extra.min(u64::from(values.dependents_max)))))
}

fn complexity(request: &Request, settings: &StandardSettings) -> Result<Option<u32>, Refusal> {
    let Some(others) = request.teams.checked_sub(1) else {
        return Err(Refusal::invalid_request("no-teams", "a change needs at least one team"));
    };
    let values = &settings.complexity;
    Ok(request.complexity.map(|complexity| {
        let own = match complexity {
            Complexity::Simple => values.simple,
            Complexity::Moderate => values.moderate,
            Complexity::Complex => values.complex,
            Complexity::Novel => values.novel,
        };
        capped(u64::from(own) + u64::from(values.per_extra_team) * u64::from(others))
    }))
}

fn backout(request: &Request, settings: &StandardSettings) -> Option<u32> {
    let values = &settings.backout;
    request.backout.map(|plan| {
        let own = match plan.state {
            BackoutState::Tested => values.tested,
            BackoutState::Documented => values.documented,
            BackoutState::Partial => values.partial,
            // Without a plan nothing can take too long.
            BackoutState::None => return values.none,
        };
        let share = u64::from(plan.duration_min) * 100;
        let slow = share > u64::from(plan.window_min) * u64::from(values.slow_above_pct);
        capped(u64::from(own + if slow { values.slow } else { 0 }))
    })
}

fn testing(request: &Request) -> Result<Option<u32>, Refusal> {
    let Some(tests) = request.tests else {
        return Ok(None);
    };
    if tests.passed > tests.planned {
        return Err(Refusal::invalid_request(
            "more-tests-passed-than-planned",
            format!("{} tests passed of {} planned", tests.passed, tests.planned),
        ));
    }
    Ok(Some(WORST - rate(tests.passed, tests.planned, WORST).unwrap_or(0)))
}

fn history(request: &Request, settings: &StandardSettings) -> Result<Option<u32>, Refusal> {
    let Some(history) = request.history else {
        return Ok(None);
    };
    if history.failed > history.total {
        return Err(Refusal::invalid_request(
            "more-changes-failed-than-made",
            format!("{} changes failed of {}", history.failed, history.total),
        ));
    }
    let rule = &settings.history;
    if history.total < rule.min_changes {
        return Ok(Some(rule.too_few));
    }
    Ok(rate(history.failed, history.total, rule.all_failed).or(Some(rule.too_few)))
}

fn timing(request: &Request, settings: &StandardSettings) -> Option<u32> {
    let values = &settings.timing;
    request.timing.map(|timing| match timing {
        Timing::MaintenanceWindow => values.maintenance_window,
        Timing::OffHours => values.off_hours,
        Timing::BusinessHours => values.business_hours,
        Timing::Blackout => values.blackout,
    })
}

/// The worst collision counts, whatever the order and the settings.
fn collision(request: &Request, settings: &StandardSettings) -> Option<u32> {
    let values = &settings.collision;
    request.collisions.as_ref().map(|collisions| {
        let value = |relation| match relation {
            CollisionRelation::SameCi => values.same_ci,
            CollisionRelation::RelatedCi => values.related_ci,
        };
        collisions.iter().map(|other| value(other.relation)).max().unwrap_or(0)
    })
}

/// `part`/`whole` of `scale`, rounded down, at most 100; `None` for an empty whole.
fn rate(part: u32, whole: u32, scale: u32) -> Option<u32> {
    (u64::from(part) * u64::from(scale)).checked_div(u64::from(whole)).map(capped)
}

/// A value that is at most the worst.
fn capped(value: u64) -> u32 {
    u32::try_from(value).map_or(WORST, |value| value.min(WORST))
}
