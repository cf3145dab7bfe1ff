//! Who decides where a component could not (guide, section 0: decision contract and separation of duties).

use mortise_types::Process;

use super::access::{self, Action};
use super::kind::Kind;
use super::record::Record;
use super::refusal::{Refusal, rule};
use super::role::{Actor, Role};

/// Roles that decide in place of a process's component: the process owner, and whoever does the process's work.
pub fn deciders(process: Process) -> &'static [Role] {
    match process {
        Process::Sla => &[Role::Po, Role::Slm, Role::Sd, Role::Te],
        Process::ChangeRisk => &[Role::Po, Role::Cm],
        Process::Budget => &[Role::Po, Role::Bud],
        Process::Supplier => &[Role::Po, Role::Sup],
    }
}

/// Whether what the process decides leads to an approval, so that whoever asks for it must not decide.
fn leads_to_approval(process: Process) -> bool {
    matches!(process, Process::ChangeRisk | Process::Budget)
}

/// The role in which the actor may decide about the record in place of the process's component.
///
/// # Errors
/// A record that he may not read or that is closed, `role`, `separation-of-duties`.
pub fn permit(kind: &Kind, actor: &Actor, record: &Record, process: Process) -> Result<Role, Refusal> {
    access::permit(kind, actor, Action::Read, Some(record))?;
    if kind.state(&record.state).is_some_and(|state| state.closed) {
        let message = format!("{} is closed: its decisions stay as they are", record.number);
        return Err(Refusal::conflict(rule::CLOSED, message));
    }
    let roles = deciders(process);
    let Some(role) = roles.iter().copied().find(|role| actor.has(*role)) else {
        let names = roles.iter().map(|role| role.code()).collect::<Vec<_>>().join(", ");
        let message = format!("what {process} could not decide is decided by one of the roles {names}");
        return Err(Refusal::forbidden(rule::ROLE, message));
    };
    let asks = |field: &str| record.text(field) == Some(actor.user.as_str());
    if leads_to_approval(process) && (asks("requester") || record.created_by == actor.user) {
        let message = "whoever asks for something does not decide what it takes to approve it";
        return Err(Refusal::forbidden(rule::SEPARATION, message));
    }
    Ok(role)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::Kinds;
    use crate::domain::time::Instant;

    fn record(kind: &Kind, by: &str) -> Record {
        Record {
            id: "1".to_owned(),
            org: "main".to_owned(),
            kind: kind.slug.clone(),
            number: format!("{}-2026-000001", kind.prefix),
            title: "x".to_owned(),
            state: kind.initial.clone(),
            owner: by.to_owned(),
            revision: 1,
            created_at: Instant(0),
            created_by: by.to_owned(),
            updated_at: Instant(0),
            kind_version: 0,
            data: serde_json::Map::new(),
        }
    }

    #[test]
    fn neither_customers_nor_administrators_decide() {
        for process in Process::ALL {
            for role in [Role::Cus, Role::Adm, Role::Pub, Role::Aud] {
                assert!(!deciders(process).contains(&role), "{process} {role}");
            }
        }
    }

    #[test]
    fn who_asks_does_not_decide() {
        let change = Kinds::builtin().get("change").unwrap();
        let of = |user: &str, role| Actor::user("main", user, [role]);
        let asked = record(change, "li");
        assert_eq!(permit(change, &of("wang", Role::Cm), &asked, Process::ChangeRisk), Ok(Role::Cm));
        let own = permit(change, &of("li", Role::Cm), &asked, Process::ChangeRisk).unwrap_err();
        assert_eq!(own.rule, "separation-of-duties");
        let desk = permit(change, &of("wang", Role::Te), &asked, Process::ChangeRisk).unwrap_err();
        assert_eq!(desk.rule, "role");
        let incident = Kinds::builtin().get("incident").unwrap();
        assert_eq!(permit(incident, &of("li", Role::Sd), &record(incident, "li"), Process::Sla), Ok(Role::Sd));
        let closed = Record { state: "closed".to_owned(), ..record(incident, "li") };
        assert_eq!(permit(incident, &of("li", Role::Sd), &closed, Process::Sla).unwrap_err().rule, "closed-record");
    }
}
