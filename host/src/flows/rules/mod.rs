//! The rules and formulas of kind files, applied to a record on its way.
//!
//! What an expression reads of other records is fetched first, and held: if one of them changes meanwhile, the use
//! case starts over. The expression itself is worked out without the database.

mod related;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

pub(super) use related::{filter, newest};

use super::working::{Cause, Working};
use super::{Desk, FlowError};
use crate::domain::expression::{Expression, Scope};
use crate::domain::field::{Field, normalise};
use crate::domain::kind::{Happening, Related, Rule};
use crate::domain::record::{Record, broken};
use crate::domain::refusal::Refusal;
use crate::domain::{Actor, Instant, Kind};

/// A record as expressions see it.
pub(super) struct Seen<'a> {
    pub(super) desk: &'a Desk,
    pub(super) kind: &'a Kind,
    pub(super) actor: &'a Actor,
    pub(super) before: Option<&'a Record>,
    pub(super) record: &'a Record,
    pub(super) now: Instant,
}

impl Seen<'_> {
    /// The variables that every expression may read.
    pub(super) fn scope(&self) -> Scope {
        let now = self.now.to_string();
        let today = now.get(..10).unwrap_or_default().to_owned();
        let roles: Vec<&str> = self.actor.roles.iter().map(|role| role.code()).collect();
        Scope::default()
            .with("record", self.record.to_json())
            .with("before", self.before.map_or_else(|| json!({}), Record::to_json))
            .with("actor", json!({ "user": self.actor.user, "roles": roles, "host": self.actor.auto }))
            .with("now", now.into())
            .with("today", today.into())
            .with("policy", self.desk.policy.constants.to_json())
    }

    /// The scope with the other records that an expression reads; their revisions go to `held`.
    async fn with_related(
        &self,
        scope: &Scope,
        related: &BTreeMap<String, Related>,
        held: &mut Vec<(String, i64)>,
    ) -> Result<Scope, FlowError> {
        let mut scope = scope.clone();
        for (name, related) in related {
            let records = related::fetch(self, &scope, related, held).await?;
            scope.set(name, records.iter().map(Record::to_json).collect());
        }
        Ok(scope)
    }
}

/// Works out the formula fields of a record, in the order of the kind's file.
pub(super) async fn work_out(
    desk: &Desk,
    kind: &Kind,
    actor: &Actor,
    record: &mut Record,
    now: Instant,
    held: &mut Vec<(String, i64)>,
) -> Result<(), FlowError> {
    for field in &kind.fields {
        work_out_one(desk, kind, actor, record, now, field, held).await?;
    }
    Ok(())
}

async fn work_out_one(
    desk: &Desk,
    kind: &Kind,
    actor: &Actor,
    record: &mut Record,
    now: Instant,
    field: &Field,
    held: &mut Vec<(String, i64)>,
) -> Result<(), FlowError> {
    let Some(formula) = &field.formula else { return Ok(()) };
    let seen = Seen { desk, kind, actor, before: None, record, now };
    let scope = seen.with_related(&seen.scope(), &formula.related, held).await?;
    let value = formula.expression.value(&scope);
    let value = value.ok().filter(|value| !value.is_null()).and_then(|value| normalise(field, &value).ok());
    match value {
        Some(value) => record.data.insert(field.name.clone(), value),
        None => record.data.remove(&field.name),
    };
    Ok(())
}

/// Looks at every rule that is about what happened to the record.
///
/// # Errors
/// The database's; what the rules say is the answer.
pub(super) async fn look(
    seen: &Seen<'_>,
    happening: Happening<'_>,
    held: &mut Vec<(String, i64)>,
) -> Result<Result<(), Refusal>, FlowError> {
    let about = |rule: &&Rule| rule.on.iter().any(|on| on.is(happening)) || judged_before(seen, rule, happening);
    let rules: Vec<&Rule> = seen.kind.rules.iter().filter(about).collect();
    if rules.is_empty() {
        return Ok(Ok(()));
    }
    let mut base = seen.scope();
    if rules.iter().any(|rule| rule.reads_files()) {
        base.set("files", files(seen).await?);
    }
    let mut found: Vec<(&Rule, Option<String>)> = Vec::new();
    for rule in rules {
        let scope = seen.with_related(&base, &rule.related, held).await?;
        if let Some(guard) = &rule.guard {
            match guard.holds(&scope) {
                Ok(true) => {}
                Ok(false) => continue,
                Err(why) => {
                    found.push((rule, Some(why.0)));
                    continue;
                }
            }
        }
        match rule.check.holds(&scope) {
            Ok(true) => {}
            Ok(false) => found.push((rule, None)),
            Err(why) => found.push((rule, Some(why.0))),
        }
    }
    Ok(broken(seen.kind, &found).map_or(Ok(()), Err))
}

