//! Embeds the record kinds: writes `kinds.rs`, an array of path and text of every file under
//! `kinds/`, which `domain::kind` includes.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("kinds");
    let out = PathBuf::from(env::var("OUT_DIR")?).join("kinds.rs");
    let mut files = Vec::new();
    collect(&root, &root, &mut files)?;
    files.sort();
    let mut source = String::from("static EMBEDDED: &[(&str, &str)] = &[\n");
    for file in &files {
        println!("cargo::rerun-if-changed={}", file.display());
        let name = file.strip_prefix(&root)?.display().to_string().replace('\\', "/");
        writeln!(source, "    ({name:?}, include_str!({:?})),", file.display().to_string())?;
    }
    source.push_str("];\n");
    // Beside and renamed: the build folder may be a hard-linked copy of another worktree's.
    let beside = out.with_extension("new");
    fs::write(&beside, source)?;
    fs::rename(beside, out)?;
    Ok(())
}

/// Collects the kind files below a folder; what lies in the topmost one itself is no kind. The folders are watched too, so that a new file is seen.
fn collect(root: &Path, folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "toml") && path.parent() != Some(root) {
            files.push(path);
        }
    }
    Ok(())
}
