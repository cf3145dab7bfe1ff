//! Decisions against the digests of them that the audit trail holds.

use std::collections::{HashMap, HashSet};

use super::Check;
use crate::domain::audit::AuditEntry;
use crate::domain::number;
use crate::flows::FlowError;

/// What the audit trail said of decisions.
#[derive(Debug, Default)]
pub(super) struct Seals {
    /// Year and counter of each decision that an entry names.
    numbers: HashSet<(i16, u64)>,
    /// The lowest identifier of the decisions that the first entry with a seal names: what is older was stored before
    /// there were seals.
    since: Option<String>,
}

impl Check<'_, '_> {
    /// The decisions that these entries name are there, and as they were.
    pub(super) async fn seals(&mut self, entries: &[AuditEntry]) -> Result<(), FlowError> {
        let numbers: Vec<String> = entries.iter().flat_map(|entry| entry.seal.keys().cloned()).collect();
        if numbers.is_empty() {
            return Ok(());
        }
        let digests = self.inspection.digests(&numbers).await?;
        let known: HashMap<&str, (&str, &str)> =
            digests.iter().map(|(number, id, digest)| (number.as_str(), (id.as_str(), digest.as_str()))).collect();
        for entry in entries.iter().filter(|entry| !entry.seal.is_empty()) {
            if self.seals.since.is_none() {
                let ids = entry.seal.keys().filter_map(|number| Some(known.get(number.as_str())?.0));
                self.seals.since = ids.min().map(str::to_owned);
            }
            for (number, expected) in &entry.seal {
                if let Some(number) = number::parse(number) {
                    self.seals.numbers.insert((number.year, number.counter));
                }
                match known.get(number.as_str()) {
                    Some((_, is)) if is == expected => {}
                    Some((id, is)) => {
                        let about = format!("{number} {id}");
                        self.finding("decision", about, "digest", format!("{expected} (entry {})", entry.seq), *is);
                    }
                    None => {
                        let expected = format!("a decision, since entry {} ({}) has it", entry.seq, entry.number);
                        self.finding("decision", number, "row", expected, "none that can be read");
                    }
                }
            }
        }
        Ok(())
    }

    /// A decision is named by the audit trail, unless it is older than seals.
    pub(super) fn is_sealed(&mut self, about: &str, id: &str, number: &str) {
        let named = number::parse(number).is_some_and(|n| self.seals.numbers.contains(&(n.year, n.counter)));
        if named {
            return;
        }
        match &self.seals.since {
            Some(since) if id >= since.as_str() => {
                self.finding("decision", about, "row", "an audit entry that names it", "none");
            }
            _ => self.summary.unsealed += 1,
        }
    }
}
