//! Kinds at run time: an organisation adds to a built-in kind, or makes one of its own, while the system runs.
//!
//! A change is a new version of the kind's file. It is checked against the language, against the other kinds and
//! against every record there is, before anything is changed; then the records are fitted to it, and it is put in
//! force in one transaction.

mod change;
mod judge;
mod lease;
mod publish;
mod wish;

pub use change::{Break, Outcome, run};
pub use wish::{Edit, Wish, wrong};
