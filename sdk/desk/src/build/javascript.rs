//! JavaScript: QuickJS inside a component, by componentize-qjs (which is also what
//! `jco componentize --backend quickjs` runs).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Compile, Stage};
use crate::contract::WORLD;
use crate::error::{Error, Result};
use crate::language::Language;
use crate::project::Project;
use crate::tools::{self, Tools};

/// Without the async ABI, which the host does not link, and without WASI: a policy has no clock,
/// no randomness and no files. The runtime that is optimised for speed: it costs half a megabyte
/// more, and a quarter less fuel.
const FLAGS: [&str; 2] = ["--sync", "--stub-wasi"];

pub(super) struct Compiler(PathBuf);

impl Compiler {
    pub(super) fn find(project: &Project, tools: &Tools) -> Result<Self> {
        if let Some(found) = tools.find(project, &["componentize-qjs"]) {
            return Ok(Self(found));
        }
        Err(Error::Missing(match tools.find(project, &["npm"]) {
            Some(_) => format!("no componentize-qjs: run `npm install` in {}", project.root.display()),
            None => "no Node.js: install it (18 or newer, with npm), then run `npm install` in the project".to_owned(),
        }))
    }
}

impl Compile for Compiler {
    fn version(&self) -> Result<String> {
        // It does not tell its version; the package beside it does.
        let program = fs::canonicalize(&self.0).map_err(|error| Error::file("read", &self.0, error))?;
        let package = program.parent().and_then(Path::parent).map(|folder| folder.join("package.json"));
        let text = package.and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
        let version = text.lines().find(|line| line.contains("\"version\"")).unwrap_or_default().trim().to_owned();
        Ok(format!("componentize-qjs {version} {FLAGS:?}"))
    }

    fn component(&self, stage: &Stage, work: &Path) -> Result<Vec<u8>> {
        let output = work.join("policy.wasm");
        let mut command = Command::new(&self.0);
        command
            .args(["--world", WORLD, "--wit"])
            .arg(stage.wit())
            .arg("--js")
            .arg(stage.source(Language::JavaScript))
            .arg("--module-root")
            .arg(&stage.root)
            .args(FLAGS)
            .arg("--output")
            .arg(&output);
        tools::run("componentize-qjs", &mut command)?;
        fs::read(&output).map_err(|error| Error::file("read", &output, error))
    }
}
