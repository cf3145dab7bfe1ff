//! Who must approve a change, and who has.

use mortise_types::change_risk::ApprovalRoute;
use serde::{Deserialize, Serialize};

use super::Assessment;
use crate::domain::policy::ChangePolicy;
use crate::domain::record::Record;
use crate::domain::refusal::{Refusal, rule};
use crate::domain::role::{Actor, Role};
use crate::domain::time::Instant;

/// What an approval says in place of a role when the host gave it: the change follows a model that
/// people approved before.
pub const HOST_ROLE: &str = "auto";

/// A role of which so many holders must approve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approver {
    /// The role.
    pub role: Role,
    /// How many of them, each another person.
    pub count: u32,
}

/// What an approver said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Yes.
    Approve,
    /// No.
    Reject,
}

/// One entry of a change's `approvals`; none is ever removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Code of the role it was given for, or [`HOST_ROLE`].
    pub role: String,
    /// Who.
    pub user: String,
    /// When.
    pub at: Instant,
    /// The inputs it was given on.
    pub inputs_hash: String,
    /// What was said.
    pub decision: Verdict,
    /// Whether the inputs have changed since, or the change was assessed anew.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stale: bool,
}

/// A change's approvals, in the order in which they were given.
pub fn approvals(record: &Record) -> Vec<Approval> {
    // The host alone writes the field; an entry of another form counts for nothing.
    let list = record.data.get("approvals").and_then(serde_json::Value::as_array);
    list.into_iter().flatten().filter_map(|entry| Approval::deserialize(entry).ok()).collect()
}

/// Who must approve (guide, P30): the change manager, a quorum of the board, or change manager,
/// technical lead and top management for an emergency; top management for a very high risk; and the
/// roles that conditions ask for. Nobody for a standard change without conditions.
pub fn approvers(
    route: ApprovalRoute,
    top_management: bool,
    conditions: &[String],
    policy: &ChangePolicy,
) -> Vec<Approver> {
    let one = |role| Approver { role, count: 1 };
    let mut needed = match route {
        ApprovalRoute::Standard => Vec::new(),
        ApprovalRoute::ChangeManager => vec![one(Role::Cm)],
        ApprovalRoute::Cab => vec![Approver { role: Role::Cab, count: policy.cab_quorum.get() }],
        ApprovalRoute::Ecab => vec![one(Role::Cm), one(Role::Te), one(Role::Top)],
    };
    let signoff = top_management.then_some(Role::Top);
    let by_condition = conditions.iter().filter_map(|condition| policy.approved_by.get(condition).copied());
    for role in signoff.into_iter().chain(by_condition) {
        if !needed.iter().any(|approver| approver.role == role) {
            needed.push(one(role));
        }
    }
    needed
}

/// The approvals that count for these inputs.
pub fn in_force<'a>(approvals: &'a [Approval], inputs_hash: &'a str) -> impl Iterator<Item = &'a Approval> {
    approvals.iter().filter(move |approval| {
        approval.decision == Verdict::Approve && !approval.stale && approval.inputs_hash == inputs_hash
    })
}

/// The approvals that an assessment still waits for.
pub fn lacking(assessment: &Assessment, approvals: &[Approval]) -> Vec<Approver> {
    let given = |role: Role| in_force(approvals, &assessment.inputs_hash).filter(|a| a.role == role.code()).count();
    let left = assessment.approvers.iter().map(|approver| {
        let given = u32::try_from(given(approver.role)).unwrap_or(u32::MAX);
        Approver { count: approver.count.saturating_sub(given), ..*approver }
    });
    left.filter(|approver| approver.count > 0).collect()
}

/// The role for which the actor can approve now. Each approval takes another person, whatever
/// roles one person holds.
///
/// # Errors
///
/// `already-signed` when they have approved, or when enough holders of their roles have.
pub fn seat(assessment: &Assessment, approvals: &[Approval], actor: &Actor) -> Result<Role, Refusal> {
    if in_force(approvals, &assessment.inputs_hash).any(|approval| approval.user == actor.user) {
        let message = "you have approved this change already; each approval takes another person";
        return Err(Refusal::forbidden(rule::SIGNED, message));
    }
    let open = lacking(assessment, approvals);
    let role = open.iter().map(|approver| approver.role).find(|role| actor.has(*role));
    role.ok_or_else(|| {
        let message = format!("enough people of your roles have approved; still lacking: {}", names(&open));
        Refusal::forbidden(rule::SIGNED, message)
    })
}

