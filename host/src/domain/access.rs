//! Who may create, read and update records (guide, section 2).

use super::kind::{Grant, Kind};
use super::record::Record;
use super::refusal::{Refusal, rule};
use super::role::{Acting, Actor, Who};

/// What an actor wants to do with records of a kind; transitions have rules of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Make one.
    Create,
    /// See one.
    Read,
    /// Change fields of one.
    Update,
}

impl Action {
    fn verb(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Read => "read",
            Self::Update => "update",
        }
    }

    fn grants(self, kind: &Kind) -> &[Grant] {
        match self {
            Self::Create => &kind.access.create,
            Self::Read => &kind.access.read,
            Self::Update => &kind.access.update,
        }
    }
}

/// How far an actor's right to read a kind's records goes; lists are narrowed to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of the organisation's.
    All,
    /// His own only: owner, creator, or named in one of the kind's `owner_fields`.
    Own,
    /// None.
    Nothing,
}

/// Whether a record is the actor's own.
pub fn owns(kind: &Kind, actor: &Actor, record: &Record) -> bool {
    record.owner == actor.user
        || record.created_by == actor.user
        || kind.owner_fields.iter().any(|field| record.text(field) == Some(actor.user.as_str()))
}

/// Whether the actor may do this to records of the kind; to this record, where one is given.
pub fn may(kind: &Kind, actor: &Actor, action: Action, record: Option<&Record>) -> bool {
    permit(kind, actor, action, record).is_ok()
}

/// The capacity in which the actor may do this. Without a record, a grant for own records counts:
/// whoever makes a record owns it.
///
/// # Errors
///
/// `role` when none of the actor's roles may, `own` when they may only with records of his own.
pub fn permit(kind: &Kind, actor: &Actor, action: Action, record: Option<&Record>) -> Result<Acting, Refusal> {
    if actor.auto {
        return Ok(Acting::Host);
    }
    let grants = action.grants(kind);
    let mine = record.is_none_or(|record| owns(kind, actor, record));
    let held = || grants.iter().filter_map(|grant| Some((grant, holds(actor, grant.who)?)));
    if let Some((_, acting)) = held().find(|(grant, _)| !grant.own || mine) {
        return Ok(acting);
    }
    let (verb, slug) = (action.verb(), &kind.slug);
    if held().next().is_some() {
        return Err(Refusal::forbidden(rule::OWN, format!("you may {verb} only {slug} records of your own")));
    }
    let who = grants.iter().map(Grant::to_string).collect::<Vec<_>>().join(", ");
    Err(Refusal::forbidden(rule::ROLE, format!("to {verb} {slug} records takes one of the roles {who}")))
}

/// How far the actor's right to read records of the kind goes.
pub fn read_scope(kind: &Kind, actor: &Actor) -> Scope {
    if actor.auto {
        return Scope::All;
    }
    let held = || kind.access.read.iter().filter(|grant| holds(actor, grant.who).is_some());
    if held().any(|grant| !grant.own) {
        Scope::All
    } else if held().next().is_some() {
        Scope::Own
    } else {
        Scope::Nothing
    }
}

/// The capacity in which an actor belongs to those that a grant speaks of. The pseudo-roles of
/// transitions mean nobody here.
fn holds(actor: &Actor, who: Who) -> Option<Acting> {
    match who {
        Who::Role(role) => actor.has(role).then_some(Acting::As(role)),
        Who::Any => actor.staff_role().map(Acting::As),
        Who::Auto | Who::Route | Who::Author | Who::Reviewer | Who::Approver => None,
    }
}
