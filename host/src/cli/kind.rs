//! `mortise kind`

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use mortise::domain::kind::{Document, parse};
use mortise::domain::{Actor, Role};
use mortise::flows::kinds::{self, Edit, Outcome, Wish};

use super::{Place, Usage, flow};

/// Record kinds: list, show, check a file, put one in force, take a change back.
#[derive(Subcommand)]
pub(crate) enum Kind {
    /// List the organisation's kinds: slug, prefix, version (0 is built-in), name.
    List,
    /// Print a kind's file.
    Show {
        /// Slug, for example incident.
        slug: String,
        /// A version of the organisation's own instead of the one in force.
        #[arg(long, value_name = "N")]
        version: Option<i64>,
    },
    /// Say what is wrong with a kind's file. Needs no database; `put --dry-run` also asks the records.
    Check {
        /// Kind file (TOML).
        file: PathBuf,
    },
    /// Put a kind's file in force: a change of the kind of its slug, or a new kind.
    Put {
        /// Kind file (TOML).
        file: PathBuf,
        #[command(flatten)]
        how: How,
    },
    /// Go back to the version before, or to another one.
    Rollback {
        /// Slug, for example incident.
        slug: String,
        /// The version to go back to; 0 is the built-in kind.
        #[arg(long, value_name = "N")]
        to: Option<i64>,
        #[command(flatten)]
        how: How,
    },
}

/// How a kind is changed.
#[derive(Args)]
pub(crate) struct How {
    /// Only say what would happen.
    #[arg(long)]
    dry_run: bool,
    /// Let fields go although records have values of them; the values stay in the records.
    #[arg(long)]
    keep_values: bool,
    /// Refuse unless the kind is at this version.
    #[arg(long, value_name = "N")]
    expected_version: Option<i64>,
    /// Why.
    #[arg(long, default_value = "")]
    reason: String,
}

impl How {
    fn wish(self, slug: String, edit: Edit) -> Wish {
        let Self { dry_run, keep_values, expected_version: expected, reason } = self;
        Wish { slug, edit, expected, reason, keep_values, dry_run }
    }
}

impl Kind {
    pub(crate) async fn run(self, place: &Place) -> anyhow::Result<()> {
        match self {
            Self::Check { file } => check(&file),
            Self::List => list(place).await,
            Self::Show { slug, version } => show(place, &slug, version).await,
            Self::Put { file, how } => {
                let text = text(&file)?;
                let document = Document::read(&text, &file.display().to_string()).map_err(|e| Usage(e.to_string()))?;
                let slug = document.head("slug").unwrap_or_default().to_owned();
                change(place, how.wish(slug, Edit::File(text))).await
            }
            Self::Rollback { slug, to, how } => change(place, how.wish(slug, Edit::Back(to))).await,
        }
    }
}

fn text(file: &Path) -> anyhow::Result<String> {
    Ok(std::fs::read_to_string(file).map_err(|e| Usage(format!("{}: {e}", file.display())))?)
}

fn check(file: &Path) -> anyhow::Result<()> {
    let kind = parse(&text(file)?, &file.display().to_string()).map_err(|error| Usage(error.to_string()))?;
    let (fields, states, steps) = (kind.fields.len(), kind.states.len(), kind.transitions.len());
    say!("{}: {fields} fields, {states} states, {steps} transitions", kind.slug);
    Ok(())
}

async fn list(place: &Place) -> anyhow::Result<()> {
    let (config, app) = place.open().await?;
    for kind in app.desk.kinds(&config.organisation.0).iter() {
        say!("{}\t{}\t{}\t{}\t{}", kind.slug, kind.prefix, kind.version, kind.name.en, kind.name.zh);
    }
    Ok(())
}

async fn show(place: &Place, slug: &str, version: Option<i64>) -> anyhow::Result<()> {
    let (config, app) = place.open().await?;
    let org = &config.organisation.0;
    let text = match version {
        None => app.desk.kinds(org).get(slug).and_then(|_| app.desk.kinds(org).text(slug).map(ToString::to_string)),
        Some(0) => app.desk.kinds.builtin().text(slug).map(ToString::to_string),
        Some(wanted) => {
            let versions = app.desk.store.kind_versions(org, slug).await?;
            versions.into_iter().find(|version| version.version == wanted).map(|version| version.body)
        }
    };
    let missing = || match version {
        None => Usage(format!("there is no kind '{slug}'")),
        Some(version) => Usage(format!("the kind '{slug}' has no version {version}")),
    };
    say!("{}", text.ok_or_else(missing)?.trim_end());
    Ok(())
}

async fn change(place: &Place, wish: Wish) -> anyhow::Result<()> {
    let (config, app) = place.open().await?;
    let actor = Actor::user(&config.organisation.0, "command-line", [Role::Adm]);
    let outcome = kinds::run(&app.desk, &actor, &wish).await.map_err(flow)?;
    tell(&outcome);
    if outcome.dry_run && outcome.broken > 0 {
        return Err(Usage(format!("{} records could not live under this version", outcome.broken)).into());
    }
    Ok(())
}

fn tell(outcome: &Outcome) {
    let word = if outcome.dry_run { "would be" } else { "is" };
    say!("{} {word} at version {} (was {})", outcome.kind, outcome.version, outcome.was);
    for path in &outcome.indexed {
        say!("indexed: {path}");
    }
    for path in &outcome.no_longer_indexed {
        say!("no longer indexed: {path}");
    }
    for (field, count) in &outcome.left_behind {
        say!("{count} records keep a value of {field}");
    }
    for one in &outcome.breaks {
        say!("{}\t{}\t{}\t{}", one.number, one.problem.field, one.problem.rule, one.problem.message);
    }
}
