//! New projects.

use std::path::{Path, PathBuf};

use mortise_types::Process;

use crate::contract::{self, write_file};
use crate::error::{Error, Result};
use crate::language::{Embedded, Language};
use crate::project::{Project, check_name};

/// What a new project is to be.
#[derive(Debug, Clone)]
pub struct New {
    /// The name of the component and of its folder.
    pub name: String,
    /// The process it decides for.
    pub process: Process,
    /// What it is written in.
    pub language: Language,
    /// For Rust: the folder of the crate `mortise-sdk`; `None` names its version.
    pub sdk: Option<PathBuf>,
}

/// The version of the crate `mortise-sdk` that belongs to this program.
const SDK_VERSION: &str = env!("CARGO_PKG_VERSION");

/// Makes a project in `folder`, which must not be there yet or be empty.
///
/// # Errors
/// When the name is none, the folder is in use, or a file cannot be written.
pub fn create(new: &New, folder: &Path) -> Result<Project> {
    check_name(&new.name).map_err(Error::Project)?;
    if std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Error::Project(format!("{} is there already", folder.display())));
    }
    let (manifest, text) = Project::manifest(&new.name, new.process, new.language);
    write_file(&folder.join(manifest), &text)?;
    write_file(&folder.join(new.language.source()), &new.fill(source(new.language, new.process)))?;
    write_file(&folder.join("golden").join(format!("{}.json", new.process)), golden(new.process))?;
    for (name, text) in files(new.language) {
        write_file(&folder.join(name), &new.fill(text))?;
    }
    for (name, text) in new.language.library() {
        write_file(&folder.join("mortise").join(name), text)?;
    }
    if new.language != Language::Rust {
        // The Rust SDK brings the contract along.
        contract::write(&folder.join("wit"), new.process)?;
    }
    Project::open(folder)
}

impl New {
    /// Fills in what differs from project to project.
    fn fill(&self, text: &str) -> String {
        let sdk = match &self.sdk {
            Some(path) => format!("{{ path = {:?} }}", path.display().to_string()),
            None => format!("{SDK_VERSION:?}"),
        };
        text.replace("{{name}}", &self.name)
            .replace("{{crate}}", &self.name.replace('-', "_"))
            .replace("{{process}}", self.process.slug())
            .replace("{{language}}", self.language.as_str())
            .replace("{{source}}", self.language.source())
            .replace("{{sdk}}", &sdk)
    }
}

macro_rules! template {
    ($name:literal) => {
        include_str!(concat!("../../templates/", $name))
    };
}

/// The file that the author goes on with: a small policy that passes the golden cases.
fn source(language: Language, process: Process) -> &'static str {
    match (language, process) {
        (Language::Rust, Process::Sla) => template!("rust/sla.rs"),
        (Language::Rust, Process::ChangeRisk) => template!("rust/change-risk.rs"),
        (Language::Rust, Process::Budget) => template!("rust/budget.rs"),
        (Language::Rust, Process::Supplier) => template!("rust/supplier.rs"),
        (Language::JavaScript, Process::Sla) => template!("javascript/sla.js"),
        (Language::JavaScript, Process::ChangeRisk) => template!("javascript/change-risk.js"),
        (Language::JavaScript, Process::Budget) => template!("javascript/budget.js"),
        (Language::JavaScript, Process::Supplier) => template!("javascript/supplier.js"),
        (Language::Python, Process::Sla) => template!("python/sla.py"),
        (Language::Python, Process::ChangeRisk) => template!("python/change-risk.py"),
        (Language::Python, Process::Budget) => template!("python/budget.py"),
        (Language::Python, Process::Supplier) => template!("python/supplier.py"),
        (Language::C, Process::Sla) => template!("c/sla.c"),
        (Language::C, Process::ChangeRisk) => template!("c/change-risk.c"),
        (Language::C, Process::Budget) => template!("c/budget.c"),
        (Language::C, Process::Supplier) => template!("c/supplier.c"),
    }
}

/// Cases that the new policy passes, the same in every language.
fn golden(process: Process) -> &'static str {
    match process {
        Process::Sla => template!("golden/sla.json"),
        Process::ChangeRisk => template!("golden/change-risk.json"),
        Process::Budget => template!("golden/budget.json"),
        Process::Supplier => template!("golden/supplier.json"),
    }
}

/// What else a project of a language has.
fn files(language: Language) -> &'static [Embedded] {
    match language {
        Language::Rust => &[
            ("README.md", template!("rust/README.md")),
            ("Cargo.toml", template!("rust/cargo.toml")),
            ("tests/golden.rs", template!("rust/golden.rs")),
            (".gitignore", "/target\n"),
        ],
        Language::JavaScript => &[
            ("README.md", template!("javascript/README.md")),
            ("package.json", template!("javascript/package.json")),
            ("package-lock.json", template!("javascript/package-lock.json")),
            (".gitignore", "/target\n/node_modules\n"),
        ],
        Language::Python => &[
            ("README.md", template!("python/README.md")),
            ("requirements.txt", template!("python/requirements.txt")),
            (".gitignore", "/target\n/.venv\n__pycache__\n"),
        ],
        Language::C => &[("README.md", template!("c/README.md")), (".gitignore", "/target\n")],
    }
}
