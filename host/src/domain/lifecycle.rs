//! Which transitions a record has, and who may take them.

use serde_json::Value;

use super::access::{self, Action, Scope};
use super::kind::{Kind, Transition};
use super::record::Record;
use super::refusal::{Refusal, rule};
use super::role::{Acting, Actor, Role, Who};

/// What a flow knows about a transition that the record and the actor do not say.
#[derive(Clone, Copy, Debug, Default)]
pub struct TransitionContext<'a> {
    /// The roles that a decision named as approvers; they may take `route` transitions.
    pub route: &'a [Role],
    /// Whether the decision lets the host itself approve (standard change, auto-approved request;
    /// guide, section 0).
    pub route_auto: bool,
    /// Roles whose approval a process may ask for beside those that the kind names; they may take
    /// the transition too, and the process says what that means.
    pub also: &'a [Role],
    /// The reason the actor gave.
    pub reason: Option<&'a str>,
}

/// The transitions that the actor may take from the record's state, as far as roles, ownership and
/// separation of duties go; fields may still have to be filled.
pub fn available<'k>(
    kind: &'k Kind,
    actor: &Actor,
    record: &Record,
    context: &TransitionContext<'_>,
) -> Vec<&'k Transition> {
    let steps = kind.transitions.iter().filter(|step| step.from == record.state);
    steps.filter(|step| permit(kind, actor, record, step, context).is_ok()).collect()
}

/// The transition of that name from the record's state.
///
/// # Errors
///
/// `unknown-transition`, or `closed-record` when nothing leads on from the state.
pub fn find<'k>(kind: &'k Kind, record: &Record, name: &str) -> Result<&'k Transition, Refusal> {
    if let Some(step) = kind.transition(&record.state, name) {
        return Ok(step);
    }
    let names: Vec<&str> =
        kind.transitions.iter().filter(|step| step.from == record.state).map(|step| step.name.as_str()).collect();
    let (number, state) = (&record.number, &record.state);
    Err(if names.is_empty() {
        let message = format!("{number} is {state}: no transition leads on from there");
        Refusal::conflict(rule::CLOSED, message)
    } else {
        let message = format!("{number} is {state} and has no transition '{name}'; it has {}", names.join(", "));
        Refusal::conflict(rule::UNKNOWN_TRANSITION, message)
    })
}

/// The capacity in which the actor may take a transition.
///
/// # Errors
///
/// `role`, `own`, `separation-of-duties` or `already-signed`.
pub fn permit(
    kind: &Kind,
    actor: &Actor,
    record: &Record,
    step: &Transition,
    context: &TransitionContext<'_>,
) -> Result<Acting, Refusal> {
    let roles = narrowed(record, step);
    let also = context.also.iter().filter(|role| actor.has(**role)).map(|role| Acting::As(*role));
    let held: Vec<Acting> = roles.iter().flat_map(|who| holds(actor, record, *who, context)).chain(also).collect();
    if held.is_empty() {
        return Err(Refusal::forbidden(rule::ROLE, need(step, roles, context)));
    }
    // A role that sees only some records moves only its own, and those that it may change.
    let able: Vec<Acting> = held.into_iter().filter(|acting| reaches(kind, actor, record, *acting)).collect();
    if able.is_empty() {
        let message = format!("{} may be done by your role only to records of your own", step.name);
        return Err(Refusal::forbidden(rule::OWN, message));
    }
    if let Some(field) = step.separate.iter().find(|field| record.text(field) == Some(actor.user.as_str())) {
        let message = format!("{} must be done by someone else than the user named in {field}", step.name);
        return Err(Refusal::forbidden(rule::SEPARATION, message).about(field.as_str()));
    }
    if step.all_of.is_empty() { Ok(able[0]) } else { open_signature(record, step, actor, &able) }
}

