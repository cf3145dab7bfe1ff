//! `cargo xtask fuzz`: damaged input for everything that takes bytes from strangers.

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::guests::{self, Which};
use crate::workspace::{Workspace, run};

/// Runs the fuzz targets; a failure is an exit code, it has been reported by then.
///
/// # Errors
/// When a build fails.
pub(crate) fn fuzz(workspace: &Workspace, args: &[String]) -> Result<ExitCode> {
    guests::build(workspace, Which::All)?;
    // The whole workspace is selected: the same features as for tests, so nothing is compiled twice. Overflow is
    // checked in this build, which is the point.
    run("building the fuzz targets", workspace.cargo().args(["build", "--workspace", "--bins"]))?;
    let host = workspace.host_binary("debug");
    let status = std::process::Command::new(host.with_file_name(format!("fuzz{}", std::env::consts::EXE_SUFFIX)))
        .current_dir(workspace.root())
        .env("MORTISE_TEST_COMPONENTS", workspace.components())
        .args(args)
        .status()
        .context("start the fuzz targets")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
