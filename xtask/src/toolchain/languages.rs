//! The compilers of languages other than Rust, found or installed.
//!
//! What npm and pip install goes into `target/desk`, pinned by the files that a partner's new
//! project gets, so that both build with the same tools. clang and lld are Debian packages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use mortise_desk::{Language, Tools};

use crate::progress::step;
use crate::workspace::{Workspace, output};

/// Finds or installs what these languages are built with; names what it installs before it does.
///
/// # Errors
/// When a tool is missing and cannot be installed; the message says what to do.
pub(crate) fn find(workspace: &Workspace, languages: &[Language]) -> Result<Tools> {
    let mut tools = Tools::default();
    for language in languages {
        match language {
            Language::Rust => {}
            Language::JavaScript => tools.folders.push(javascript(workspace)?),
            Language::Python => tools.folders.push(python(workspace)?),
            Language::C => c()?,
        }
    }
    Ok(tools)
}

/// Below `target/desk`, where packages are kept.
fn folder(workspace: &Workspace, name: &str) -> PathBuf {
    workspace.target().join("desk").join(name)
}

/// A file of the templates, which pins versions.
fn pinned(workspace: &Workspace, name: &str) -> Result<String> {
    let path = workspace.root().join("sdk/templates").join(name);
    fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))
}

/// Installs packages unless they are there already in the pinned versions: `install` gets the
/// folder, and what it left is trusted while the file that pins it is the same.
fn once(folder: &Path, pins: &str, install: impl FnOnce() -> Result<()>) -> Result<()> {
    let mark = folder.join("installed");
    if fs::read_to_string(&mark).is_ok_and(|installed| installed == pins) {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("remove {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
    install()?;
    fs::write(&mark, pins).with_context(|| format!("write {}", mark.display()))
}

fn javascript(workspace: &Workspace) -> Result<PathBuf> {
    let folder = folder(workspace, "javascript");
    let files = ["package.json", "package-lock.json"];
    let texts = files.map(|name| pinned(workspace, &format!("javascript/{name}")));
    let [package, lock] = texts;
    let (package, lock) = (package?, lock?);
    if output(Command::new("npm").arg("--version")).is_none() {
        bail!("no npm: components in JavaScript need Node.js 18 or newer (on Debian: apt-get install nodejs npm)");
    }
    once(&folder, &lock, || {
        for (name, text) in files.into_iter().zip([&package, &lock]) {
            fs::write(folder.join(name), text).with_context(|| format!("write {name}"))?;
        }
        let mut npm = Command::new("npm");
        npm.current_dir(&folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
        step("installing componentize-qjs with npm", &mut npm, None)
    })?;
    Ok(folder.join("node_modules/.bin"))
}

fn python(workspace: &Workspace) -> Result<PathBuf> {
    let folder = folder(workspace, "python");
    let pins = pinned(workspace, "python/requirements.txt")?;
    let bin = folder.join(if cfg!(windows) { "Scripts" } else { "bin" });
    once(&folder, &pins, || {
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv"]).arg(&folder);
        step("making a Python environment", &mut venv, None).context(
            "components in Python need Python 3.10 or newer with venv (on Debian: apt-get install python3-venv)",
        )?;
        let mut pip = Command::new(bin.join("pip"));
        pip.args(["install", "--disable-pip-version-check", "--requirement"]);
        pip.arg(workspace.root().join("sdk/templates/python/requirements.txt"));
        step("installing componentize-py with pip", &mut pip, None)
    })?;
    Ok(bin)
}

fn c() -> Result<()> {
    let there = || ["clang", "wasm-ld"].iter().all(|tool| output(Command::new(tool).arg("--version")).is_some());
    if there() {
        return Ok(());
    }
    let root = output(Command::new("id").arg("-u")).is_some_and(|id| id.trim() == "0");
    if !root || output(Command::new("apt-get").arg("--version")).is_none() {
        bail!("no clang or no wasm-ld: components in C need them (on Debian: apt-get install clang lld)");
    }
    let apt = |arguments: &[&str]| {
        let mut apt = Command::new("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive").arg("--quiet").args(arguments);
        apt
    };
    step("reading Debian's list of packages", &mut apt(&["update"]), None)?;
    let packages = ["--yes", "--no-install-recommends", "install", "clang", "lld"];
    step("installing clang and lld with apt-get", &mut apt(&packages), None)?;
    if there() {
        return Ok(());
    }
    bail!("clang and lld are installed, but clang and wasm-ld are not on PATH")
}
