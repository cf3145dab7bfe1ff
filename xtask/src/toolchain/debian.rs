//! Debian's Rust, extracted into the workspace: no root, nothing installed on the system.
//!
//! Its compiler comes with its library's sources, so the standard library for
//! [`TARGET`](super::TARGET) is built once into that private sysroot. (A compiler from rustup
//! cannot build Debian's sources.) The folder is named after the package's version; `.ok` in it
//! says that it is complete.

mod packages;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use self::packages::{Package, Packages};
use super::{TARGET, has_target};
use crate::progress::{say, step};
use crate::workspace::{Workspace, check, output};

/// Present in a folder that is complete.
const COMPLETE: &str = ".ok";

/// The private compiler; made when no earlier run left one.
///
/// # Errors
/// When this is not Debian, its archive has no compiler that is new enough, or a step failed.
pub(super) fn rustc(workspace: &Workspace) -> Result<PathBuf> {
    let folder = env::var_os("WASM_TC_DIR").map_or_else(|| workspace.target().join("wasm-toolchain"), PathBuf::from);
    if let Some(rustc) = reuse(&folder) {
        return Ok(rustc);
    }
    // Two runs at once: the second waits, then uses what the first made.
    fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    let lock = fs::File::create(folder.join(".lock")).context("create the toolchain's lock")?;
    lock.lock().context("wait for another run that makes the toolchain")?;
    if let Some(rustc) = reuse(&folder) {
        return Ok(rustc);
    }
    for tool in ["apt-get", "dpkg-deb"] {
        if output(Command::new(tool).arg("--version")).is_none() {
            bail!(
                "no compiler for {TARGET}. Install the target (`rustup target add {TARGET}`), or \
                 set WASM_RUSTC to a compiler that has it. (Debian's own could not be taken: \
                 no {tool} here.)"
            );
        }
    }
    let packages = Packages::resolve()?;
    let done = folder.join(packages.version());
    say(&format!(
        "no compiler for {TARGET} here. Downloading Debian's Rust {} into {} \
         (private to this folder; nothing is installed on the system):",
        packages.version(),
        done.display()
    ));
    for package in packages.list() {
        say(&format!("  {:<22} {:>7}", package.name, package.megabytes()));
    }
    let partial = folder.join(format!("{}.partial", packages.version()));
    remove(&partial)?;
    let result = make(workspace, &packages, &partial, &done);
    remove(&partial)?;
    result
}

/// The version in the folder name of a compiler that this module made.
pub(super) fn version_of(rustc: &Path) -> Option<String> {
    let folder = rustc.parent()?;
    folder.join(COMPLETE).is_file().then(|| folder.file_name().map(|name| name.to_string_lossy().into_owned()))?
}

/// The newest complete folder of an earlier run, if its compiler still works.
fn reuse(folder: &Path) -> Option<PathBuf> {
    let mut complete: Vec<PathBuf> = fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join(COMPLETE).is_file())
        .collect();
    complete.sort();
    complete.into_iter().rev().find_map(|path| wrapper(&path).ok().filter(|rustc| has_target(rustc)))
}

fn make(workspace: &Workspace, packages: &Packages, partial: &Path, done: &Path) -> Result<PathBuf> {
    let debs = partial.join("debs");
    fs::create_dir_all(&debs).with_context(|| format!("create {}", debs.display()))?;
    packages.download(&debs)?;
    for package in packages.list() {
        extract(package, &debs, partial)?;
    }
    fs::remove_dir_all(&debs).context("remove the downloaded packages")?;
    let rustc = wrapper(partial)?;
    build_std(workspace, &rustc, partial)?;
    if !has_target(&rustc) {
        bail!("built no standard library for {TARGET} with {}", rustc.display());
    }
    remove(done)?;
    fs::rename(partial, done).with_context(|| format!("create {}", done.display()))?;
    fs::write(done.join(COMPLETE), "").context("mark the toolchain as complete")?;
    wrapper(done)
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("remove {}", folder.display()))?;
    }
    Ok(())
}

