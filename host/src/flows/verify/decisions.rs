//! What decisions and activations stand on: components whose bytes are what their digest says, and settings.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Check;
use crate::domain::{canonical, number};
use crate::flows::FlowError;

/// Decisions read at once.
const PAGE: i64 = 500;

impl Check<'_, '_> {
    pub(super) async fn decisions(&mut self) -> Result<(), FlowError> {
        let mut settings = BTreeSet::new();
        for (hash, body) in self.inspection.settings().await? {
            let is = canonical::sha256(body.as_bytes());
            if is != hash {
                self.finding("component", format!("settings {hash}"), "body", &hash, is);
            }
            settings.insert(hash);
        }
        let mut components = BTreeSet::new();
        for (digest, number) in self.inspection.components().await? {
            self.own_number("component", &digest, &number);
            match self.desk.store.component_bytes(&digest).await? {
                None => self.finding("component", &digest, "bytes", "a component", "nothing"),
                Some(bytes) => {
                    let is = canonical::sha256(&bytes);
                    if is != digest {
                        self.finding("component", &digest, "bytes", &digest, is);
                    }
                }
            }
            components.insert(digest);
        }
        for (id, digest, hash) in self.inspection.activations().await? {
            self.stands_on("component", &format!("activation {id}"), &digest, &hash, &components, &settings);
        }
        let mut after = String::new();
        loop {
            let page = self.inspection.decisions(&after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after.clone_from(&last.0);
            for (id, number, component, hash, input, output, own) in page {
                self.summary.decisions += 1;
                let about = format!("{number} {id}");
                self.own_number("decision", &about, &own);
                self.is_sealed(&about, &id, &own);
                // What a person decided stands on neither.
                if !(component.is_empty() && hash.is_empty()) {
                    self.stands_on("decision", &about, &component, &hash, &components, &settings);
                }
                for (field, text) in [("input", &input), ("output", &output)] {
                    let parsed: Result<Value, _> = serde_json::from_str(text);
                    // What a replay must give again is the canonical text.
                    if parsed.as_ref().map(canonical::text).ok().as_ref() != Some(text) {
                        self.finding("decision", &about, field, "canonical JSON", shortened(text));
                    }
                }
            }
        }
    }

    fn own_number(&mut self, check: &'static str, about: &str, number: &str) {
        match number::parse(number) {
            Some(number) => self.uses(number),
            None => self.finding(check, about, "number", "PREFIX-YYYY-NNNNNN", number),
        }
    }

    fn stands_on(
        &mut self,
        check: &'static str,
        about: &str,
        digest: &str,
        hash: &str,
        components: &BTreeSet<String>,
        settings: &BTreeSet<String>,
    ) {
        if !components.contains(digest) {
            self.finding(check, about, "component", digest, "no such component");
        }
        if !settings.contains(hash) {
            self.finding(check, about, "settings", hash, "no such settings");
        }
    }
}

fn shortened(text: &str) -> String {
    const LONGEST: usize = 120;
    let mut short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
