//! The breaker of an activation as every node knows it, and what decides while it is open.

use std::collections::HashSet;

use mortise_types::Process;
use serde_json::{Value, json};

use super::State;
use crate::domain::component::Activation;
use crate::domain::time::Instant;

/// Where the breaker of an activation stands. One that never tripped is closed and kept nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breaker {
    /// Organisation.
    pub org: String,
    /// The activation.
    pub activation: String,
    /// Its process.
    pub process: Process,
    /// Where it stands.
    pub state: State,
    /// What made it trip: the name of the last failure, `does-not-load`, or `by-hand`.
    pub cause: String,
    /// One sentence about it.
    pub message: String,
    /// Failures in the window when it tripped.
    pub failures: i64,
    /// Calls in the window when it tripped.
    pub calls: i64,
    /// When it came to stand so.
    pub since: Instant,
    /// The process's generation that this made.
    pub generation: i64,
    /// Who said so; the host where it tripped or closed by itself.
    pub actor: String,
    /// Why, in the actor's words.
    pub reason: String,
}

impl Breaker {
    /// The breaker as the interface shows it.
    pub fn to_json(&self) -> Value {
        json!({
            "state": self.state,
            "cause": self.cause,
            "message": self.message,
            "failures": self.failures,
            "calls": self.calls,
            "since": self.since,
            "generation": self.generation,
            "actor": self.actor,
            "reason": self.reason,
        })
    }
}

/// What an administrator says of a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Ask the component for a share of the decisions.
    Probe,
    /// Let it decide.
    Close,
    /// Let it decide nothing.
    Open,
}

impl Step {
    /// The words that name them.
    pub const WORDS: [&'static str; 3] = ["probe", "close", "open"];

    /// The one of this word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Probe, Self::Close, Self::Open].into_iter().find(|step| step.as_str() == word)
    }

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Probe => "probe",
            Self::Close => "close",
            Self::Open => "open",
        }
    }

    /// The states from which it leads somewhere, and where.
    pub fn leads(self) -> (&'static [State], State) {
        match self {
            Self::Probe => (&[State::Open], State::Probing),
            Self::Close => (&[State::Open, State::Probing], State::Closed),
            Self::Open => (&[State::Closed, State::Probing], State::Open),
        }
    }
}

/// The versions that may decide for the scope of an activation whose breaker is open, the best one first: the newest
/// earlier one, of another policy, that has not tripped itself (`tripped`, by identifier).
pub fn last_good<'a>(rows: &'a [Activation], tripped: &HashSet<String>, of: &Activation) -> Vec<&'a Activation> {
    let bad: Vec<&Activation> = rows.iter().filter(|row| tripped.contains(&row.id)).collect();
    let same = |a: &Activation, b: &Activation| a.digest == b.digest && a.settings_hash == b.settings_hash;
    let mut good: Vec<&Activation> = rows
        .iter()
        .filter(|row| row.org == of.org && row.process == of.process && row.scope == of.scope)
        .filter(|row| row.generation < of.generation && !same(row, of))
        .filter(|row| !bad.iter().any(|bad| same(bad, row)))
        .collect();
    good.sort_by_key(|row| std::cmp::Reverse(row.generation));
    good.dedup_by(|a, b| same(a, b));
    good
}
