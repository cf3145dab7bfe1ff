//! `mortise token`

use std::collections::BTreeSet;

use clap::Subcommand;
use mortise::domain::{Instant, Role};
use mortise::flows::authenticate;

use super::{Place, Usage, flow};

/// Make, list and revoke bearer tokens.
#[derive(Subcommand)]
pub(crate) enum Token {
    /// Make a token and print it; it is shown once and stored hashed.
    Create {
        /// Who will act with it.
        #[arg(long)]
        user: String,
        /// Roles, separated by commas: SD,TE,PO,CM,CAB,SLM,SUP,BUD,SEC,AUD,TOP,MR,CUS,ADM,PUB.
        #[arg(long, value_delimiter = ',', required = true)]
        roles: Vec<String>,
        /// What it is for.
        #[arg(long, default_value = "")]
        label: String,
        /// Days until it expires; without this it is valid until revoked.
        #[arg(long, value_name = "DAYS")]
        expires: Option<u32>,
    },
    /// List the organisation's tokens; never their text.
    List,
    /// Revoke a token by its identifier.
    Revoke {
        /// Identifier, as listed.
        id: String,
    },
}

impl Token {
    pub(crate) async fn run(self, place: &Place) -> anyhow::Result<()> {
        const DAY_MS: i64 = 86_400_000;
        let (config, app) = place.open().await?;
        let (desk, org) = (&app.desk, &config.organisation.0);
        let now = desk.clock.now();
        match self {
            Self::Create { user, roles, label, expires } => {
                let roles = parse_roles(&roles)?;
                desk.store.ensure_organisation(org, org, now.0).await?;
                let expires = expires.map(|days| now.plus(i64::from(days) * DAY_MS));
                let issued = authenticate::issue(desk, org, &user, &roles, &label, expires).await.map_err(flow)?;
                say!("{}", issued.text);
            }
            Self::List => {
                for row in desk.store.tokens(org).await? {
                    let state = match (row.revoked_at, row.expires_at) {
                        (Some(at), _) => format!("revoked {}", Instant(at)),
                        (None, Some(at)) if at <= now.0 => format!("expired {}", Instant(at)),
                        (None, Some(at)) => format!("until {}", Instant(at)),
                        (None, None) => "valid".to_owned(),
                    };
                    say!("{}\t{}\t{}\t{state}\t{}", row.id, row.user, row.roles, row.label);
                }
            }
            Self::Revoke { id } => {
                if !desk.store.revoke_token(org, &id, now.0).await? {
                    return Err(Usage(format!("there is no valid token {id} in organisation '{org}'")).into());
                }
                say!("revoked");
            }
        }
        Ok(())
    }
}

pub(super) fn parse_roles(words: &[String]) -> anyhow::Result<BTreeSet<Role>> {
    words
        .iter()
        .map(|word| word.trim().to_uppercase().parse().map_err(|e| Usage(format!("--roles: {e}")).into()))
        .collect()
}
