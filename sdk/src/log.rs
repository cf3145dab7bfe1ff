//! Diagnostic messages.

use std::fmt;

/// How important a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Step by step detail.
    Debug,
    /// Something normal worth knowing.
    Info,
    /// Something unexpected that the component coped with.
    Warn,
    /// Something that made the component refuse.
    Error,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        })
    }
}

/// Writes a message to the host's log; to standard error where tests run natively.
///
/// A component that calls this imports `itsm:log/log` and needs an
/// administrator's grant for it; one that never does, does not. Messages are no
/// part of a decision.
pub fn log(level: Level, message: &str) {
    #[cfg(target_arch = "wasm32")]
    {
        use bindings::itsm::log::log as host;
        let level = match level {
            Level::Debug => host::Level::Debug,
            Level::Info => host::Level::Info,
            Level::Warn => host::Level::Warn,
            Level::Error => host::Level::Error,
        };
        host::log(level, message);
    }
    #[cfg(not(target_arch = "wasm32"))]
    eprintln!("{level}: {message}");
}

#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code, missing_docs, unreachable_pub, rust_2018_idioms)]
mod bindings {
    wit_bindgen::generate!({
        inline: "package itsm:sdk@0.1.0; world logger { import itsm:log/log@0.1.0; }",
        path: "../wit/log",
        generate_all,
    });
}
