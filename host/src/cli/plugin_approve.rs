//! `mortise plugin approve`

use clap::Args;
use mortise::domain::{Actor, Role};
use mortise::flows::move_component::{self, Step};
use serde_json::json;

use super::plugin::named;
use super::record::by_slug;
use super::{Place, flow};

/// Approve a verified component as a process owner, so that it can be activated. Whoever uploaded it does not.
#[derive(Args)]
pub(crate) struct Approve {
    /// The component's digest, or the start of it, or its number (PLG-…).
    component: String,
    /// The process owner who approves.
    #[arg(long, value_name = "NAME")]
    user: String,
    /// Why.
    #[arg(long, default_value = "")]
    reason: String,
}

impl Approve {
    pub(crate) async fn run(self, place: &Place) -> anyhow::Result<()> {
        let (config, app) = place.open().await?;
        let org = config.organisation.0.as_str();
        let components = app.desk.store.components(org).await?;
        let component = named(&components, &self.component)?;
        let kind = by_slug(&app.desk.kinds(org), "component")?;
        let owner = Actor::user(org, &self.user, [Role::Po]);
        let step = Step { name: "approved", expected: None, reason: &self.reason };
        move_component::run(&app.desk, &owner, &kind, &component.number, step).await.map_err(flow)?;
        let approved = json!({
            "number": component.number, "digest": component.digest, "state": "approved", "by": self.user,
        });
        say!("{approved}");
        Ok(())
    }
}
