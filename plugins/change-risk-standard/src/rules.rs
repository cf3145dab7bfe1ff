//! From factors to score, band, route and conditions.

use mortise_sdk::prelude::*;
use mortise_sdk::types::change_risk::{
    ApprovalRoute, BackoutState, ChangeType, CollisionRelation, FactorPoints, Outcome, Request, RiskBand, Timing,
};

use crate::factors::{self, Factor, WORST};
use crate::settings::StandardSettings;

/// A special circumstance that the score does not show.
struct Circumstance {
    /// Its name in the outcome.
    flag: &'static str,
    /// What it demands, if anything.
    condition: Option<&'static str>,
    /// It brings the change to the change advisory board.
    needs_board: bool,
    /// Why, for people.
    message: &'static str,
}

/// Scores a request for change.
///
/// # Errors
/// Evidence that contradicts itself: `criticality-out-of-range`, `no-teams`,
/// `more-tests-passed-than-planned`, `more-changes-failed-than-made`.
pub fn score(request: &Request, settings: &StandardSettings) -> Result<Decided<Outcome>, Refusal> {
    let mut factors = factors::all(request, settings)?;
    let missing: Vec<String> = factors.iter().filter(|f| f.value.is_none()).map(|f| f.name.to_owned()).collect();
    // Stable, so that equal points keep the table's order.
    factors.sort_by_key(|factor| std::cmp::Reverse(factor.points()));

    let points: u32 = factors.iter().map(Factor::points).sum();
    let base = (points + 50) / 100;
    let surcharges = surcharges(request, settings);
    let surcharge: u32 = surcharges.iter().map(|(_, points)| points).sum();
    let score = (base + surcharge).min(WORST);
    let band = band(score, settings);

    let circumstances = circumstances(request, settings);
    let emergency = request.change_type == ChangeType::Emergency;
    let preapproved = request.change_type == ChangeType::Standard
        && request.model_approved
        && band == RiskBand::Low
        && missing.is_empty()
        && circumstances.is_empty();
    let disqualified = request.change_type == ChangeType::Standard && !preapproved;
    let blocked = !emergency && request.timing == Some(Timing::Blackout);

    let route = if emergency {
        ApprovalRoute::Ecab
    } else if preapproved {
        ApprovalRoute::Standard
    } else if band >= RiskBand::High || circumstances.iter().any(|it| it.needs_board) {
        ApprovalRoute::Cab
    } else {
        ApprovalRoute::ChangeManager
    };

    let mut conditions: Vec<String> = circumstances.iter().filter_map(|it| it.condition).map(str::to_owned).collect();
    if band >= RiskBand::High || emergency {
        conditions.push("post-implementation-review".to_owned());
    }
    if emergency {
        conditions.push("cab-ratification-within-2-working-days".to_owned());
    }
    conditions.sort_unstable();

    let mut flags: Vec<String> = circumstances.iter().map(|it| it.flag.to_owned()).collect();
    if disqualified {
        flags.push("standard-disqualified".to_owned());
    }

    let mut reasons: Vec<Reason> = factors.iter().map(explain_factor).collect();
    reasons.extend(surcharges.into_iter().map(explain_surcharge));
    reasons.extend(circumstances.iter().map(explain_circumstance));
    if disqualified {
        reasons.push(explain_disqualified(request, band, &missing, &circumstances));
    }
    reasons.push(
        Reason::new("band-and-route", "The band of the score and the circumstances give the route.")
            .with("score", score)
            .with("band", band.as_str())
            .with("route", route.as_str()),
    );

    let outcome = Outcome {
        score,
        base,
        surcharge,
        band,
        route,
        blocked,
        top_management_signoff: band == RiskBand::VeryHigh,
        conditions,
        flags,
        missing,
        factors: factors
            .iter()
            .map(|factor| FactorPoints {
                factor: factor.name.to_owned(),
                value: factor.counted(),
                weight: factor.weight,
                points: factor.points(),
            })
            .collect(),
    };
    Ok(Decided::new(outcome, reasons))
}

