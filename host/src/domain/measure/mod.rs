//! Measures: what is measured, and how, as data (guide, block (e) of each process, and P47).
//!
//! A definition names the records that count and one of a few formulas; `store` turns it into SQL. Nothing here knows
//! a database.

pub mod condition;
mod definition;
pub mod figure;
pub mod formula;
pub mod frequency;
pub mod population;
pub mod quantity;
pub(crate) mod raw;
pub mod reading;
pub mod report;
pub mod span;
pub mod words;

mod check;

pub use check::{missing_in, population_missing};
pub use definition::{Definition, DefinitionError, Dimension, Measures};
pub use figure::{Attainment, Direction, Exact, Status, attainment};
pub use formula::{Amount, Formula, Special, Term, Unit};
pub use population::{Lies, Population};
pub use quantity::Quantity;
pub use reading::{Reading, Reason};
pub use span::Span;
