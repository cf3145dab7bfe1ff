//! Everything of an organisation, out of the database and into another one.
//!
//! Which tables that is, and which are left out and why, is written down in [`TABLES`] and [`LEFT_OUT`]; a test holds
//! both against the migrations.

mod restore;
mod snapshot;
mod tables;
#[cfg(test)]
mod tests;

pub use restore::{Blobs, NewOrganisation, Records, Restore, Rows};
pub use snapshot::Snapshot;
pub use tables::{LEFT_OUT, RECORDS, TABLES, Table, Ty};

/// A value of a row; none where the column has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// No value.
    Null,
    /// A text.
    Text(String),
    /// A whole number, or a moment in milliseconds.
    Int(i64),
}
