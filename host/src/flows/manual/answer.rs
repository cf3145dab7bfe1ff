//! A person's answer where a component's is awaited.

use mortise_types::{Decision, Milestone, Outcome, Process, Reason, Request};
use serde_json::Value;

use super::Said;
use crate::domain::decision::{DecisionRecord, PERSON, Status};
use crate::domain::refusal::Refusal;
use crate::domain::{canonical, outcome};
use crate::flows::decide::Answer;
use crate::flows::working::Working;
use crate::store::manual::Waiting;

/// A person's answer to one question: the one that waits.
#[derive(Clone, Debug)]
pub(in crate::flows) struct Person {
    process: Process,
    number: String,
    /// The operation that was asked for; none where no component was asked, then the first question is the one.
    op: Option<String>,
    outcome: Value,
    milestones: Vec<Milestone>,
    reasons: Vec<Reason>,
    /// What came of it: the stored decision, or why it cannot be one; none until the question was asked.
    pub(super) came: Option<Result<String, Refusal>>,
}

impl Person {
    pub(super) fn new(waiting: &Waiting, process: Process, said: &Said) -> Self {
        let request: Option<Value> = waiting.request.as_deref().and_then(|text| serde_json::from_str(text).ok());
        Self {
            process,
            number: waiting.entry.number.clone(),
            op: request.and_then(|request| request["op"].as_str().map(str::to_owned)),
            outcome: said.outcome.clone(),
            milestones: said.milestones.clone(),
            reasons: said.reasons.clone(),
            came: None,
        }
    }

    fn is_asked(&self, number: &str, request: &Request) -> bool {
        self.came.is_none()
            && self.process == request.process()
            && self.number == number
            && self.op.as_deref().is_none_or(|op| op == request.op())
    }

    /// The answer as a decision, held to what every decision has to hold to.
    fn decision(&self, request: &Request) -> Result<Decision, Refusal> {
        let refused = |message: String| Refusal::invalid("impossible-outcome", "outcome", message);
        let outcome = Outcome::from_json(request, self.outcome.clone()).map_err(refused)?;
        let decision = Decision { outcome, milestones: self.milestones.clone(), reasons: self.reasons.clone() };
        outcome::check_decision(request, &decision).map_err(refused)?;
        Ok(decision)
    }
}

impl Working<'_> {
    /// A person's answer to this question, where there is one; it is kept with the unit like a component's.
    pub(in crate::flows) fn by_person(&mut self, request: &Request) -> Option<Answer> {
        let person = self.person.as_mut().filter(|person| person.is_asked(&self.record.number, request))?;
        let decision = match person.decision(request) {
            Ok(decision) => decision,
            Err(refusal) => {
                person.came = Some(Err(refusal));
                return Some(Answer::Failed);
            }
        };
        let (process, id) = (request.process(), self.desk.clock.id());
        person.came = Some(Ok(id.clone()));
        self.decisions.push(DecisionRecord {
            id: id.clone(),
            org: self.record.org.clone(),
            decision_number: String::new(),
            number: self.record.number.clone(),
            process,
            event: self.cause.action(),
            at: self.now,
            component: String::new(),
            component_name: format!("{PERSON}{}", self.actor.user),
            settings_hash: String::new(),
            activation: String::new(),
            generation: self.desk.catalog.snapshot().generation(&self.record.org, process),
            status: Status::Ok,
            fallback: false,
            input: canonical::text(&request),
            output: canonical::text(&decision),
            fuel: 0,
            took_us: 0,
            lookups: String::new(),
        });
        self.resolved.push((self.record.number.clone(), process.slug().to_owned()));
        Some(Answer::Decided(Box::new(decision), id))
    }
}
