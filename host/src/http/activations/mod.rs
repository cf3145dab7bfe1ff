//! Activations: which component decides for what.

pub(super) mod activate;
pub(super) mod breaker;
pub(super) mod list;
pub(super) mod promote;
pub(super) mod read;
pub(super) mod revert;
pub(super) mod rollback;
pub(super) mod shadow;

use mortise_types::Process;

use crate::domain::Instant;
use crate::domain::component::{OnFailure, Scope};
use crate::domain::refusal::{Refusal, rule};
use crate::http::input::Members;

/// The processes, as parameters name them.
pub(super) const PROCESSES: &[&str] = &["sla", "change-risk", "budget", "supplier"];

/// The process of this name.
pub(super) fn process(field: &str, text: &str) -> Result<Process, Refusal> {
    text.parse().map_err(|_| {
        let message = format!("{field} has to be one of {}, not '{text}'", PROCESSES.join(", "));
        Refusal::invalid(rule::ENUM, field, message)
    })
}

/// What `process` and `scope` of a body say; whatever is wrong is noted in `members`.
pub(super) fn target(members: &mut Members) -> Option<(Process, Scope)> {
    let name = members.required_text("process");
    let process = name.parse::<Process>();
    if process.is_err() && !name.is_empty() {
        members.refuse("process", rule::ENUM, &format!("must be one of {}", PROCESSES.join(", ")));
    }
    let scope = match members.within("scope", scope) {
        Some(scope) => scope,
        None => Some(Scope::Organisation),
    };
    Some((process.ok()?, scope?))
}

/// What `on_failure` of a body says; whatever is wrong is noted in `members`.
fn on_failure(members: &mut Members) -> Option<OnFailure> {
    let word = members.text("on_failure")?;
    let parsed = OnFailure::parse(&word);
    if parsed.is_none() {
        members.refuse("on_failure", rule::ENUM, &format!("must be one of {}", OnFailure::WORDS.join(", ")));
    }
    parsed
}

/// What an instant of a body says; whatever is wrong is noted in `members`.
fn instant(members: &mut Members, name: &str) -> Option<Instant> {
    let text = members.text(name)?;
    let parsed = text.parse().ok();
    if parsed.is_none() {
        members.refuse(name, rule::FORMAT, "must be an instant: 2027-01-01T00:00:00Z");
    }
    parsed
}

fn scope(members: &mut Members) -> Option<Scope> {
    let kind = members.required_text("kind");
    let value = members.text("value").unwrap_or_default();
    if kind.is_empty() {
        return None;
    }
    let Some(scope) = Scope::from_parts(&kind, &value) else {
        members.refuse("kind", rule::ENUM, &format!("must be one of {}", Scope::KINDS.join(", ")));
        return None;
    };
    match (&scope, value.is_empty()) {
        (Scope::Organisation, false) => {
            members.refuse("value", rule::FORMAT, "must be empty: the organisation is your own");
            None
        }
        (Scope::Organisation, true) | (_, false) => Some(scope),
        (_, true) => {
            members.refuse("value", rule::REQUIRED, &format!("is required: which {kind}?"));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::{Value, json};

    use super::*;

    fn read(value: Value) -> Result<(Process, Scope), Vec<String>> {
        let Value::Object(map) = value else { panic!("not an object") };
        let mut members = Members::new(map);
        let target = target(&mut members);
        match members.done() {
            Ok(()) => Ok(target.unwrap()),
            Err(refusal) => Err(refusal.details.into_iter().map(|p| format!("{} {}", p.field, p.rule)).collect()),
        }
    }

    #[test]
    fn processes_are_named_as_the_contract_names_them() {
        assert_eq!(Process::ALL.map(|process| process.slug()), PROCESSES);
    }

    #[test]
    fn a_scope_is_a_kind_and_a_value() {
        assert_eq!(read(json!({"process": "sla"})), Ok((Process::Sla, Scope::Organisation)));
        let service = json!({"process": "budget", "scope": {"kind": "service", "value": "SVC-2026-000001"}});
        assert_eq!(read(service), Ok((Process::Budget, Scope::Service("SVC-2026-000001".to_owned()))));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = |value| read(value).unwrap_err();
        assert_eq!(wrong(json!({})), ["process required"]);
        assert_eq!(wrong(json!({"process": "SLA"})), ["process enum"]);
        assert_eq!(wrong(json!({"process": "sla", "scope": "organisation"})), ["scope type"]);
        assert_eq!(wrong(json!({"process": "sla", "scope": {}})), ["scope.kind required"]);
        assert_eq!(wrong(json!({"process": "sla", "scope": {"kind": "galaxy"}})), ["scope.kind enum"]);
        assert_eq!(wrong(json!({"process": "sla", "scope": {"kind": "service"}})), ["scope.value required"]);
        let both = json!({"process": "sla", "scope": {"kind": "organisation", "value": "other", "x": 1}});
        assert_eq!(wrong(both), ["scope.value format", "scope.x unknown-field"]);
    }
}
