//! Embeds what is data: for each of `FOLDERS` writes an array of path and text of every TOML file below it, which the
//! room that reads them includes.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Record kinds (`domain::kind`; what lies in the topmost folder itself is no kind) and measures (`domain::measure`).
const FOLDERS: [(&str, bool); 2] = [("kinds", false), ("measures", true)];

fn main() -> Result<(), Box<dyn Error>> {
    for (folder, topmost) in FOLDERS {
        embed(folder, topmost)?;
    }
    Ok(())
}

fn embed(folder: &str, topmost: bool) -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join(folder);
    let out = PathBuf::from(env::var("OUT_DIR")?).join(format!("{folder}.rs"));
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.retain(|file| topmost || file.parent() != Some(&root));
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

/// Collects the TOML files below a folder. The folders are watched too, so that a new file is seen.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    Ok(())
}
