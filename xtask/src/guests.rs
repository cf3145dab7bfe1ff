//! The crates that become components, and building them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Error, Result};
use mortise_desk::component;

use crate::progress::say;
use crate::projects;
use crate::toolchain::{TARGET, Toolchain};
use crate::workspace::{Workspace, run};

/// What a build is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// The reference components and the examples in Rust: what a server is tried with.
    Reference,
    /// Those, the examples in other languages with all the tools that they take, and the
    /// misbehaving components that the tests need.
    All,
}

/// Crates that are built in one go.
///
/// Cargo unites the features of everything it builds in one call: an example or a test's
/// component must not change what is in a reference component.
struct Group {
    /// Below the root; its folders with a `Cargo.toml` are the crates.
    folder: &'static str,
    /// How a crate's folder name ends.
    suffix: &'static str,
    /// Below `target/components`.
    output: &'static str,
    tests_only: bool,
}

const GROUPS: [Group; 3] = [
    Group { folder: "plugins", suffix: "-standard", output: "", tests_only: false },
    Group { folder: "plugins/examples", suffix: "", output: "", tests_only: false },
    Group { folder: "tests/guests", suffix: "", output: "guests", tests_only: true },
];

/// A crate that becomes a component.
struct Guest {
    /// The folder's name, which is the component's.
    name: String,
    package: String,
}

/// Builds the components into `target/components`; one that is up to date is left as it is.
///
/// # Errors
/// When there is no toolchain, a crate does not build, or its component imports what it may not.
pub(crate) fn build(workspace: &Workspace, which: Which) -> Result<()> {
    let started = Instant::now();
    let toolchain = Toolchain::find(workspace)?;
    let mut folders: Vec<(PathBuf, Vec<String>)> = Vec::new();
    let mut changed = 0;
    for group in &GROUPS {
        if group.tests_only && which == Which::Reference {
            continue;
        }
        let guests = discover(&workspace.root().join(group.folder), group.suffix)?;
        compile(workspace, &toolchain, &guests)?;
        let output = workspace.components().join(group.output);
        fs::create_dir_all(&output).with_context(|| format!("create {}", output.display()))?;
        for guest in &guests {
            let core = core_module(workspace, &toolchain, guest);
            if componentize(&core, &output.join(format!("{}.wasm", guest.name)))? {
                changed += 1;
            }
        }
        let names = guests.into_iter().map(|guest| guest.name);
        match folders.iter_mut().find(|(folder, _)| *folder == output) {
            Some((_, known)) => known.extend(names),
            None => folders.push((output, names.collect())),
        }
    }
    let projects = projects::discover(workspace)?;
    if which == Which::All {
        changed += projects::build(workspace, &toolchain, &projects)?;
    }
    let names = projects
        .into_iter()
        .map(|project| project.name)
        .filter(|name| which == Which::All || workspace.components().join(format!("{name}.wasm")).is_file());
    match folders.iter_mut().find(|(folder, _)| *folder == workspace.components()) {
        Some((_, known)) => known.extend(names),
        None => folders.push((workspace.components(), names.collect())),
    }
    let mut total = 0;
    for (folder, names) in &folders {
        remove_stale(folder, names)?;
        total += names.len();
    }
    say(&format!(
        "{total} components in {} ({changed} new, {:.1} s)",
        workspace.components().display(),
        started.elapsed().as_secs_f32()
    ));
    Ok(())
}

/// The crates right below a folder, by name.
fn discover(folder: &Path, suffix: &str) -> Result<Vec<Guest>> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(Vec::new());
    };
    let mut guests = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("list {}", folder.display()))?.path();
        let manifest = path.join("Cargo.toml");
        let Some(name) = path.file_name().map(|name| name.to_string_lossy()) else {
            continue;
        };
        if !name.ends_with(suffix) || !manifest.is_file() {
            continue;
        }
        let text = fs::read_to_string(&manifest).with_context(|| format!("read {}", manifest.display()))?;
        let package = package_name(&text).with_context(|| format!("{} names no package", manifest.display()))?;
        guests.push(Guest { name: name.into_owned(), package });
    }
    guests.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(guests)
}

/// The first `name = "…"` of a manifest, which is the package's.
fn package_name(manifest: &str) -> Option<String> {
    manifest.lines().find_map(|line| {
        let value = line.trim().strip_prefix("name")?.trim_start();
        let value = value.strip_prefix('=')?.trim();
        Some(value.strip_prefix('"')?.strip_suffix('"')?.to_owned())
    })
}

fn compile(workspace: &Workspace, toolchain: &Toolchain, guests: &[Guest]) -> Result<()> {
    if guests.is_empty() {
        return Ok(());
    }
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--profile", "guest"]);
    toolchain.apply(workspace, &mut cargo);
    for guest in guests {
        cargo.args(["--package", &guest.package]);
    }
    let names: Vec<&str> = guests.iter().map(|guest| guest.name.as_str()).collect();
    run(&format!("building {}", names.join(", ")), &mut cargo)
}

/// Where cargo leaves a crate's core module.
fn core_module(workspace: &Workspace, toolchain: &Toolchain, guest: &Guest) -> PathBuf {
    toolchain.target_dir(workspace).join(TARGET).join("guest").join(format!("{}.wasm", guest.package.replace('-', "_")))
}

/// Whether the component is a new one. Making one takes milliseconds, so it is always made, and
/// written only when its bytes differ: nobody who watches the file sees a change that is none.
fn componentize(core: &Path, output: &Path) -> Result<bool> {
    let module = fs::read(core)
        .with_context(|| format!("no core module at {}; is the crate's type \"cdylib\"?", core.display()))?;
    let component = component::from_core_module(&module);
    let component = component.map_err(Error::msg).with_context(|| format!("{}", output.display()))?;
    if fs::read(output).is_ok_and(|existing| existing == component) {
        return Ok(false);
    }
    let partial = output.with_extension("wasm.partial");
    fs::write(&partial, &component).with_context(|| format!("write {}", partial.display()))?;
    fs::rename(&partial, output).with_context(|| format!("write {}", output.display()))?;
    say(&format!("  {} ({} KB)", output.display(), component.len().div_ceil(1024)));
    Ok(true)
}

/// Removes the component of a crate that is gone; a test must not find yesterday's.
fn remove_stale(folder: &Path, names: &[String]) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))? {
        let path = entry.with_context(|| format!("list {}", folder.display()))?.path();
        let component = path.extension().is_some_and(|extension| extension == "wasm");
        let known = path.file_stem().is_some_and(|stem| names.iter().any(|name| stem == name.as_str()));
        if component && !known {
            fs::remove_file(&path).with_context(|| format!("remove {}", path.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod unit {
    use super::package_name;

    #[test]
    fn the_package_is_the_manifests_first_name() {
        let text = "[package]\nname = \"sla-vip\"\n\n[lib]\nname = \"other\"\n";
        assert_eq!(package_name(text).as_deref(), Some("sla-vip"));
        assert_eq!(package_name("[package]\n"), None);
    }
}
