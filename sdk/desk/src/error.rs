//! What can go wrong on a partner's desk.

use std::path::Path;

/// For everything here.
pub type Result<T> = std::result::Result<T, Error>;

/// Why something could not be made or built.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A tool is not on this machine; the text says what to install, and how.
    #[error("{0}")]
    Missing(String),
    /// The project is not as it has to be; the text names the file.
    #[error("{0}")]
    Project(String),
    /// A tool ran and failed.
    #[error("{what} failed:\n{output}")]
    Tool {
        /// What it was doing.
        what: String,
        /// The end of what it wrote.
        output: String,
    },
    /// A file could not be read or written.
    #[error("{0}")]
    File(String),
}

impl Error {
    /// Names the file and what was done with it.
    pub(crate) fn file(doing: &str, path: &Path, error: std::io::Error) -> Self {
        Self::File(format!("{doing} {}: {error}", path.display()))
    }
}
