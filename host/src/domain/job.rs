//! Jobs: work on many things that goes on after the request that asked for it was answered.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::role::{Actor, HOST_USER, Role};
use super::time::Instant;

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// It waits for a node.
    Queued,
    /// A node works on it, or has and will be followed by another one.
    Running,
    /// Every item was looked at.
    Done,
    /// It could not go on; `result` says why. What was done until then stays.
    Failed,
    /// Somebody asked it to stop. What was done until then stays.
    Cancelled,
}

impl JobState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Queued, Self::Running, Self::Done, Self::Failed, Self::Cancelled];

    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of that word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether nothing more happens to the job.
    pub fn ended(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

/// A job.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Identifier (UUIDv7).
    pub id: String,
    /// Organisation.
    pub org: String,
    /// What sort of job it is, for example `bulk`.
    pub what: String,
    /// How far it is.
    pub state: JobState,
    /// How many items there are, where that is known beforehand.
    pub total: Option<i64>,
    /// Items that came to an end, whatever their outcome; also the place where it goes on.
    pub done: i64,
    /// Those among them that were refused or failed.
    pub failed: i64,
    /// What was asked, as it is shown.
    pub input: Value,
    /// What the runner works from beside that; null where it was not read.
    pub plan: Value,
    /// What came of it, in figures or words of its own; an object.
    pub result: Value,
    /// Who asked for it.
    pub actor: String,
    /// The roles he had then; the job acts in them.
    pub roles: BTreeSet<Role>,
    /// When it was asked for.
    pub created_at: Instant,
    /// When a node began with it.
    pub started_at: Option<Instant>,
    /// When it ended.
    pub ended_at: Option<Instant>,
    /// Who asked it to stop.
    pub cancelled_by: Option<String>,
}

impl Job {
    /// The actor the job acts as: the one who asked for it, in the roles he had then.
    pub fn acts_as(&self) -> Actor {
        if self.actor == HOST_USER {
            return Actor::host(self.org.as_str());
        }
        Actor::user(self.org.as_str(), self.actor.as_str(), self.roles.iter().copied())
    }

    /// The job as it is shown; its plan is not.
    pub fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "what": self.what,
            "state": self.state,
            "total": self.total,
            "done": self.done,
            "failed": self.failed,
            "input": self.input,
            "result": self.result,
            "actor": self.actor,
            "roles": self.roles,
            "created_at": self.created_at,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "cancelled_by": self.cancelled_by,
        })
    }

    /// What the audit trail keeps of it.
    pub fn figures(&self) -> Map<String, Value> {
        let figures = [
            ("what", json!(self.what)),
            ("state", json!(self.state)),
            ("total", json!(self.total)),
            ("done", json!(self.done)),
            ("failed", json!(self.failed)),
        ];
        figures.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()
    }
}

/// What became of one item of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was done; in a dry run, it could be.
    Ok,
    /// A rule refused it; nothing of it was written.
    Refused,
    /// The server failed at it; nothing of it was written.
    Failed,
    /// There was nothing to do.
    Skipped,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 4] = [Self::Ok, Self::Refused, Self::Failed, Self::Skipped];

    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }

    /// The outcome of that word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }

    /// Whether the item counts among a job's failed ones.
    pub fn is_bad(self) -> bool {
        matches!(self, Self::Refused | Self::Failed)
    }
}

/// One item of a job, settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JobItem {
    /// Its place in the job, from 1, without gaps.
    pub n: i64,
    /// The record it was about, or what else names it (a line of a file).
    pub number: String,
    /// What became of it.
    pub outcome: Outcome,
    /// The rule that refused it; empty otherwise.
    pub rule: String,
    /// What was, or would be, done; or why it was not. May be empty.
    pub message: String,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn words_round_trip() {
        for state in JobState::ALL {
            assert_eq!(JobState::parse(state.as_str()), Some(state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::parse(outcome.as_str()), Some(outcome));
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.as_str());
        }
        assert_eq!(JobState::parse("gone"), None);
    }
}
