//! `mortise plugin`

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use mortise::domain::component::{Mode, Scope};
use mortise::domain::lookup::LookupGrant;
use mortise::domain::{Actor, Role};
use mortise::engine::SettingsRefused;
use mortise::flows::activate;
use mortise::flows::upload_component::{self, Upload};
use mortise::store::components::ComponentRow;
use mortise_types::Process;
use serde_json::{Value, json};

use super::desk::{Bench, Build, New, Test};
use super::plugin_approve::Approve;
use super::plugin_backtest::Backtest;
use super::plugin_breaker::Breaker;
use super::plugin_inspect::Inspect;
use super::plugin_oci::{Pull, Push};
use super::plugin_rollout::{Activate, Promote, Revert};
use super::plugin_run::Run;
use super::plugin_sign::{Key, Sign, Verify};
use super::{Place, Usage, flow};

/// Components: list, upload, approve, activate, promote, revert, roll back, inspect, sign, push, pull, run, backtest, breaker;
/// projects: new, build, test, bench.
#[derive(Subcommand)]
pub(crate) enum Plugin {
    /// List the organisation's components and where each is active.
    List,
    /// Verify a component and keep it.
    Upload {
        /// Component file (.wasm).
        component: PathBuf,
        /// Import to grant, for example itsm:log/log; may be given several times.
        #[arg(long, value_name = "IMPORT")]
        grant: Vec<String>,
        /// What it may look up, with --grant itsm:records/lookup; may be given several times.
        #[arg(long, value_name = "KIND:FIELD,FIELD")]
        lookup: Vec<String>,
        /// Rows of one lookup at the most.
        #[arg(long, default_value_t = 100, value_name = "N")]
        lookup_rows: u32,
        /// Signature file over the component.
        #[arg(long, value_name = "FILE")]
        signature: Option<PathBuf>,
    },
    Approve(Approve),
    Activate(Activate),
    Promote(Promote),
    Revert(Revert),
    Breaker(Breaker),
    /// Go back to what was live before in a scope.
    Rollback {
        /// Process: sla, change-risk, budget, supplier.
        #[arg(long)]
        process: String,
        #[command(flatten)]
        scope: ScopeOption,
        /// Refuse unless the process is at this generation.
        #[arg(long, value_name = "N")]
        expected_generation: Option<i64>,
        /// Why.
        #[arg(long, default_value = "")]
        reason: String,
    },
    Inspect(Inspect),
    /// Keys that sign components: make one, show one.
    #[command(subcommand)]
    Key(Key),
    Sign(Sign),
    Verify(Verify),
    Push(Push),
    Pull(Pull),
    /// Run requests through a component file. Needs no server.
    Run(Run),
    Backtest(Backtest),
    New(New),
    Build(Build),
    Test(Test),
    Bench(Bench),
}

/// What an activation is for.
#[derive(Args)]
pub(crate) struct ScopeOption {
    /// Scope: organisation, kind=SLUG, service=NUMBER, customer=NUMBER or contract=NUMBER.
    #[arg(long, default_value = "organisation", value_name = "SCOPE")]
    scope: String,
}

impl ScopeOption {
    pub(super) fn parse(&self) -> anyhow::Result<Scope> {
        let (kind, value) = self.scope.split_once('=').unwrap_or((&self.scope, ""));
        let scope = Scope::from_parts(kind, value).filter(|s| value.is_empty() == (*s == Scope::Organisation));
        let usage = || {
            Usage(format!(
                "--scope '{}' is not organisation or one of kind=, service=, customer=, contract=",
                self.scope
            ))
        };
        Ok(scope.ok_or_else(usage)?)
    }
}

