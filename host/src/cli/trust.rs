//! `mortise trust`

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use mortise::domain::trust::Unsigned;
use mortise::domain::{Actor, Instant, Role, canonical};
use mortise::flows::Desk;
use mortise::flows::trust::{self, Distrusted, NewKey, PolicyWish, Trust as Trusted};
use serde_json::json;

use super::plugin::bytes;
use super::{Place, Usage, flow};

/// Whose components are taken: policy and publishers' keys.
#[derive(Subcommand)]
pub(crate) enum Trust {
    /// Show the policy, the keys, and what is live although it would not be taken any more.
    Show,
    /// Decide what is taken without a signature.
    Policy {
        /// allow, allow-named or refuse.
        #[arg(long)]
        unsigned: String,
        /// Digest or name of a component that is taken unsigned (with allow-named); may be given several times. Without
        /// it, what is named stays named.
        #[arg(long, value_name = "DIGEST|NAME")]
        allow: Vec<String>,
        /// Why.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Name a component that is taken unsigned, under the policy allow-named, beside those that are named already.
    Allow {
        #[command(flatten)]
        named: Named,
    },
    /// Name a component no more.
    Disallow {
        #[command(flatten)]
        named: Named,
    },
    /// Trust a publisher's key.
    Add {
        /// The publisher.
        #[arg(long)]
        name: String,
        /// File with the public key (PEM).
        #[arg(long, value_name = "FILE")]
        public_key: PathBuf,
        /// Process it may ship: sla, change-risk, budget, supplier; may be given several times. Without it, all.
        #[arg(long, value_name = "PROCESS")]
        process: Vec<String>,
        /// From when (RFC 3339); without it, from now on.
        #[arg(long, value_name = "INSTANT")]
        valid_from: Option<String>,
        /// Until when (RFC 3339).
        #[arg(long, value_name = "INSTANT")]
        valid_until: Option<String>,
    },
    /// Trust a key no more: what it signed cannot be activated any longer.
    Revoke {
        /// The key's id, or the start of it.
        id: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
}

/// A component that is named.
#[derive(Args)]
pub(crate) struct Named {
    /// Its digest, its name, or its file: what is the path of a file stands for the digest of its bytes.
    #[arg(value_name = "DIGEST|NAME|FILE.wasm")]
    component: String,
    /// Why.
    #[arg(long, default_value = "")]
    reason: String,
}

impl Named {
    fn component(&self) -> anyhow::Result<BTreeSet<String>> {
        let path = Path::new(&self.component);
        let named = if path.is_file() { canonical::sha256(&bytes(path)?) } else { self.component.clone() };
        Ok(BTreeSet::from([named]))
    }

    async fn set(&self, desk: &Desk, actor: &Actor, named: bool) -> anyhow::Result<()> {
        let component = self.component()?;
        let set = trust::name(desk, actor, &component, named, &self.reason);
        let (trust, distrusted) = set.await.map_err(flow)?;
        say!("{}", trust.policy.to_json());
        warn(&distrusted);
        Ok(())
    }
}

impl Trust {
    pub(crate) async fn run(self, place: &Place) -> anyhow::Result<()> {
        let (config, app) = place.open().await?;
        let (desk, org) = (&app.desk, &config.organisation.0);
        let actor = Actor::user(org, "command-line", [Role::Adm]);
        let now = desk.clock.now();
        match self {
            Self::Show => {
                let trust = Trusted::of(desk, org).await.map_err(flow)?;
                let distrusted = trust.distrusted(desk, org).await.map_err(flow)?;
                let mut shown = trust.policy.to_json();
                shown["keys"] = trust.keys.iter().map(|key| key.to_json(now)).collect();
                shown["distrusted"] = distrusted.iter().map(Distrusted::to_json).collect();
                say!("{}", serde_json::to_string_pretty(&shown)?);
            }
            Self::Policy { unsigned, allow, reason } => {
                let words = Unsigned::ALL.map(Unsigned::as_str).join(", ");
                let unsigned = Unsigned::parse(&unsigned)
                    .ok_or_else(|| Usage(format!("--unsigned '{unsigned}' is none of {words}")))?;
                let allowed = (!allow.is_empty()).then(|| allow.into_iter().collect());
                let wish = PolicyWish { unsigned, allowed, expected: None, reason };
                let (trust, distrusted) = trust::set(desk, &actor, wish).await.map_err(flow)?;
                say!("{}", trust.policy.to_json());
                warn(&distrusted);
            }
            Self::Allow { named } => named.set(desk, &actor, true).await?,
            Self::Disallow { named } => named.set(desk, &actor, false).await?,
            Self::Add { name, public_key, process, valid_from, valid_until } => {
                let new = NewKey {
                    name,
                    public_key: text(&public_key)?,
                    processes: process
                        .iter()
                        .map(|slug| slug.parse().map_err(|e| Usage(format!("--process: {e}"))))
                        .collect::<Result<_, _>>()?,
                    valid_from: moment("--valid-from", valid_from)?,
                    valid_until: moment("--valid-until", valid_until)?,
                };
                let key = trust::add(desk, &actor, new).await.map_err(flow)?;
                say!("{}", key.id);
            }
            Self::Revoke { id, reason } => {
                let keys = Trusted::of(desk, org).await.map_err(flow)?.keys;
                let found: Vec<_> = keys.iter().filter(|key| key.id.starts_with(&id)).collect();
                let [key] = found.as_slice() else {
                    return Err(Usage(format!("{} of the organisation's keys start with {id}", found.len())).into());
                };
                let (key, distrusted) = trust::revoke(desk, &actor, &key.id, &reason).await.map_err(flow)?;
                say!("{}", json!({ "id": key.id, "state": "revoked" }));
                warn(&distrusted);
            }
        }
        Ok(())
    }
}

/// What is live and would not be taken any more goes to whoever decided so.
fn warn(distrusted: &[Distrusted]) {
    for one in distrusted {
        eprintln!("mortise: live, but not trusted any more: {}", one.to_json());
    }
}

fn moment(option: &str, text: Option<String>) -> anyhow::Result<Option<Instant>> {
    Ok(text.map(|text| text.parse().map_err(|e| Usage(format!("{option}: {e}")))).transpose()?)
}

fn text(path: &Path) -> anyhow::Result<String> {
    Ok(std::fs::read_to_string(path).map_err(|e| Usage(format!("{}: {e}", path.display())))?)
}
