//! A decision as it is kept, so that anybody allowed can run it again and get the same bytes (invariant 7).

use mortise_types::Process;
use serde_json::{Value, json};

use super::canonical;
use super::time::Instant;

/// How a decision went (guide, section 0: DEC).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The component decided.
    Ok,
    /// The component refused the request and said why; a value, not a failure.
    Refused,
    /// The component failed: a trap, a limit, invalid output. `output` names the cause.
    Failed,
}

impl Status {
    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }

    /// Reads the stored word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Ok, Self::Refused, Self::Failed].into_iter().find(|s| s.as_str() == text)
    }
}

/// A stored decision.
///
/// `input` and `output` are the very texts that were stored: equality of a replay is equality of bytes. `output` is
/// `{"outcome": …, "reasons": […]}`, or `{"error": CODE, "message": …}` for a refusal, or
/// `{"failure": CAUSE, "message": …}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRecord {
    /// Identifier; sorts by time.
    pub id: String,
    /// Organisation.
    pub org: String,
    /// Its own number, `DEC-YYYY-NNNNNN`; empty until it is stored.
    pub decision_number: String,
    /// Number of the record it was taken for.
    pub number: String,
    /// Process.
    pub process: Process,
    /// What happened to the record: `create`, `update`, `transition:STATE`, `timer:NAME`; `decide`, `retry` or
    /// `recompute` where it was only decided again.
    pub event: String,
    /// When.
    pub at: Instant,
    /// SHA-256 of the component that decided; empty when a person did.
    pub component: String,
    /// Its name and version, `NAME@VERSION`, for people; `person:USER` when a person decided.
    pub component_name: String,
    /// SHA-256 of the settings' text; empty when a person decided.
    pub settings_hash: String,
    /// Activation that made the component responsible; empty when a person decided.
    pub activation: String,
    /// The process's generation at that time.
    pub generation: i64,
    /// How it went.
    pub status: Status,
    /// Whether the last good version decided because the breaker of the responsible one was open; `generation` is then
    /// the one in which it came to stand so.
    pub fallback: bool,
    /// The request, as canonical JSON in the golden files' shape.
    pub input: String,
    /// What came back, as canonical JSON.
    pub output: String,
    /// Fuel consumed: the deterministic cost.
    pub fuel: i64,
    /// Wall-clock time in microseconds.
    pub took_us: i64,
    /// What the component looked up, as canonical JSON (see [`super::lookup::Recorded`]); empty for nothing.
    pub lookups: String,
}

/// How a decision went, in the words of the guide (section 0: DEC).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Went {
    /// The component decided, or refused: both are values.
    Ok,
    /// It came to no answer in time: time, fuel, no place to run, or records that could not be read.
    Timeout,
    /// It handed over what is no answer, or too much, or asked for too much.
    InvalidOutput,
    /// It failed otherwise.
    Trap,
}

impl Went {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ok, Self::Timeout, Self::InvalidOutput, Self::Trap];

    /// The guide's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Timeout => "timeout",
            Self::InvalidOutput => "invalid-output",
            Self::Trap => "trap",
        }
    }

    /// Names of the failures that are called so; none for those that are named nowhere.
    pub fn causes(self) -> &'static [&'static str] {
        match self {
            Self::Timeout => &["timeout", "fuel", "busy", "lookup-failed"],
            Self::InvalidOutput => &["invalid-output", "output-limit", "log-limit", "lookup-limit"],
            Self::Ok | Self::Trap => &[],
        }
    }
}

/// How the name of a person who decided begins, where a component's name stands otherwise.
pub const PERSON: &str = "person:";

impl DecisionRecord {
    /// Whether a person decided, and not a component.
    pub fn is_by_person(&self) -> bool {
        self.component.is_empty()
    }

    /// How it went.
    pub fn went(&self) -> Went {
        if self.status != Status::Failed {
            return Went::Ok;
        }
        let output: Value = serde_json::from_str(&self.output).unwrap_or_default();
        let cause = output["failure"].as_str().unwrap_or_default();
        Went::ALL.into_iter().find(|went| went.causes().contains(&cause)).unwrap_or(Went::Trap)
    }

    /// The SHA-256 by which the audit trail knows the decision: over everything that is kept of it but its organisation,
    /// each value as `LENGTH:TEXT,` with the length in bytes, so that no two decisions have one text.
    pub fn digest(&self) -> String {
        let (at, generation) = (self.at.0.to_string(), self.generation.to_string());
        let (fuel, took) = (self.fuel.to_string(), self.took_us.to_string());
        let values: [&str; 18] = [
            &self.id,
            &self.decision_number,
            &self.number,
            self.process.slug(),
            &self.event,
            &at,
            &self.component,
            &self.component_name,
            &self.settings_hash,
            &self.activation,
            &generation,
            self.status.as_str(),
            if self.fallback { "1" } else { "0" },
            &self.input,
            &self.output,
            &fuel,
            &took,
            &self.lookups,
        ];
        let mut text = String::with_capacity(self.input.len() + self.output.len() + self.lookups.len() + 600);
        for value in values {
            text.push_str(&value.len().to_string());
            text.push(':');
            text.push_str(value);
            text.push(',');
        }
        canonical::sha256(text.as_bytes())
    }

    /// The decision as the interface shows it.
    pub fn to_json(&self) -> Value {
        // What was stored was JSON; a text that is not any more is shown as it stands.
        let parse = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
        let mut shown = json!({
            "id": self.id,
            "number": self.decision_number,
            "record": self.number,
            "process": self.process.slug(),
            "event": self.event,
            "at": self.at.to_string(),
            "component": self.component,
            "component_name": self.component_name,
            "settings": self.settings_hash,
            "activation": self.activation,
            "generation": self.generation,
            "status": self.status.as_str(),
            "fallback": self.fallback,
            "input": parse(&self.input),
            "output": parse(&self.output),
            "fuel": self.fuel,
            "took_us": self.took_us,
        });
        if !self.lookups.is_empty() {
            shown["lookups"] = parse(&self.lookups);
        }
        shown
    }
}
