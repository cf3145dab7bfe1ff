//! What was acknowledged, and what was refused.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use mortise::domain::Kind;
use serde_json::{Map, Value};

use super::dice::Dice;
use crate::app::Answer;

/// A change that the server said is done.
#[derive(Clone, Debug)]
pub(super) struct Acknowledged {
    pub(super) kind: String,
    pub(super) number: String,
    pub(super) state: String,
    pub(super) revision: i64,
    /// The fields that were sent, as the answer showed them; null for one that was removed.
    pub(super) fields: Map<String, Value>,
}

/// What the walkers know together.
#[derive(Default)]
pub(super) struct Model {
    records: Mutex<Vec<String>>,
    acknowledged: Mutex<BTreeMap<String, Vec<Acknowledged>>>,
    refusals: Mutex<BTreeMap<(String, String), usize>>,
    tokens: AtomicU64,
}

impl Model {
    /// A text that no other change writes.
    pub(super) fn token(&self) -> String {
        format!("token {}", self.tokens.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) fn acknowledge(&self, change: Acknowledged) {
        let mut all = self.acknowledged.lock().unwrap();
        let known = all.entry(change.number.clone()).or_insert_with(|| {
            self.records.lock().unwrap().push(change.number.clone());
            Vec::new()
        });
        known.push(change);
    }

    /// Notes a refusal: it has to be a problem that names its rule.
    pub(super) fn refused(&self, kind: &Kind, answer: &Answer) {
        let rule = answer.body["rule"].as_str().unwrap_or_default();
        let media = answer.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        assert!(
            media.starts_with("application/problem+json") && !rule.is_empty(),
            "{}: {}",
            answer.status,
            answer.text
        );
        assert!([400, 403, 404, 409, 412, 422].contains(&answer.status), "{}: {}", answer.status, answer.text);
        assert!(!answer.body["detail"].as_str().unwrap_or_default().is_empty(), "{}", answer.text);
        *self.refusals.lock().unwrap().entry((kind.slug.clone(), rule.to_owned())).or_default() += 1;
    }

    /// Kind, number and newest acknowledged revision of any record; newer ones more often.
    pub(super) fn any(&self, dice: &mut Dice) -> Option<(String, String, i64)> {
        let number = {
            let records = self.records.lock().unwrap();
            if records.is_empty() {
                return None;
            }
            let newest = if dice.roll(2) == 0 { records.len() } else { records.len().min(40) };
            records[records.len() - 1 - dice.roll(newest as u64) as usize].clone()
        };
        let all = self.acknowledged.lock().unwrap();
        let newest = all[&number].iter().max_by_key(|change| change.revision)?;
        Some((newest.kind.clone(), number, newest.revision))
    }

    /// The number of some record of a prefix.
    pub(super) fn number_of(&self, prefix: &str, dice: &mut Dice) -> Option<String> {
        let records = self.records.lock().unwrap();
        let fits = |number: &&String| number.split('-').next() == Some(prefix);
        let numbers: Vec<&String> = records.iter().filter(fits).collect();
        (!numbers.is_empty()).then(|| (*dice.of(&numbers)).clone())
    }

    /// The number of some record of any kind.
    pub(super) fn number(&self, dice: &mut Dice) -> Option<String> {
        let records = self.records.lock().unwrap();
        (!records.is_empty()).then(|| dice.of(&records).clone())
    }

    /// The state that was last acknowledged.
    pub(super) fn state(&self, number: &str) -> String {
        let all = self.acknowledged.lock().unwrap();
        let newest = all[number].iter().max_by_key(|change| change.revision);
        newest.map(|change| change.state.clone()).unwrap_or_default()
    }

    /// Everything acknowledged, by record, in the order of the revisions.
    pub(super) fn all(&self) -> BTreeMap<String, Vec<Acknowledged>> {
        let mut all = self.acknowledged.lock().unwrap().clone();
        for changes in all.values_mut() {
            changes.sort_by_key(|change| change.revision);
        }
        all
    }

    /// The rules that were named, by kind.
    pub(super) fn rules(&self) -> BTreeSet<(String, String)> {
        self.refusals.lock().unwrap().keys().cloned().collect()
    }

    pub(super) fn refusals(&self) -> usize {
        self.refusals.lock().unwrap().values().sum()
    }
}
