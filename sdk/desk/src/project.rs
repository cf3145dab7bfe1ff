//! A component's project: a folder with a `mortise.toml`.

use std::fs;
use std::path::{Path, PathBuf};

use mortise_types::Process;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::language::Language;

/// The file that makes a folder a project.
const MANIFEST: &str = "mortise.toml";

/// A component's project.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its folder.
    pub root: PathBuf,
    /// The name of the component's file.
    pub name: String,
    /// The process it decides for.
    pub process: Process,
    /// What it is written in.
    pub language: Language,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    name: String,
    process: String,
    language: Language,
}

impl Project {
    /// Reads a project's folder.
    ///
    /// # Errors
    /// When there is no `mortise.toml`, or it does not say what it has to.
    pub fn open(root: &Path) -> Result<Self> {
        let path = root.join(MANIFEST);
        let text = fs::read_to_string(&path).map_err(|error| {
            Error::Project(format!("no project: {}: {error} (`mortise plugin new` makes one)", path.display()))
        })?;
        let wrong = |why: String| Error::Project(format!("{}: {why}", path.display()));
        let manifest: Manifest = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        check_name(&manifest.name).map_err(&wrong)?;
        let process = manifest.process.parse().map_err(|error| wrong(format!("process: {error}")))?;
        Ok(Self { root: root.to_path_buf(), name: manifest.name, process, language: manifest.language })
    }

    /// Whether a folder is a project.
    #[must_use]
    pub fn is_at(root: &Path) -> bool {
        root.join(MANIFEST).is_file()
    }

    /// Where `mortise plugin build` leaves the component.
    #[must_use]
    pub fn component(&self) -> PathBuf {
        self.root.join("target").join(format!("{}.wasm", self.name))
    }

    /// The text of a project's `mortise.toml`.
    pub(crate) fn manifest(name: &str, process: Process, language: Language) -> (&'static str, String) {
        (MANIFEST, format!("name = \"{name}\"\nprocess = \"{process}\"\nlanguage = \"{language}\"\n"))
    }
}

/// A component's name: lower case with hyphens, as the WIT asks for.
pub(crate) fn check_name(name: &str) -> std::result::Result<(), String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let fits = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.len() <= 64
        && name.chars().all(plain)
        && !name.ends_with('-')
        && !name.contains("--");
    if fits {
        return Ok(());
    }
    Err(format!("`{name}` is no name for a component: small letters, digits and single hyphens, a letter first"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn names_are_lower_case_with_hyphens() {
        for name in ["a", "night-desk", "sla2"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", "-a", "a-", "a--b", "2a", "Night", "a_b", "../x", "a b", "é"] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_manifest_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let open = |text: &str| {
            fs::write(folder.path().join(MANIFEST), text).unwrap();
            Project::open(folder.path()).unwrap_err().to_string()
        };
        assert!(open("name = \"a\"\nprocess = \"slb\"\nlanguage = \"c\"\n").contains("slb"));
        assert!(open("name = \"a\"\nprocess = \"sla\"\nlanguage = \"cobol\"\n").contains("cobol"));
        assert!(open("name = \"a b\"\nprocess = \"sla\"\nlanguage = \"c\"\n").contains("a b"));
        assert!(open("nome = \"a\"\n").contains("nome"));
        let nowhere = Project::open(&folder.path().join("nowhere")).unwrap_err().to_string();
        assert!(nowhere.contains("plugin new"), "{nowhere}");
    }
}