/// `2 × CAB, TOP`.
pub(super) fn names(approvers: &[Approver]) -> String {
    let name = |approver: &Approver| match approver.count {
        1 => approver.role.to_string(),
        count => format!("{count} × {}", approver.role),
    };
    approvers.iter().map(name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::assessment::tests::assessment;
    use super::*;

    fn given(role: Role, user: &str, hash: &str) -> Approval {
        Approval {
            role: role.code().to_owned(),
            user: user.to_owned(),
            at: Instant(0),
            inputs_hash: hash.to_owned(),
            decision: Verdict::Approve,
            stale: false,
        }
    }

    fn needed(route: ApprovalRoute, top: bool, conditions: &[&str]) -> String {
        let conditions: Vec<String> = conditions.iter().map(|c| (*c).to_owned()).collect();
        names(&approvers(route, top, &conditions, &ChangePolicy::default()))
    }

    #[test]
    fn the_route_names_the_approvers() {
        assert_eq!(needed(ApprovalRoute::Standard, false, &[]), "");
        assert_eq!(needed(ApprovalRoute::ChangeManager, false, &["post-implementation-review"]), "CM");
        assert_eq!(needed(ApprovalRoute::Cab, true, &["infosec-assessment"]), "2 × CAB, TOP, SEC");
        assert_eq!(needed(ApprovalRoute::Ecab, true, &["budget-owner-approval"]), "CM, TE, TOP, BUD");
        assert_eq!(needed(ApprovalRoute::Standard, false, &["budget-owner-approval"]), "BUD");
    }

    #[test]
    fn a_quorum_is_of_different_people() {
        let board = assessment(ApprovalRoute::Cab, &[]);
        let member = |user: &str| Actor::user("o", user, [Role::Cab, Role::Cm]);
        assert_eq!(seat(&board, &[], &member("ann")).ok(), Some(Role::Cab));
        let one = [given(Role::Cab, "ann", "h")];
        assert_eq!(lacking(&board, &one), [Approver { role: Role::Cab, count: 1 }]);
        assert_eq!(seat(&board, &one, &member("ann")).map_err(|r| r.rule), Err(rule::SIGNED.into()));
        assert_eq!(seat(&board, &one, &member("bob")).ok(), Some(Role::Cab));
        let both = [given(Role::Cab, "ann", "h"), given(Role::Cab, "bob", "h")];
        assert!(lacking(&board, &both).is_empty());
        assert_eq!(seat(&board, &both, &member("eve")).map_err(|r| r.rule), Err(rule::SIGNED.into()));
    }

    #[test]
    fn one_person_signs_for_one_role_only() {
        let emergency = assessment(ApprovalRoute::Ecab, &[]);
        let all = Actor::user("o", "ann", [Role::Cm, Role::Te, Role::Top]);
        assert_eq!(seat(&emergency, &[], &all).ok(), Some(Role::Cm));
        assert!(seat(&emergency, &[given(Role::Cm, "ann", "h")], &all).is_err());
    }

    #[test]
    fn stale_rejected_and_other_inputs_approvals_do_not_count() {
        let manager = assessment(ApprovalRoute::ChangeManager, &[]);
        let stale = Approval { stale: true, ..given(Role::Cm, "ann", "h") };
        let rejected = Approval { decision: Verdict::Reject, ..given(Role::Cm, "ann", "h") };
        let list = [stale, rejected, given(Role::Cm, "ann", "other")];
        assert_eq!(lacking(&manager, &list), [Approver { role: Role::Cm, count: 1 }]);
        assert!(lacking(&manager, &[given(Role::Cm, "ann", "h")]).is_empty());
    }

    #[test]
    fn an_approval_keeps_its_form() {
        let approval = given(Role::Bud, "ann", "h");
        let json = serde_json::json!({
            "role": "BUD", "user": "ann", "at": "1970-01-01T00:00:00Z", "inputs_hash": "h", "decision": "approve",
        });
        assert_eq!(serde_json::to_value(&approval).ok(), Some(json));
    }
}
