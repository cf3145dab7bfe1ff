//! Whether an organisation's data is what it should be: nothing is changed, everything is looked at.
//!
//! The audit chain, every record against its kind and against what the audit trail says of it, the index and the links
//! against the record, references, the sums of the ledger, what decisions stand on, counters, and what waits for records.
//! Decisions, comments, files, versions of kinds, components, keys and activations are held against the audit trail, which
//! has the digest or the text of each. A row that cannot be read is a finding, too.

mod beside;
mod chain;
mod decisions;
mod ledger;
mod records;
mod register;
mod sealed;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Serialize;

use super::{Desk, FlowError};
use crate::domain::refusal::Refusal;
use crate::domain::{Kind, Number};
use crate::store::inspect::{Inspection, Mistyped, Orphans};

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which check found it: `audit`, `record`, `trail`, `index`, `links`, `reference`, `ledger`, `decision`,
    /// `component`, `kind`, `comment`, `attachment`, `counter`, `timer`, `queue`, `events` or `row`.
    pub check: &'static str,
    /// The record, or what else it is about.
    pub about: String,
    /// The field, path or column.
    pub field: String,
    /// What should be there.
    pub expected: String,
    /// What is there.
    pub found: String,
}

/// What was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The organisation.
    pub organisation: String,
    /// Records.
    pub records: u64,
    /// Audit entries.
    pub audit_entries: u64,
    /// Decisions.
    pub decisions: u64,
    /// Decisions among them from before the audit trail had digests of decisions: whether they were changed, nothing tells.
    pub unsealed: u64,
    /// Records whose index is about to be made anew: what it says of them was not looked at.
    pub waiting: u64,
    /// Findings, by check.
    pub findings: BTreeMap<&'static str, u64>,
}

impl Summary {
    /// Whether nothing was found.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

/// A verification under way.
struct Check<'d, 't> {
    desk: &'d Desk,
    org: String,
    inspection: Inspection,
    summary: Summary,
    /// The highest number of each prefix and year.
    used: BTreeMap<(String, i64), i64>,
    /// Kinds as they were in versions that are no longer in force.
    versions: HashMap<(String, i64), Arc<Kind>>,
    /// What the audit trail said of decisions.
    seals: sealed::Seals,
    /// What it said of kinds, components and keys.
    register: register::Register,
    /// The version of each kind that it put in force at last; 0 for the built-in one, or none.
    in_force: BTreeMap<String, i64>,
    tell: &'t mut (dyn FnMut(Finding) + Send),
}

/// Attachments read at once.
const PAGE: i64 = 200;
/// Rows that stand alone are told of up to this many.
const MOST_ORPHANS: i64 = 10_000;

/// Looks at everything of an organisation, as it is at one moment; `tell` hears of every finding as it is made.
///
/// # Errors
/// No such organisation; the database's errors.
pub async fn run(desk: &Desk, org: &str, tell: &mut (dyn FnMut(Finding) + Send)) -> Result<Summary, FlowError> {
    let inspection = desk.store.inspect(org).await?;
    let mut check = Check {
        desk,
        org: org.to_owned(),
        inspection,
        summary: Summary { organisation: org.to_owned(), ..Summary::default() },
        used: BTreeMap::new(),
        versions: HashMap::new(),
        seals: sealed::Seals::default(),
        register: register::Register::new(),
        in_force: BTreeMap::new(),
        tell,
    };
    check.types().await?;
    let heads = check.inspection.heads().await.map_err(FlowError::from);
    if let Some(heads) = check.readable("organisations", heads)? {
        let heads = heads.ok_or_else(|| Refusal::not_found(format!("there is no organisation '{org}'")))?;
        let done = check.chain(heads).await;
        check.readable("audit", done)?;
    }
    let done = check.registered().await;
    check.readable("kind_versions, components, publisher_keys, activations", done)?;
    let done = check.records().await;
    check.readable("records, comments, attachments", done)?;
    let done = check.surplus().await;
    check.readable("field_index, words", done)?;
    let done = check.orphans().await;
    check.readable("links, timers, manual_queue, decisions, comments, attachments", done)?;
    let done = check.decisions().await;
    check.readable("decisions, settings_texts, components", done)?;
    let done = check.counters().await;
    check.readable("counters", done)?;
    let done = check.ledger().await;
    check.readable("records", done)?;
    let done = check.attachments().await;
    check.readable("attachments", done)?;
    Ok(check.summary)
}

/// Mistyped rows of a table are told of up to this many.
const MOST_MISTYPED: i64 = 1000;

impl Check<'_, '_> {
    fn finding(
        &mut self,
        check: &'static str,
        about: impl Into<String>,
        field: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) {
        *self.summary.findings.entry(check).or_default() += 1;
        let (about, field, expected, found) = (about.into(), field.into(), expected.into(), found.into());
        (self.tell)(Finding { check, about, field, expected, found });
    }