impl Plugin {
    pub(crate) async fn run(self, place: &Place) -> anyhow::Result<()> {
        match self {
            Self::Run(command) => command.run().await,
            Self::Backtest(command) => command.run().await,
            Self::New(command) => command.run(),
            Self::Build(command) => command.run().await,
            Self::Test(command) => command.run().await,
            Self::Bench(command) => command.run().await,
            Self::Inspect(command) => command.run().await,
            Self::Key(command) => command.run(),
            Self::Sign(command) => command.run(),
            Self::Verify(command) => command.run(),
            Self::Push(command) => command.run(place).await,
            Self::Pull(command) => command.run(place).await,
            Self::List => list(place).await,
            Self::Upload { component, grant, lookup, lookup_rows, signature } => {
                let (config, app) = place.open().await?;
                let actor = administrator(&config.organisation.0);
                let granted: BTreeSet<String> = grant.into_iter().collect();
                let signature = signature.map(|path| text(&path)).transpose()?;
                let lookups = LookupGrant::parse(&lookup, lookup_rows).map_err(|e| flow(e.into()))?;
                let upload = Upload { bytes: bytes(&component)?, granted, signature, lookups };
                let row = upload_component::signed(&app.desk, &actor, upload).await.map_err(flow)?;
                say!("{}\t{}\t{}@{}\t{}", row.digest, row.process, row.name, row.version, row.number);
                Ok(())
            }
            Self::Approve(command) => command.run(place).await,
            Self::Activate(command) => command.run(place).await,
            Self::Promote(command) => command.run(place).await,
            Self::Revert(command) => command.run(place).await,
            Self::Breaker(command) => command.run(place).await,
            Self::Rollback { process, scope, expected_generation, reason } => {
                let process: Process = process.parse().map_err(|e| Usage(format!("--process: {e}")))?;
                let scope = scope.parse()?;
                let (config, app) = place.open().await?;
                let actor = administrator(&config.organisation.0);
                let activation = activate::rollback(&app.desk, &actor, process, scope, expected_generation, &reason)
                    .await
                    .map_err(flow)?;
                match activation {
                    Some(activation) => say!("{}", activation.to_json()),
                    None => say!("{}", json!({ "process": process.slug(), "live": false })),
                }
                Ok(())
            }
        }
    }
}

async fn list(place: &Place) -> anyhow::Result<()> {
    let (config, app) = place.open().await?;
    let org = &config.organisation.0;
    let activations = app.desk.store.activations(org, None).await?;
    for component in app.desk.store.components(org).await? {
        let live: Vec<String> = activations
            .iter()
            .filter(|a| a.digest == component.digest && a.is_live())
            .map(|a| {
                let scope = format!("{} {}", a.scope.kind(), a.scope.value()).trim_end().to_owned();
                if a.mode == Mode::Active { scope } else { format!("{scope} ({} {})", a.mode.as_str(), a.id) }
            })
            .collect();
        let live = if live.is_empty() { "not active".to_owned() } else { live.join(", ") };
        say!("{}\t{}\t{}@{}\t{live}", component.digest, component.process, component.name, component.version);
    }
    Ok(())
}

/// Whoever may run commands on the database is its administrator.
pub(super) fn administrator(org: &str) -> Actor {
    Actor::user(org, "command-line", [Role::Adm])
}

pub(super) fn bytes(path: &std::path::Path) -> anyhow::Result<Vec<u8>> {
    Ok(std::fs::read(path).map_err(|e| Usage(format!("component {}: {e}", path.display())))?)
}

fn text(path: &std::path::Path) -> anyhow::Result<String> {
    Ok(std::fs::read_to_string(path).map_err(|e| Usage(format!("{}: {e}", path.display())))?)
}

pub(super) fn json_file(path: &std::path::Path) -> anyhow::Result<Value> {
    Ok(serde_json::from_str(&text(path)?).map_err(|e| Usage(format!("{}: {e}", path.display())))?)
}

/// Digits of a digest that name a component at the least: fewer are a slip of the finger.
const DIGITS: usize = 6;

/// The component that its digest, the first digits of it, or its number means.
pub(super) fn named<'c>(components: &'c [ComponentRow], meant: &str) -> Result<&'c ComponentRow, Usage> {
    if let Some(component) = components.iter().find(|component| component.number == meant) {
        return Ok(component);
    }
    if meant.len() < DIGITS || !meant.chars().all(|c| c.is_ascii_hexdigit()) {
        let message =
            format!("'{meant}' is neither the number of a component (PLG-…) nor {DIGITS} digits of its digest");
        return Err(Usage(message));
    }
    let found: Vec<_> = components.iter().filter(|component| component.digest.starts_with(meant)).collect();
    match found.as_slice() {
        [component] => Ok(component),
        found => Err(Usage(format!("{} of the organisation's components start with {meant}", found.len()))),
    }
}

/// What is wrong with the settings of a component, in one line.
pub(super) fn settings_wrong(refused: &SettingsRefused) -> Usage {
    let problems: Vec<String> = refused.problems.iter().map(ToString::to_string).collect();
    Usage(format!("--settings: {}", problems.join("; ")))
}
