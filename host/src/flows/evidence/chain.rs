//! The state of the audit trail.

use serde::Serialize;

use crate::domain::audit::{GENESIS, Verified, verify};
use crate::flows::{Desk, FlowError};

/// Entries verified at once.
const PAGE: i64 = 5_000;

/// What the audit trail ends with, and whether it is whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChainFound {
    /// How many entries it has.
    pub entries: i64,
    /// Hash of the last one.
    pub head: String,
    /// `verified`, `broken`, or `not-verified` when nobody asked for it.
    pub state: &'static str,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// The audit trail of an organisation; with `whole`, every entry is verified up to the head.
///
/// # Errors
/// The database's errors.
pub(super) async fn read(desk: &Desk, org: &str, whole: bool) -> Result<ChainFound, FlowError> {
    let (entries, head) = desk.store.audit_head(org).await?.unwrap_or_else(|| (0, GENESIS.to_owned()));
    if !whole {
        return Ok(ChainFound { entries, head, state: "not-verified", fault: None });
    }
    let mut last = Verified::default();
    let fault = loop {
        let page = desk.store.audit_after(org, last.seq, PAGE).await?;
        // What was written since the head was read is verified another time.
        let within = page.iter().take_while(|entry| entry.seq <= entries);
        match verify(last.clone(), within) {
            Err(broken) => break Some(broken.to_string()),
            Ok(end) if end.seq == last.seq => {
                let whole = end.seq == entries && end.hash == head;
                break (!whole).then(|| format!("the trail ends at entry {}, its head is entry {entries}", end.seq));
            }
            Ok(end) => last = end,
        }
    };
    let state = if fault.is_none() { "verified" } else { "broken" };
    Ok(ChainFound { entries, head, state, fault })
}
