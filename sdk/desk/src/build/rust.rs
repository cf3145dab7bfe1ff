//! Rust: a core module by cargo, for a target without WASI.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::component;
use crate::error::{Error, Result};
use crate::project::Project;
use crate::tools::{self, Tools};

const TARGET: &str = "wasm32-unknown-unknown";

/// A small stack, so that an instance touches (and the host resets) few pages.
pub const STACK: &str = "-Clink-arg=-zstack-size=65536";
/// Room to allocate from that is there from the start. Memory that grows during a call changes its protection, for which
/// all threads of the server wait: calls on two cores took more than twice as long.
pub const HEAP: &str = "-Clink-arg=--initial-heap=524288";

pub(super) fn build(project: &Project, tools: &Tools, work: &Path) -> Result<Vec<u8>> {
    let rustc = tools.rustc.clone().unwrap_or_else(|| PathBuf::from("rustc"));
    let Some(cargo) = tools.find(project, &["cargo"]) else {
        return Err(Error::Missing("no cargo: install Rust 1.95 or newer".to_owned()));
    };
    let libraries = tools::run(
        "rustc",
        Command::new(&rustc).args(["--print", "target-libdir", "--target", TARGET]).current_dir(&project.root),
    )?;
    if !Path::new(libraries.trim()).is_dir() {
        return Err(Error::Missing(format!("no standard library for {TARGET}: run `rustup target add {TARGET}`")));
    }
    let mut command = Command::new(cargo);
    command
        .current_dir(&project.root)
        .args(["build", "--release", "--target", TARGET, "--message-format", "json-render-diagnostics"])
        .env("CARGO_ENCODED_RUSTFLAGS", [STACK, HEAP].join("\u{1f}"));
    if std::env::var_os("CARGO_TARGET_DIR").is_none() {
        command.env("CARGO_TARGET_DIR", work.join("cargo"));
    }
    if let Some(rustc) = &tools.rustc {
        command.env("RUSTC", rustc);
    }
    let messages = tools::run("cargo build", &mut command)?;
    let module = messages.lines().rev().find_map(module).ok_or_else(|| {
        Error::Project("cargo built no WebAssembly module: [lib] needs crate-type = [\"cdylib\", \"rlib\"]".to_owned())
    })?;
    let bytes = fs::read(&module).map_err(|error| Error::file("read", &module, error))?;
    component::from_core_module(&bytes).map_err(Error::Project)
}

/// The module that one of cargo's messages tells of. The project's own comes last.
fn module(message: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(message).ok()?;
    let files = message.get("filenames")?.as_array()?;
    files.iter().filter_map(Value::as_str).find(|file| file.ends_with(".wasm")).map(PathBuf::from)
}
