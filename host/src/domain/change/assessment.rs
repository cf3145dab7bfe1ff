//! What a change's `assessment` field holds.

use mortise_types::change_risk::{
    ApprovalRoute, CollisionRelation, FactorPoints, History, Outcome, Request, RiskBand, Timing,
};
use serde::{Deserialize, Serialize};

use super::approval::{Approval, Approver, approvers, in_force, lacking, names};
use crate::domain::policy::ChangePolicy;
use crate::domain::record::Record;
use crate::domain::refusal::Refusal;
use crate::domain::time::Instant;

/// A component's outcome, and what the host knew and made of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// The risk score, 0 to 100.
    pub score: u32,
    /// The score before surcharges.
    pub base: u32,
    /// What was added to it.
    pub surcharge: u32,
    /// Class of the score.
    pub band: RiskBand,
    /// By which way it is approved.
    pub route: ApprovalRoute,
    /// It must not be approved or scheduled as it stands.
    pub blocked: bool,
    /// Top management has to approve as well.
    pub top_management_signoff: bool,
    /// What has to be done before or after the change.
    pub conditions: Vec<String>,
    /// Special circumstances.
    pub flags: Vec<String>,
    /// Factors that were not supplied and count as the worst.
    pub missing: Vec<String>,
    /// What each factor adds, the largest first.
    pub reasons: Vec<FactorPoints>,
    /// Who must approve; nobody for a standard change.
    pub approvers: Vec<Approver>,
    /// Every configuration item in which another change at the same time meets this one.
    pub collisions: Vec<Colliding>,
    /// Blackout windows that the change falls into, by number.
    pub blackouts: Vec<String>,
    /// What the change reaches beyond the items it modifies.
    pub impact: Impact,
    /// When it is carried out, as the component was told.
    pub timing: Option<Timing>,
    /// Earlier changes of the same sort, as the component was told.
    pub history: Option<History>,
    /// What was left in the budget line, in minor units, as the component was told.
    pub budget_available_minor: Option<i64>,
    /// Identifier of the stored decision.
    pub decision: String,
    /// The inputs it belongs to; see [`super::inputs_hash`].
    pub inputs_hash: String,
    /// When it was assessed.
    pub assessed_at: Instant,
}

/// One configuration item in which another change at the same time meets this one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Colliding {
    /// Number of the other change.
    pub change: String,
    /// The item that it modifies.
    pub ci: String,
    /// Whether this change modifies the same item or a related one.
    pub relation: Relation,
    /// From an item that this change modifies to `ci`, by the relations that carry an impact.
    pub path: Vec<String>,
}

/// How two changes meet; in JSON as [`CollisionRelation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// In an item that both modify.
    SameCi,
    /// In an item that is related to one that this change modifies.
    RelatedCi,
}

impl From<Relation> for CollisionRelation {
    fn from(relation: Relation) -> Self {
        match relation {
            Relation::SameCi => Self::SameCi,
            Relation::RelatedCi => Self::RelatedCi,
        }
    }
}

/// What a change reaches beyond the items it modifies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impact {
    /// Configuration items that depend on the modified ones, directly or by others.
    pub items: u32,
    /// Highest criticality among them, 0 when there are none.
    pub criticality: u32,
    /// Services that depend on all these.
    pub services: u32,
    /// Whether there was more than the host follows.
    pub cut_off: bool,
}

/// What the host adds to an outcome.
#[derive(Clone, Debug)]
pub struct Basis {
    /// Identifier of the stored decision.
    pub decision: String,
    /// Hash of the request.
    pub inputs_hash: String,
    /// Now.
    pub assessed_at: Instant,
    /// Highest score that the change's model covers.
    pub model_max_score: Option<u32>,
    /// Where other changes meet this one.
    pub collisions: Vec<Colliding>,
    /// Blackout windows the change falls into.
    pub blackouts: Vec<String>,
    /// What it reaches.
    pub impact: Impact,
}

/// The flag of a standard change that is riskier than its model covers.
pub const ABOVE_MODEL: &str = "above-model-score";

impl Assessment {
    /// An outcome with what the host makes of it.
    ///
    /// Without people only that passes which people approved before: a standard change that is
    /// blocked, or scores above its model's `max_score`, goes to the change manager.
    pub fn new(outcome: Outcome, request: &Request, basis: Basis, policy: &ChangePolicy) -> Self {
        let Outcome { score, base, surcharge, band, mut route, mut flags, conditions, missing, .. } = outcome;
        let above = basis.model_max_score.is_some_and(|most| score > most);
        if route == ApprovalRoute::Standard && (above || outcome.blocked) {
            route = ApprovalRoute::ChangeManager;
            if above {
                flags.push(ABOVE_MODEL.to_owned());
            }
        }
        Self {
            approvers: approvers(route, outcome.top_management_signoff, &conditions, policy),
            score,
            base,
            surcharge,
            band,
            route,
            blocked: outcome.blocked,
            top_management_signoff: outcome.top_management_signoff,
            conditions,
            flags,
            missing,
            reasons: outcome.factors,
            collisions: basis.collisions,
            blackouts: basis.blackouts,
            impact: basis.impact,
            timing: request.timing,
            history: request.history,
            budget_available_minor: request.budget_available_minor,
            decision: basis.decision,
            inputs_hash: basis.inputs_hash,
            assessed_at: basis.assessed_at,
        }
    }

