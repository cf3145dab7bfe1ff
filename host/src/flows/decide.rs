//! Asking the component that is live, and keeping what it said.

use mortise_types::{Decision, Request};
use serde_json::{Value, json};

use super::working::Working;
use crate::domain::canonical;
use crate::domain::component::{Choice, Question, Subject};
use crate::domain::decision::{DecisionRecord, Status};
use crate::engine::{Evaluation, Verdict};

/// What became of a question to a component.
pub(super) enum Answer {
    /// It decided; the stored decision's identifier goes with it.
    Decided(Box<Decision>, String),
    /// It refused the request: a value, with a stable code.
    Refused {
        /// The component's code.
        code: String,
        /// Its sentence.
        message: String,
        /// The stored decision.
        decision: String,
    },
    /// It failed, or none is live. The last valid value stays and a person must decide (invariant 6).
    Failed,
}

impl Working<'_> {
    /// Asks whoever judges the record: the choice is the snapshot's, taken once. The decision is kept with the unit; a
    /// failure also enters the manual-decision queue. A candidate in shadow is asked once the unit is written.
    pub(super) async fn ask(&mut self, subject: &Subject, request: &Request) -> Answer {
        let process = request.process();
        let question = Question { subject, number: &self.record.number, created_at: self.record.created_at };
        let chosen = self.desk.catalog.snapshot().choose(&self.record.org, process, &question);
        let Some(Choice { live, side, shadow }) = chosen else {
            self.needs_a_person(process, "no component is active for this process", "");
            return Answer::Failed;
        };
        let evaluation = self.desk.catalog.evaluate(&live, request, self.desk).await;
        let id = self.desk.clock.id();
        if let Some(shadow) = shadow {
            self.shadows.push((id.clone(), shadow.activation.id.clone()));
        }
        let (status, output) = stored_output(&evaluation);
        self.decisions.push(DecisionRecord {
            id: id.clone(),
            org: self.record.org.clone(),
            decision_number: String::new(),
            number: self.record.number.clone(),
            process,
            event: self.cause.action(),
            at: self.now,
            component: live.activation.digest.clone(),
            component_name: live.name.clone(),
            settings_hash: live.activation.settings_hash.clone(),
            activation: live.activation.id.clone(),
            generation: live.activation.generation,
            status,
            input: canonical::text(&request.to_json()),
            output,
            fuel: i64::try_from(evaluation.fuel).unwrap_or(i64::MAX),
            took_us: i64::try_from(evaluation.took.as_micros()).unwrap_or(i64::MAX),
            lookups: stored_lookups(&evaluation),
        });
        match evaluation.result {
            Ok(Verdict::Decided(decision)) => {
                self.resolved.push((self.record.number.clone(), process.slug().to_owned()));
                Answer::Decided(Box::new(decision), id)
            }
            Ok(Verdict::Refused(refusal)) => {
                Answer::Refused { code: refusal.code, message: refusal.message, decision: id }
            }
            Err(failure) => {
                tracing::warn!(
                    record = %self.record.number, process = process.slug(), component = %live.name,
                    digest = %live.activation.digest, ?side, cause = %failure.cause, message = %failure.message,
                    "the component failed; the record waits for a person"
                );
                let reason = format!("{}: {}", failure.cause, failure.message);
                self.needs_a_person(process, &reason, &id);
                Answer::Failed
            }
        }
    }
}

/// The canonical text of what was looked up; empty for nothing.
fn stored_lookups(evaluation: &Evaluation) -> String {
    match evaluation.lookups.as_slice() {
        [] => String::new(),
        made => canonical::text(&json!(made)),
    }
}

/// The canonical text of what came back: the bytes that a replay must give again.
pub(super) fn stored_output(evaluation: &Evaluation) -> (Status, String) {
    let (status, value): (Status, Value) = match &evaluation.result {
        Ok(Verdict::Decided(decision)) => (Status::Ok, decision.to_json()),
        Ok(Verdict::Refused(refusal)) => {
            (Status::Refused, json!({ "error": refusal.code, "message": refusal.message }))
        }
        Err(failure) => (Status::Failed, json!({ "failure": failure.cause.to_string(), "message": failure.message })),
    };
    (status, canonical::text(&value))
}
