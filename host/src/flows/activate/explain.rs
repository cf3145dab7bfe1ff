//! Decisions that flip are explained before they count (guide, P57 d).

use serde_json::Value;

use crate::domain::backtest::Summary;
use crate::domain::component::Activation;
use crate::domain::refusal::Refusal;
use crate::domain::{Actor, JobState, canonical};
use crate::flows::{Desk, FlowError, backtest};
use crate::store::jobs::JobFilter;

/// Refuses what would decide with more flips than the policy lets pass, unless there is an explanation. Flips are those
/// of the same component and settings in shadow for the same scope, those of their newest dry run, and those of the dry
/// run that the caller names. Nobody has to have tried anything: only flips count.
///
/// # Errors
/// Without an explanation; a dry run that is not there, not done, or of something else; the database's errors.
pub(super) async fn check(
    desk: &Desk,
    actor: &Actor,
    new: &Activation,
    settings: &str,
    dry_run: Option<&str>,
) -> Result<(), FlowError> {
    let named = match dry_run {
        Some(id) => Some(tried(desk, actor, new, settings, id).await?),
        None => newest(desk, new, settings).await?,
    };
    let flips = named.map_or(0, |summary| i64::try_from(summary.flips).unwrap_or(i64::MAX));
    let flips = flips.max(desk.store.shadow_flips(new).await?);
    let allowed = i64::from(desk.policy.component.unexplained_flips);
    if flips > allowed && new.explanation.trim().is_empty() {
        let message = format!(
            "{flips} decisions come out otherwise with this component and these settings, {allowed} may without a \
             word: say in explanation why that is as it should be"
        );
        return Err(Refusal::invalid("explanation-required", "explanation", message).into());
    }
    Ok(())
}

/// Dry runs among which one of the candidate is looked for, the newest.
const LOOKED_AT: i64 = 500;

/// The sums of the newest dry run of the candidate that came to its end.
async fn newest(desk: &Desk, new: &Activation, settings: &str) -> Result<Option<Summary>, FlowError> {
    let state = Some(JobState::Done);
    let filter = JobFilter { what: Some(backtest::WHAT.to_owned()), state, limit: LOOKED_AT, ..JobFilter::default() };
    let jobs = desk.store.jobs(&new.org, &filter).await?;
    match jobs.iter().find(|job| is_about(&job.input, new, settings)) {
        Some(job) => Ok(Some(backtest::summary(desk, &new.org, &job.id).await?)),
        None => Ok(None),
    }
}

/// Whether a dry run tried this component with these settings.
fn is_about(tried: &Value, new: &Activation, settings: &str) -> bool {
    let said = |name: &str| tried[name].as_str().unwrap_or_default();
    let with = canonical::text(&tried["settings"]);
    (said("component"), with.as_str(), said("process")) == (&new.digest, settings, new.process.slug())
}

/// The sums of a dry run of the very same candidate.
async fn tried(desk: &Desk, actor: &Actor, new: &Activation, settings: &str, id: &str) -> Result<Summary, FlowError> {
    let report = backtest::read(desk, actor, backtest::WHAT, id).await.map_err(|error| match error {
        FlowError::Refused(_) => Refusal::invalid("reference", "backtest", format!("there is no dry run {id}")).into(),
        other => other,
    })?;
    if !is_about(&report.job.input, new, settings) {
        let message = format!("dry run {id} tried another component or other settings");
        return Err(Refusal::invalid("reference", "backtest", message).into());
    }
    if report.job.state != JobState::Done {
        let message = format!("dry run {id} is {}: wait until it is done", report.job.state.as_str());
        return Err(Refusal::conflict("backtest-unfinished", message).about("backtest").into());
    }
    Ok(report.summary)
}