/// Files of a record that a rule sees at most.
const MOST_FILES: i64 = 1_000;

/// What is attached to the record and was not taken back: name and SHA-256.
async fn files(seen: &Seen<'_>) -> Result<Value, FlowError> {
    let (org, numbers) = (seen.record.org.as_str(), [seen.record.number.clone()]);
    let found = seen.desk.store.attachments(org, &numbers, false, "", MOST_FILES).await?;
    let standing = found.iter().filter(|file| file.retracted.is_none());
    Ok(standing.map(|file| json!({ "name": file.name, "sha256": file.sha256 })).collect())
}

/// Whether the rule was asked at a transition that lies behind the record, and something that it read then changes.
fn judged_before(seen: &Seen<'_>, rule: &Rule, happening: Happening<'_>) -> bool {
    let Some(before) = seen.before.filter(|_| happening != Happening::Create) else { return false };
    seen.kind.stands(rule, &before.state)
        && seen.kind.stands(rule, &seen.record.state)
        && seen.kind.facts(rule).iter().any(|field| before.get(field) != seen.record.get(field))
}

/// Works out the formulas of the record under way.
pub(super) async fn formulas(working: &mut Working<'_>) -> Result<(), FlowError> {
    let mut held = Vec::new();
    let (desk, actor, now) = (working.desk, working.actor, working.now);
    let kind = working.kind;
    work_out(desk, kind, actor, &mut working.record, now, &mut held).await?;
    working.hold(held);
    Ok(())
}

/// Works out again the formulas that read what a decision has set since they were worked out; `known` is the record as
/// they saw it.
pub(super) async fn formulas_again(working: &mut Working<'_>, known: &Map<String, Value>) -> Result<(), FlowError> {
    let (desk, actor, now, kind) = (working.desk, working.actor, working.now, working.kind);
    let differs = |record: &Record, name: &str| record.data.get(name) != known.get(name);
    let mut held = Vec::new();
    for field in &kind.fields {
        let Some(formula) = &field.formula else { continue };
        if formula.expression.reads("record").iter().any(|name| differs(&working.record, name)) {
            work_out_one(desk, kind, actor, &mut working.record, now, field, &mut held).await?;
        }
    }
    working.hold(held);
    Ok(())
}

/// Refuses what the rules of the kind do not allow to happen to the record under way.
pub(super) async fn check(working: &mut Working<'_>) -> Result<(), FlowError> {
    let Some(happening) = happening(&working.cause) else { return Ok(()) };
    let mut held = Vec::new();
    let seen = Seen {
        desk: working.desk,
        kind: working.kind,
        actor: working.actor,
        before: working.came_from(),
        record: &working.record,
        now: working.now,
    };
    let answer = look(&seen, happening, &mut held).await?;
    working.hold(held);
    Ok(answer?)
}

/// What a cause is to rules. A signature that others have to follow moves nothing, and a timer changes nothing by
/// itself.
fn happening(cause: &Cause) -> Option<Happening<'_>> {
    match cause {
        Cause::Create => Some(Happening::Create),
        Cause::Update => Some(Happening::Update),
        Cause::Transition { from, to } if from != to => Some(Happening::Transition(from, to)),
        Cause::Transition { .. } | Cause::Timer(_) | Cause::Again { .. } => None,
    }
}

/// The moment that an expression gives for a record: a date stands for its start in UTC.
pub(super) fn moment(desk: &Desk, kind: &Kind, record: &Record, expression: &Expression, n: i64) -> Option<Instant> {
    let host = Actor::host(record.org.as_str());
    let seen = Seen { desk, kind, actor: &host, before: None, record, now: record.updated_at };
    let value = expression.value(&seen.scope().with("n", n.into()));
    match value {
        Ok(Value::String(text)) => crate::domain::automatic::instant(&text),
        _ => None,
    }
}
