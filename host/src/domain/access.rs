//! Who may create, read and update records (guide, section 2).

use super::kind::{Condition, Extent, Grant, Kind, Values};
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of the organisation's.
    All,
    /// Those that one of these branches lets through; there may be none.
    Some(Vec<Branch>),
    /// None.
    Nothing,
}

impl Scope {
    /// Whether it is the actor's own records and no others.
    pub fn is_own(&self) -> bool {
        matches!(self, Self::Some(branches) if *branches == [Branch::Own])
    }
}

/// One of the ways in which a record may be among those that an actor reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Branch {
    /// It is his own: he owns it, made it, or is named in one of the kind's `owner_fields`.
    Own,
    /// Each of these fields, or columns, has one of the values beside it, which are as the index has them. What depends
    /// on the actor comes first: it tells more records apart than what is the same for all.
    Where(Vec<(String, Vec<String>)>),
}

impl Branch {
    /// The records that conditions let through for an actor; none where they let through no record at all.
    fn of(conditions: &[Condition], actor: &Actor) -> Option<Self> {
        let mut tests: Vec<_> = conditions.iter().map(|one| (one, one.passing(actor))).collect();
        if tests.iter().any(|(_, values)| values.is_empty()) {
            return None;
        }
        tests.sort_by_key(|(one, _)| matches!(one.values, Values::These(_)));
        Some(Self::Where(tests.into_iter().map(|(one, values)| (one.field.clone(), values)).collect()))
    }
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

/// The capacity in which the actor may do this. Without a record, a grant for some records counts:
/// whoever makes a record owns it.
///
/// # Errors
///
/// `role` when none of the actor's roles may, `own` when they may only with records of his own or with certain others.
pub fn permit(kind: &Kind, actor: &Actor, action: Action, record: Option<&Record>) -> Result<Acting, Refusal> {
    if actor.auto {
        return Ok(Acting::Host);
    }
    let grants = action.grants(kind);
    let held = || grants.iter().filter_map(|grant| Some((grant, holds(actor, grant.who)?)));
    let reaches = |grant: &Grant| record.is_none_or(|record| reaches(kind, actor, grant, record));
    if let Some((_, acting)) = held().find(|(grant, _)| reaches(grant)) {
        return Ok(acting);
    }
    let (verb, slug) = (action.verb(), &kind.slug);
    let mut reached: Vec<String> = held().map(|(grant, _)| which(grant)).collect();
    reached.dedup();
    if !reached.is_empty() {
        let message = format!("you may {verb} only {slug} records {}", reached.join(", or "));
        return Err(Refusal::forbidden(rule::OWN, message));
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
    if held().any(|grant| grant.extent == Extent::All) {
        return Scope::All;
    }
    if held().next().is_none() {
        return Scope::Nothing;
    }
    let mut branches = Vec::new();
    for grant in held() {
        let branch = match &grant.extent {
            Extent::All | Extent::Own => Some(Branch::Own),
            Extent::Where(conditions) => Branch::of(conditions, actor),
        };
        branches.extend(branch.filter(|branch| !branches.contains(branch)));
    }
    Scope::Some(branches)
}

/// The capacity in which the actor has to do with a record: he sees what lies behind it (its past, what was decided
/// about it) and takes part in the work on it. Whoever reads a record does, but for customers to whom a condition opens
/// it: what is published is read, and no more.
///
/// # Errors
///
/// `role` or `own`, as for reading; `own` for such a customer.
pub fn involved(kind: &Kind, actor: &Actor, record: &Record) -> Result<Acting, Refusal> {
    let acting = permit(kind, actor, Action::Read, Some(record))?;
    let customer = !actor.auto && actor.staff_role().is_none();
    if customer && read_scope(kind, actor) != Scope::All && !owns(kind, actor, record) {
        let message = format!("you may read {}, but it is not your own", record.number);
        return Err(Refusal::forbidden(rule::OWN, message));
    }
    Ok(acting)
}

/// Whether reading, creating or updating records of one of the kinds can depend for this actor on the customers that he
/// belongs to.
pub fn asks_reach<'k>(mut kinds: impl Iterator<Item = &'k Kind>, actor: &Actor) -> bool {
    let asks = |grant: &Grant| match &grant.extent {
        Extent::Where(conditions) => conditions.iter().any(Condition::asks_reach) && holds(actor, grant.who).is_some(),
        Extent::All | Extent::Own => false,
    };
    !actor.auto && kinds.any(|kind| kind.access.read.iter().chain(&kind.access.update).any(asks))
}

fn reaches(kind: &Kind, actor: &Actor, grant: &Grant, record: &Record) -> bool {
    match &grant.extent {
        Extent::All => true,
        Extent::Own => owns(kind, actor, record),
        Extent::Where(conditions) => conditions.iter().all(|one| one.holds(kind, actor, record)),
    }
}

/// In words, the records that a grant is about.
fn which(grant: &Grant) -> String {
    match &grant.extent {
        Extent::All | Extent::Own => "of your own".to_owned(),
        Extent::Where(conditions) => {
            let all: Vec<String> = conditions.iter().map(Condition::to_string).collect();
            format!("where {}", all.join(" and "))
        }
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
