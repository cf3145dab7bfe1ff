//! `cargo xtask bench`: the measurements of a release build, in one run.

use std::process::ExitCode;

use anyhow::Result;

use crate::guests::{self, Which};
use crate::workspace::{Workspace, run};

/// # Errors
/// When a build or the benchmark program fails.
pub(crate) fn bench(workspace: &Workspace, args: &[String]) -> Result<ExitCode> {
    guests::build(workspace, Which::All)?;
    // Both are built from one selection of packages, or cargo would compile what they share twice.
    run(
        "building the host and the benchmarks",
        workspace.cargo().args(["build", "--release", "--package", "mortise", "--package", "mortise-tests", "--bins"]),
    )?;
    let host = workspace.host_binary("release");
    run(
        "the benchmarks",
        std::process::Command::new(host.with_file_name(format!("bench{}", std::env::consts::EXE_SUFFIX)))
            .current_dir(workspace.root())
            .env("MORTISE_TEST_COMPONENTS", workspace.components())
            .env("MORTISE_TEST_BIN", &host)
            .args(args),
    )?;
    Ok(ExitCode::SUCCESS)
}