    /// A change's assessment; none while there was no valid one.
    pub fn of(record: &Record) -> Option<Self> {
        Self::deserialize(record.data.get("assessment")?).ok()
    }

    /// The request with those facts that move of themselves (other changes are closed, others spend
    /// from the budget line) as they were at this assessment. If its hash is then this
    /// assessment's, nothing about the change itself is different.
    #[must_use]
    pub fn as_then(&self, mut request: Request) -> Request {
        request.history = self.history;
        request.budget_available_minor = self.budget_available_minor;
        request
    }

    /// Whether the other assessment has the same consequences.
    pub fn demands_as(&self, other: &Self) -> bool {
        let demands = |a: &Self| (a.route, a.band, a.blocked, a.top_management_signoff);
        demands(self) == demands(other)
            && self.conditions == other.conditions
            && self.approvers == other.approvers
            && self.collisions == other.collisions
    }

    /// Whether the change passes without anybody's approval now.
    pub fn passes_by_itself(&self) -> bool {
        !self.blocked && self.approvers.is_empty()
    }

    /// Refuses a change that is blocked as it stands.
    ///
    /// # Errors
    ///
    /// `blocked`.
    pub fn hold_unblocked(&self) -> Result<(), Refusal> {
        if !self.blocked {
            return Ok(());
        }
        let windows = if self.blackouts.is_empty() {
            String::new()
        } else {
            format!(" (it falls into {})", self.blackouts.join(", "))
        };
        Err(Refusal::conflict("blocked", format!("the change is blocked as it stands{windows}")))
    }

    /// Refuses a change that may not be scheduled yet.
    ///
    /// # Errors
    ///
    /// `blocked`, `approvals-missing`, or the condition that has to be gone first.
    pub fn hold_schedulable(&self, approvals: &[Approval], policy: &ChangePolicy) -> Result<(), Refusal> {
        self.hold_unblocked()?;
        let lacking = lacking(self, approvals);
        if !lacking.is_empty() {
            let message = format!("the change lacks approvals: {}", names(&lacking));
            return Err(Refusal::conflict("approvals-missing", message));
        }
        let Some(first) = self.conditions.iter().find(|condition| policy.resolved_first.contains(condition)) else {
            return Ok(());
        };
        let met = self.collisions.iter().map(|c| format!("{} on {}", c.change, c.ci)).collect::<Vec<_>>().join(", ");
        let why = if met.is_empty() { String::new() } else { format!("; other changes at that time: {met}") };
        Err(Refusal::conflict(first.clone(), format!("the change cannot be scheduled before {first} is done{why}")))
    }

    /// The conditions that are met: by the approval they ask for, by the review, or by approvers
    /// who knew of them. What must be gone before scheduling is met by being gone.
    pub fn conditions_met(&self, approvals: &[Approval], reviewed: bool, policy: &ChangePolicy) -> Vec<String> {
        let approved = !self.blocked && lacking(self, approvals).is_empty();
        let by = |code: &str| in_force(approvals, &self.inputs_hash).any(|approval| approval.role == code);
        let met = |condition: &&String| match policy.approved_by.get(*condition) {
            Some(role) => by(role.code()),
            None if policy.resolved_first.contains(condition) => false,
            None if policy.met_by_review.contains(condition) => reviewed,
            None => approved,
        };
        self.conditions.iter().filter(met).cloned().collect()
    }
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn request() -> Request {
        serde_json::from_value(json!({
            "type": "standard", "model_approved": true, "teams": 1, "security_relevant": false,
            "design_transition": false, "previous_attempt_failed": false, "history": { "total": 9, "failed": 1 },
        }))
        .unwrap()
    }

    fn basis(max_score: Option<u32>) -> Basis {
        Basis {
            decision: "d".to_owned(),
            inputs_hash: "h".to_owned(),
            assessed_at: Instant(0),
            model_max_score: max_score,
            collisions: Vec::new(),
            blackouts: vec!["BLK-2026-000001".to_owned()],
            impact: Impact::default(),
        }
    }

