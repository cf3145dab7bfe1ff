//! Versions of kinds, components and publishers' keys against what the audit trail said when they were made.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Check;
use crate::domain::audit::AuditEntry;
use crate::domain::trust;
use crate::flows::FlowError;

/// What the audit trail said at last: row (its check, table's word and key), then names and values.
pub(super) type Register = BTreeMap<(&'static str, &'static str, String), BTreeMap<&'static str, Value>>;

impl Check<'_, '_> {
    /// Notes what an entry says of kinds, components and keys.
    pub(super) fn note(&mut self, entry: &AuditEntry) {
        let value = |name: &str| entry.after.get(name).cloned().unwrap_or_default();
        let (row, said) = match entry.action.as_str() {
            "kind" => {
                let version = value("version").as_i64().unwrap_or_default();
                self.in_force.insert(entry.number.clone(), version);
                if version == 0 {
                    return;
                }
                let said = BTreeMap::from([
                    ("body", value("body")),
                    ("actor", json!(entry.actor)),
                    ("reason", json!(entry.reason)),
                ]);
                (("kind", "version", format!("{} {version}", entry.number)), said)
            }
            "upload" => {
                let said = ["name", "version", "process", "signed_by"].map(|name| (name, value(name)));
                // Servers before there were signatures said nothing of them.
                let said = said.into_iter().filter(|(_, value)| !value.is_null()).collect();
                (("component", "component", entry.number.clone()), said)
            }
            "trust:key" => {
                let said = ["name", "public_key"].map(|name| (name, value(name)));
                (("component", "key", entry.number.clone()), said.into())
            }
            "activate" | "promote" | "rollback" => {
                let Some(id) = entry.after.get("id").and_then(Value::as_str) else { return };
                let said = BTreeMap::from([("digest", value("component")), ("settings_hash", value("settings"))]);
                (("component", "activation", id.to_owned()), said)
            }
            _ => return,
        };
        self.register.insert(row, said);
    }

    /// Everything that the trail told of is there as it said.
    pub(super) async fn registered(&mut self) -> Result<(), FlowError> {
        let mut found = Register::new();
        let mut in_force: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
        for one in self.inspection.kind_versions().await? {
            if one.ended_at.is_none() {
                in_force.entry(one.slug.clone()).or_default().insert(one.version);
            }
            let said =
                BTreeMap::from([("body", json!(one.body)), ("actor", json!(one.actor)), ("reason", json!(one.reason))]);
            found.insert(("kind", "version", format!("{} {}", one.slug, one.version)), said);
        }
        for (digest, name, version, process, signatures) in self.inspection.uploads().await? {
            let keys: Vec<String> = trust::signatures(&signatures).into_iter().map(|one| one.key).collect();
            let said = BTreeMap::from([
                ("name", json!(name)),
                ("version", json!(version)),
                ("process", json!(process)),
                ("signed_by", json!(keys)),
            ]);
            found.insert(("component", "component", digest), said);
        }
        for (id, name, public_key) in self.inspection.publisher_keys().await? {
            let said = BTreeMap::from([("name", json!(name)), ("public_key", json!(public_key))]);
            found.insert(("component", "key", id), said);
        }
        for (id, digest, settings) in self.inspection.activations().await? {
            let said = BTreeMap::from([("digest", json!(digest)), ("settings_hash", json!(settings))]);
            found.insert(("component", "activation", id), said);
        }
        for (row, said) in std::mem::take(&mut self.register) {
            let (check, word, key) = (row.0, row.1, &row.2);
            let about = format!("{word} {key}");
            let Some(is) = found.remove(&row) else {
                self.finding(check, about, "row", "a row, since the audit trail tells of it", "none");
                continue;
            };
            for (name, value) in said {
                let found = is.get(name).unwrap_or(&Value::Null);
                if *found != value {
                    self.finding(check, about.as_str(), name, shortened(&value), shortened(found));
                }
            }
        }
        for (check, word, key) in found.into_keys() {
            self.finding(check, format!("{word} {key}"), "row", "an audit entry that tells of it", "none");
        }
        for (slug, version) in std::mem::take(&mut self.in_force) {
            let expected = BTreeSet::from_iter(Some(version).filter(|version| *version > 0));
            let is = in_force.remove(&slug).unwrap_or_default();
            if is != expected {
                let shown = |set: &BTreeSet<i64>| format!("{set:?}");
                self.finding("kind", slug, "versions in force", shown(&expected), shown(&is));
            }
        }
        Ok(())
    }
}

/// The value as JSON; of a long one its beginning and its SHA-256.
fn shortened(value: &Value) -> String {
    const LONGEST: usize = 120;
    let text = value.to_string();
    if text.chars().count() <= LONGEST {
        return text;
    }
    let digest = crate::domain::canonical::sha256(text.as_bytes());
    format!("{}… (SHA-256 {digest})", text.chars().take(LONGEST).collect::<String>())
}
