//! `mortise plugin breaker`

use clap::Args;
use mortise::domain::breaker::{self, Step};
use serde_json::json;

use super::plugin::administrator;
use super::{Place, Usage, flow};

/// Show the breakers that ever tripped; or probe, close or open the one of an activation.
#[derive(Args)]
pub(crate) struct Breaker {
    /// Identifier of the activation; without it all breakers are shown.
    #[arg(requires = "action")]
    activation: Option<String>,
    /// probe (let a share of the decisions through), close (let it decide) or open (take it out).
    #[arg(requires = "reason")]
    action: Option<String>,
    /// Why.
    #[arg(long)]
    reason: Option<String>,
}

impl Breaker {
    pub(crate) async fn run(self, place: &Place) -> anyhow::Result<()> {
        let (config, app) = place.open().await?;
        let org = &config.organisation.0;
        let (Some(id), Some(word)) = (&self.activation, &self.action) else {
            for breaker in app.desk.store.breakers(Some(org)).await? {
                say!("{}", shown(&breaker.activation, &breaker));
            }
            return Ok(());
        };
        let usage = || Usage(format!("'{word}' is none of {}", Step::WORDS.join(", ")));
        let step = Step::parse(word).ok_or_else(usage)?;
        let reason = self.reason.unwrap_or_default();
        let breaker =
            mortise::flows::breaker::set(&app.desk, &administrator(org), id, step, &reason).await.map_err(flow)?;
        say!("{}", shown(id, &breaker));
        Ok(())
    }
}

fn shown(activation: &str, breaker: &breaker::Breaker) -> serde_json::Value {
    json!({ "activation": activation, "breaker": breaker.to_json() })
}
