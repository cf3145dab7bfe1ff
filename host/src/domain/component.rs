//! Components, the scopes they are live for, and which of them decides.

mod activation;
mod choice;
#[cfg(test)]
mod choice_tests;

pub use activation::{Activation, Mode, OnFailure};
pub use choice::{Choice, Judge, Question, Say, Side, arrange, choose};

/// States of a component whose life has ended: it decides nothing any more (guide, P57: plugin).
pub const ENDED: [&str; 2] = ["rejected", "retired"];

/// States of a component that a process owner has approved.
pub const APPROVED: [&str; 3] = ["approved", "active", "suspended"];

/// For what a component decides. The most specific scope wins, in the order of [`Scope::rank`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Everything of the organisation.
    Organisation,
    /// Records of one kind, by its slug.
    Kind(String),
    /// Records of one service, by its number.
    Service(String),
    /// Records of one customer, by its number.
    Customer(String),
    /// Records under one contract or agreement, by its number.
    Contract(String),
}

impl Scope {
    /// The words that name a scope's kind, least specific first.
    pub const KINDS: [&'static str; 5] = ["organisation", "kind", "service", "customer", "contract"];

    /// The scope of this kind and value.
    pub fn from_parts(kind: &str, value: &str) -> Option<Self> {
        let value = value.to_owned();
        Some(match kind {
            "organisation" => Self::Organisation,
            "kind" => Self::Kind(value),
            "service" => Self::Service(value),
            "customer" => Self::Customer(value),
            "contract" => Self::Contract(value),
            _ => return None,
        })
    }

    /// The word for the scope's kind.
    pub fn kind(&self) -> &'static str {
        Self::KINDS[self.rank()]
    }

    /// The number or slug it is limited to; empty for the organisation.
    pub fn value(&self) -> &str {
        match self {
            Self::Organisation => "",
            Self::Kind(v) | Self::Service(v) | Self::Customer(v) | Self::Contract(v) => v,
        }
    }

    /// How specific it is: 0 organisation, 1 kind, 2 service, 3 customer, 4 contract.
    pub fn rank(&self) -> usize {
        match self {
            Self::Organisation => 0,
            Self::Kind(_) => 1,
            Self::Service(_) => 2,
            Self::Customer(_) => 3,
            Self::Contract(_) => 4,
        }
    }

    /// True when a decision about `subject` falls under this scope.
    pub fn covers(&self, subject: &Subject) -> bool {
        match self {
            Self::Organisation => true,
            Self::Kind(kind) => subject.kind == *kind,
            Self::Service(number) => subject.services.contains(number),
            Self::Customer(number) => subject.customer.as_ref() == Some(number),
            Self::Contract(number) => subject.contract.as_ref() == Some(number),
        }
    }
}

/// What a decision is about, as far as scopes care.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// Slug of the record's kind.
    pub kind: String,
    /// Numbers of its services, the main one first.
    pub services: Vec<String>,
    /// Number of its customer.
    pub customer: Option<String>,
    /// Number of the agreement or contract it falls under.
    pub contract: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_reads_back_from_its_parts() {
        for kind in Scope::KINDS {
            let scope = Scope::from_parts(kind, "X").map(|s| (s.kind(), s.value().to_owned()));
            let value = if kind == "organisation" { "" } else { "X" };
            assert_eq!(scope, Some((kind, value.to_owned())));
        }
        assert_eq!(Scope::from_parts("galaxy", "X"), None);
    }

    #[test]
    fn scopes_cover_what_they_name() {
        let subject = Subject {
            kind: "incident".to_owned(),
            services: vec!["SVC-2026-000001".to_owned()],
            customer: None,
            contract: Some("SLA-2026-000003".to_owned()),
        };
        assert!(Scope::Organisation.covers(&subject));
        assert!(Scope::Service("SVC-2026-000001".to_owned()).covers(&subject));
        assert!(!Scope::Service("SVC-2026-000002".to_owned()).covers(&subject));
        assert!(!Scope::Customer(String::new()).covers(&subject));
        assert!(Scope::Contract("SLA-2026-000003".to_owned()).covers(&subject));
    }
}
