//! The examples in other languages than Rust: projects with a `mortise.toml`, built with the same
//! code as a partner's.

use std::fs;
use std::time::Instant;

use anyhow::{Context, Result};
use mortise_desk::{Language, Project, Tools};
use serde_json::json;

use crate::progress::say;
use crate::toolchain::{Toolchain, languages};
use crate::workspace::Workspace;

/// Builds projects; how many components are new.
///
/// Leaves a note of the tools in `target/desk/tools.json`, for the tests that build projects.
///
/// # Errors
/// When a tool is missing and cannot be installed, or a project does not build.
pub(crate) fn build(workspace: &Workspace, toolchain: &Toolchain, projects: &[Project]) -> Result<usize> {
    let used: Vec<Language> =
        Language::ALL.into_iter().filter(|it| projects.iter().any(|project| project.language == *it)).collect();
    let tools = languages::find(workspace, &used)?;
    note(workspace, toolchain, &tools)?;
    let mut fresh = 0;
    for project in projects {
        let started = Instant::now();
        let work = workspace.target().join("desk/build").join(&project.name);
        let output = workspace.components().join(format!("{}.wasm", project.name));
        let built = mortise_desk::build(project, &tools, &work, &output)?;
        if built.changed {
            fresh += 1;
            let size = fs::metadata(&built.component).with_context(|| format!("{}", output.display()))?.len();
            let seconds = started.elapsed().as_secs_f32();
            say(&format!("  {} ({} KB, {}, {seconds:.1} s)", output.display(), size.div_ceil(1024), project.language));
        }
    }
    Ok(fresh)
}

/// The projects below `plugins/examples`, by name.
///
/// # Errors
/// When one does not say what it is.
pub(crate) fn discover(workspace: &Workspace) -> Result<Vec<Project>> {
    let folder = workspace.root().join("plugins/examples");
    let mut projects = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("list {}", folder.display()))? {
        let path = entry.with_context(|| format!("list {}", folder.display()))?.path();
        if Project::is_at(&path) {
            projects.push(Project::open(&path)?);
        }
    }
    projects.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(projects)
}

fn note(workspace: &Workspace, toolchain: &Toolchain, tools: &Tools) -> Result<()> {
    let note = json!({ "folders": tools.folders, "rustc": toolchain.rustc(), "linker": toolchain.linker() });
    let path = workspace.target().join("desk/tools.json");
    fs::create_dir_all(workspace.target().join("desk")).context("make target/desk")?;
    fs::write(&path, note.to_string()).with_context(|| format!("write {}", path.display()))
}
