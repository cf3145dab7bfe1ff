//! Where things are, and how cargo is called.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use anyhow::{Context, Result, bail};

/// The checkout this program was built from.
pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// Fails when the checkout has been moved away since this program was built.
    pub(crate) fn find() -> Result<Self> {
        let manifest =
            env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest.parent().context("xtask has no folder above it")?.to_path_buf();
        if !root.join("Cargo.toml").is_file() {
            bail!("no workspace at {}; run this as `cargo xtask`", root.display());
        }
        Ok(Self { root })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Our own outputs stay here even when cargo's go elsewhere: the README names these paths.
    pub(crate) fn target(&self) -> PathBuf {
        self.root.join("target")
    }

    /// Where the built components are.
    pub(crate) fn components(&self) -> PathBuf {
        self.target().join("components")
    }

    /// The host's binary, as cargo leaves it.
    pub(crate) fn host_binary(&self, profile: &str) -> PathBuf {
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(
            || self.target(),
            // Cargo takes a relative folder from where it is started, which is the root here.
            |dir| self.root.join(dir),
        );
        target.join(profile).join(format!("mortise{}", env::consts::EXE_SUFFIX))
    }

    /// A cargo call in the workspace, without what `cargo run` told this program about itself.
    pub(crate) fn cargo(&self) -> Command {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let mut command = Command::new(cargo);
        command.current_dir(&self.root);
        for (name, _) in env::vars_os() {
            let ours =
                name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"));
            if ours {
                command.env_remove(name);
            }
        }
        command
    }
}

/// Runs a command that shows its own progress, and waits.
///
/// # Errors
/// When the program cannot be started, or ends with a failure.
pub(crate) fn run(what: &str, command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("{what}: cannot start {}", program(command)))?;
    check(what, status)
}

/// # Errors
/// When the status is a failure; the message names `what`.
pub(crate) fn check(what: &str, status: ExitStatus) -> Result<()> {
    if status.success() { Ok(()) } else { bail!("{what} failed ({status})") }
}

/// The command's program as text, for messages.
pub(crate) fn program(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

/// Standard output of a short command, or `None` when it is missing or fails.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok()?;
    if !output.status.success() {
        return None;
    }
    String::from_utf8(output.stdout).ok()
}