/// Extracts the one package in `debs` that is called so.
fn extract(package: &Package, debs: &Path, into: &Path) -> Result<()> {
    let prefix = format!("{}_", package.name);
    let deb = fs::read_dir(debs)
        .context("list the downloaded packages")?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&prefix)))
        .with_context(|| format!("apt-get left no {prefix}*.deb"))?;
    let title = format!("extracting {}", package.name);
    if !package.sources {
        return step(&title, Command::new("dpkg-deb").arg("--extract").arg(deb).arg(into), None);
    }
    // Of the sources only the standard library is needed; the compiler's are ten times as big.
    let mut archive = Command::new("dpkg-deb")
        .arg("--fsys-tarfile")
        .arg(deb)
        .stdout(Stdio::piped())
        .spawn()
        .context("start dpkg-deb")?;
    let stream = archive.stdout.take().context("read from dpkg-deb")?;
    let extracted = Command::new("tar")
        .args(["-x", "--wildcards", "-C"])
        .arg(into)
        .args(["./usr/src/*/library", "./usr/lib"])
        .stdin(stream)
        .status()
        .context("start tar")?;
    check("dpkg-deb", archive.wait().context("wait for dpkg-deb")?)?;
    check(&title, extracted)
}

/// Writes the script that runs the compiler with its own libraries; a folder that was moved
/// gets a new one.
fn wrapper(folder: &Path) -> Result<PathBuf> {
    let folder = folder.canonicalize().with_context(|| format!("no folder {}", folder.display()))?;
    let libraries = fs::read_dir(folder.join("usr/lib"))
        .context("list the extracted libraries")?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.to_string_lossy().ends_with("-linux-gnu"))
        .context("the package has no compiler libraries in usr/lib/*-linux-gnu")?;
    let text = format!(
        "#!/bin/sh\nLD_LIBRARY_PATH=\"{}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}\" exec \"{}\" \"$@\"\n",
        libraries.display(),
        folder.join("usr/bin/rustc").display(),
    );
    let rustc = folder.join("rustc");
    // Cargo compares the compiler's time: leave a good one untouched.
    if fs::read_to_string(&rustc).ok().as_deref() != Some(&text) {
        fs::write(&rustc, text).with_context(|| format!("write {}", rustc.display()))?;
        executable(&rustc)?;
    }
    Ok(rustc)
}

#[cfg(unix)]
fn executable(file: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("make {} executable", file.display()))
}

#[cfg(not(unix))]
fn executable(_: &Path) -> Result<()> {
    bail!("Debian's compiler only runs on Debian")
}

/// Builds the standard library once, through an empty crate, and puts it into the sysroot.
fn build_std(workspace: &Workspace, rustc: &Path, folder: &Path) -> Result<()> {
    let seed = folder.join("seed");
    fs::create_dir_all(seed.join("src")).context("create the seed crate")?;
    fs::write(
        seed.join("Cargo.toml"),
        "[package]\nname = \"stdseed\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [workspace]\n\n[profile.release]\npanic = \"abort\"\n",
    )
    .context("write the seed crate")?;
    fs::write(seed.join("src/lib.rs"), "").context("write the seed crate")?;

    let folder = folder.canonicalize().context("find the toolchain folder")?;
    // Without bitcode in the library, `lto = true` in a component's build fails.
    let flags = format!("-Cembed-bitcode=yes\u{1f}--remap-path-prefix={}=/rust", folder.display());
    step(
        &format!("building the standard library for {TARGET}, once"),
        workspace
            .cargo()
            .current_dir(&seed)
            .args(["build", "--release", "-Zbuild-std=std,panic_abort", "--target", TARGET])
            .env("RUSTC", rustc)
            // Debian's compiler is a stable one; building the library is not a stable feature.
            .env("RUSTC_BOOTSTRAP", "1")
            .env_remove("RUSTFLAGS")
            .env("CARGO_ENCODED_RUSTFLAGS", flags)
            .env("CARGO_TARGET_DIR", seed.join("target")),
        None,
    )?;

    let libraries = folder.join("usr/lib/rustlib").join(TARGET).join("lib");
    fs::create_dir_all(&libraries).context("create the library folder")?;
    let built = seed.join("target").join(TARGET).join("release/deps");
    for entry in fs::read_dir(&built).context("list the built library")? {
        let path = entry.context("list the built library")?.path();
        let Some(name) = path.file_name().map(|name| name.to_string_lossy().into_owned()) else {
            continue;
        };
        if name.ends_with(".rlib") && !name.starts_with("libstdseed") {
            fs::copy(&path, libraries.join(&name)).with_context(|| format!("copy {name}"))?;
        }
    }
    fs::remove_dir_all(&seed).context("remove the seed crate")
}
