//! A key of everything that goes into a component: the same key, the same component.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// The SHA-256 of all files of a folder with their places, and of the tools' versions.
pub(super) fn of(folder: &Path, tools: &str) -> Result<String> {
    let mut files = Vec::new();
    list(folder, &mut files)?;
    files.sort();
    let mut hash = Sha256::new();
    let mut add = |bytes: &[u8]| {
        // With their lengths, so that no two lists of texts run into the same bytes.
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    add(tools.as_bytes());
    for path in files {
        let place = path.strip_prefix(folder).unwrap_or(&path);
        add(place.to_string_lossy().as_bytes());
        add(&fs::read(&path).map_err(|error| Error::file("read", &path, error))?);
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(|error| Error::file("list", folder, error))? {
        let path = entry.map_err(|error| Error::file("list", folder, error))?.path();
        if path.is_dir() {
            list(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_key_follows_content_place_and_tools() {
        let folder = tempfile::tempdir().unwrap();
        let key = |tools: &str| of(folder.path(), tools).unwrap();
        fs::write(folder.path().join("a"), "x").unwrap();
        let first = key("1");
        assert_eq!(first, key("1"));
        assert_ne!(first, key("2"));
        fs::write(folder.path().join("a"), "y").unwrap();
        assert_ne!(first, key("1"));
        fs::write(folder.path().join("a"), "x").unwrap();
        assert_eq!(first, key("1"));
        fs::create_dir(folder.path().join("d")).unwrap();
        fs::rename(folder.path().join("a"), folder.path().join("d/a")).unwrap();
        assert_ne!(first, key("1"));
    }
}
