//! `mortise plugin new`: a project that builds and passes its tests.

use std::path::PathBuf;

use clap::Args;
use mortise_desk::{Language, create};
use mortise_types::Process;

use super::super::Usage;
use super::desk;

/// Make a project for a component: a small policy that builds and passes its golden cases.
#[derive(Args)]
pub(crate) struct New {
    /// Name of the component, and of the folder that is made for it.
    name: String,
    /// Process: sla, change-risk, budget, supplier.
    #[arg(long)]
    process: String,
    /// Language: rust, javascript, python, c.
    #[arg(long)]
    lang: String,
    /// Folder for the project; without it one with the component's name, here.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Rust only: folder of the crate mortise-sdk in a checkout of Mortise; without it the crate is
    /// named by its version.
    #[arg(long, value_name = "DIR")]
    sdk: Option<PathBuf>,
}

impl New {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let process: Process = self.process.parse().map_err(|e| Usage(format!("--process: {e}")))?;
        let language: Language = self.lang.parse().map_err(|e| Usage(format!("--lang: {e}")))?;
        let sdk = match self.sdk {
            Some(_) if language != Language::Rust => {
                return Err(
                    Usage("--sdk is for projects in Rust; other languages bring their library along".into()).into()
                );
            }
            Some(path) => {
                Some(std::fs::canonicalize(&path).map_err(|e| Usage(format!("--sdk {}: {e}", path.display())))?)
            }
            None => None,
        };
        let folder = self.dir.unwrap_or_else(|| PathBuf::from(&self.name));
        let by_version = language == Language::Rust && sdk.is_none();
        create(&mortise_desk::New { name: self.name, process, language, sdk }, &folder).map_err(desk)?;
        say!("{} is a component for {process} in {language}. Next:", folder.display());
        say!("    cd {}", folder.display());
        for step in steps(language) {
            say!("    {step}");
        }
        say!("    mortise plugin test");
        if by_version {
            say!(
                "The crate mortise-sdk is not in a public registry: make the project with --sdk DIR, or let Cargo.toml \
                 name your registry or a checkout's folder sdk."
            );
        }
        Ok(())
    }
}

/// What has to be installed once, before the first build.
fn steps(language: Language) -> &'static [&'static str] {
    match language {
        Language::Rust => &["rustup target add wasm32-unknown-unknown"],
        Language::JavaScript => &["npm install"],
        Language::Python => &["python3 -m venv .venv", ".venv/bin/pip install -r requirements.txt"],
        Language::C => &["apt-get install clang lld    # or what your system calls them"],
    }
}