    fn outcome(route: ApprovalRoute, blocked: bool, conditions: &[&str]) -> Outcome {
        Outcome {
            score: 20,
            base: 20,
            surcharge: 0,
            band: RiskBand::Low,
            route,
            blocked,
            top_management_signoff: false,
            conditions: conditions.iter().map(|c| (*c).to_owned()).collect(),
            flags: Vec::new(),
            missing: Vec::new(),
            factors: Vec::new(),
        }
    }

    /// An assessment on inputs with the hash `h`.
    pub(in crate::domain::change) fn assessment(route: ApprovalRoute, conditions: &[&str]) -> Assessment {
        Assessment::new(outcome(route, false, conditions), &request(), basis(None), &ChangePolicy::default())
    }

    #[test]
    fn only_what_was_approved_before_passes_by_itself() {
        let made = |most, blocked| {
            let outcome = outcome(ApprovalRoute::Standard, blocked, &[]);
            Assessment::new(outcome, &request(), basis(most), &ChangePolicy::default())
        };
        assert!(made(Some(20), false).passes_by_itself());
        assert!(made(None, false).passes_by_itself());
        let above = made(Some(19), false);
        assert!(!above.passes_by_itself());
        assert_eq!((above.route, above.flags), (ApprovalRoute::ChangeManager, vec![ABOVE_MODEL.to_owned()]));
        let blocked = made(Some(20), true);
        assert!(!blocked.passes_by_itself());
        assert_eq!(blocked.hold_unblocked().map_err(|r| r.rule), Err("blocked".into()));
    }

    #[test]
    fn scheduling_is_held_by_the_first_thing_that_stands_against_it() {
        let policy = ChangePolicy::default();
        let rule = |assessment: &Assessment, approvals: &[Approval]| {
            assessment.hold_schedulable(approvals, &policy).err().map(|refusal| refusal.rule.into_owned())
        };
        let colliding = assessment(ApprovalRoute::ChangeManager, &["resolve-collision"]);
        assert_eq!(rule(&colliding, &[]).as_deref(), Some("approvals-missing"));
        let yes = Approval {
            role: "CM".to_owned(),
            user: "ann".to_owned(),
            at: Instant(0),
            inputs_hash: "h".to_owned(),
            decision: super::super::Verdict::Approve,
            stale: false,
        };
        assert_eq!(rule(&colliding, std::slice::from_ref(&yes)).as_deref(), Some("resolve-collision"));
        let clear = assessment(ApprovalRoute::ChangeManager, &["post-implementation-review"]);
        assert_eq!(rule(&clear, &[yes]), None);
        assert_eq!(rule(&assessment(ApprovalRoute::Standard, &[]), &[]), None);
    }

    #[test]
    fn conditions_are_met_by_approval_and_review() {
        let policy = ChangePolicy::default();
        let all = [
            "backout-plan-or-accept-irreversible",
            "infosec-assessment",
            "post-implementation-review",
            "resolve-collision",
        ];
        let assessment = assessment(ApprovalRoute::ChangeManager, &all);
        let yes = |role: &str, user: &str| Approval {
            role: role.to_owned(),
            user: user.to_owned(),
            at: Instant(0),
            inputs_hash: "h".to_owned(),
            decision: super::super::Verdict::Approve,
            stale: false,
        };
        assert!(assessment.conditions_met(&[], false, &policy).is_empty());
        assert_eq!(assessment.conditions_met(&[yes("SEC", "sam")], false, &policy), ["infosec-assessment"]);
        let both = [yes("SEC", "sam"), yes("CM", "ann")];
        assert_eq!(assessment.conditions_met(&both, false, &policy), all[..2]);
        assert_eq!(assessment.conditions_met(&both, true, &policy), all[..3]);
    }

    #[test]
    fn what_moves_of_itself_is_put_back() {
        let mut later = request();
        later.history = Some(History { total: 10, failed: 1 });
        later.budget_available_minor = Some(5);
        assert_eq!(assessment(ApprovalRoute::Standard, &[]).as_then(later), request());
    }

    #[test]
    fn it_reads_back_from_the_record() {
        let made = assessment(ApprovalRoute::Cab, &["resolve-collision"]);
        let mut data = serde_json::Map::new();
        data.insert("assessment".to_owned(), serde_json::to_value(&made).unwrap());
        let record = Record {
            id: String::new(),
            org: String::new(),
            kind: "change".to_owned(),
            number: String::new(),
            title: String::new(),
            state: "assessed".to_owned(),
            owner: String::new(),
            revision: 1,
            created_at: Instant(0),
            created_by: String::new(),
            updated_at: Instant(0),
            kind_version: 0,
            data,
        };
        assert_eq!(Assessment::of(&record), Some(made));
    }
}
