//! The audit trail and the event stream.

use super::Check;
use crate::domain::audit::{self, Fault, Verified};
use crate::flows::FlowError;

/// Entries read at once.
const PAGE: i64 = 1000;

impl Check<'_, '_> {
    /// The chain holds from the first entry to the one that the organisation names; after a break it is followed on
    /// from there, so that each is told.
    pub(super) async fn chain(&mut self, heads: (i64, String, i64)) -> Result<(), FlowError> {
        let (length, head, events) = heads;
        let mut last = Verified::default();
        loop {
            let page = self.inspection.audit(last.seq, PAGE).await?;
            if page.is_empty() {
                break;
            }
            let mut read = Vec::with_capacity(page.len());
            for entry in page {
                self.summary.audit_entries += 1;
                let entry = match entry {
                    Ok(entry) => entry,
                    Err(seq) => {
                        self.finding("audit", format!("entry {seq}"), "before, after, seal", "JSON", "something else");
                        // Its hash is not read; the next entry is held against what it names itself.
                        last = Verified { seq, hash: String::new() };
                        continue;
                    }
                };
                let unknown = last.hash.is_empty();
                let from =
                    if unknown { Verified { hash: entry.prev_hash.clone(), ..last.clone() } } else { last.clone() };
                if let Err(broken) = audit::verify(from, [&entry]) {
                    let (field, expected, found) = match broken.fault {
                        Fault::Sequence => ("seq", (last.seq + 1).to_string(), entry.seq.to_string()),
                        Fault::Link => ("prev_hash", last.hash.clone(), entry.prev_hash.clone()),
                        Fault::Content => ("hash", audit::chain(&entry), entry.hash.clone()),
                    };
                    let about = format!("entry {} ({})", entry.seq, entry.number);
                    self.finding("audit", about, field, expected, found);
                }
                last = Verified { seq: entry.seq, hash: entry.hash.clone() };
                self.note(&entry);
                read.push(entry);
            }
            self.seals(&read).await?;
        }
        if last.seq != length {
            self.finding("audit", "trail", "length", length.to_string(), last.seq.to_string());
        } else if last.hash != head && !last.hash.is_empty() {
            self.finding("audit", "trail", "hash", head, last.hash);
        }
        let (count, oldest, newest) = self.inspection.events().await?;
        if newest > events {
            self.finding("events", "stream", "event_seq", format!("at least {newest}"), events.to_string());
        }
        if count != newest || oldest != 1 {
            self.finding("events", "stream", "seq", format!("1 to {newest}"), format!("{count} from {oldest}"));
        }
        Ok(())
    }
}
