//! A request, an outcome and a decision of whichever process.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::common::{Milestone, Reason};
use crate::{budget, change_risk, sla, supplier};

/// A process whose decisions a component takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Process {
    /// Service level calculation (guide, section 3.1).
    Sla,
    /// Change risk scoring (section 3.2).
    ChangeRisk,
    /// Budget accounting (section 3.3).
    Budget,
    /// Supplier evaluation (section 3.4).
    Supplier,
}

impl Process {
    /// All processes.
    pub const ALL: [Self; 4] = [Self::Sla, Self::ChangeRisk, Self::Budget, Self::Supplier];

    /// The name in URLs, JSON and on the command line; also the WIT package's.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Sla => "sla",
            Self::ChangeRisk => "change-risk",
            Self::Budget => "budget",
            Self::Supplier => "supplier",
        }
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.slug())
    }
}

impl FromStr for Process {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|process| process.slug() == text);
        known.ok_or_else(|| {
            let slugs = Self::ALL.map(Self::slug).join(", ");
            format!("unknown process `{text}`, expected one of {slugs}")
        })
    }
}

/// A request to whichever process. JSON: the golden files' `input`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[allow(missing_docs)]
pub enum Request {
    Sla(sla::Request),
    ChangeRisk(change_risk::Request),
    Budget(budget::Request),
    Supplier(supplier::Request),
}

impl Request {
    /// Reads the golden files' form.
    ///
    /// # Errors
    /// What is wrong, in one sentence.
    pub fn from_json(process: Process, value: serde_json::Value) -> Result<Self, String> {
        let text = |error: serde_json::Error| error.to_string();
        match process {
            Process::Sla => sla::Request::from_json(value).map(Self::Sla),
            Process::ChangeRisk => serde_json::from_value(value).map(Self::ChangeRisk).map_err(text),
            Process::Budget => budget::Request::from_json(value).map(Self::Budget),
            Process::Supplier => serde_json::from_value(value).map(Self::Supplier).map_err(text),
        }
    }

    /// The same from a text, which is faster than by way of a value.
    ///
    /// # Errors
    /// What is wrong, in one sentence.
    pub fn from_text(process: Process, text: &str) -> Result<Self, String> {
        let words = |error: serde_json::Error| error.to_string();
        match process {
            Process::Sla => sla::Request::from_text(text).map(Self::Sla),
            Process::ChangeRisk => serde_json::from_str(text).map(Self::ChangeRisk).map_err(words),
            Process::Budget => budget::Request::from_text(text).map(Self::Budget),
            Process::Supplier => serde_json::from_str(text).map(Self::Supplier).map_err(words),
        }
    }

    /// The golden files' form.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        // Maps have string or integer keys and no type fails to serialise.
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The process it is for.
    #[must_use]
    pub fn process(&self) -> Process {
        match self {
            Self::Sla(_) => Process::Sla,
            Self::ChangeRisk(_) => Process::ChangeRisk,
            Self::Budget(_) => Process::Budget,
            Self::Supplier(_) => Process::Supplier,
        }
    }

    /// ISO 4217 code of the amounts of its outcome, where that has amounts.
    #[must_use]
    pub fn currency(&self) -> Option<&str> {
        match self {
            Self::Budget(request) => request.currency(),
            Self::Sla(_) | Self::ChangeRisk(_) | Self::Supplier(_) => None,
        }
    }

    /// The operation of the process, e.g. `clock`; `score` where there is only one.
    #[must_use]
    pub fn op(&self) -> &'static str {
        match self {
            Self::Sla(request) => request.op(),
            Self::Budget(request) => request.op(),
            Self::ChangeRisk(_) | Self::Supplier(_) => "score",
        }
    }
}

/// An outcome of whichever process. JSON: the golden files' `expected`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[allow(missing_docs)]
pub enum Outcome {
    Sla(sla::Outcome),
    ChangeRisk(change_risk::Outcome),
    Budget(budget::Outcome),
    Supplier(supplier::Outcome),
}

impl Outcome {
    /// Reads the golden files' form of the outcome of a request.
    ///
    /// # Errors
    /// What is wrong, in one sentence.
    pub fn from_json(request: &Request, value: serde_json::Value) -> Result<Self, String> {
        let text = |error: serde_json::Error| error.to_string();
        match request {
            Request::Sla(of) => sla::Outcome::from_json(of.op(), value).map(Self::Sla),
            Request::Budget(of) => budget::Outcome::from_json(of.op(), value).map(Self::Budget),
            Request::ChangeRisk(_) => serde_json::from_value(value).map(Self::ChangeRisk).map_err(text),
            Request::Supplier(_) => serde_json::from_value(value).map(Self::Supplier).map_err(text),
        }
    }

    /// The golden files' form.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        // Maps have string or integer keys and no type fails to serialise.
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The process it is of.
    #[must_use]
    pub fn process(&self) -> Process {
        match self {
            Self::Sla(_) => Process::Sla,
            Self::ChangeRisk(_) => Process::ChangeRisk,
            Self::Budget(_) => Process::Budget,
            Self::Supplier(_) => Process::Supplier,
        }
    }
}

/// An outcome and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// What was decided.
    pub outcome: Outcome,
    /// When to look again; only the clocks of a ticket have milestones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub milestones: Vec<Milestone>,
    /// Why, in order.
    pub reasons: Vec<Reason>,
}

impl Decision {
    /// Outcome, milestones and reasons as one object.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        // Maps have string or integer keys and no type fails to serialise.
        serde_json::to_value(self).unwrap_or_default()
    }
}
