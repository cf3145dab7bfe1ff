//! Whose components an organisation takes: its publishers' keys, and what it takes unsigned.
//!
//! A component is trusted when a key of the organisation signed its bytes, or when the policy takes it unsigned.
//! It is asked twice: at the upload, and at every activation, because a key may have been revoked or the policy may
//! have changed meanwhile. A key has to be valid when a signature is handed in; what it signed while it was valid stays
//! good when it has expired, so that keys can be replaced. What a revoked key signed is no longer good, whenever that
//! was.

mod policy;

use std::collections::BTreeSet;

use mortise_types::Process;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use policy::{TrustPolicy, Unsigned};

use super::refusal::Refusal;
use super::signature::{PublicKey, Signature, is_key_id};
use super::time::Instant;

/// Names of the rules. They are stable.
pub mod rule {
    /// It has no signature, and the policy takes none like it unsigned.
    pub const UNSIGNED: &str = "unsigned-component";
    /// The signature is none, or does not belong to these bytes.
    pub const BAD_SIGNATURE: &str = "bad-signature";
    /// The organisation does not know the key.
    pub const UNKNOWN_KEY: &str = "unknown-key";
    /// The key was revoked.
    pub const KEY_REVOKED: &str = "key-revoked";
    /// The key is not valid yet, or not any more.
    pub const KEY_NOT_VALID: &str = "key-not-valid";
    /// The key may not ship components of this process.
    pub const KEY_PROCESS: &str = "key-process";
    /// The policy names no components.
    pub const NAMES_NONE: &str = "trust-names-none";

    /// Every rule by which a component is not trusted.
    pub const DISTRUST: [&str; 6] = [UNSIGNED, BAD_SIGNATURE, UNKNOWN_KEY, KEY_REVOKED, KEY_NOT_VALID, KEY_PROCESS];
}

/// Most characters of a name.
const MOST_NAME: usize = 200;

/// A key that a publisher signs with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublisherKey {
    /// SHA-256 of the key (SPKI, DER).
    pub id: String,
    /// Whose it is.
    pub name: String,
    /// The key, SPKI in PEM.
    pub public_key: String,
    /// Processes whose components it may ship; empty for all.
    pub processes: BTreeSet<Process>,
    /// From when signatures are taken.
    pub valid_from: Instant,
    /// Until when, if that is decided.
    pub valid_until: Option<Instant>,
    /// When it was revoked.
    pub revoked_at: Option<Instant>,
    /// Why.
    pub revoked_because: String,
    /// Counts the changes, from 1.
    pub revision: i64,
    /// When it was added.
    pub added_at: Instant,
    /// By whom.
    pub added_by: String,
}

impl PublisherKey {
    /// Checks what can be changed of a key.
    ///
    /// # Errors
    /// A name that is none; an end before the beginning.
    pub fn check(&self) -> Result<(), Refusal> {
        if !is_name(&self.name) {
            return Err(Refusal::invalid(
                "format",
                "name",
                "a key's name has 1 to 200 characters, none of them a control character",
            ));
        }
        if self.valid_until.is_some_and(|until| until <= self.valid_from) {
            return Err(Refusal::invalid(
                "format",
                "valid_until",
                "a key is valid for some time: valid_until is after valid_from",
            ));
        }
        Ok(())
    }

    /// Whether a signature handed in at this moment is taken, revocation aside.
    fn is_valid(&self, at: Instant) -> bool {
        self.valid_from <= at && self.valid_until.is_none_or(|until| at < until)
    }

    /// The key as the interface shows it.
    #[must_use]
    pub fn to_json(&self, now: Instant) -> Value {
        let state = match self.revoked_at {
            Some(_) => "revoked",
            None if self.is_valid(now) => "valid",
            None if now < self.valid_from => "planned",
            None => "expired",
        };
        json!({
            "id": self.id,
            "name": self.name,
            "algorithm": PublicKey::from_pem(&self.public_key).map(|key| key.algorithm().as_str()).unwrap_or_default(),
            "public_key": self.public_key,
            "processes": self.processes.iter().map(|process| process.slug()).collect::<Vec<_>>(),
            "valid_from": self.valid_from.to_string(),
            "valid_until": self.valid_until.map(|at| at.to_string()),
            "state": state,
            "revoked_at": self.revoked_at.map(|at| at.to_string()),
            "revoked_because": self.revoked_at.map(|_| &self.revoked_because),
            "revision": self.revision,
            "added_at": self.added_at.to_string(),
            "added_by": self.added_by,
        })
    }
}

fn is_name(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= MOST_NAME && !text.chars().any(char::is_control)
}

