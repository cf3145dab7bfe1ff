//! `mortise record`

use std::io::Read as _;
use std::sync::Arc;

use clap::{Args, Subcommand};
use mortise::domain::{Actor, Kind, Kinds};
use mortise::flows::list_records::{self, Ask};
use mortise::flows::{Desk, create_record, reach, read_record, transition_record, update_record};
use serde_json::{Map, Value};

use super::token::parse_roles;
use super::{Place, Usage, flow};

/// Make, read, list and change records without a server.
#[derive(Subcommand)]
pub(crate) enum RecordCommand {
    /// Make a record.
    Create {
        /// Kind, for example incident.
        kind: String,
        /// Fields as a JSON object; @FILE for a file, - for standard input.
        fields: String,
        #[command(flatten)]
        who: Who,
    },
    /// Print a record.
    Get {
        /// Number, for example INC-2026-000001.
        number: String,
        #[command(flatten)]
        who: Who,
    },
    /// Print the records of a kind, one a line.
    List {
        /// Kind, for example incident.
        kind: String,
        /// Filters FIELD=CONDITION: a,b for one of them, !a for none, from..to for a range.
        filters: Vec<String>,
        /// Field to sort by, with - before it for descending.
        #[arg(long, default_value = "-created_at", allow_hyphen_values = true)]
        sort: String,
        /// How many.
        #[arg(long, default_value_t = list_records::DEFAULT_LIMIT)]
        limit: usize,
        #[command(flatten)]
        who: Who,
    },
    /// Change fields of a record.
    Update {
        /// Number.
        number: String,
        /// Fields as a JSON object, null removes one; @FILE for a file, - for standard input.
        fields: String,
        /// Why.
        #[arg(long, default_value = "")]
        reason: String,
        #[command(flatten)]
        who: Who,
    },
    /// Move a record to another state.
    Transition {
        /// Number.
        number: String,
        /// Name of the transition, for example resolved.
        name: String,
        /// Fields that go with it, as a JSON object.
        #[arg(default_value = "{}")]
        fields: String,
        /// Why.
        #[arg(long, default_value = "")]
        reason: String,
        #[command(flatten)]
        who: Who,
    },
}

/// In whose name.
#[derive(Args)]
pub(crate) struct Who {
    /// User.
    #[arg(long, default_value = "command-line")]
    user: String,
    /// Roles, separated by commas.
    #[arg(long, value_delimiter = ',', required = true)]
    roles: Vec<String>,
}

impl Who {
    pub(super) async fn actor(&self, desk: &Desk, org: &str) -> anyhow::Result<Actor> {
        let actor = Actor::user(org, &self.user, parse_roles(&self.roles)?);
        Ok(reach::look_up(desk, &actor).await.map_err(flow)?.unwrap_or(actor))
    }
}

impl RecordCommand {
    pub(crate) async fn run(self, place: &Place) -> anyhow::Result<()> {
        let (config, app) = place.open().await?;
        let (desk, org) = (&app.desk, config.organisation.0.as_str());
        let kinds = desk.kinds(org);
        let record = match self {
            Self::Create { kind, fields, who } => {
                let kind = by_slug(&kinds, &kind)?;
                let actor = who.actor(desk, org).await?;
                create_record::run(desk, &actor, &kind, object(&fields)?, None).await.map_err(flow)?.record
            }
            Self::Get { number, who } => {
                let kind = by_number(&kinds, &number)?;
                read_record::run(desk, &who.actor(desk, org).await?, &kind, &number).await.map_err(flow)?
            }
            Self::List { kind, filters, sort, limit, who } => {
                let kind = by_slug(&kinds, &kind)?;
                let filters = filters.iter().map(|text| condition(text)).collect::<anyhow::Result<_>>()?;
                let ask = Ask { filters, sort: Some(sort), limit: Some(limit), ..Ask::default() };
                let page = list_records::run(desk, &who.actor(desk, org).await?, &kind, ask).await.map_err(flow)?;
                for record in page.records {
                    say!("{}", record.to_json());
                }
                return Ok(());
            }
            Self::Update { number, fields, reason, who } => {
                let kind = by_number(&kinds, &number)?;
                let actor = who.actor(desk, org).await?;
                update_record::run(desk, &actor, &kind, &number, object(&fields)?, None, &reason).await.map_err(flow)?
            }
            Self::Transition { number, name, fields, reason, who } => {
                let kind = by_number(&kinds, &number)?;
                let step =
                    transition_record::Step { name: &name, input: object(&fields)?, expected: None, reason: &reason };
                transition_record::run(desk, &who.actor(desk, org).await?, &kind, &number, step).await.map_err(flow)?
            }
        };
        say!("{}", serde_json::to_string_pretty(&record.to_json())?);
        Ok(())
    }
}

pub(super) fn by_slug(kinds: &Kinds, slug: &str) -> anyhow::Result<Arc<Kind>> {
    Ok(kinds.get(slug).cloned().ok_or_else(|| Usage(format!("there is no kind '{slug}'")))?)
}

fn by_number(kinds: &Kinds, number: &str) -> anyhow::Result<Arc<Kind>> {
    let prefix = number.split('-').next().unwrap_or_default();
    Ok(kinds.by_prefix(prefix).cloned().ok_or_else(|| Usage(format!("'{number}' is not a record number")))?)
}

pub(super) fn condition(text: &str) -> anyhow::Result<(String, String)> {
    let pair = text.split_once('=').map(|(field, condition)| (field.to_owned(), condition.to_owned()));
    Ok(pair.ok_or_else(|| Usage(format!("'{text}' is not a filter: FIELD=CONDITION")))?)
}

fn object(text: &str) -> anyhow::Result<Map<String, Value>> {
    let text = match text.strip_prefix('@') {
        Some(path) => std::fs::read_to_string(path).map_err(|e| Usage(format!("{path}: {e}")))?,
        None if text == "-" => {
            let mut all = String::new();
            std::io::stdin().read_to_string(&mut all)?;
            all
        }
        None => text.to_owned(),
    };
    Ok(serde_json::from_str(&text).map_err(|e| Usage(format!("fields are not a JSON object: {e}")))?)
}
