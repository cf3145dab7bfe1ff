//! The contracts between host and components: every released version of every WIT package, as this host was built
//! with them. `engine` holds uploads against them, `http` shows them under `/docs/wit`.
//!
//! A released version is frozen. A package's first version lies in `wit/NAME`, each later one in `wit/NAME-VERSION`;
//! the host keeps all of them, so a component built for an older one runs unchanged.

use std::cmp::Reverse;
use std::sync::LazyLock;

use mortise_types::Process;
use wit_parser::{PackageName, Resolve, WorldId};

/// The text of one version of one package.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// Name with version, e.g. `itsm:sla@0.1.0`.
    pub package: &'static str,
    /// The file below `wit/`.
    pub path: &'static str,
    /// Its text.
    pub text: &'static str,
}

macro_rules! sources {
    ($($package:literal in $path:literal),+ $(,)?) => {
        &[$(Source { package: $package, path: $path, text: include_str!(concat!("../../../wit/", $path)) }),+]
    };
}

/// Every version of every package; a package stands after those that it uses, a newer version after the older.
pub static SOURCES: &[Source] = sources![
    "itsm:types@0.1.0" in "types/types.wit",
    "itsm:plugin@0.1.0" in "plugin/plugin.wit",
    "itsm:log@0.1.0" in "log/log.wit",
    "itsm:records@0.1.0" in "records/records.wit",
    "itsm:sla@0.1.0" in "sla/sla.wit",
    "itsm:sla@0.2.0" in "sla-0.2.0/sla.wit",
    "itsm:change-risk@0.1.0" in "change-risk/change-risk.wit",
    "itsm:budget@0.1.0" in "budget/budget.wit",
    "itsm:supplier@0.1.0" in "supplier/supplier.wit",
];

/// Contracts, read.
pub struct Contracts {
    /// All packages.
    pub resolve: Resolve,
}

static RELEASED: LazyLock<Contracts> =
    // The texts are part of the program, and a test reads them.
    LazyLock::new(|| Contracts::of(SOURCES.iter().copied()).expect("the built-in WIT is readable"));

impl Contracts {
    /// What this host was built with.
    pub fn released() -> &'static Self {
        &RELEASED
    }

    /// Reads packages; each has to stand after those that it uses.
    ///
    /// # Errors
    /// The first text that cannot be read, and why.
    pub fn of(sources: impl IntoIterator<Item = Source>) -> Result<Self, String> {
        let mut resolve = Resolve::default();
        for source in sources {
            resolve.push_str(source.path, source.text).map_err(|error| format!("{}: {error:#}", source.path))?;
        }
        Ok(Self { resolve })
    }

    /// The worlds of a process's components, the newest version first.
    #[must_use]
    pub fn worlds(&self, process: Process) -> Vec<WorldId> {
        let mut worlds: Vec<(&PackageName, WorldId)> = self
            .resolve
            .worlds
            .iter()
            .filter_map(|(id, world)| {
                let package = &self.resolve.packages[world.package?].name;
                (package.namespace == NAMESPACE && package.name == process.slug() && world.name == WORLD)
                    .then_some((package, id))
            })
            .collect();
        worlds.sort_by_key(|(package, _)| Reverse(package.version.clone()));
        worlds.into_iter().map(|(_, id)| id).collect()
    }

    /// The versions of a package, e.g. `0.1.0, 0.2.0`; empty if it is not known at all.
    #[must_use]
    pub fn versions(&self, namespace: &str, name: &str) -> String {
        let mut versions: Vec<_> = self
            .resolve
            .packages
            .iter()
            .map(|(_, package)| &package.name)
            .filter(|package| package.namespace == namespace && package.name == name)
            .filter_map(|package| package.version.as_ref())
            .collect();
        versions.sort();
        versions.into_iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
}

/// Namespace of all our packages.
pub const NAMESPACE: &str = "itsm";

/// The name of the one world in each process's package.
pub const WORLD: &str = "policy";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_text_is_readable_and_named_rightly() {
        let mut resolve = Resolve::default();
        for source in SOURCES {
            let id = resolve.push_str(source.path, source.text).unwrap();
            assert_eq!(resolve.packages[id].name.to_string(), source.package, "{}", source.path);
        }
        assert_eq!(Contracts::released().resolve.packages.len(), SOURCES.len());
    }

    #[test]
    fn worlds_come_newest_first() {
        let contracts = Contracts::released();
        let versions = |process| -> Vec<String> {
            let worlds = contracts.worlds(process).into_iter();
            worlds
                .map(|id| {
                    let package = contracts.resolve.worlds[id].package.unwrap();
                    contracts.resolve.packages[package].name.to_string()
                })
                .collect()
        };
        assert_eq!(versions(Process::Sla), ["itsm:sla@0.2.0", "itsm:sla@0.1.0"]);
        assert_eq!(versions(Process::Budget), ["itsm:budget@0.1.0"]);
        assert_eq!(contracts.versions("itsm", "sla"), "0.1.0, 0.2.0");
        assert_eq!(contracts.versions("itsm", "dice"), "");
    }
}