/// A signature that was handed in with a component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// The key that made it.
    pub key: String,
    /// The signature file.
    pub signature: String,
    /// When it was handed in, in milliseconds.
    pub at: i64,
    /// By whom.
    pub by: String,
}

/// Reads the signatures that are kept with a component.
#[must_use]
pub fn signatures(text: &str) -> Vec<Signed> {
    // Written by this server; a text that is none vouches for nothing.
    serde_json::from_str(text).unwrap_or_default()
}

/// Checks a signature: whether this key made it over these bytes.
///
/// # Errors
/// [`rule::BAD_SIGNATURE`].
pub fn verify(key: &PublicKey, bytes: &[u8], signature: &Signature) -> Result<(), Refusal> {
    if key.verify(bytes, signature) {
        return Ok(());
    }
    let message = format!("the signature does not belong to these bytes and key {}", signature.key);
    Err(Refusal::invalid(rule::BAD_SIGNATURE, "signature", message))
}

/// What trust is about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// SHA-256 of the component.
    pub digest: &'a str,
    /// Its own name.
    pub name: &'a str,
    /// Its process.
    pub process: Process,
}

/// Whether a signature counts that was handed in at `at`: known key, not revoked, valid then, for this process (if it
/// is known yet).
///
/// # Errors
/// Which of these it breaks.
pub fn counts<'a>(
    keys: &'a [PublisherKey],
    key: &str,
    process: Option<Process>,
    at: Instant,
) -> Result<&'a PublisherKey, Refusal> {
    let refuse = |rule: &'static str, message: String| Err(Refusal::invalid(rule, "signature", message));
    let Some(known) = keys.iter().find(|known| known.id == key) else {
        return refuse(rule::UNKNOWN_KEY, format!("no publisher's key of the organisation has the id {key}"));
    };
    let name = &known.name;
    if let Some(revoked) = known.revoked_at {
        return refuse(rule::KEY_REVOKED, format!("the key {key} of {name} was revoked at {revoked}"));
    }
    if !known.is_valid(at) {
        return refuse(rule::KEY_NOT_VALID, format!("the key {key} of {name} was not valid at {at}"));
    }
    if let Some(process) = process
        && !known.processes.is_empty()
        && !known.processes.contains(&process)
    {
        return refuse(rule::KEY_PROCESS, format!("the key {key} of {name} may not ship components of {process}"));
    }
    Ok(known)
}

/// Whether a component is trusted. The signatures are those whose bytes were checked.
///
/// # Errors
/// Why not: what is wrong with its newest signature, or that it has none and the policy does not take it so.
pub fn judge(
    policy: &TrustPolicy,
    keys: &[PublisherKey],
    subject: Subject<'_>,
    signed: &[Signed],
) -> Result<(), Refusal> {
    let mut why = None;
    for one in signed.iter().rev() {
        match counts(keys, &one.key, Some(subject.process), Instant(one.at)) {
            Ok(_) => return Ok(()),
            Err(refusal) => why = why.or(Some(refusal)),
        }
    }
    // What somebody signed and took back is not taken as if nobody had: only by its digest.
    let named = policy.allowed.contains(subject.digest) || (why.is_none() && policy.allowed.contains(subject.name));
    match policy.unsigned {
        Unsigned::Allow if why.is_none() => Ok(()),
        Unsigned::AllowNamed if named => Ok(()),
        _ => Err(why.unwrap_or_else(|| policy.refuse_unsigned(subject.name, subject.digest))),
    }
}

/// A key for the organisation, from its PEM.
///
/// # Errors
/// When the text is no public key of an algorithm that is known here.
pub fn public_key(pem: &str) -> Result<PublicKey, Refusal> {
    PublicKey::from_pem(pem).map_err(|error| Refusal::invalid("format", "public_key", error.to_string()))
}

