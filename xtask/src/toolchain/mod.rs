//! A compiler for `wasm32-unknown-unknown`, found or installed.
//!
//! In this order: `WASM_RUSTC`; the compiler in use, when it has the target; `rustup target
//! add`, unless `RUSTUP_AUTO_INSTALL=0` says no; Debian's compiler, extracted privately.

mod debian;
pub(crate) mod languages;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use mortise_desk::build::rust::{HEAP, STACK};

use crate::progress::{say, step};
use crate::workspace::{Workspace, output};

/// What components are compiled for. Not a WASI target: those import WASI.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// How long rustup may take to fetch one target.
const RUSTUP_DEADLINE: Duration = Duration::from_secs(120);

/// A compiler that has [`TARGET`], and what a build with it needs.
pub(crate) struct Toolchain {
    /// `None`: the compiler cargo uses anyway.
    rustc: Option<PathBuf>,
    /// `None`: the compiler brings its own.
    linker: Option<PathBuf>,
    /// Tells toolchains apart in a folder name.
    key: String,
}

impl Toolchain {
    /// Finds or installs one; names what it downloads or installs before it does.
    ///
    /// # Errors
    /// When every way failed; the message says what to do.
    pub(crate) fn find(workspace: &Workspace) -> Result<Self> {
        if let Some(rustc) = env::var_os("WASM_RUSTC").map(PathBuf::from) {
            if !has_target(&rustc) {
                bail!("WASM_RUSTC={} has no standard library for {TARGET}", rustc.display());
            }
            return Self::of(Some(rustc));
        }
        if has_target(&default_rustc()) || add_by_rustup() {
            return Self::of(None);
        }
        debian::rustc(workspace).and_then(|rustc| Self::of(Some(rustc)))
    }

    fn of(rustc: Option<PathBuf>) -> Result<Self> {
        let compiler = rustc.clone().unwrap_or_else(default_rustc);
        Ok(Self { linker: linker(&compiler)?, key: key(&compiler)?, rustc })
    }

    /// Makes a cargo call build for [`TARGET`], in a folder of its own: cargo does not notice a
    /// standard library that was replaced under it.
    pub(crate) fn apply(&self, workspace: &Workspace, cargo: &mut Command) {
        let mut flags = vec![STACK.to_owned()];
        if self.linker.as_deref().is_none_or(knows_heap) {
            flags.push(HEAP.to_owned());
        }
        // Panic messages carry paths; a component must not depend on where it was built, nor on
        // which mirror its dependencies came from.
        let mut remap = |from: &Path, to: &str| {
            flags.push(format!("--remap-path-prefix={}={to}", from.display()));
        };
        remap(workspace.root(), "/mortise");
        for sources in registry_sources() {
            remap(&sources, "/registry");
        }
        cargo
            // A person's flags are for the host ("target-cpu=native") and would fail here.
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_BUILD_RUSTFLAGS")
            .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
            .env("CARGO_TARGET_DIR", self.target_dir(workspace))
            .args(["--target", TARGET]);
        if let Some(rustc) = &self.rustc {
            cargo.env("RUSTC", rustc);
        }
        if let Some(linker) = &self.linker {
            cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
    }

    /// The compiler, where it is another one than cargo's own.
    pub(crate) fn rustc(&self) -> Option<&Path> {
        self.rustc.as_deref()
    }

    /// The linker, where the compiler brings none.
    pub(crate) fn linker(&self) -> Option<&Path> {
        self.linker.as_deref()
    }

    /// Where cargo leaves what was built with this toolchain.
    pub(crate) fn target_dir(&self, workspace: &Workspace) -> PathBuf {
        workspace.target().join("guests").join(&self.key)
    }
}

/// The compiler cargo would use.
fn default_rustc() -> PathBuf {
    env::var_os("RUSTC").map_or_else(|| PathBuf::from("rustc"), PathBuf::from)
}

/// Whether a compiler has a standard library for [`TARGET`].
fn has_target(rustc: &Path) -> bool {
    let dir = output(Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]));
    let Some(entries) = dir.and_then(|dir| std::fs::read_dir(dir.trim()).ok()) else {
        return false;
    };
    entries.flatten().any(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.starts_with("libstd-") && name.ends_with(".rlib")
    })
}

