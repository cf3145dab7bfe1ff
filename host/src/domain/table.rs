//! Records as rows of a table: columns with headings in both languages, and the text of a cell.
//!
//! What [`write`] makes of a value, [`read`] makes the same value of again: a table that was exported and is imported
//! changes nothing.

mod cell;
mod column;
mod mapping;
mod moment;
#[cfg(test)]
mod tests;

pub use cell::{guarded, read, unguarded, write};
pub use column::{Column, Lang, Role as ColumnRole, columns, headings, recognise};
pub use mapping::{From, Mapping, Target};
pub use moment::Clock;
