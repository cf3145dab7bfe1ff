//! The languages that a component can be written in.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// A file with its place below some folder.
pub(crate) type Embedded = (&'static str, &'static str);

/// A language that a component can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Compiled by cargo; the SDK is the crate `mortise-sdk`.
    Rust,
    /// Run by QuickJS inside the component.
    JavaScript,
    /// Run by CPython inside the component.
    Python,
    /// Compiled by clang, without a C library.
    C,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Rust, Self::JavaScript, Self::Python, Self::C];

    /// The name on the command line and in `mortise.toml`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::JavaScript => "javascript",
            Self::Python => "python",
            Self::C => "c",
        }
    }

    /// The file that a project's author writes.
    pub(crate) fn source(self) -> &'static str {
        match self {
            Self::Rust => "src/lib.rs",
            Self::JavaScript => "src/policy.js",
            Self::Python => "src/policy.py",
            Self::C => "src/policy.c",
        }
    }

    /// The library of the language, as files of the project's folder `mortise`. Rust has a crate.
    pub(crate) fn library(self) -> &'static [Embedded] {
        match self {
            Self::Rust => &[],
            Self::JavaScript => &[("policy.js", include_str!("../../javascript/policy.js"))],
            Self::Python => &[("__init__.py", include_str!("../../python/mortise/__init__.py"))],
            Self::C => &[
                ("mortise.h", include_str!("../../c/mortise.h")),
                ("mortise.c", include_str!("../../c/mortise.c")),
                ("libc/stdlib.h", include_str!("../../c/libc/stdlib.h")),
                ("libc/string.h", include_str!("../../c/libc/string.h")),
            ],
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Language {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|language| language.as_str() == text)
            .ok_or_else(|| format!("`{text}` is no language for components: rust, javascript, python or c"))
    }
}
