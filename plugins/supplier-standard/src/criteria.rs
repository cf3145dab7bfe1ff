//! The six criteria of an evaluation, each scored 0 to 100.

use mortise_sdk::prelude::*;
use mortise_sdk::types::money::{self, Decimal};
use mortise_sdk::types::supplier::{CostMeasure, CriterionScores, Request, SecurityMeasure};

use crate::settings::StandardSettings;

/// A criterion of the table.
pub(crate) struct Criterion {
    /// Its name in the outcome.
    pub(crate) name: &'static str,
    /// Its weight, in percent of the score.
    pub(crate) weight: u32,
    /// Its score; `None` if it was not measured.
    pub(crate) score: Option<u32>,
}

/// The scores in the table's order, with their weights.
pub(crate) fn table(scores: &CriterionScores, settings: &StandardSettings) -> [Criterion; 6] {
    let weights = &settings.weights;
    let criterion = |name, weight, score| Criterion { name, weight, score };
    [
        criterion("quality", weights.quality, scores.quality),
        criterion("delivery", weights.delivery, scores.delivery),
        criterion("service_level", weights.service_level, scores.service_level),
        criterion("cost", weights.cost, scores.cost),
        criterion("security", weights.security, scores.security),
        criterion("responsiveness", weights.responsiveness, scores.responsiveness),
    ]
}

/// Scores every criterion that was measured.
///
/// Refuses measures that contradict themselves and text that is no amount.
pub(crate) fn scores(request: &Request, settings: &StandardSettings) -> Result<CriterionScores, Refusal> {
    let measures = &request.measures;
    let share = |name, pair: Option<(u32, u32)>| match pair {
        Some((part, whole)) => rate(name, part, whole),
        None => Ok(None),
    };
    Ok(CriterionScores {
        quality: share("quality", measures.quality.map(|it| (it.accepted, it.delivered)))?,
        delivery: share("delivery", measures.delivery.map(|it| (it.on_time, it.due)))?,
        service_level: share("service_level", measures.service_level.map(|it| (it.met, it.measured)))?,
        cost: measures.cost.as_ref().map(|it| cost(it, settings)).transpose()?,
        security: measures.security.map(|it| security(it, settings)),
        responsiveness: share("responsiveness", measures.responsiveness.map(|it| (it.in_time, it.requests)))?,
    })
}

/// `part` of `whole` in percent, half-up; an empty whole measures nothing.
fn rate(criterion: &str, part: u32, whole: u32) -> Result<Option<u32>, Refusal> {
    if part > whole {
        return Err(Refusal::invalid_request("part-exceeds-whole", format!("measures/{criterion}: {part} of {whole}")));
    }
    if whole == 0 {
        return Ok(None);
    }
    let (part, whole) = (u64::from(part), u64::from(whole));
    // The part is at most the whole, so the score is at most 100.
    Ok(u32::try_from((200 * part + whole) / (2 * whole)).ok())
}

/// 100 if no more was invoiced than agreed; else points off for each percent
/// of excess, the deduction rounded up.
fn cost(measure: &CostMeasure, settings: &StandardSettings) -> Result<u32, Refusal> {
    let contracted = amount("contracted", &measure.currency, &measure.contracted)?;
    let invoiced = amount("invoiced", &measure.currency, &measure.invoiced)?;
    if contracted.is_negative() {
        return Err(Refusal::invalid_request(
            "negative-amount",
            format!("measures/cost/contracted: {contracted} is negative"),
        ));
    }
    let deduction = (|| {
        let (contracted, invoiced) = contracted.align(invoiced)?;
        if invoiced <= contracted {
            return Ok(0);
        }
        if contracted == 0 {
            // Nothing was agreed: any invoice is beyond every percentage.
            return Ok(100);
        }
        let points_per_whole = i128::from(settings.cost.points_per_excess_pct) * 100;
        let excess = (invoiced - contracted).checked_mul(points_per_whole).ok_or(money::Error::OutOfRange)?;
        money::ceil_div(excess, contracted)
    })()
    .map_err(|error: money::Error| Refusal::invalid_request(error.code(), format!("measures/cost: {error}")))?;
    Ok(u32::try_from(100 - deduction.min(100)).unwrap_or(0))
}

/// An amount with at most its currency's decimals. Both amounts are in one
/// currency, so a code that ISO 4217 does not list does no harm.
fn amount(field: &str, currency: &str, text: &str) -> Result<Decimal, Refusal> {
    let parsed = match money::iso_decimals(currency) {
        Some(decimals) => money::parse_minor(text, decimals).and_then(|_| text.parse()),
        None => text.parse(),
    };
    parsed.map_err(|error: money::Error| {
        Refusal::invalid_request(error.code(), format!("measures/cost/{field}: {error}"))
    })
}

/// 100 less points for each incident and open finding.
fn security(measure: SecurityMeasure, settings: &StandardSettings) -> u32 {
    let rule = &settings.security;
    let points = u64::from(measure.incidents) * u64::from(rule.points_per_incident)
        + u64::from(measure.open_major) * u64::from(rule.points_per_open_major)
        + u64::from(measure.open_minor) * u64::from(rule.points_per_open_minor);
    u32::try_from(points).map_or(0, |points| 100_u32.saturating_sub(points))
}