    /// What was read; a finding about the tables where a row cannot be, which ends that check.
    fn readable<T>(&mut self, tables: &str, read: Result<T, FlowError>) -> Result<Option<T>, FlowError> {
        let why = match &read {
            Err(FlowError::Store(error)) => error.unreadable(),
            _ => None,
        };
        match why {
            Some(why) => {
                self.finding("row", tables, "", "rows that can be read; the rest of this check is left out", why);
                Ok(None)
            }
            None => read.map(Some),
        }
    }

    /// Every value is of its column's type.
    async fn types(&mut self) -> Result<(), FlowError> {
        for Mistyped { row, column, expected, is } in self.inspection.mistyped(MOST_MISTYPED).await? {
            self.finding("row", row, column, expected, is);
        }
        Ok(())
    }

    /// A number that was given.
    fn uses(&mut self, number: Number) {
        let highest = self.used.entry((number.prefix, i64::from(number.year))).or_default();
        *highest = (*highest).max(i64::try_from(number.counter).unwrap_or(i64::MAX));
    }

    /// The bytes of every attachment are there, and those that were attached.
    async fn attachments(&mut self) -> Result<(), FlowError> {
        let mut after = String::new();
        loop {
            let page = self.desk.store.all_attachments(&self.org, &after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after.clone_from(&last.id);
            for attachment in page {
                let size = u64::try_from(attachment.size).unwrap_or_default();
                if let Some(fault) = self.desk.blobs.fault(&attachment.sha256, size).await? {
                    let about = format!("{} {}", attachment.number, attachment.id);
                    let expected = format!("{size} bytes with the SHA-256 {}", attachment.sha256);
                    self.finding("attachment", about, &attachment.name, expected, fault);
                }
            }
        }
    }

    /// No number is given twice: the counter is at, or beyond, the highest one.
    async fn counters(&mut self) -> Result<(), FlowError> {
        let mut counters: BTreeMap<(String, i64), i64> = BTreeMap::new();
        for (prefix, year, last) in self.inspection.counters().await? {
            counters.insert((prefix, year), last);
        }
        for ((prefix, year), highest) in std::mem::take(&mut self.used) {
            let last = counters.get(&(prefix.clone(), year)).copied().unwrap_or_default();
            if last < highest {
                let expected = format!("at least {highest}");
                self.finding("counter", format!("{prefix}-{year}"), "last", expected, last.to_string());
            }
        }
        Ok(())
    }

    /// Everything that is about a record has one.
    async fn orphans(&mut self) -> Result<(), FlowError> {
        for (of, check) in [
            (Orphans::Links, "links"),
            (Orphans::Timers, "timer"),
            (Orphans::Queue, "queue"),
            (Orphans::Decisions, "decision"),
            (Orphans::Comments, "comment"),
            (Orphans::Attachments, "attachment"),
            (Orphans::Trail, "trail"),
        ] {
            for (about, field, value) in self.inspection.orphans(of, MOST_ORPHANS).await? {
                self.finding(check, about, field, "a record of this organisation", format!("none; {value}"));
            }
        }
        Ok(())
    }
}
