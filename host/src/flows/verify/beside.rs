//! Comments and files of records, and the timers of their clocks, against what the audit trail and the record say.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Value, json};

use super::Check;
use crate::domain::Kinds;
use crate::domain::audit::AuditEntry;
use crate::domain::canonical;
use crate::domain::record::Record;
use crate::domain::work::Retraction;
use crate::flows::FlowError;

/// Whether an audit entry is about what is written beside a record, not about its fields.
pub(super) fn is_beside(entry: &AuditEntry) -> bool {
    ["comment", "comment:retract", "attach", "attachment:retract"].contains(&entry.action.as_str())
}

/// What is said of something beside a record: names and values.
type Said = BTreeMap<&'static str, Value>;

/// Where something is told of, and what.
struct Told {
    seq: i64,
    number: String,
    said: Said,
}

impl Check<'_, '_> {
    /// The comments and files of these records are those that the audit trail tells of.
    pub(super) async fn beside(&mut self, numbers: &[String], entries: &[AuditEntry]) -> Result<(), FlowError> {
        let mut comments: BTreeMap<String, Said> = BTreeMap::new();
        for one in self.inspection.comments_on(numbers).await? {
            let mut said = common(&one.number, &one.author, &one.role, one.retracted.as_ref());
            said.insert("visibility", json!(one.visibility));
            said.insert("first_answer", json!(one.first_answer));
            said.insert("sha256", json!(canonical::sha256(one.text.as_bytes())));
            said.insert("at", json!(one.at.to_string()));
            comments.insert(one.id, said);
        }
        let mut files: BTreeMap<String, Said> = BTreeMap::new();
        for one in self.inspection.attachments_of(numbers).await? {
            let mut said = common(&one.number, &one.author, &one.role, one.retracted.as_ref());
            said.insert("visibility", json!(one.visibility));
            said.insert("name", json!(one.name));
            said.insert("type", json!(one.media_type));
            said.insert("size", json!(one.size));
            said.insert("sha256", json!(one.sha256));
            said.insert("at", json!(one.at.to_string()));
            files.insert(one.id, said);
        }
        self.as_told("comment", &told(entries, "comment", "comment", "comment:retract"), comments);
        self.as_told("attachment", &told(entries, "attachment", "attach", "attachment:retract"), files);
        Ok(())
    }

    fn as_told(&mut self, check: &'static str, told: &BTreeMap<String, Told>, mut found: BTreeMap<String, Said>) {
        for (id, Told { seq, number, said }) in told {
            let about = format!("{number} {id}");
            let Some(is) = found.remove(id) else {
                self.finding(check, about, "row", format!("a row, since entry {seq} tells of it"), "none");
                continue;
            };
            for (name, value) in said.iter().filter(|(name, value)| is.get(*name) != Some(*value)) {
                let found = is.get(name).unwrap_or(&Value::Null).to_string();
                self.finding(check, about.as_str(), *name, format!("{value} (entry {seq})"), found);
            }
        }
        for (id, is) in found {
            let number = is.get("number").and_then(Value::as_str).unwrap_or_default();
            self.finding(check, format!("{number} {id}"), "row", "an audit entry that tells of it", "none");
        }
    }

    /// A clock that runs has a timer that tells when its target is passed.
    pub(super) async fn clocks(&mut self, records: &[&Record], kinds: &Kinds) -> Result<(), FlowError> {
        let running = |record: &Record, clock: &str| {
            // Clocks without a decision are made up, and have no timers.
            let of = record.at("sla.decision").and_then(|_| record.at(&format!("sla.{clock}")));
            let text = |name: &str| of.and_then(|of| of.get(name)?.as_str());
            let runs = text("state") == Some("running") && text("level") != Some("breached");
            let closed = kinds.get(&record.kind).and_then(|kind| kind.state(&record.state)).is_none_or(|s| s.closed);
            text("due_at").filter(|_| runs && !closed).map(str::to_owned)
        };
        let mut expected: HashMap<String, Vec<(String, String)>> = HashMap::new();
        for record in records {
            for clock in ["response", "resolution"] {
                if let Some(due) = running(record, clock) {
                    let timer = format!("sla.{clock}.breached");
                    expected.entry(record.number.clone()).or_default().push((timer, due));
                }
            }
        }
        if expected.is_empty() {
            return Ok(());
        }
        let numbers: Vec<String> = expected.keys().cloned().collect();
        let there: BTreeSet<(String, String)> = self.inspection.clocks_of(&numbers).await?.into_iter().collect();
        for (number, timers) in expected {
            for (timer, due) in timers {
                if !there.contains(&(number.clone(), timer.clone())) {
                    self.finding("timer", &number, timer, format!("a timer, since the clock runs until {due}"), "none");
                }
            }
        }
        Ok(())
    }
}

fn common(number: &str, author: &str, role: &str, retracted: Option<&Retraction>) -> Said {
    let back = |of: &dyn Fn(&Retraction) -> Value| retracted.map_or(Value::Null, of);
    BTreeMap::from([
        ("number", json!(number)),
        ("author", json!(author)),
        ("role", json!(role)),
        ("retracted_at", back(&|retraction| json!(retraction.at.to_string()))),
        ("retracted_by", back(&|retraction| json!(retraction.by))),
        ("retract_reason", back(&|retraction| json!(retraction.reason))),
    ])
}

/// What the entries say of comments or files, by identifier.
fn told(entries: &[AuditEntry], key: &str, made: &str, retracted: &str) -> BTreeMap<String, Told> {
    let mut told: BTreeMap<String, Told> = BTreeMap::new();
    for entry in entries {
        let Some(id) = entry.after.get(key).and_then(Value::as_str) else { continue };
        if entry.action == made {
            let mut said = common(&entry.number, &entry.actor, &entry.role, None);
            said.insert("at", json!(entry.at.to_string()));
            for name in ["visibility", "first_answer", "name", "type", "size", "sha256"] {
                if let Some(value) = entry.after.get(name) {
                    said.insert(name, value.clone());
                }
            }
            told.insert(id.to_owned(), Told { seq: entry.seq, number: entry.number.clone(), said });
        } else if entry.action == retracted
            && let Some(one) = told.get_mut(id)
        {
            one.seq = entry.seq;
            one.said.insert("retracted_at", json!(entry.at.to_string()));
            one.said.insert("retracted_by", json!(entry.actor));
            one.said.insert("retract_reason", json!(entry.reason));
        }
    }
    told
}