/// The role for which the actor can still sign.
fn open_signature(record: &Record, step: &Transition, actor: &Actor, able: &[Acting]) -> Result<Acting, Refusal> {
    let signed = signatures(record, step);
    if signed.iter().any(|(_, user)| *user == actor.user) {
        let message = format!("you have signed {} already; another person has to sign too", step.name);
        return Err(Refusal::forbidden(rule::SIGNED, message));
    }
    let open = able.iter().copied().find(|acting| match acting {
        Acting::As(role) => !signed.iter().any(|(by, _)| by == role),
        Acting::Host => false,
    });
    open.ok_or_else(|| {
        let message = format!("{} is signed for your role already; other roles have to sign", step.name);
        Refusal::forbidden(rule::SIGNED, message)
    })
}

/// The signatures collected for a transition: role and user.
pub fn signatures(record: &Record, step: &Transition) -> Vec<(Role, String)> {
    let list = step.signatures.as_ref().and_then(|field| record.data.get(field)).and_then(Value::as_array);
    let text = |signature: &Value, key: &str| signature.get(key)?.as_str().map(str::to_owned);
    list.into_iter()
        .flatten()
        .filter(|signature| signature.get("for").and_then(Value::as_str) == Some(&step.name))
        .filter_map(|signature| Some((text(signature, "role")?.parse().ok()?, text(signature, "user")?)))
        .collect()
}

/// The transition's roles, narrowed by the conditions that the record's values meet.
fn narrowed<'t>(record: &Record, step: &'t Transition) -> &'t [Who] {
    let met = step.only.iter().find(|only| record.text(&only.field) == Some(only.is.as_str()));
    match met {
        Some(only) => &only.roles,
        None if step.all_of.is_empty() => &step.roles,
        None => &step.all_of,
    }
}

/// The capacities in which the actor belongs to those that a transition speaks of.
fn holds(actor: &Actor, record: &Record, who: Who, context: &TransitionContext<'_>) -> Vec<Acting> {
    let named = |field: &str| record.text(field) == Some(actor.user.as_str());
    let if_named = |field| actor.staff_role().filter(|_| named(field)).map(Acting::As).into_iter().collect();
    match who {
        Who::Role(role) => actor.has(role).then_some(Acting::As(role)).into_iter().collect(),
        Who::Any => actor.roles.iter().filter(|role| **role != Role::Cus).map(|role| Acting::As(*role)).collect(),
        Who::Auto => actor.auto.then_some(Acting::Host).into_iter().collect(),
        Who::Route if actor.auto && context.route_auto => vec![Acting::Host],
        Who::Route => context.route.iter().filter(|role| actor.has(**role)).map(|role| Acting::As(*role)).collect(),
        Who::Author => if_named("author"),
        Who::Reviewer => if_named("reviewer"),
        Who::Approver => if_named("approver"),
    }
}

/// Whether the actor, in this capacity alone, has to do with the record.
fn reaches(kind: &Kind, actor: &Actor, record: &Record, acting: Acting) -> bool {
    let Acting::As(role) = acting else {
        return true;
    };
    let alone = actor.only_as([role]);
    match access::read_scope(kind, &alone) {
        Scope::All | Scope::Nothing => true,
        // That something may be read gives nobody a say in it; that it may be changed does.
        Scope::Some(_) => {
            let may = |action| access::may(kind, &alone, action, Some(record));
            access::owns(kind, actor, record) || may(Action::Read) && may(Action::Update)
        }
    }
}

fn need(step: &Transition, roles: &[Who], context: &TransitionContext<'_>) -> String {
    let names = roles.iter().flat_map(|who| match who {
        Who::Route if context.route.is_empty() => {
            vec!["the approvers that its decision names".to_owned()]
        }
        Who::Route => context.route.iter().map(|role| role.to_string()).collect(),
        Who::Auto => vec!["the host itself".to_owned()],
        who => vec![who.to_string()],
    });
    format!("{} takes one of the roles {}", step.name, names.collect::<Vec<_>>().join(", "))
}
