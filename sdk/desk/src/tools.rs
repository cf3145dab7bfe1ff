//! Finding and running compilers.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::{Error, Result};
use crate::project::Project;

/// How much of a failed tool's output is passed on.
const TAIL: usize = 60;

/// Where compilers are looked for.
#[derive(Debug, Clone, Default)]
pub struct Tools {
    /// Folders before those of `PATH`.
    pub folders: Vec<PathBuf>,
    /// The Rust compiler to use; `None`: cargo's own.
    pub rustc: Option<PathBuf>,
}

impl Tools {
    /// What this machine has: `PATH`, and `WASM_RUSTC` for a Rust compiler other than cargo's.
    #[must_use]
    pub fn of_this_machine() -> Self {
        Self { folders: Vec::new(), rustc: env::var_os("WASM_RUSTC").map(PathBuf::from) }
    }

    /// The first of these programs that there is: in the project (what `npm install` and a
    /// virtual environment leave there), in the folders, on `PATH`. For each name its folders
    /// are searched before the next name is.
    pub(crate) fn find(&self, project: &Project, names: &[&str]) -> Option<PathBuf> {
        let own = [".venv/bin", ".venv/Scripts", "node_modules/.bin"].map(|folder| project.root.join(folder));
        let path = env::var_os("PATH").unwrap_or_default();
        let folders: Vec<PathBuf> =
            own.into_iter().chain(self.folders.iter().cloned()).chain(env::split_paths(&path)).collect();
        names.iter().find_map(|name| {
            let suffixes: &[&str] = if cfg!(windows) { &[".exe", ".cmd", ""] } else { &[""] };
            folders.iter().find_map(|folder| {
                suffixes.iter().map(|suffix| folder.join(format!("{name}{suffix}"))).find(|path| path.is_file())
            })
        })
    }
}

/// Runs a tool to its end; what it writes matters only when it fails.
///
/// # Errors
/// When it cannot be started or fails, with the end of its output.
pub(crate) fn run(what: &str, command: &mut Command) -> Result<String> {
    let program = Path::new(command.get_program()).display().to_string();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Error::Missing(format!("{what}: cannot start {program}: {error}")))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = text.lines().chain(errors.lines()).collect();
    let tail = lines[lines.len().saturating_sub(TAIL)..].join("\n");
    Err(Error::Tool { what: what.to_owned(), output: tail })
}
