//! Asking the component that is live, and keeping what it said.

use std::sync::Arc;

use mortise_types::{Decision, Process, Request};
use serde_json::{Value, json};

use super::working::Working;
use super::{FlowError, breaker};
use crate::catalog::Live;
use crate::domain::breaker::{Breaker, State};
use crate::domain::canonical;
use crate::domain::component::{Choice, OnFailure, Question, Subject};
use crate::domain::decision::{DecisionRecord, Status};
use crate::domain::refusal::Refusal;
use crate::engine::{Evaluation, Failure, Verdict};

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

/// What is asked, whoever answers.
struct Asked<'r> {
    subject: &'r Subject,
    request: &'r Request,
    process: Process,
    /// The candidate in shadow that is asked beside.
    shadow: Option<Arc<Live>>,
}

/// An answer that is none.
struct Failed {
    failure: Failure,
    /// Who failed: not who was asked, where that one leaves the operation out.
    by: Arc<Live>,
    /// The decision that is stored about it.
    decision: String,
}

impl Working<'_> {
    /// Asks whoever judges the record: the choice is the snapshot's, taken once. The decision is kept with the unit; a
    /// failure also enters the manual-decision queue. A candidate in shadow is asked once the unit is written.
    ///
    /// While the breaker of who would judge is open, it is what that activation wants for the case: the last good
    /// version decides, a person does, or what needs the decision is refused ([`Self::unavailable`]).
    pub(super) async fn ask(&mut self, subject: &Subject, request: &Request) -> Answer {
        if let Some(answer) = self.by_person(request) {
            return answer;
        }
        let process = request.process();
        let Some(Choice { live, shadow, .. }) = self.choose(subject, process) else {
            self.needs_a_person(process, "no component is active for this process", "");
            return Answer::Failed;
        };
        let only = self.only.as_ref().filter(|(of, _)| *of == process).map(|(_, only)| only.as_str());
        if only.is_some_and(|only| only != live.activation.id || live.stands() != State::Closed) {
            self.elsewhere = true;
            return Answer::Failed;
        }
        let alone = only.is_some();
        let mut asked = Asked { subject, request, process, shadow };
        let policy = &self.desk.policy.component.breaker;
        let watch = self.desk.catalog.watch();
        let probe = live.stands() == State::Probing && watch.is_probe(&live.activation.id, policy);
        if live.stands() != State::Closed && !probe {
            return self.instead(&live, &mut asked, None).await;
        }
        match self.call(&live, None, &mut asked).await {
            Ok((answer, by)) => {
                let own = by.activation.id == live.activation.id;
                self.note(&by, probe && own, None).await;
                answer
            }
            Err(failed) => {
                let own = failed.by.activation.id == live.activation.id;
                self.note(&failed.by, probe && own, Some(&failed.failure)).await;
                // This failure, or another one meanwhile, may have tripped the breaker.
                match self.choose(subject, process).map(|choice| choice.live) {
                    Some(now) if now.activation.id == live.activation.id && now.stands() != State::Closed && !alone => {
                        self.instead(&now, &mut asked, Some(failed)).await
                    }
                    _ => self.wait(process, failed),
                }
            }
        }
    }

    fn choose(&self, subject: &Subject, process: Process) -> Option<Choice<Live>> {
        self.desk.catalog.snapshot().choose(&self.record.org, process, &self.question(subject))
    }

    /// Who judges the record, as a question to the snapshot.
    fn question<'q>(&'q self, subject: &'q Subject) -> Question<'q> {
        Question { subject, number: &self.record.number, created_at: self.record.created_at }
    }

    /// What happens while the breaker of `out` is open; `failed` is what it said to this question before.
    async fn instead(&mut self, out: &Live, asked: &mut Asked<'_>, failed: Option<Failed>) -> Answer {
        let Some(breaker) = &out.breaker else { return Answer::Failed };
        let why = format!("the breaker of {} is open since {} ({})", out.name, breaker.since, breaker.cause);
        let failed = failed.map(|failed| failed.decision);
        match out.activation.on_failure {
            OnFailure::LastGood => {
                let (snapshot, question) = (self.desk.catalog.snapshot(), self.question(asked.subject));
                let Some(other) = snapshot.instead(&self.record.org, asked.process, &question, out) else {
                    let decision = failed.unwrap_or_else(|| self.unasked(out, breaker, asked.request, &why));
                    self.needs_a_person(asked.process, &format!("{why}; no other version decides"), &decision);
                    return Answer::Failed;
                };
                match self.call(&other, Some(breaker.generation), asked).await {
                    Ok((answer, by)) => {
                        self.note(&by, false, None).await;
                        answer
                    }
                    Err(failed) => {
                        self.note(&failed.by, false, Some(&failed.failure)).await;
                        self.wait(asked.process, failed)
                    }
                }
            }
            OnFailure::Queue => {
                let decision = failed.unwrap_or_else(|| self.unasked(out, breaker, asked.request, &why));
                self.needs_a_person(asked.process, &why, &decision);
                Answer::Failed
            }
            OnFailure::Refuse => {
                let message = format!("{why}, and nothing else may decide in its place; try again later");
                self.unavailable = Some(Refusal::unavailable("breaker-open", message));
                Answer::Failed
            }
        }
    }

    /// Asks one component and keeps what it said; gives who answered as well. `fallback` is the generation in which the
    /// breaker of another one came to be open, where it decides in that one's place. What a component leaves out, whoever
    /// decides in the next less specific scope decides: a partner's component for one service need not have every
    /// operation of the process.
    async fn call(
        &mut self,
        live: &Arc<Live>,
        fallback: Option<i64>,
        asked: &mut Asked<'_>,
    ) -> Result<(Answer, Arc<Live>), Failed> {
        let mut live = Arc::clone(live);
        let mut evaluation = self.desk.catalog.evaluate(&live, asked.request, self.desk).await;
        while evaluation.leaves_out()
            && let Some(next) = self.wider(&live, asked)
        {
            evaluation = self.desk.catalog.evaluate(&next, asked.request, self.desk).await;
            live = next;
        }
        let (status, output) = stored_output(&evaluation);
        let decision = DecisionRecord {
            generation: fallback.unwrap_or(live.activation.generation),
            status,
            fallback: fallback.is_some(),
            output,
            fuel: i64::try_from(evaluation.fuel).unwrap_or(i64::MAX),
            took_us: i64::try_from(evaluation.took.as_micros()).unwrap_or(i64::MAX),
            lookups: stored_lookups(&evaluation),
            ..self.question_to(&live, asked.request)
        };
        let id = decision.id.clone();
        if let Some(shadow) = asked.shadow.take() {
            self.shadows.push((id.clone(), shadow.activation.id.clone()));
        }
        self.decisions.push(decision);
        match evaluation.result {
            Ok(Verdict::Decided(decision)) => {
                self.resolved.push((self.record.number.clone(), asked.process.slug().to_owned()));
                Ok((Answer::Decided(Box::new(decision), id), live))
            }
            Ok(Verdict::Refused(refusal)) => {
                Ok((Answer::Refused { code: refusal.code, message: refusal.message, decision: id }, live))
            }
            Err(failure) => {
                tracing::warn!(
                    record = %self.record.number, process = asked.process.slug(), component = %live.name,
                    digest = %live.activation.digest, activation = %live.activation.id,
                    mode = live.activation.mode.as_str(), cause = %failure.cause, message = %failure.message,
                    "the component failed"
                );
                Err(Failed { failure, by: live, decision: id })
            }
        }
    }

    /// Keeps a question that nobody was asked while a breaker is open, so that whoever decides it later sees it.
    fn unasked(&mut self, out: &Live, breaker: &Breaker, request: &Request, why: &str) -> String {
        let said = json!({ "failure": "breaker-open", "message": why });
        let decision = DecisionRecord {
            generation: breaker.generation,
            status: Status::Failed,
            output: canonical::text(&said),
            ..self.question_to(out, request)
        };
        let id = decision.id.clone();
        self.decisions.push(decision);
        id
    }

    /// A decision that is to be taken by `live`, before anybody has said anything.
    fn question_to(&self, live: &Live, request: &Request) -> DecisionRecord {
        DecisionRecord {
            id: self.desk.clock.id(),
            org: self.record.org.clone(),
            decision_number: String::new(),
            number: self.record.number.clone(),
            process: request.process(),
            event: self.cause.action(),
            at: self.now,
            component: live.activation.digest.clone(),
            component_name: live.name.clone(),
            settings_hash: live.activation.settings_hash.clone(),
            activation: live.activation.id.clone(),
            generation: live.activation.generation,
            status: Status::Ok,
            fallback: false,
            input: canonical::text(request),
            output: String::new(),
            fuel: 0,
            took_us: 0,
            lookups: String::new(),
        }
    }

    /// Who decides in the next less specific scope.
    fn wider(&self, of: &Live, asked: &Asked<'_>) -> Option<Arc<Live>> {
        let (snapshot, question) = (self.desk.catalog.snapshot(), self.question(asked.subject));
        snapshot.wider(&self.record.org, asked.process, &question, &of.activation.scope)
    }

    /// Counts a call for the component's breaker, and sets it where that is due.
    async fn note(&self, live: &Live, probe: bool, failure: Option<&Failure>) {
        // What was the host's own fault says nothing about the component.
        if failure.is_some_and(|failure| !failure.cause.blames_component()) {
            return;
        }
        let (desk, id, now) = (self.desk, &live.activation.id, self.desk.clock.now());
        let (watch, policy) = (desk.catalog.watch(), &desk.policy.component.breaker);
        match failure {
            None if probe => {
                if watch.good_probe(id, policy) {
                    breaker::recover(desk, live).await;
                }
            }
            None => {
                watch.note(id, now, false, policy);
            }
            Some(failure) => {
                let trips = watch.note(id, now, true, policy);
                let tally = if probe { Some(watch.tally(id, now)) } else { trips };
                if let Some(tally) = tally {
                    breaker::trip(desk, live, failure.cause.as_str(), &failure.message, tally).await;
                }
            }
        }
    }

    /// The record waits for a person; its last valid value stays.
    fn wait(&mut self, process: Process, Failed { failure, decision, .. }: Failed) -> Answer {
        self.needs_a_person(process, &format!("{}: {}", failure.cause, failure.message), &decision);
        Answer::Failed
    }

    /// The number of a decision of this unit, given before it is stored so that the record can name it.
    pub(super) async fn number_decision(&mut self, id: &str) -> Result<Option<String>, FlowError> {
        let Some(one) = self.decisions.iter_mut().find(|one| one.id == id) else { return Ok(None) };
        self.desk.store.number_decisions(std::slice::from_mut(one)).await?;
        Ok(Some(one.decision_number.clone()))
    }

    /// Marks what is kept of a decision on the record, where the last good version took it.
    pub(super) fn mark_fallback(&self, decision: &str, kept: &mut Value) {
        if self.decisions.iter().any(|one| one.id == decision && one.fallback) {
            kept["fallback"] = json!(true);
        }
    }
}

/// The canonical text of what was looked up; empty for nothing.
fn stored_lookups(evaluation: &Evaluation) -> String {
    match evaluation.lookups.as_slice() {
        [] => String::new(),
        made => canonical::text(made),
    }
}

/// The canonical text of what came back: the bytes that a replay must give again.
pub(super) fn stored_output(evaluation: &Evaluation) -> (Status, String) {
    match &evaluation.result {
        Ok(Verdict::Decided(decision)) => (Status::Ok, canonical::text(decision)),
        Ok(Verdict::Refused(refusal)) => {
            (Status::Refused, canonical::text(&json!({ "error": refusal.code, "message": refusal.message })))
        }
        Err(failure) => {
            let said = json!({ "failure": failure.cause.to_string(), "message": failure.message });
            (Status::Failed, canonical::text(&said))
        }
    }
}
