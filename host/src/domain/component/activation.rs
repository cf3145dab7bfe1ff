//! An activation: a component with settings that has a say in a scope.

use mortise_types::Process;
use serde_json::{Value, json};

use super::Scope;
use crate::domain::time::Instant;

/// What an activation is for. Of each scope at most one is active, one a candidate (in shadow or a canary) and one
/// planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It decides.
    Active,
    /// It is asked the same beside the one that decides, and has no effect.
    Shadow,
    /// It decides for this percentage of records, 1 to 99; always the same records.
    Canary(u8),
    /// It will be active from [`Activation::effective_from`] on.
    Planned,
}

impl Mode {
    /// The words that name modes.
    pub const WORDS: [&'static str; 4] = ["active", "shadow", "canary", "planned"];

    /// The mode of this word; a canary needs its percentage.
    pub fn from_parts(word: &str, percent: Option<u8>) -> Option<Self> {
        Some(match word {
            "active" => Self::Active,
            "shadow" => Self::Shadow,
            "canary" => Self::Canary(percent.filter(|percent| (1..=99).contains(percent))?),
            "planned" => Self::Planned,
            _ => return None,
        })
    }

    /// Its word.
    pub fn as_str(self) -> &'static str {
        let at = match self {
            Self::Active => 0,
            Self::Shadow => 1,
            Self::Canary(_) => 2,
            Self::Planned => 3,
        };
        Self::WORDS[at]
    }

    /// The percentage of a canary.
    pub fn percent(self) -> Option<u8> {
        match self {
            Self::Canary(percent) => Some(percent),
            _ => None,
        }
    }

    /// True for what decides about some records.
    pub fn decides(self) -> bool {
        matches!(self, Self::Active | Self::Canary(_))
    }

    /// True for what is tried before it is active.
    pub fn is_candidate(self) -> bool {
        matches!(self, Self::Shadow | Self::Canary(_))
    }
}

/// What happens when the breaker of an activation has tripped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// The last good version for the scope decides.
    #[default]
    LastGood,
    /// What needs the decision is refused.
    Refuse,
    /// A person decides.
    Queue,
}

impl OnFailure {
    /// The words that name them.
    pub const WORDS: [&'static str; 3] = ["last-good", "refuse", "queue"];

    /// The one of this word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::LastGood, Self::Refuse, Self::Queue].into_iter().find(|one| one.as_str() == word)
    }

    /// Its word.
    pub fn as_str(self) -> &'static str {
        let at = match self {
            Self::LastGood => 0,
            Self::Refuse => 1,
            Self::Queue => 2,
        };
        Self::WORDS[at]
    }
}

/// A component with settings that has a say in a scope. Never changed but for its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activation {
    /// Identifier; sorts by time.
    pub id: String,
    /// Organisation.
    pub org: String,
    /// Process.
    pub process: Process,
    /// What it is live for.
    pub scope: Scope,
    /// SHA-256 of the component.
    pub digest: String,
    /// SHA-256 of the settings' text.
    pub settings_hash: String,
    /// What it is for.
    pub mode: Mode,
    /// The instant for which it was planned; none when it was made at once.
    pub effective_from: Option<Instant>,
    /// Whether records that were opened before [`Self::since`] keep the judge they had.
    pub opened_after: bool,
    /// The generation whose state of the scope judges the records that were opened before.
    pub before_generation: i64,
    /// What its breaker does.
    pub on_failure: OnFailure,
    /// Why it may decide although decisions flip, in the actor's words; may be empty.
    pub explanation: String,
    /// The process's generation that this activation made.
    pub generation: i64,
    /// When.
    pub at: Instant,
    /// Who.
    pub actor: String,
    /// Why, in the actor's words.
    pub reason: String,
    /// The generation that ended it; none while it is live.
    pub ended_generation: Option<i64>,
}

impl Activation {
    /// From when on it is in force.
    pub fn since(&self) -> Instant {
        self.effective_from.unwrap_or(self.at)
    }

    /// True while nothing ended it.
    pub fn is_live(&self) -> bool {
        self.ended_generation.is_none()
    }

    /// True when it was live at a generation of its process.
    pub fn was_live_at(&self, generation: i64) -> bool {
        self.generation <= generation && self.ended_generation.is_none_or(|ended| ended > generation)
    }

    /// True when both are the same component with the same settings.
    pub fn same_policy(&self, other: &Self) -> bool {
        self.digest == other.digest && self.settings_hash == other.settings_hash
    }

    /// The activation as the interface shows it.
    pub fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "process": self.process.slug(),
            "scope": { "kind": self.scope.kind(), "value": self.scope.value() },
            "component": self.digest,
            "settings": self.settings_hash,
            "mode": self.mode.as_str(),
            "percent": self.mode.percent(),
            "effective_from": self.effective_from.map(|at| at.to_string()),
            "opened_after": self.opened_after,
            "on_failure": self.on_failure.as_str(),
            "explanation": self.explanation,
            "generation": self.generation,
            "at": self.at.to_string(),
            "actor": self.actor,
            "reason": self.reason,
            "live": self.is_live(),
            "ended_generation": self.ended_generation,
        })
    }
}

impl AsRef<Self> for Activation {
    fn as_ref(&self) -> &Self {
        self
    }
}
