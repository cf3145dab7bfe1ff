//! The breaker of an activation as every node knows it, and what decides while it is open.

use std::collections::HashSet;

use mortise_types::Process;
use serde_json::{Value, json};

use super::State;
use crate::domain::component::{Activation, Mode};
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
/// earlier active one, of another policy, that has not tripped itself (`tripped`, by identifier). What a canary was
/// taken from comes before all of them.
pub fn last_good<'a>(rows: &'a [Activation], tripped: &HashSet<String>, of: &Activation) -> Vec<&'a Activation> {
    let bad: Vec<&Activation> = rows.iter().filter(|row| tripped.contains(&row.id)).collect();
    let mut good: Vec<&Activation> = rows
        .iter()
        .filter(|row| row.org == of.org && row.process == of.process && row.scope == of.scope)
        .filter(|row| row.mode == Mode::Active && !row.same_policy(of))
        .filter(|row| row.generation < of.generation || (of.mode != Mode::Active && row.is_live()))
        .filter(|row| !bad.iter().any(|bad| bad.same_policy(row)))
        .collect();
    good.sort_by_key(|row| (!row.is_live(), std::cmp::Reverse(row.generation)));
    good.dedup_by(|a, b| a.same_policy(b));
    good
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::component::{OnFailure, Scope};

    fn row(generation: i64, digest: &str, mode: Mode, ended: Option<i64>) -> Activation {
        Activation {
            id: format!("a{generation}"),
            org: "main".to_owned(),
            process: Process::Sla,
            scope: Scope::Organisation,
            digest: digest.to_owned(),
            settings_hash: "s".to_owned(),
            mode,
            effective_from: None,
            opened_after: false,
            before_generation: 0,
            on_failure: OnFailure::LastGood,
            explanation: String::new(),
            generation,
            at: Instant(generation),
            actor: "x".to_owned(),
            reason: String::new(),
            ended_generation: ended,
        }
    }

    fn good(rows: &[Activation], tripped: &[&str], of: usize) -> Vec<String> {
        let tripped = tripped.iter().map(|id| (*id).to_owned()).collect();
        last_good(rows, &tripped, &rows[of]).iter().map(|row| row.id.clone()).collect()
    }

    #[test]
    fn the_newest_earlier_version_that_did_not_trip_is_the_best() {
        let active = Mode::Active;
        let rows = [
            row(1, "a", active, Some(2)),
            row(2, "b", active, Some(3)),
            row(3, "a", active, Some(4)),
            row(4, "c", Mode::Shadow, Some(5)),
            row(5, "d", active, None),
            row(6, "e", Mode::Canary(10), None),
        ];
        assert_eq!(good(&rows, &["a5"], 4), ["a3", "a2", "a1"]);
        // A policy that tripped is no better where it was active before.
        assert_eq!(good(&rows, &["a5", "a3"], 4), ["a2"]);
        assert_eq!(good(&rows, &["a5", "a1", "a2"], 4), Vec::<String>::new());
        // A canary hands its records back to what is active.
        assert_eq!(good(&rows, &["a6"], 5), ["a5", "a3", "a2", "a1"]);
        assert_eq!(good(&rows, &["a6", "a5"], 5), ["a3", "a2", "a1"]);
        let elsewhere = Activation { scope: Scope::Kind("incident".to_owned()), ..row(7, "f", active, None) };
        assert_eq!(last_good(&rows, &HashSet::new(), &elsewhere), Vec::<&Activation>::new());
    }
}
