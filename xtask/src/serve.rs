//! `cargo xtask serve`: the built host over the built components, with demo data.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::guests::{self, Which};
use crate::workspace::Workspace;

/// Builds, then becomes the server.
///
/// # Errors
/// When a build fails or the server cannot be started.
pub(crate) fn serve(workspace: &Workspace, release: bool, args: &[String]) -> Result<ExitCode> {
    guests::build(workspace, Which::Reference)?;
    let mut cargo = workspace.cargo();
    cargo.args(["run", "--package", "mortise", "--bin", "mortise"]);
    if release {
        cargo.arg("--release");
    }
    cargo.args(["--", "serve", "--demo"]);
    add_default(&mut cargo, args, "--data-dir", &workspace.target().join("demo"));
    add_default(&mut cargo, args, "--components", &workspace.components());
    cargo.args(args);
    become_it(cargo)
}

/// Adds an option the person has not given.
fn add_default(cargo: &mut Command, given: &[String], option: &str, value: &Path) {
    let named =
        given.iter().any(|arg| arg.strip_prefix(option).is_some_and(|rest| rest.is_empty() || rest.starts_with('=')));
    if !named {
        cargo.arg(option).arg(value);
    }
}

/// Replaces this process by cargo, which replaces itself by the server: Ctrl-C and every other
/// signal reach the server itself, and its exit code is what the caller sees.
#[cfg(unix)]
fn become_it(mut cargo: Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    Err(anyhow::Error::new(cargo.exec()).context("start the server"))
}

/// Where a process cannot be replaced: Ctrl-C goes to every program of the console.
#[cfg(not(unix))]
fn become_it(mut cargo: Command) -> Result<ExitCode> {
    crate::workspace::run("the server", &mut cargo)?;
    Ok(ExitCode::SUCCESS)
}
