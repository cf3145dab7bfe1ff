//! What an organisation takes without a signature.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{is_name, rule};
use crate::domain::refusal::Refusal;
use crate::domain::signature::is_key_id;
use crate::domain::time::Instant;

/// Most components that a policy names.
const MOST_ALLOWED: usize = 1_000;

/// What becomes of a component that no good signature covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unsigned {
    /// It is taken.
    Allow,
    /// It is taken if the policy names its digest or its name. A new organisation begins so, and names nothing.
    #[default]
    AllowNamed,
    /// It is refused.
    Refuse,
}

impl Unsigned {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Allow, Self::AllowNamed, Self::Refuse];

    /// The stored word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::AllowNamed => "allow-named",
            Self::Refuse => "refuse",
        }
    }

    /// Reads the stored word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// What an organisation takes unsigned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustPolicy {
    /// What becomes of a component without a good signature.
    pub unsigned: Unsigned,
    /// Digests and names that are taken unsigned under [`Unsigned::AllowNamed`]. A name is what a component says of
    /// itself, so a digest is the safer of the two. Under another policy they are kept, and count for nothing.
    pub allowed: BTreeSet<String>,
    /// Counts the changes; 0 when nobody ever decided.
    pub revision: i64,
    /// When it was changed last.
    pub changed_at: Instant,
    /// By whom.
    pub changed_by: String,
}

impl TrustPolicy {
    /// Checks what the policy names.
    ///
    /// # Errors
    /// What is no name, too many of them.
    pub fn check(&self) -> Result<(), Refusal> {
        let wrong = |message: &str| Err(Refusal::invalid("format", "allowed", message));
        if self.allowed.len() > MOST_ALLOWED {
            return wrong("too many components are named; at most 1000");
        }
        if self.allowed.iter().any(|name| !is_name(name)) {
            return wrong("each is the digest of a component or its name");
        }
        Ok(())
    }

    /// What the policy names once these components are named too, or no more; none where that is so already.
    ///
    /// # Errors
    /// When it is not a policy that names components.
    pub fn naming(&self, components: &BTreeSet<String>, named: bool) -> Result<Option<BTreeSet<String>>, Refusal> {
        if self.unsigned != Unsigned::AllowNamed {
            let message = format!(
                "the organisation's trust policy is {}: components are named only where it is allow-named (PUT /trust)",
                self.unsigned.as_str()
            );
            return Err(Refusal::conflict(rule::NAMES_NONE, message));
        }
        let allowed: BTreeSet<String> = if named {
            self.allowed.union(components).cloned().collect()
        } else {
            self.allowed.difference(components).cloned().collect()
        };
        Ok((allowed != self.allowed).then_some(allowed))
    }

    /// Whether unsigned bytes may turn out to be taken, before they were read: the name that a component gives itself
    /// is not known yet.
    #[must_use]
    pub fn may_take_unsigned(&self, digest: &str) -> bool {
        match self.unsigned {
            Unsigned::Allow => true,
            Unsigned::AllowNamed => self.allowed.iter().any(|named| named == digest || !is_digest(named)),
            Unsigned::Refuse => false,
        }
    }

    /// The refusal of an unsigned component, with the ways out. `name` is empty where it is not known.
    #[must_use]
    pub fn refuse_unsigned(&self, name: &str, digest: &str) -> Refusal {
        let who = if name.is_empty() { digest.to_owned() } else { format!("{name} ({digest})") };
        let or_named = match self.unsigned {
            Unsigned::Refuse => String::new(),
            Unsigned::Allow | Unsigned::AllowNamed => {
                format!(", or have an administrator name it: PUT /api/v1/trust/allowed/{digest} (mortise trust allow)")
            }
        };
        let message = format!(
            "{who} is not signed by a publisher that the organisation trusts, and its trust policy ({}) does not take \
             it unsigned. Sign it with a key of /api/v1/trust/keys (mortise plugin sign){or_named}",
            self.unsigned.as_str()
        );
        Refusal::invalid(rule::UNSIGNED, "signature", message)
    }

    /// The policy as the interface shows it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "unsigned": self.unsigned.as_str(),
            "allowed": self.allowed,
            "revision": self.revision,
            "changed_at": (self.revision > 0).then(|| self.changed_at.to_string()),
            "changed_by": (self.revision > 0).then_some(&self.changed_by),
        })
    }
}

/// Whether this is a digest as the policy names them: SHA-256, which a key's identifier is as well.
fn is_digest(text: &str) -> bool {
    is_key_id(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn named(names: &[&str]) -> TrustPolicy {
        TrustPolicy { allowed: set(names), ..TrustPolicy::default() }
    }

    #[test]
    fn a_new_organisation_names_what_it_takes_unsigned() {
        let digest = "ab".repeat(32);
        let new = TrustPolicy::default();
        assert_eq!((new.unsigned, new.revision), (Unsigned::AllowNamed, 0));
        assert!(!new.may_take_unsigned(&digest));
        assert!(named(&[&digest]).may_take_unsigned(&digest));
        assert!(!named(&[&"cd".repeat(32)]).may_take_unsigned(&digest));
        // Whether it is the one of that name is seen when it has been read.
        assert!(named(&["sla-own"]).may_take_unsigned(&digest));
        let why = new.refuse_unsigned("sla-own", &digest);
        for part in ["allow-named", "/api/v1/trust/keys", &format!("/api/v1/trust/allowed/{digest}")] {
            assert!(why.message.contains(part), "{}", why.message);
        }
        let never = TrustPolicy { unsigned: Unsigned::Refuse, ..TrustPolicy::default() };
        assert!(!never.refuse_unsigned("", &digest).message.contains("/trust/allowed"));
    }

    #[test]
    fn naming_twice_is_naming_once() {
        let policy = named(&["a", "b"]);
        assert_eq!(policy.naming(&set(&["b", "c"]), true).unwrap(), Some(set(&["a", "b", "c"])));
        assert_eq!(policy.naming(&set(&["b"]), true).unwrap(), None);
        assert_eq!(policy.naming(&set(&["b", "c"]), false).unwrap(), Some(set(&["a"])));
        assert_eq!(policy.naming(&set(&["c"]), false).unwrap(), None);
        for unsigned in [Unsigned::Allow, Unsigned::Refuse] {
            let other = TrustPolicy { unsigned, ..TrustPolicy::default() };
            assert_eq!(other.naming(&set(&["a"]), true).unwrap_err().rule, rule::NAMES_NONE);
        }
    }
}
