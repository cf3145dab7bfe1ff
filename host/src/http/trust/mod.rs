//! Whose components are taken.

pub(super) mod allowed;
pub(super) mod keys;
pub(super) mod policy;

use std::collections::BTreeSet;

use mortise_types::Process;
use serde_json::{Value, json};

use super::activations::PROCESSES;
use super::input::Members;
use crate::domain::Instant;
use crate::domain::refusal::rule;
use crate::flows::trust::{Distrusted, Trust};

fn shown(trust: &Trust, distrusted: &[Distrusted], now: Instant) -> Value {
    let mut shown = trust.policy.to_json();
    shown["keys"] = trust.keys.iter().map(|key| key.to_json(now)).collect();
    shown["distrusted"] = distrusted.iter().map(Distrusted::to_json).collect();
    shown
}

fn with_distrusted(mut key: Value, distrusted: &[Distrusted]) -> Value {
    key["distrusted"] = json!(distrusted.iter().map(Distrusted::to_json).collect::<Vec<_>>());
    key
}

fn processes(members: &mut Members) -> Option<BTreeSet<Process>> {
    let names = members.texts("processes")?;
    let parsed: Result<_, _> = names.iter().map(|name| name.parse()).collect();
    if parsed.is_err() {
        members.refuse("processes", rule::ENUM, &format!("must be some of {}", PROCESSES.join(", ")));
    }
    parsed.ok()
}

fn moment(members: &mut Members, name: &str) -> Option<Instant> {
    let text = members.text(name)?;
    let moment = text.parse();
    if moment.is_err() {
        members.refuse(name, rule::FORMAT, "must be a moment like 2026-03-31T09:30:00Z");
    }
    moment.ok()
}
