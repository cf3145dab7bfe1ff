//! The component that a command is about: a project's, built first, or a file.

use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::ProgressBar;
use mortise::engine::{Admission, Engine, EngineConfig, Grants};
use mortise_desk::{Project, Tools};

use super::super::Usage;
use super::cases::{self, File};
use super::desk;

#[derive(Args)]
pub(super) struct Subject {
    /// Folder of the project, with its mortise.toml.
    #[arg(default_value = ".", value_name = "PROJECT")]
    project: PathBuf,
    /// A component file instead of the project's own, which is then not built.
    #[arg(long, value_name = "FILE")]
    component: Option<PathBuf>,
}

/// A component that can be asked.
pub(super) struct Ready {
    pub(super) engine: Engine,
    pub(super) admission: Admission,
}

impl Subject {
    /// Builds what has to be built, and takes the component through every check of an upload.
    pub(super) async fn admit(&self) -> anyhow::Result<(PathBuf, Ready)> {
        let path = match &self.component {
            Some(path) => path.clone(),
            None => build(&self.project)?,
        };
        let bytes = std::fs::read(&path).map_err(|e| Usage(format!("component {}: {e}", path.display())))?;
        // Compiling takes longer than all else here, so what was compiled is kept beside what was built.
        let cache_dir = Project::is_at(&self.project).then(|| self.project.join("target/desk/compiled"));
        let engine = Engine::new(EngineConfig { cache_dir, ..EngineConfig::default() })?;
        // The author of a component is not asked for what its administrator will grant.
        let admission = engine.admit(bytes.into(), &Grants::all()).await;
        let admission = admission.map_err(|e| Usage(format!("{}: {} [{}]", path.display(), e.message, e.rule)))?;
        Ok((path, Ready { engine, admission }))
    }

    /// The golden cases: of the given file or folder, else of the project's folder `golden`.
    pub(super) fn cases(&self, golden: Option<&Path>) -> anyhow::Result<Vec<File>> {
        let path = golden.map_or_else(|| self.project.join("golden"), Path::to_path_buf);
        cases::read(&path)
    }
}

fn build(folder: &Path) -> anyhow::Result<PathBuf> {
    let project = Project::open(folder).map_err(desk)?;
    let progress = ProgressBar::new_spinner();
    progress.set_message(format!("building {}", project.name));
    progress.enable_steady_tick(std::time::Duration::from_millis(120));
    let work = folder.join("target/desk");
    // Compilers run in the project's folder, not in ours.
    let work = std::path::absolute(&work).unwrap_or(work);
    let built = mortise_desk::build(&project, &Tools::of_this_machine(), &work, &project.component());
    progress.finish_and_clear();
    Ok(built.map_err(desk)?.component)
}