/// A signature, from its file.
///
/// # Errors
/// When the text is none.
pub fn signature(file: &str) -> Result<Signature, Refusal> {
    Signature::parse(file.as_bytes())
        .ok()
        .filter(|signature| is_key_id(&signature.key))
        .ok_or_else(|| Refusal::invalid(rule::BAD_SIGNATURE, "signature", "this is not a signature file"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const DAY: i64 = 86_400_000;

    fn key(id: &str) -> PublisherKey {
        PublisherKey {
            id: id.to_owned(),
            name: format!("publisher {id}"),
            public_key: String::new(),
            processes: BTreeSet::new(),
            valid_from: Instant(10 * DAY),
            valid_until: Some(Instant(20 * DAY)),
            revoked_at: None,
            revoked_because: String::new(),
            revision: 1,
            added_at: Instant(0),
            added_by: "adm".to_owned(),
        }
    }

    fn signed(key: &str, day: i64) -> Signed {
        Signed { key: key.to_owned(), signature: String::new(), at: day * DAY, by: "pub".to_owned() }
    }

    fn policy(unsigned: Unsigned, allowed: &[&str]) -> TrustPolicy {
        let allowed = allowed.iter().map(|&name| name.to_owned()).collect();
        TrustPolicy { unsigned, allowed, ..TrustPolicy::default() }
    }

    fn rule_of(policy: &TrustPolicy, keys: &[PublisherKey], signed: &[Signed]) -> String {
        let subject = Subject { digest: "d1", name: "sla-own", process: Process::Sla };
        judge(policy, keys, subject, signed).map_or_else(|refusal| refusal.rule.into_owned(), |()| "trusted".to_owned())
    }

    #[test]
    fn unsigned_is_taken_as_the_policy_says() {
        let none: &[PublisherKey] = &[];
        assert_eq!(rule_of(&policy(Unsigned::Allow, &[]), none, &[]), "trusted");
        assert_eq!(rule_of(&policy(Unsigned::Refuse, &[]), none, &[]), rule::UNSIGNED);
        for (allowed, expected) in [("d1", "trusted"), ("sla-own", "trusted"), ("sla-other", rule::UNSIGNED)] {
            assert_eq!(rule_of(&policy(Unsigned::AllowNamed, &[allowed]), none, &[]), expected, "{allowed}");
        }
    }

    #[test]
    fn a_signature_counts_by_the_moment_it_was_handed_in() {
        let refuse = policy(Unsigned::Refuse, &[]);
        let keys = [key("k1")];
        for (day, expected) in [(9, rule::KEY_NOT_VALID), (10, "trusted"), (19, "trusted"), (20, rule::KEY_NOT_VALID)] {
            assert_eq!(rule_of(&refuse, &keys, &[signed("k1", day)]), expected, "day {day}");
        }
        assert_eq!(rule_of(&refuse, &keys, &[signed("k2", 15)]), rule::UNKNOWN_KEY);
    }

    #[test]
    fn rotation_keeps_the_old_and_revocation_does_not() {
        let refuse = policy(Unsigned::Refuse, &[]);
        let mut keys = [key("old"), PublisherKey { valid_until: None, ..key("new") }];
        let by_old = [signed("old", 15)];
        assert_eq!(rule_of(&refuse, &keys, &by_old), "trusted");
        keys[0].revoked_at = Some(Instant(30 * DAY));
        assert_eq!(rule_of(&refuse, &keys, &by_old), rule::KEY_REVOKED);
        let by_both = [signed("old", 15), signed("new", 31)];
        assert_eq!(rule_of(&refuse, &keys, &by_both), "trusted");
        // Not taken as if it had never been signed …
        assert_eq!(rule_of(&policy(Unsigned::Allow, &[]), &keys, &by_old), rule::KEY_REVOKED);
        assert_eq!(rule_of(&policy(Unsigned::AllowNamed, &["sla-own"]), &keys, &by_old), rule::KEY_REVOKED);
        // … but for an administrator who names these very bytes.
        assert_eq!(rule_of(&policy(Unsigned::AllowNamed, &["d1"]), &keys, &by_old), "trusted");
    }

    #[test]
    fn a_key_ships_its_processes_only() {
        let refuse = policy(Unsigned::Refuse, &[]);
        let only = |process| [PublisherKey { processes: BTreeSet::from([process]), ..key("k1") }];
        assert_eq!(rule_of(&refuse, &only(Process::Sla), &[signed("k1", 15)]), "trusted");
        assert_eq!(rule_of(&refuse, &only(Process::Budget), &[signed("k1", 15)]), rule::KEY_PROCESS);
    }

    #[test]
    fn what_is_wrong_with_a_policy_or_a_key_is_named() {
        assert_eq!(policy(Unsigned::AllowNamed, &[" "]).check().unwrap_err().field.as_deref(), Some("allowed"));
        assert!(policy(Unsigned::AllowNamed, &["sla-own"]).check().is_ok());
        // Names are kept under another policy, and count for nothing.
        assert!(policy(Unsigned::Refuse, &["sla-own"]).check().is_ok());
        assert_eq!(rule_of(&policy(Unsigned::Refuse, &["sla-own"]), &[], &[]), rule::UNSIGNED);
        let backwards = PublisherKey { valid_until: Some(Instant(0)), ..key("k1") };
        assert_eq!(backwards.check().unwrap_err().field.as_deref(), Some("valid_until"));
        assert!(PublisherKey { name: String::new(), ..key("k1") }.check().is_err());
    }
}
