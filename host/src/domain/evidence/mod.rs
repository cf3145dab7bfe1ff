//! Evidence: what shows that each clause of the standard is met, as data, and how it is judged (guide, section 5 and
//! P55).
//!
//! `host/evidence` says which records count for a clause; counting them is the store's, judging the counts is here.

mod certification;
mod definition;
mod judge;
mod words;

pub use certification::{CertificationItem, Need, Precondition, Proof, Test, item_states};
pub use definition::{Clause, Coverage, Evidence, EvidenceError, Item, Shows};
pub use judge::{Found, Standing, clause_standing, item_standing};
pub use words::{missing, overdue};
