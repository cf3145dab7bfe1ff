//! Taking the decision, and keeping it where nothing has changed.

use mortise_types::{Outcome, Process, Request};
use serde_json::json;

use super::{facts, request};
use crate::domain::change::{self, Assessment, Basis};
use crate::domain::component::Subject;
use crate::flows::FlowError;
use crate::flows::decide::Answer;
use crate::flows::working::Working;

/// Why it is asked whether the assessment still holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Occasion {
    /// The change itself was edited or moved.
    Edit,
    /// Something is about to rest on the assessment.
    Reliance,
    /// It is asked again, whatever the inputs are.
    Again,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judged {
    /// The inputs are those of the assessment that is there.
    Same,
    /// Facts that move of themselves have moved, and the decision taken again has the same consequences.
    Confirmed,
    /// There is a new assessment.
    Anew,
    /// There is none for the present inputs; the last one stays, and a person is needed.
    Failed,
}

/// Assesses the change as it is now, unless it was assessed on the same inputs already.
pub(super) async fn assess(working: &mut Working<'_>, occasion: Occasion) -> Result<Judged, FlowError> {
    let facts = facts::gather(working).await?;
    working.set("ci_classes", if facts.classes.is_empty() { json!(null) } else { json!(facts.classes) });
    let request = request::build(working, &facts);
    let inputs_hash = change::inputs_hash(&request);
    let last = Assessment::of(&working.record);
    let mut moved_by_itself = false;
    let mut unmoved = false;
    if let Some(last) = &last {
        let same = last.inputs_hash == inputs_hash;
        moved_by_itself = !same && change::inputs_hash(&last.as_then(request.clone())) == last.inputs_hash;
        unmoved = same && occasion == Occasion::Again;
        let holds = same || (moved_by_itself && occasion == Occasion::Edit);
        if holds && occasion != Occasion::Again {
            no_person_needed(working);
            return Ok(Judged::Same);
        }
    }
    let subject = Subject {
        kind: working.kind.slug.clone(),
        services: facts.direct_services.clone(),
        customer: None,
        contract: None,
    };
    let (decision, id) = match working.ask(&subject, &Request::ChangeRisk(request.clone())).await {
        Answer::Decided(decision, id) => (*decision, id),
        Answer::Refused { code, message, decision } => {
            working.needs_a_person(Process::ChangeRisk, &format!("refused: {code}: {message}"), &decision);
            working.set("manual", json!(true));
            return Ok(Judged::Failed);
        }
        Answer::Failed => {
            working.set("manual", json!(true));
            return Ok(Judged::Failed);
        }
    };
    let Outcome::ChangeRisk(outcome) = decision.outcome else {
        // The engine has checked that the outcome answers the request.
        return Ok(Judged::Failed);
    };
    let basis = Basis {
        decision: id,
        inputs_hash,
        assessed_at: working.now,
        model_max_score: facts.model.as_ref().and_then(|model| model.max_score),
        collisions: facts.collisions,
        blackouts: facts.blackouts,
        impact: facts.impact,
    };
    let assessment = Assessment::new(outcome, &request, basis, &working.desk.policy.change);
    no_person_needed(working);
    let as_before = last.is_some_and(|last| last.demands_as(&assessment));
    if moved_by_itself && as_before {
        return Ok(Judged::Confirmed);
    }
    keep(working, &assessment).await?;
    // Approvals belong to inputs, and to what was asked of them: neither has moved.
    if unmoved && as_before {
        return Ok(Judged::Confirmed);
    }
    Ok(Judged::Anew)
}

async fn keep(working: &mut Working<'_>, assessment: &Assessment) -> Result<(), FlowError> {
    let mut kept = json!(assessment);
    working.mark_fallback(&assessment.decision, &mut kept);
    working.set("assessment", kept);
    if working.kind.field("risk").is_some() {
        let number = working.number_decision(&assessment.decision).await?;
        working.set("risk", json!(number));
    }
    working.event(
        "change.assessed",
        json!({
            "score": assessment.score,
            "band": assessment.band,
            "route": assessment.route,
            "blocked": assessment.blocked,
            "conditions": assessment.conditions,
            "approvers": assessment.approvers,
            "decision": assessment.decision,
            "inputs_hash": assessment.inputs_hash,
        }),
    );
    Ok(())
}

/// Takes the record out of the manual-decision queue: the assessment that is there is valid. It stays there for another
/// process that has just put it there.
pub(super) fn no_person_needed(working: &mut Working<'_>) {
    if working.field("manual").is_some_and(|manual| manual == true) {
        if working.manual.is_empty() {
            working.set("manual", json!(false));
        }
        working.resolved.push((working.record.number.clone(), Process::ChangeRisk.slug().to_owned()));
    }
}