/// The surcharges that apply, with their reason codes.
fn surcharges(request: &Request, settings: &StandardSettings) -> Vec<(&'static str, u32)> {
    let mut found = Vec::new();
    if request.change_type == ChangeType::Emergency {
        found.push(("emergency-surcharge", settings.surcharges.emergency));
    }
    if request.previous_attempt_failed {
        found.push(("previous-attempt-surcharge", settings.surcharges.previous_attempt_failed));
    }
    found
}

fn band(score: u32, settings: &StandardSettings) -> RiskBand {
    let limits = &settings.bands;
    if score >= limits.very_high {
        RiskBand::VeryHigh
    } else if score >= limits.high {
        RiskBand::High
    } else if score >= limits.medium {
        RiskBand::Medium
    } else {
        RiskBand::Low
    }
}

/// The circumstances H1 to H7 that hold, in this order.
fn circumstances(request: &Request, settings: &StandardSettings) -> Vec<Circumstance> {
    let mut found = Vec::new();
    let mut add = |holds: bool, flag, condition, needs_board, message| {
        if holds {
            found.push(Circumstance { flag, condition, needs_board, message });
        }
    };
    let emergency = request.change_type == ChangeType::Emergency;
    let same_ci = request.collisions.iter().flatten();
    let same_ci = same_ci.into_iter().any(|other| other.relation == CollisionRelation::SameCi);
    let no_way_back = request.backout.is_some_and(|plan| plan.state == BackoutState::None);
    let critical = factors::highest_criticality(request)
        .is_some_and(|highest| highest >= settings.backout.required_from_criticality);
    let over_budget = match (request.cost_minor, request.budget_available_minor) {
        (Some(cost), Some(available)) => cost > available,
        _ => false,
    };

    add(
        request.timing == Some(Timing::Blackout),
        "H1-blackout",
        (!emergency).then_some("reschedule-outside-blackout"),
        true,
        "The change falls into a period in which changes are frozen.",
    );
    add(
        same_ci,
        "H2-same-ci-collision",
        Some("resolve-collision"),
        true,
        "Another change works on the same configuration item at the same time.",
    );
    add(
        no_way_back && critical,
        "H3-no-backout-on-critical",
        Some("backout-plan-or-accept-irreversible"),
        true,
        "There is no way back, and something critical is affected.",
    );
    add(
        request.previous_attempt_failed,
        "H4-repeat-after-failure",
        None,
        true,
        "An earlier attempt at this change failed.",
    );
    add(
        request.design_transition,
        "H5-design-and-transition",
        Some("use-service-design-and-transition"),
        true,
        "A service is added, removed or transferred, or the impact is major.",
    );
    add(
        request.security_relevant,
        "H6-security-relevant",
        Some("infosec-assessment"),
        false,
        "The change touches information security.",
    );
    add(
        over_budget,
        "H7-over-budget",
        Some("budget-owner-approval"),
        false,
        "The change costs more than the budget line has left.",
    );
    found
}

fn explain_factor(factor: &Factor) -> Reason {
    let message = match factor.value {
        Some(_) => "",
        None => "No evidence was supplied: counted as the worst.",
    };
    Reason::new(factor.name.replace('_', "-"), message)
        .with("value", factor.counted())
        .with("weight", factor.weight)
        .with("points", factor.points())
}

fn explain_surcharge((code, points): (&'static str, u32)) -> Reason {
    let message = if code == "emergency-surcharge" {
        "An emergency adds to the score."
    } else {
        "A failed earlier attempt adds to the score."
    };
    Reason::new(code, message).with("points", points)
}

fn explain_circumstance(circumstance: &Circumstance) -> Reason {
    let reason = Reason::new(circumstance.flag.to_ascii_lowercase(), circumstance.message);
    match circumstance.condition {
        Some(condition) => reason.with("condition", condition),
        None => reason,
    }
}

fn explain_disqualified(
    request: &Request,
    band: RiskBand,
    missing: &[String],
    circumstances: &[Circumstance],
) -> Reason {
    let mut reason = Reason::new("standard-disqualified", "Asked for as a standard change, treated as a normal one.")
        .with("model_approved", request.model_approved)
        .with("band", band.as_str());
    if !missing.is_empty() {
        reason = reason.with("missing", missing.join(", "));
    }
    if !circumstances.is_empty() {
        let flags: Vec<&str> = circumstances.iter().map(|it| it.flag).collect();
        reason = reason.with("flags", flags.join(", "));
    }
    reason
}
