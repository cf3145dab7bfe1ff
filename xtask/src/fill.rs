//! `cargo xtask fill`: a made-up organisation in a database, by a release build.

use std::process::ExitCode;

use anyhow::Result;

use crate::workspace::{Workspace, run};

/// # Errors
/// When the build or the filling fails.
pub(crate) fn fill(workspace: &Workspace, wish: &Wish) -> Result<ExitCode> {
    run("building the host", workspace.cargo().args(["build", "--release", "--package", "mortise"]))?;
    let mut command = std::process::Command::new(workspace.host_binary("release"));
    command.current_dir(workspace.root()).arg("fill").args(["--records", &wish.records.to_string()]);
    command.args(["--seed", &wish.seed.to_string()]);
    match &wish.database {
        Some(url) => command.args(["--database-url", url]),
        None => command.arg("--data-dir").arg(workspace.target().join("filled")),
    };
    if let Some(org) = &wish.org {
        command.args(["--organisation", org]);
    }
    run("filling the database", &mut command)?;
    Ok(ExitCode::SUCCESS)
}

/// What is to be filled, and how.
#[derive(clap::Args)]
pub(crate) struct Wish {
    /// Records, in all
    #[arg(long, value_name = "N")]
    records: u64,
    /// The same seed gives the same organisation
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// sqlite:PATH or postgres://USER@HOST/NAME; default: a file in target/filled
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Organisation to fill
    #[arg(long, value_name = "ID")]
    org: Option<String>,
}
