//! All SQL: one text, two typed drivers.
//!
//! A query is written once with `$1` placeholders and expanded by the macros of [`tx`] for SQLite and for
//! PostgreSQL, so that each driver checks its own types. Nothing here decides anything. The bytes of attachments are
//! files beside the database ([`blobs`]).

mod estimates;
mod record_rows;
mod tx;

pub mod accesses;
pub mod activations;
pub mod archive;
pub mod attachments;
pub mod backtests;
pub mod baselines;
pub mod blobs;
pub mod breakers;
pub mod changes;
pub mod comments;
pub mod components;
pub mod decisions;
pub mod dependencies;
pub mod events;
pub mod figures;
pub mod graph;
pub mod idempotency;
pub mod index;
pub mod inspect;
pub mod jobs;
pub mod kind_versions;
pub mod listing;
pub mod manual;
pub mod migrate;
pub mod numbers;
pub mod organisations;
pub mod pool;
pub mod records;
pub mod register;
pub mod reindex;
pub mod report_snapshots;
mod risks;
pub mod samples;
pub mod search;
pub mod shadow;
pub mod snapshot;
pub mod timeline;
pub mod timers;
pub mod tokens;
pub mod trust;
pub mod unit;
pub mod views;
pub mod watchers;
pub mod words;
pub mod work;

pub use pool::{Backend, Store, StoreConfig};
pub use tx::Tx;

/// Why the database could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or could not be reached.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// Somebody else wrote first; read again and retry.
    #[error("{0} was changed by somebody else meanwhile")]
    Stale(String),
    /// A job is in the hands of another node now, or has ended; whoever worked on it stops.
    #[error("job {0} is not this node's any more")]
    LostClaim(String),
    /// The organisation's kinds have changed since the write was made ready; take the new ones and retry.
    #[error("the kinds of organisation {0} were changed meanwhile")]
    KindsMoved(String),
    /// What an activation rests on, its component's state or the organisation's trust, has changed since it was looked
    /// at; look again.
    #[error("component {0}, or whose components its organisation takes, was changed meanwhile")]
    BasisMoved(String),
    /// The row exists already.
    #[error("{0} exists already")]
    Exists(String),
    /// A stored text is not what this version writes.
    #[error("stored {what} cannot be read: {why}")]
    Corrupt {
        /// Which column or row.
        what: String,
        /// The parser's own words.
        why: String,
    },
    /// A file, or its folder, could not be written or read.
    #[error("file {path}: {why}")]
    File {
        /// Which file, or folder.
        path: String,
        /// The system's words.
        why: std::io::Error,
    },
    /// A kept file has not the bytes that it was kept with.
    #[error("file {path} is not as it was kept: {why}")]
    CorruptFile {
        /// Which file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// The transaction could not be made durable.
    #[error("the write was not committed: {0}")]
    Commit(String),
    /// The write was not taken: the database is locked by another process, or the store is shutting down.
    #[error("the store did not take the write")]
    Closed,
    /// The address of the database is not one this server knows.
    #[error("{0}")]
    Address(String),
}

impl StoreError {
    /// True when reading again and retrying can succeed.
    pub fn is_lost_race(&self) -> bool {
        match self {
            Self::Stale(_) | Self::KindsMoved(_) | Self::BasisMoved(_) => true,
            Self::Database(sqlx::Error::Database(e)) => {
                // PostgreSQL: serialization failure, deadlock; SQLite: busy.
                matches!(e.code().as_deref(), Some("40001" | "40P01" | "5" | "517"))
            }
            _ => false,
        }
    }

    /// Why a row cannot be read that is there, if that is what is wrong.
    pub fn unreadable(&self) -> Option<String> {
        match self {
            Self::Database(
                error @ (sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::ColumnNotFound(_)),
            ) => Some(error.to_string()),
            Self::Corrupt { .. } => Some(self.to_string()),
            _ => None,
        }
    }

    fn corrupt(what: impl Into<String>, why: impl std::fmt::Display) -> Self {
        Self::Corrupt { what: what.into(), why: why.to_string() }
    }
}

fn is_unique_violation(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|e| e.is_unique_violation())
}
