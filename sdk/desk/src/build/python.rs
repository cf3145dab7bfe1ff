//! Python: CPython inside a component, by componentize-py.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Compile, Stage};
use crate::contract::WORLD;
use crate::error::{Error, Result};
use crate::project::Project;
use crate::tools::{self, Tools};

/// Without WASI: a policy has no clock, no randomness and no files.
const FLAGS: [&str; 1] = ["--stub-wasi"];

pub(super) struct Compiler(PathBuf);

impl Compiler {
    pub(super) fn find(project: &Project, tools: &Tools) -> Result<Self> {
        if let Some(found) = tools.find(project, &["componentize-py"]) {
            return Ok(Self(found));
        }
        Err(Error::Missing(match tools.find(project, &["python3", "python"]) {
            Some(_) => format!(
                "no componentize-py: in {}, run `python3 -m venv .venv` and \
                 `.venv/bin/pip install -r requirements.txt`",
                project.root.display()
            ),
            None => "no Python: install it (3.10 or newer, with venv and pip)".to_owned(),
        }))
    }
}

impl Compile for Compiler {
    fn version(&self) -> Result<String> {
        let version = tools::run("componentize-py", Command::new(&self.0).arg("--version"))?;
        Ok(format!("{} {FLAGS:?}", version.trim()))
    }

    fn component(&self, stage: &Stage, work: &Path) -> Result<Vec<u8>> {
        let output = work.join("policy.wasm");
        let mut command = Command::new(&self.0);
        command
            .args(["--quiet", "--world", WORLD, "--wit-path"])
            .arg(stage.wit())
            .arg("componentize")
            .args(FLAGS)
            .arg("--python-path")
            .arg(stage.root.join("src"))
            .arg("--python-path")
            .arg(&stage.root)
            .arg("--output")
            .arg(&output)
            .arg("policy")
            // What lies in the caller's environment must not get into the component.
            .env_remove("VIRTUAL_ENV")
            .env_remove("PYTHONPATH")
            // Sets have the same order at every build, so the component has the same bytes.
            .env("PYTHONHASHSEED", "0");
        tools::run("componentize-py", &mut command)?;
        fs::read(&output).map_err(|error| Error::file("read", &output, error))
    }
}
