//! Why a component is not accepted, and what an administrator grants it.

use std::collections::BTreeSet;

use serde::Serialize;

/// The names of the rules that a refusal refers to. They are stable.
pub mod rule {
    /// More bytes than an upload may have.
    pub const TOO_LARGE: &str = "too-large";
    /// The bytes are not a WebAssembly component.
    pub const NOT_A_COMPONENT: &str = "not-a-component";
    /// It exports the evaluator of no process that this host knows.
    pub const UNKNOWN_WORLD: &str = "unknown-world";
    /// It exports the evaluators of more than one process.
    pub const SEVERAL_WORLDS: &str = "several-worlds";
    /// It imports something that it was not granted.
    pub const UNGRANTED_IMPORT: &str = "ungranted-import";
    /// It imports what this host does not have, or not in that version.
    pub const UNKNOWN_IMPORT: &str = "unknown-import";
    /// An import has another type than the host's.
    pub const CHANGED_IMPORT: &str = "changed-import";
    /// It exports an interface of ours that this host does not know.
    pub const UNKNOWN_EXPORT: &str = "unknown-export";
    /// A function or interface of the contract is not there.
    pub const MISSING_EXPORT: &str = "missing-export";
    /// A function of the contract has another type.
    pub const CHANGED_EXPORT: &str = "changed-export";
    /// It is a component, but not one that can be compiled or instantiated here.
    pub const DOES_NOT_COMPILE: &str = "does-not-compile";
    /// It does not say who it is, or failed when it was asked.
    pub const DOES_NOT_DESCRIBE: &str = "does-not-describe";
    /// Its settings schema is no usable JSON Schema.
    pub const INVALID_SETTINGS_SCHEMA: &str = "invalid-settings-schema";
    /// Its own default settings do not pass its own checks.
    pub const INVALID_DEFAULT_SETTINGS: &str = "invalid-default-settings";
    /// Compiling it takes more memory or time than is allowed, or gives too much machine code.
    pub const COMPILE_LIMIT: &str = "compile-limit";
    /// The host had no place to try it; the same upload may pass later.
    pub const BUSY: &str = "busy";

    /// The rule of this name, as a compiler in a process of its own gives it.
    pub(in crate::engine) fn named(name: &str) -> &'static str {
        let all = [
            NOT_A_COMPONENT,
            UNKNOWN_WORLD,
            SEVERAL_WORLDS,
            UNGRANTED_IMPORT,
            UNKNOWN_IMPORT,
            CHANGED_IMPORT,
            MISSING_EXPORT,
            CHANGED_EXPORT,
            DOES_NOT_COMPILE,
            BUSY,
        ];
        all.into_iter().find(|&rule| rule == name).unwrap_or(DOES_NOT_COMPILE)
    }
}

/// A component that is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// Name of the rule, one of [`rule`].
    pub rule: &'static str,
    /// What is wrong, for the component's author.
    pub message: String,
}

impl Refused {
    pub(super) fn new(rule: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        // Readers of components write bytes below each other; a refusal is one line.
        let message = match message.contains('\n') {
            true => message.split_whitespace().collect::<Vec<_>>().join(" "),
            false => message,
        };
        Self { rule, message }
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.rule, self.message)
    }
}

impl std::error::Error for Refused {}

/// What a component may import beside types. Whatever is not named here is not
/// linked, so a component that imports it is refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grants {
    /// Interfaces without version, e.g. `itsm:log/log`.
    pub imports: BTreeSet<String>,
}

/// The interfaces that this host can grant.
pub const GRANTABLE: &[&str] = &[LOG, LOOKUP];
/// Writing to the host's log.
pub(super) const LOG: &str = "itsm:log/log";
/// Looking records up.
pub const LOOKUP: &str = "itsm:records/lookup";

impl Grants {
    /// No imports.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Everything that this host offers, for desks and tests.
    #[must_use]
    pub fn all() -> Self {
        Self { imports: GRANTABLE.iter().map(|&name| name.to_owned()).collect() }
    }

    /// Whether an interface is granted and offered. Takes its name without version.
    pub(super) fn allows(&self, name: &str) -> bool {
        self.imports.contains(name)
    }

    /// Checks the imports of a component, given as `package/interface@version`.
    pub(super) fn check<'a>(&self, imports: impl IntoIterator<Item = &'a str>) -> Result<(), Refused> {
        let (mut ungranted, mut unknown) = (Vec::new(), Vec::new());
        for import in imports {
            let name = import.split('@').next().unwrap_or(import);
            if !self.allows(name) {
                ungranted.push(import);
            } else if !GRANTABLE.contains(&name) {
                unknown.push(import);
            }
        }
        if !ungranted.is_empty() {
            let hint = if ungranted.iter().any(|name| name.starts_with("wasi:")) {
                "; components have no clock, files, randomness or network: build for \
                 wasm32-unknown-unknown, or with WASI stubbed"
            } else {
                ""
            };
            let message = format!("it imports what it is not granted: {}{hint}", list(&ungranted));
            return Err(Refused::new(rule::UNGRANTED_IMPORT, message));
        }
        if !unknown.is_empty() {
            let message = format!("this host does not offer {}", list(&unknown));
            return Err(Refused::new(rule::UNKNOWN_IMPORT, message));
        }
        Ok(())
    }
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn imports_are_refused_by_name() {
        assert!(Grants::all().check(["itsm:log/log@0.1.0"]).is_ok());
        let refused = Grants::none().check(["itsm:log/log@0.1.0"]).unwrap_err();
        assert_eq!(refused.rule, rule::UNGRANTED_IMPORT);
        assert!(refused.message.contains("`itsm:log/log@0.1.0`"));
        let refused = Grants::all().check(["wasi:cli/environment@0.2.0"]).unwrap_err();
        assert_eq!(refused.rule, rule::UNGRANTED_IMPORT);
        assert!(refused.message.contains("WASI"));
        let grants = Grants { imports: BTreeSet::from(["itsm:dice/dice".to_owned()]) };
        assert_eq!(grants.check(["itsm:dice/dice@1.0.0"]).unwrap_err().rule, rule::UNKNOWN_IMPORT);
    }
}
