//! From sources to a component, one file per language.

mod c;
mod javascript;
mod key;
mod python;
pub mod rust;

use std::fs;
use std::path::{Path, PathBuf};

use crate::component;
use crate::contract::{self, write_file};
use crate::error::{Error, Result};
use crate::language::Language;
use crate::project::Project;
use crate::tools::Tools;

/// What a build left.
#[derive(Debug, Clone)]
pub struct Built {
    /// The component's file.
    pub component: PathBuf,
    /// Its bytes are other ones than before, or it was not there.
    pub changed: bool,
}

/// Builds a project's component into `output`; `work` is a folder for what comes between.
/// A component whose sources and tools are the same as when it was built is left as it is.
///
/// # Errors
/// When a tool is missing or fails, or the component would import what it may not.
pub fn build(project: &Project, tools: &Tools, work: &Path, output: &Path) -> Result<Built> {
    let source = project.root.join(project.language.source());
    if !source.is_file() {
        return Err(Error::Project(format!("{} is not there", source.display())));
    }
    let stage = Stage::lay_out(project, work)?;
    let compile = match project.language {
        // Cargo knows by itself what is up to date.
        Language::Rust => return keep(rust::build(project, tools, work)?, output),
        Language::JavaScript => javascript::Compiler::find(project, tools)?.boxed(),
        Language::Python => python::Compiler::find(project, tools)?.boxed(),
        Language::C => c::Compiler::find(project, tools)?.boxed(),
    };
    let key = key::of(&stage.root, &compile.version()?)?;
    let key_file = work.join("key");
    let same = |path: &Path, text: &str| fs::read_to_string(path).is_ok_and(|existing| existing == text);
    if output.is_file() && same(&key_file, &key) {
        return Ok(Built { component: output.to_path_buf(), changed: false });
    }
    let built = keep(compile.component(&stage, work)?, output)?;
    write_file(&key_file, &key)?;
    Ok(built)
}

/// How one language is compiled.
trait Compile {
    /// The tools' versions and how they are called, for the key of what they make.
    fn version(&self) -> Result<String>;

    /// Makes the component.
    fn component(&self, stage: &Stage, work: &Path) -> Result<Vec<u8>>;

    fn boxed(self) -> Box<dyn Compile>
    where
        Self: Sized + 'static,
    {
        Box::new(self)
    }
}

/// Everything that goes into a component, in one folder: `src`, `mortise`, `wit`. What a project
/// does not have of its own is that of this version.
struct Stage {
    root: PathBuf,
}

impl Stage {
    fn lay_out(project: &Project, work: &Path) -> Result<Self> {
        let root = work.join("stage");
        if root.exists() {
            fs::remove_dir_all(&root).map_err(|error| Error::file("empty", &root, error))?;
        }
        copy(&project.root.join("src"), &root.join("src"))?;
        let (library, wit) = (project.root.join("mortise"), project.root.join("wit"));
        if library.is_dir() {
            copy(&library, &root.join("mortise"))?;
        } else {
            for (name, text) in project.language.library() {
                write_file(&root.join("mortise").join(name), text)?;
            }
        }
        if wit.is_dir() {
            copy(&wit, &root.join("wit"))?;
        } else {
            contract::write(&root.join("wit"), project.process)?;
        }
        Ok(Self { root })
    }

    fn source(&self, language: Language) -> PathBuf {
        self.root.join(language.source())
    }

    fn wit(&self) -> PathBuf {
        self.root.join("wit")
    }
}

/// Copies a folder with all below it, but not what tools leave behind.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).map_err(|error| Error::file("make", to, error))?;
    for entry in fs::read_dir(from).map_err(|error| Error::file("list", from, error))? {
        let entry = entry.map_err(|error| Error::file("list", from, error))?;
        let (path, name) = (entry.path(), entry.file_name());
        if name == "__pycache__" {
            continue;
        }
        if path.is_dir() {
            copy(&path, &to.join(name))?;
        } else {
            fs::copy(&path, to.join(name)).map_err(|error| Error::file("copy", &path, error))?;
        }
    }
    Ok(())
}

/// Checks a component and writes it, if its bytes are other ones: nobody who watches the file
/// sees a change that is none.
fn keep(component: Vec<u8>, output: &Path) -> Result<Built> {
    component::check(&component).map_err(|why| Error::Project(format!("{}: {why}", output.display())))?;
    let changed = !fs::read(output).is_ok_and(|existing| existing == component);
    if changed {
        if let Some(folder) = output.parent() {
            fs::create_dir_all(folder).map_err(|error| Error::file("make", folder, error))?;
        }
        let partial = output.with_extension("wasm.partial");
        fs::write(&partial, &component).map_err(|error| Error::file("write", &partial, error))?;
        fs::rename(&partial, output).map_err(|error| Error::file("write", output, error))?;
    }
    Ok(Built { component: output.to_path_buf(), changed })
}
