//! Outcomes of supplier evaluation (guide, section 3.4).

use mortise_types::supplier::{Outcome, Request, Trend};

use super::ensure;

/// Criterion scores lie between 0 and this; the whole score in tenths of it.
const MOST: u32 = 100;

pub(super) fn check(request: &Request, outcome: &Outcome) -> Result<(), String> {
    let scores = &outcome.scores;
    let criteria = [
        ("quality", scores.quality),
        ("delivery", scores.delivery),
        ("service_level", scores.service_level),
        ("cost", scores.cost),
        ("security", scores.security),
        ("responsiveness", scores.responsiveness),
    ];
    for (name, score) in criteria {
        ensure(score.is_none_or(|score| score <= MOST), || format!("`scores.{name}` is more than {MOST}"))?;
    }
    let without_score = criteria.iter().filter(|(_, score)| score.is_none()).map(|(name, _)| *name);
    ensure(without_score.eq(outcome.missing.iter().map(String::as_str)), || {
        "`missing` does not name the criteria without a score, in their order".to_owned()
    })?;
    ensure(outcome.base_tenths.is_none_or(|base| base <= 10 * MOST), || {
        format!("`base_tenths` is more than {}", 10 * MOST)
    })?;
    let score = outcome.base_tenths.map(|base| base.saturating_sub(outcome.penalty_tenths));
    ensure(outcome.score_tenths == score, || "`score_tenths` is not the base less the penalty".to_owned())?;
    ensure(outcome.grade.is_some() == score.is_some(), || {
        "there is a grade if and only if there is a score".to_owned()
    })?;
    let compared = matches!(outcome.trend, Trend::Improving | Trend::Stable | Trend::Declining);
    ensure(!compared || (score.is_some() && request.previous_tenths.is_some()), || {
        "`trend` compares with a score that there is not".to_owned()
    })?;
    ensure(outcome.next_review > request.evaluated_on, || "`next_review` is not after the evaluation".to_owned())
}
