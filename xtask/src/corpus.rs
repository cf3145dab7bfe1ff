//! `cargo xtask corpus`: keeps the present reference components under the contract versions they are built for.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use wit_component::DecodedWasm;

use crate::guests::{self, Which};
use crate::progress::say;
use crate::workspace::Workspace;

/// Builds the reference components, then adds what the corpus does not have yet.
///
/// # Errors
/// When a build fails, a component decides for no process, or a released text was changed.
pub(crate) fn corpus(workspace: &Workspace) -> Result<ExitCode> {
    guests::build(workspace, Which::Reference)?;
    let corpus = workspace.root().join("tests/corpus");
    note_texts(&workspace.root().join("wit"), &corpus.join("released.txt"))?;
    for entry in sorted(&workspace.components())? {
        let name = entry.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.ends_with("-standard.wasm") {
            keep(&entry, &name, &corpus)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The entries of a folder, by name.
fn sorted(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// Adds a component under its contract's version, unless there is one.
fn keep(component: &Path, name: &str, corpus: &Path) -> Result<()> {
    let bytes = fs::read(component).with_context(|| format!("read {}", component.display()))?;
    let exports = exports(&bytes).with_context(|| format!("read {}", component.display()))?;
    let Some(contract) = exports.iter().find_map(|export| contract(export)) else {
        bail!("{} exports the evaluator of no process: {}", component.display(), exports.join(", "));
    };
    let folder = corpus.join(contract);
    let place = folder.join(name);
    match fs::read(&place) {
        Ok(kept) if kept == bytes => say(&format!("  {} is there", place.display())),
        Ok(_) => say(&format!("  {} is there, of another build: left as it is", place.display())),
        Err(_) => {
            fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
            fs::write(&place, &bytes).with_context(|| format!("write {}", place.display()))?;
            say(&format!("  {} added ({} KB)", place.display(), bytes.len().div_ceil(1024)));
        }
    }
    Ok(())
}

/// The names that a component exports, with versions.
fn exports(component: &[u8]) -> Result<Vec<String>> {
    let DecodedWasm::Component(resolve, world) = wit_component::decode(component)? else {
        bail!("a WIT package, not a component");
    };
    Ok(resolve.worlds[world].exports.keys().map(|key| resolve.name_world_key(key)).collect())
}

/// `sla-0.2.0` of `itsm:sla/evaluator@0.2.0`.
fn contract(export: &str) -> Option<String> {
    let (process, version) = export.strip_prefix("itsm:")?.split_once("/evaluator@")?;
    Some(format!("{process}-{version}"))
}

/// Notes the text of each package under its name and version. One that was noted before has to be the same.
fn note_texts(wit: &Path, released: &Path) -> Result<()> {
    let mut lines = fs::read_to_string(released).unwrap_or_default();
    for folder in sorted(wit)? {
        for file in sorted(&folder)?.into_iter().filter(|file| file.extension().is_some_and(|kind| kind == "wit")) {
            let text = fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))?;
            let package = package(&text).with_context(|| format!("{} names no package", file.display()))?;
            let digest: String = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
            match lines.lines().find_map(|line| line.strip_prefix(package)?.strip_prefix(' ')) {
                Some(known) if known == digest => {}
                Some(_) => bail!(
                    "{} is not the text of {package} that was released; a released text is frozen: make a new version",
                    file.display()
                ),
                None => {
                    lines.push_str(&format!("{package} {digest}\n"));
                    say(&format!("  {package} released"));
                }
            }
        }
    }
    fs::write(released, lines).with_context(|| format!("write {}", released.display()))
}

/// The package that a text declares, with its version.
fn package(text: &str) -> Option<&str> {
    text.lines().find_map(|line| line.strip_prefix("package ")?.trim_end().strip_suffix(';'))
}

#[cfg(test)]
mod unit {
    #![allow(clippy::unwrap_used)]

    use super::{contract, note_texts, package};

    #[test]
    fn versions_are_read_from_names() {
        assert_eq!(contract("itsm:change-risk/evaluator@0.1.0").as_deref(), Some("change-risk-0.1.0"));
        assert_eq!(contract("itsm:plugin/settings@0.1.0"), None);
        assert_eq!(package("/// Words.\npackage itsm:sla@0.2.0;\n"), Some("itsm:sla@0.2.0"));
    }

    #[test]
    fn a_released_text_is_frozen() {
        let dir = std::env::temp_dir().join(format!("mortise-corpus-{}", std::process::id()));
        std::fs::create_dir_all(dir.join("wit/a")).unwrap();
        let (text, released) = (dir.join("wit/a/a.wit"), dir.join("released.txt"));
        std::fs::write(&text, "package itsm:a@0.1.0;\n").unwrap();
        note_texts(&dir.join("wit"), &released).unwrap();
        let noted = std::fs::read_to_string(&released).unwrap();
        assert!(noted.starts_with("itsm:a@0.1.0 ") && noted.lines().count() == 1, "{noted}");
        note_texts(&dir.join("wit"), &released).unwrap();
        assert_eq!(std::fs::read_to_string(&released).unwrap(), noted);
        std::fs::write(&text, "package itsm:a@0.1.0;\ninterface more {}\n").unwrap();
        let error = note_texts(&dir.join("wit"), &released).unwrap_err();
        assert!(error.to_string().contains("frozen"), "{error}");
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
