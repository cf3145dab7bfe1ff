//! Decisions that flip are explained before they count (guide, P57 d).

use crate::domain::backtest::Summary;
use crate::domain::component::Activation;
use crate::domain::refusal::Refusal;
use crate::domain::{Actor, JobState, canonical};
use crate::flows::{Desk, FlowError, backtest};

/// Refuses what would decide with more flips than the policy lets pass, unless there is an explanation. Flips are those
/// of the same component and settings in shadow for the same scope, and those of the dry run that the caller names.
/// Nobody has to have tried anything: only flips count.
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
    let mut flips = desk.store.shadow_flips(new).await?;
    if let Some(id) = dry_run {
        let summary = tried(desk, actor, new, settings, id).await?;
        flips = flips.max(i64::try_from(summary.flips).unwrap_or(i64::MAX));
    }
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

/// The sums of a dry run of the very same candidate.
async fn tried(desk: &Desk, actor: &Actor, new: &Activation, settings: &str, id: &str) -> Result<Summary, FlowError> {
    let report = backtest::read(desk, actor, backtest::WHAT, id).await.map_err(|error| match error {
        FlowError::Refused(_) => Refusal::invalid("reference", "backtest", format!("there is no dry run {id}")).into(),
        other => other,
    })?;
    let tried = &report.job.input;
    let said = |name: &str| tried[name].as_str().unwrap_or_default();
    let with = canonical::text(&tried["settings"]);
    if (said("component"), with.as_str(), said("process")) != (&new.digest, settings, new.process.slug()) {
        let message = format!("dry run {id} tried another component or other settings");
        return Err(Refusal::invalid("reference", "backtest", message).into());
    }
    if report.job.state != JobState::Done {
        let message = format!("dry run {id} is {}: wait until it is done", report.job.state.as_str());
        return Err(Refusal::conflict("backtest-unfinished", message).about("backtest").into());
    }
    Ok(report.summary)
}