/// Whether rustup was allowed to add the target, and did.
fn add_by_rustup() -> bool {
    if env::var_os("RUSTUP_AUTO_INSTALL").is_some_and(|value| value == "0") {
        return false;
    }
    if output(Command::new("rustup").arg("--version")).is_none() {
        return false;
    }
    let title = format!("installing {TARGET} with `rustup target add {TARGET}`");
    let added = step(&title, Command::new("rustup").args(["target", "add", TARGET]), Some(RUSTUP_DEADLINE));
    if let Err(error) = added {
        say(&format!("{error:#}; trying another way"));
    }
    has_target(&default_rustc())
}

/// `None` when the compiler brings a linker; else the one of the compiler in use, or LLVM's.
fn linker(rustc: &Path) -> Result<Option<PathBuf>> {
    if env::var_os("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER").is_some() || rust_lld(rustc).is_some() {
        return Ok(None);
    }
    if let Some(lld) = rust_lld(&default_rustc()) {
        return Ok(Some(lld));
    }
    if output(Command::new("wasm-ld").arg("--version")).is_some() {
        return Ok(Some(PathBuf::from("wasm-ld")));
    }
    bail!(
        "no linker for WebAssembly: neither rust-lld in the Rust toolchain nor wasm-ld on PATH \
         (on Debian: apt-get install lld)"
    )
}

/// Whether a linker can be told about [`HEAP`]: Rust's own can, one of a distribution since LLVM 18.
fn knows_heap(linker: &Path) -> bool {
    linker.file_name().is_none_or(|name| name != "wasm-ld")
        || output(Command::new(linker).arg("--help")).is_some_and(|help| help.contains("--initial-heap"))
}

fn rust_lld(rustc: &Path) -> Option<PathBuf> {
    let sysroot = output(Command::new(rustc).args(["--print", "sysroot"]))?;
    let host = field(&version(rustc)?, "host")?;
    let name = format!("rust-lld{}", env::consts::EXE_SUFFIX);
    let lld = Path::new(sysroot.trim()).join("lib/rustlib").join(host).join("bin").join(name);
    lld.is_file().then_some(lld)
}

/// For example `1.96.0-59807616`, or Debian's package version.
fn key(rustc: &Path) -> Result<String> {
    if let Some(version) = debian::version_of(rustc) {
        return Ok(version);
    }
    let verbose = version(rustc).with_context(|| format!("{} does not run", rustc.display()))?;
    let release = field(&verbose, "release").unwrap_or_else(|| "unknown".to_owned());
    let commit = field(&verbose, "commit-hash").unwrap_or_default();
    let short: String = commit.chars().take(8).collect();
    Ok(format!("{release}-{short}"))
}

fn version(rustc: &Path) -> Option<String> {
    output(Command::new(rustc).arg("-vV"))
}

/// The value of a `name: value` line.
fn field(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let value = line.strip_prefix(name)?.strip_prefix(':')?;
        Some(value.trim().to_owned())
    })
}

/// The folders into which cargo extracts packages, one per registry. They are there: this
/// program has dependencies, too.
fn registry_sources() -> Vec<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| env::home_dir().map(|home| home.join(".cargo")));
    let mut folders: Vec<PathBuf> = home
        .and_then(|home| std::fs::read_dir(home.join("registry/src")).ok())
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    folders.sort();
    folders
}

#[cfg(test)]
mod unit {
    use super::field;

    #[test]
    fn a_field_is_the_value_of_its_own_line() {
        let text = "rustc 1.95.0\nhost: x86_64-unknown-linux-gnu\nrelease: 1.95.0\n";
        assert_eq!(field(text, "release").as_deref(), Some("1.95.0"));
        assert_eq!(field(text, "commit-hash"), None);
    }
}
