//! `mortise plugin activate`, `promote` and `revert`

use std::path::PathBuf;

use clap::Args;
use mortise::domain::component::{Activation, OnFailure};
use mortise::domain::{Instant, Refusal};
use mortise::flows::activate::promote::{self, Promotion};
use mortise::flows::activate::{self, Wish, revert};
use serde_json::{Value, json};

use super::plugin::{ScopeOption, administrator, json_file, named};
use super::{Place, Usage, flow};

/// What whoever decides says of it.
#[derive(Args)]
pub(crate) struct Said {
    /// What happens when it keeps failing: last-good, refuse or queue.
    #[arg(long, value_name = "WORD")]
    on_failure: Option<String>,
    /// Why it may decide although decisions flip.
    #[arg(long, value_name = "TEXT")]
    explanation: Option<String>,
    /// A dry run of this component with these settings, whose flips count.
    #[arg(long, value_name = "ID")]
    backtest: Option<String>,
    #[command(flatten)]
    step: StepOption,
}

/// A step of the process's generation.
#[derive(Args)]
pub(crate) struct StepOption {
    /// Refuse unless the process is at this generation.
    #[arg(long, value_name = "N")]
    expected_generation: Option<i64>,
    /// Why.
    #[arg(long, default_value = "")]
    reason: String,
}

impl Said {
    fn on_failure(&self) -> anyhow::Result<Option<OnFailure>> {
        let Some(word) = &self.on_failure else { return Ok(None) };
        let parsed = OnFailure::parse(word);
        let usage = || Usage(format!("--on-failure '{word}' is none of {}", OnFailure::WORDS.join(", ")));
        Ok(Some(parsed.ok_or_else(usage)?))
    }
}

/// Give an uploaded component a say: active, in shadow, as a canary, or planned.
#[derive(Args)]
pub(crate) struct Activate {
    /// The component's digest, or the start of it.
    digest: String,
    #[command(flatten)]
    scope: ScopeOption,
    /// File with settings (JSON); without it the component's defaults hold.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// As what: active, shadow (asked beside, without effect) or canary (decides for a share of the records).
    #[arg(long, value_name = "MODE")]
    mode: Option<String>,
    /// A canary's share of the records, 1 to 99.
    #[arg(long, value_name = "N")]
    percent: Option<i64>,
    /// Active from this instant on, for example 2027-01-01T00:00:00Z; by default at once.
    #[arg(long, value_name = "INSTANT")]
    from: Option<String>,
    /// Records that were opened before keep the judge they had.
    #[arg(long)]
    opened_after: bool,
    #[command(flatten)]
    said: Said,
}

impl Activate {
    pub(crate) async fn run(self, place: &Place) -> anyhow::Result<()> {
        let scope = self.scope.parse()?;
        let settings = self.settings.as_deref().map(json_file).transpose()?.unwrap_or(Value::Null);
        let from = self.from.as_deref().map(str::parse::<Instant>).transpose();
        let from = from.map_err(|e| Usage(format!("--from: {e}")))?;
        let usage = |refusal: Refusal| Usage(refusal.message);
        let mode = Wish::mode(self.mode.as_deref(), self.percent, from).map_err(usage)?;
        let on_failure = self.said.on_failure()?.unwrap_or_default();
        let (config, app) = place.open().await?;
        let org = &config.organisation.0;
        let components = app.desk.store.components(org).await?;
        let component = named(&components, &self.digest)?;
        let wish = Wish {
            settings,
            mode,
            effective_from: from,
            opened_after: self.opened_after,
            on_failure,
            explanation: self.said.explanation.unwrap_or_default(),
            backtest: self.said.backtest,
            expected_generation: self.said.step.expected_generation,
            reason: self.said.step.reason,
            ..Wish::new(component.process.parse().map_err(anyhow::Error::msg)?, scope, &component.digest)
        };
        let activation = activate::run(&app.desk, &administrator(org), wish).await.map_err(flow)?;
        say!("{}", activation.to_json());
        Ok(())
    }
}

/// Promote what is in shadow, a canary or planned: to active, or to a canary for a share of the records.
#[derive(Args)]
pub(crate) struct Promote {
    /// Identifier of the activation.
    activation: String,
    /// To a canary for this share of the records, 1 to 99; by default to active.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=99))]
    percent: Option<u8>,
    /// Whether records that were opened before keep the judge they had; by default as the candidate says.
    #[arg(long, value_name = "true|false")]
    opened_after: Option<bool>,
    #[command(flatten)]
    said: Said,
}

impl Promote {
    pub(crate) async fn run(self, place: &Place) -> anyhow::Result<()> {
        let how = Promotion {
            percent: self.percent,
            opened_after: self.opened_after,
            on_failure: self.said.on_failure()?,
            explanation: self.said.explanation,
            backtest: self.said.backtest,
            expected_generation: self.said.step.expected_generation,
            reason: self.said.step.reason,
        };
        let (config, app) = place.open().await?;
        let actor = administrator(&config.organisation.0);
        let activation = promote::run(&app.desk, &actor, &self.activation, how).await.map_err(flow)?;
        say!("{}", activation.to_json());
        Ok(())
    }
}

/// Take an activation back: a candidate or a plan ends, what is active gives way to what it replaced.
#[derive(Args)]
pub(crate) struct Revert {
    /// Identifier of the activation.
    activation: String,
    #[command(flatten)]
    step: StepOption,
}

impl Revert {
    pub(crate) async fn run(self, place: &Place) -> anyhow::Result<()> {
        let (config, app) = place.open().await?;
        let actor = administrator(&config.organisation.0);
        let StepOption { expected_generation, reason } = &self.step;
        let (reverted, active) =
            revert::run(&app.desk, &actor, &self.activation, *expected_generation, reason).await.map_err(flow)?;
        let active = active.as_ref().map(Activation::to_json);
        say!("{}", json!({ "process": reverted.process.slug(), "reverted": reverted.id, "active": active }));
        Ok(())
    }
}
