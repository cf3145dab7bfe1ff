//! Which records a figure or a piece of evidence is about.

use super::condition::Condition;

/// Records of one or more kinds that count in a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Population {
    /// Prefixes of the kinds.
    pub kinds: Vec<String>,
    /// How a record comes to lie in the period.
    pub lies: Lies,
    /// In one of these states as of the end of the period; empty: in any.
    pub states: Vec<String>,
    /// What else must hold.
    pub that: Vec<Condition>,
}

/// How a record comes to lie in a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lies {
    /// It was there at the end of the period.
    Standing,
    /// It was made in the period.
    Created,
    /// It entered one of these states in the period.
    Entered(Vec<String>),
    /// A date or moment of it lies in the period.
    At(String),
    /// The period that one of its texts names (`2026-03`, `2026-Q1` …) lies within the period.
    Named(String),
    /// A year of it (a whole number) is one of those that the period touches.
    Year(String),
}
