//! Which Debian packages make a compiler, and fetching them without installing them.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::TARGET;
use crate::progress::{say, step};
use crate::workspace::output;

/// The oldest release whose package builds our components.
const OLDEST: (u32, u32) = (1, 96);

/// One package to fetch.
pub(super) struct Package {
    pub(super) name: String,
    /// Of this one only the library's sources are needed.
    pub(super) sources: bool,
    bytes: Option<u64>,
}

impl Package {
    fn new(name: &str) -> Self {
        let uris = output(apt("apt-get").args(["--quiet", "download", "--print-uris", name]));
        Self { name: name.to_owned(), sources: name.ends_with("-src"), bytes: uris.as_deref().and_then(size) }
    }

    /// The download's size for a person; empty when the archive does not say.
    pub(super) fn megabytes(&self) -> String {
        self.bytes.map(|bytes| format!("{} MB", bytes.div_ceil(1_000_000))).unwrap_or_default()
    }
}

/// The packages of one version of the compiler.
pub(super) struct Packages {
    version: String,
    list: Vec<Package>,
}

impl Packages {
    /// What the archive offers; its lists are refreshed when they are old or empty.
    ///
    /// # Errors
    /// When the archive has no compiler that is new enough.
    pub(super) fn resolve() -> Result<Self> {
        if !candidate().is_some_and(|version| new_enough(&version)) {
            refresh("the package lists here have no recent Rust")?;
        }
        let Some(version) = candidate().filter(|version| new_enough(version)) else {
            bail!(
                "Debian's archive has no rustc-web {}.{} or newer ({}). Install the target \
                 instead (`rustup target add {TARGET}`), or set WASM_RUSTC to a compiler that has it",
                OLDEST.0,
                OLDEST.1,
                candidate().unwrap_or_else(|| "none at all".to_owned()),
            );
        };
        let library = depends("libstd-rust-web-dev", "libstd-rust-web-")?;
        let llvm = depends(&library, "libllvm")?;
        let names = ["rustc-web", "libstd-rust-web-dev", &library, "rust-web-src", &llvm];
        Ok(Self { version, list: names.into_iter().map(Package::new).collect() })
    }

    /// For example `1.96.0+dfsg1-1~deb12u2`.
    pub(super) fn version(&self) -> &str {
        &self.version
    }

    pub(super) fn list(&self) -> &[Package] {
        &self.list
    }

    /// Fetches every package into a folder. Lists older than the archive name files that are
    /// gone: then they are refreshed, and the fetch is tried once more.
    ///
    /// # Errors
    /// When a package cannot be fetched.
    pub(super) fn download(&self, into: &Path) -> Result<()> {
        self.fetch(into).or_else(|error| {
            say(&format!("{error:#}"));
            refresh("a package could not be fetched")?;
            self.fetch(into)
        })
    }

    fn fetch(&self, into: &Path) -> Result<()> {
        for (index, package) in self.list.iter().enumerate() {
            let title =
                format!("[{}/{}] downloading {} {}", index + 1, self.list.len(), package.name, package.megabytes());
            let mut download = apt("apt-get");
            download.args(["--quiet", "download", &package.name]).current_dir(into);
            step(title.trim_end(), &mut download, None)?;
        }
        Ok(())
    }
}

/// A call whose output is in English, since it is read here.
fn apt(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("LC_ALL", "C");
    command
}

/// `apt-get update`, which only root may do.
fn refresh(why: &str) -> Result<()> {
    if output(Command::new("id").arg("-u")).as_deref().map(str::trim) != Some("0") {
        bail!("{why}; run `sudo apt-get update`, then this again");
    }
    step(&format!("{why}: refreshing them with `apt-get update`"), apt("apt-get").args(["--quiet", "update"]), None)
}

/// The version apt would take.
fn candidate() -> Option<String> {
    let policy = output(apt("apt-cache").args(["policy", "rustc-web"]))?;
    let line = policy.lines().find_map(|line| line.trim().strip_prefix("Candidate:"))?;
    let version = line.trim();
    (version != "(none)").then(|| version.to_owned())
}

fn new_enough(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or_default());
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= OLDEST
}

/// The dependency of `package` whose name starts with `prefix` and a digit.
fn depends(package: &str, prefix: &str) -> Result<String> {
    let text = output(apt("apt-cache").args(["depends", package]))
        .with_context(|| format!("apt-cache does not know {package}"))?;
    dependency(&text, prefix).with_context(|| format!("Debian's {package} depends on no {prefix}* package"))
}

fn dependency(text: &str, prefix: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let name = line.trim().strip_prefix("Depends: ")?;
        let rest = name.strip_prefix(prefix)?;
        rest.starts_with(|first: char| first.is_ascii_digit()).then(|| name.to_owned())
    })
}

/// The third word of `'URI' FILE SIZE HASH`.
fn size(uris: &str) -> Option<u64> {
    uris.lines().find(|line| line.starts_with('\''))?.split_whitespace().nth(2)?.parse().ok()
}

#[cfg(test)]
mod unit {
    use super::{dependency, new_enough, size};

    #[test]
    fn versions_are_compared_by_number() {
        assert!(new_enough("1.96.0+dfsg1-1~deb12u2"));
        assert!(new_enough("1.100.0+dfsg1-1"));
        assert!(new_enough("2.0.0"));
        assert!(!new_enough("1.85.0+dfsg3-1~deb12u3"));
        assert!(!new_enough("(none)"));
    }

    #[test]
    fn a_dependency_has_its_number_right_behind_the_prefix() {
        let text = "libstd-rust-web-dev\n  Depends: libstd-rust-web-1.96\n  Conflicts: <rustup>\n";
        assert_eq!(dependency(text, "libstd-rust-web-").as_deref(), Some("libstd-rust-web-1.96"));
        assert_eq!(dependency(text, "libllvm"), None);
    }

    #[test]
    fn the_size_is_read_from_what_apt_prints() {
        let text = "'http://x/y.deb' y_1.deb 45012756 SHA256:00\n";
        assert_eq!(size(text), Some(45_012_756));
        assert_eq!(size(""), None);
    }
}
