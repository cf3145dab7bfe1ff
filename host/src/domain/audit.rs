//! The append-only history: one entry per change, chained by hash within an organisation.
//!
//! Each entry's hash covers its own content and the hash before it, so that an entry that was
//! changed, taken out or put in later shows (guide, section 0; clause 7.5.3).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::canonical;
use super::time::Instant;

/// The hash before an organisation's first entry.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One line of an organisation's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Place in the organisation's history, from 1, without gaps.
    pub seq: i64,
    /// When it happened.
    pub at: Instant,
    /// Who did it.
    pub actor: String,
    /// In which role, or `auto` for the host.
    pub role: String,
    /// What was done, for example `create`, `update` or `transition:resolved`.
    pub action: String,
    /// Number of the record, or the name of what else it was done to.
    pub number: String,
    /// The changed values as they were; an object.
    pub before: Value,
    /// The changed values as they became; an object.
    pub after: Value,
    /// The reason the actor gave; empty where none was asked for.
    pub reason: String,
    /// Decisions that were stored together with the entry: number and digest
    /// ([`super::decision::DecisionRecord::digest`]). Entries from before there were seals have none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub seal: BTreeMap<String, String>,
    /// The hash of the entry before, or [`GENESIS`].
    pub prev_hash: String,
    /// The hash of this entry.
    pub hash: String,
}

/// A seal as it is stored: canonical JSON, or nothing.
pub fn seal_text(seal: &BTreeMap<String, String>) -> String {
    if seal.is_empty() { String::new() } else { canonical::text(seal) }
}

/// Reads a stored seal.
///
/// # Errors
///
/// When the text is none.
pub fn parse_seal(text: &str) -> serde_json::Result<BTreeMap<String, String>> {
    if text.is_empty() { Ok(BTreeMap::new()) } else { serde_json::from_str(text) }
}

/// The hash of an entry: SHA-256 over the canonical JSON of everything in it but `hash` itself; an empty seal is left
/// out, as it was before there were seals.
pub fn chain(entry: &AuditEntry) -> String {
    let mut said = json!({
        "seq": entry.seq,
        "at": entry.at,
        "actor": entry.actor,
        "role": entry.role,
        "action": entry.action,
        "number": entry.number,
        "before": entry.before,
        "after": entry.after,
        "reason": entry.reason,
        "prev_hash": entry.prev_hash,
    });
    if !entry.seal.is_empty() {
        said["seal"] = json!(entry.seal);
    }
    canonical::digest(&said)
}

/// The first entry that does not fit, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("audit entry {seq} {fault}")]
pub struct Broken {
    /// The entry's place in the history.
    pub seq: i64,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with an entry of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Its number does not follow the one before.
    #[error("does not follow the entry before it")]
    Sequence,
    /// It does not name the hash of the entry before.
    #[error("does not name the hash of the entry before it")]
    Link,
    /// Its own hash is not that of its content.
    #[error("was changed after it was written")]
    Content,
}

/// Where a chain has been verified to: a long history is verified page by page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The last entry verified; 0 before the first.
    pub seq: i64,
    /// Its hash.
    pub hash: String,
}

impl Default for Verified {
    fn default() -> Self {
        Self { seq: 0, hash: GENESIS.to_owned() }
    }
}

/// Verifies the entries that follow `from`, in order, and returns where they end.
///
/// # Errors
///
/// The first entry that does not fit.
pub fn verify<'a>(from: Verified, entries: impl IntoIterator<Item = &'a AuditEntry>) -> Result<Verified, Broken> {
    let mut last = from;
    for entry in entries {
        let broken = |fault| Broken { seq: entry.seq, fault };
        if entry.seq != last.seq + 1 {
            return Err(broken(Fault::Sequence));
        }
        if entry.prev_hash != last.hash {
            return Err(broken(Fault::Link));
        }
        if chain(entry) != entry.hash {
            return Err(broken(Fault::Content));
        }
        last = Verified { seq: entry.seq, hash: entry.hash.clone() };
    }
    Ok(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(length: i64) -> Vec<AuditEntry> {
        let mut hash = GENESIS.to_owned();
        (1..=length)
            .map(|seq| {
                let mut entry = AuditEntry {
                    seq,
                    at: Instant(seq * 1000),
                    actor: "agent".into(),
                    role: "SD".into(),
                    action: "update".into(),
                    number: "INC-2026-000001".into(),
                    before: json!({"impact": seq}),
                    after: json!({"impact": seq + 1}),
                    reason: String::new(),
                    seal: BTreeMap::new(),
                    prev_hash: hash.clone(),
                    hash: String::new(),
                };
                entry.hash = chain(&entry);
                hash = entry.hash.clone();
                entry
            })
            .collect()
    }

    #[test]
    fn an_untouched_chain_verifies_also_in_pages() {
        let entries = history(5);
        let end = verify(Verified::default(), &entries);
        assert_eq!(end.as_ref().map(|end| end.seq), Ok(5));
        let half = verify(Verified::default(), &entries[..2]).unwrap_or_default();
        assert_eq!(verify(half, &entries[2..]), end);
        assert_eq!(verify(Verified::default(), &[]), Ok(Verified::default()));
    }

    #[test]
    fn every_tampering_shows() {
        let broken = |entries: &[AuditEntry]| verify(Verified::default(), entries).err();
        let mut changed = history(4);
        changed[1].after = json!({"impact": 9});
        assert_eq!(broken(&changed), Some(Broken { seq: 2, fault: Fault::Content }));

        let mut rehashed = history(4);
        rehashed[1].reason = "because".into();
        rehashed[1].hash = chain(&rehashed[1]);
        assert_eq!(broken(&rehashed), Some(Broken { seq: 3, fault: Fault::Link }));

        let mut shorter = history(4);
        shorter.remove(1);
        assert_eq!(broken(&shorter), Some(Broken { seq: 3, fault: Fault::Sequence }));

        let mut other = history(4);
        other[0].prev_hash = other[3].hash.clone();
        assert_eq!(broken(&other), Some(Broken { seq: 1, fault: Fault::Link }));
    }

    #[test]
    fn a_seal_is_part_of_the_chain_and_an_empty_one_is_not() {
        let mut entries = history(1);
        // The hash of an entry without a seal is that of entries from before there were seals.
        assert_eq!(entries[0].hash, "df8d4cd4f0f899c3af0cd7dff916da9122648c4dd36c1b384a6ed73cbc446052");
        let plain = entries[0].hash.clone();
        entries[0].seal.insert("DEC-2026-000001".into(), "ab".into());
        assert_ne!(chain(&entries[0]), plain);
        assert_eq!(parse_seal(&seal_text(&entries[0].seal)).ok(), Some(entries[0].seal.clone()));
        assert_eq!(verify(Verified::default(), &entries).map_err(|broken| broken.fault), Err(Fault::Content));
    }

    #[test]
    fn the_order_of_keys_does_not_matter() {
        let mut entries = history(1);
        entries[0].after = json!({"b": 1, "a": 2});
        let first = chain(&entries[0]);
        entries[0].after = json!({"a": 2, "b": 1});
        assert_eq!(chain(&entries[0]), first);
    }
}
