//! From criteria to score, grade, actions and the next review.

use mortise_sdk::prelude::*;
use mortise_sdk::types::supplier::{Grade, Outcome, Request, Trend};

use crate::criteria::{self, Criterion};
use crate::settings::StandardSettings;

/// Something that limits the grade.
struct Cap {
    /// Its name in the outcome.
    name: String,
    /// The best grade it allows.
    grade: Grade,
}

/// Evaluates a supplier.
///
/// # Errors
/// `part-exceeds-whole`, `negative-amount` for the contract value; text that is
/// no amount of its currency.
pub fn score(request: &Request, settings: &StandardSettings) -> Result<Decided<Outcome>, Refusal> {
    let scores = criteria::scores(request, settings)?;
    let table = criteria::table(&scores, settings);
    let missing: Vec<String> = table.iter().filter(|it| it.score.is_none()).map(|it| it.name.to_owned()).collect();
    let weight_present = table.iter().filter(|it| it.score.is_some()).map(|it| it.weight).sum();
    let penalty = penalty(request, settings);
    let mut reasons: Vec<Reason> = table.iter().map(explain_criterion).collect();

    if weight_present < settings.min_weight {
        let months = settings.review.without_grade_months;
        reasons.push(
            Reason::new("too-little-data", "Too little was measured for a grade.")
                .with("weight_present", weight_present)
                .with("min_weight", settings.min_weight),
        );
        let outcome = Outcome {
            scores,
            missing,
            weight_present,
            penalty_tenths: penalty,
            base_tenths: None,
            score_tenths: None,
            grade: None,
            caps: Vec::new(),
            trend: Trend::Unknown,
            actions: vec!["collect-data".to_owned()],
            review_months: months,
            next_review: request.evaluated_on.add_months(months),
        };
        return Ok(Decided::new(outcome, reasons));
    }

    let base = weighted_mean(&table, weight_present);
    let score = base.saturating_sub(penalty);
    if penalty > 0 {
        reasons.push(
            Reason::new("breach-penalty", "Breaches of contract take points off.").with("penalty_tenths", penalty),
        );
    }
    let by_score = by_score(score, settings);
    let caps = caps(request, &scores.service_level, &scores.security, settings);
    // Grades are ordered from A down, so the worst is the greatest.
    let grade = caps.iter().map(|cap| cap.grade).fold(by_score, Grade::max);
    for cap in &caps {
        reasons.push(Reason::new(cap.name.clone(), "The grade is limited.").with("at_best", cap.grade.as_str()));
    }
    let trend = trend(score, request.previous_tenths, settings);
    let months = review_months(grade, trend, request.critical, settings);
    let mut verdict = Reason::new("grade-and-trend", "The score gives the grade, the worst cap limits it.")
        .with("score_tenths", score)
        .with("by_score", by_score.as_str())
        .with("grade", grade.as_str())
        .with("trend", trend.as_str());
    if let Some(previous) = request.previous_tenths {
        verdict = verdict.with("previous_tenths", previous);
    }
    reasons.push(verdict.with("review_months", months));

    let outcome = Outcome {
        actions: actions(grade, trend, !missing.is_empty(), settings),
        scores,
        missing,
        weight_present,
        penalty_tenths: penalty,
        base_tenths: Some(base),
        score_tenths: Some(score),
        grade: Some(grade),
        caps: caps.into_iter().map(|cap| cap.name).collect(),
        trend,
        review_months: months,
        next_review: request.evaluated_on.add_months(months),
    };
    Ok(Decided::new(outcome, reasons))
}

/// The mean of the measured criteria in tenths of a point, half-up.
fn weighted_mean(table: &[Criterion], weight: u32) -> u32 {
    let points: u32 = table.iter().filter_map(|it| it.score.map(|score| it.weight * score)).sum();
    // `weight` reaches a minimum above 0 here.
    (20 * points + weight) / (2 * weight)
}

