//! The request that a component sees of a change.

use mortise_types::change_risk::{Backout, BackoutState, ChangeType, Collision, CollisionRelation, Request, Tests};
use mortise_types::{Attributes, Value as Plain};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::facts::{Facts, window};
use crate::domain::change::{Colliding, Relation};
use crate::domain::refusal::{FieldProblem, Refusal, rule};
use crate::flows::working::Working;

/// Refuses what no component could make sense of: figures below zero, a window that ends before it begins, more tests
/// passed than planned. Who asks for a change stays the same once it is submitted: that person may not approve it.
pub(super) fn check(working: &Working<'_>) -> Result<(), Refusal> {
    let mut problems = Vec::new();
    let mut wrong = |field: &str, rule: &'static str, message: &str| {
        problems.push(FieldProblem::new(field, rule, format!("{field} {message}")));
    };
    if window(working).is_some_and(|(from, to)| to <= from) {
        wrong("window_to", rule::RANGE, "must be after window_from");
    }
    for (map, key) in
        [("backout", "duration_min"), ("backout", "window_min"), ("tests", "planned"), ("tests", "passed")]
    {
        let value = entry(working, map, key).and_then(Value::as_i64);
        if value.is_some_and(|value| u32::try_from(value).is_err()) {
            wrong(&format!("{map}.{key}"), rule::RANGE, "must be from 0 to 4294967295");
        }
    }
    let tests = |key| entry(working, "tests", key).and_then(Value::as_i64);
    if tests("passed").zip(tests("planned")).is_some_and(|(passed, planned)| passed > planned) {
        wrong("tests.passed", rule::RANGE, "must not be more than tests.planned");
    }
    let was = working.before.as_ref().filter(|before| before.state != working.kind.initial);
    if was.is_some_and(|before| before.text("requester") != working.text("requester")) {
        wrong("requester", rule::LOCKED_FIELD, "stays who it was when the change was submitted");
    }
    if problems.is_empty() { Ok(()) } else { Err(Refusal::fields(problems)) }
}

/// The request, from the change's fields and what the host found out.
pub(super) fn build(working: &Working<'_>, facts: &Facts) -> Request {
    let flag = |name: &str| working.field(name) == Some(&Value::Bool(true));
    let model = facts.model.as_ref();
    let assessed_before = model.is_some_and(|model| model.in_force && model.infosec_assessed);
    let known = !facts.affected.is_empty() || !facts.dependents.is_empty();
    Request {
        change_type: read(working.field("type")).unwrap_or(ChangeType::Normal),
        model_approved: model.is_some_and(|model| model.in_force),
        affected: (!facts.affected.is_empty()).then(|| facts.affected.clone()),
        dependents: known.then(|| facts.dependents.clone()),
        complexity: read(working.field("complexity")),
        teams: whole(working.field("teams")).unwrap_or(1),
        backout: backout(working),
        tests: tests(working),
        history: facts.history,
        timing: facts.timing,
        collisions: Some(others(&facts.collisions)),
        security_relevant: flag("security_relevant") && !assessed_before,
        design_transition: flag("design_transition"),
        previous_attempt_failed: flag("previous_attempt_failed"),
        cost_minor: facts.cost_minor,
        budget_available_minor: facts.budget_available_minor,
        attributes: attributes(working, facts),
    }
}

/// The plan, with the length of the window where it does not say another. A plan that does not say how long it takes
/// is taken to need the whole window.
fn backout(working: &Working<'_>) -> Option<Backout> {
    let state: BackoutState = read(entry(working, "backout", "state"))?;
    let window = window(working).map(|(from, to)| (to.seconds() - from.seconds()).max(0) / 60);
    let window = window.map(|minutes| u32::try_from(minutes).unwrap_or(u32::MAX));
    let window_min = whole(entry(working, "backout", "window_min")).or(window)?;
    let duration_min = whole(entry(working, "backout", "duration_min")).unwrap_or(window_min);
    Some(Backout { state, duration_min, window_min })
}

fn tests(working: &Working<'_>) -> Option<Tests> {
    let figure = |key| whole(entry(working, "tests", key));
    Some(Tests { planned: figure("planned")?, passed: figure("passed")? })
}

/// One entry for each colliding change: it is told by its worst meeting.
fn others(collisions: &[Colliding]) -> Vec<Collision> {
    let mut others: Vec<Collision> = Vec::new();
    // Sorted by change; the same item comes before a related one only within an item.
    for meeting in collisions {
        let relation = CollisionRelation::from(meeting.relation);
        match others.last_mut().filter(|last| last.change == meeting.change) {
            Some(last) if meeting.relation == Relation::SameCi => last.relation = relation,
            Some(_) => {}
            None => others.push(Collision { change: meeting.change.clone(), relation }),
        }
    }
    others
}

/// What the typed request has no place for.
fn attributes(working: &Working<'_>, facts: &Facts) -> Attributes {
    let mut attributes = Attributes::new();
    for name in ["model", "budget_line"] {
        if let Some(number) = working.text(name) {
            attributes.insert(name.to_owned(), Plain::Text(number.to_owned()));
        }
    }
    let mut figure = |name: &str, value: u32| attributes.insert(name.to_owned(), Plain::Whole(i64::from(value)));
    figure("impact.items", facts.impact.items);
    figure("impact.criticality", facts.impact.criticality);
    if let Some(most) = facts.model.as_ref().and_then(|model| model.max_score) {
        figure("model.max_score", most);
    }
    attributes
}

fn entry<'w>(working: &'w Working<'_>, map: &str, key: &str) -> Option<&'w Value> {
    working.field(map)?.get(key).filter(|value| !value.is_null())
}

fn read<T: DeserializeOwned>(value: Option<&Value>) -> Option<T> {
    serde_json::from_value(value?.clone()).ok()
}

fn whole(value: Option<&Value>) -> Option<u32> {
    u32::try_from(value?.as_i64()?).ok()
}