/// What breaches take off, in tenths of a point.
fn penalty(request: &Request, settings: &StandardSettings) -> u32 {
    let rule = &settings.penalties;
    let breaches = &request.breaches;
    let minor = breaches.minor.saturating_mul(rule.minor_tenths).min(rule.minor_max_tenths);
    let major = breaches.major_remedied.saturating_add(breaches.major_open);
    minor.saturating_add(major.saturating_mul(rule.major_tenths))
}

fn by_score(score: u32, settings: &StandardSettings) -> Grade {
    let limits = &settings.grades;
    if score >= limits.a_tenths {
        Grade::A
    } else if score >= limits.b_tenths {
        Grade::B
    } else if score >= limits.c_tenths {
        Grade::C
    } else {
        Grade::D
    }
}

/// The caps that apply, in the guide's order.
fn caps(
    request: &Request,
    service_level: &Option<u32>,
    security: &Option<u32>,
    settings: &StandardSettings,
) -> Vec<Cap> {
    let rule = &settings.caps;
    let below = |score: &Option<u32>, limit| score.is_some_and(|score| score < limit);
    [
        (
            below(service_level, rule.service_level_below),
            format!("service-level-below-{}", rule.service_level_below),
            rule.service_level_grade,
        ),
        (below(security, rule.security_below), format!("security-below-{}", rule.security_below), rule.security_grade),
        (
            security.is_none() && request.security_relevant,
            "security-evidence-missing".to_owned(),
            rule.security_evidence_missing_grade,
        ),
        (request.breaches.major_open > 0, "open-major-breach".to_owned(), rule.open_major_breach_grade),
        (request.breaches.material, "material-breach".to_owned(), rule.material_breach_grade),
    ]
    .into_iter()
    .filter(|(applies, ..)| *applies)
    .map(|(_, name, grade)| Cap { name, grade: grade.into() })
    .collect()
}

fn trend(score: u32, previous: Option<i32>, settings: &StandardSettings) -> Trend {
    let Some(previous) = previous else {
        return Trend::New;
    };
    let change = i64::from(score) - i64::from(previous);
    if change >= i64::from(settings.trend.improving_tenths) {
        Trend::Improving
    } else if change <= -i64::from(settings.trend.declining_tenths) {
        Trend::Declining
    } else {
        Trend::Stable
    }
}

fn actions(grade: Grade, trend: Trend, missing: bool, settings: &StandardSettings) -> Vec<String> {
    let mut actions = match grade {
        Grade::A => vec!["renew-eligible".to_owned()],
        Grade::B => vec!["continue".to_owned()],
        Grade::C => vec![format!("improvement-plan-{}-days", settings.improvement_plan_days)],
        Grade::D => vec!["stop-new-orders".to_owned(), "exit-or-replace-plan".to_owned()],
    };
    if trend == Trend::Declining {
        actions.push("performance-meeting".to_owned());
    }
    if missing {
        actions.push("collect-data".to_owned());
    }
    actions
}

/// Months until the next review: by grade, shorter for a critical supplier,
/// and not too long for a declining one.
fn review_months(grade: Grade, trend: Trend, critical: bool, settings: &StandardSettings) -> u32 {
    let rule = &settings.review;
    let mut months = match grade {
        Grade::A => rule.a_months,
        Grade::B => rule.b_months,
        Grade::C => rule.c_months,
        Grade::D => rule.d_months,
    };
    if critical {
        months = months.div_ceil(rule.critical_divisor);
    }
    if trend == Trend::Declining {
        months = months.min(rule.declining_max_months);
    }
    months
}

fn explain_criterion(criterion: &Criterion) -> Reason {
    let code = criterion.name.replace('_', "-");
    match criterion.score {
        Some(score) => Reason::new(code, "").with("score", score).with("weight", criterion.weight),
        None => Reason::new(code, "Not measured: its weight goes to the others.").with("weight", criterion.weight),
    }
}
