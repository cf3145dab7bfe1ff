//! `GET /records/{kind}/{number}/transitions`: what the caller may do next.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value as Json, json};

use crate::domain::kind::{Kind, Transition};
use crate::domain::{Record, lifecycle};
use crate::flows::transition_record;
use crate::flows::view_records;
use crate::http::caller::Caller;
use crate::http::input::{Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "listTransitions",
    group: Group::Records,
    summary: "What you may do next with a record",
    text: "The transitions from the record's present state that your roles, ownership and the separation of duties \
           allow. Fields in `missing` have to be filled before, or together with, the transition.",
    answers: &[Answer::json(200, "Transitions", "The transitions.")],
    problems: &[400, 401, 403, 404],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place((kind, number)): Place<(String, String)>,
    params: Params,
) -> Result<Response, Problem> {
    params.done()?;
    let kind = site.kind(&caller, &kind)?;
    let record = view_records::record(&site.desk, &caller, &kind, &number).await?;
    let steps = transition_record::available(&kind, &caller, &record);
    let steps: Vec<Json> = steps.into_iter().map(|step| shown(&kind, &record, step)).collect();
    Ok(reply::ok(&json!({
        "number": record.number,
        "state": record.state,
        "revision": record.revision,
        "transitions": steps,
    })))
}

fn shown(kind: &Kind, record: &Record, step: &Transition) -> Json {
    let signed: Vec<Json> = lifecycle::signatures(record, step)
        .into_iter()
        .map(|(role, user)| json!({ "role": role, "user": user }))
        .collect();
    json!({
        "name": step.name,
        "to": step.to,
        "label": kind.state(&step.to).map(|state| &state.label),
        "missing": missing(kind, record, step),
        "reason": step.reason,
        "signatures": { "needed": step.all_of, "given": signed },
    })
}

/// Fields that are still empty and have to be filled for the transition.
fn missing<'k>(kind: &'k Kind, record: &Record, step: &'k Transition) -> Vec<&'k str> {
    let leaves_first = record.state == kind.initial && step.to != kind.initial && !step.incomplete;
    let required = kind.all_fields().filter(|field| leaves_first && field.required && !field.computed);
    let names = required.map(|field| field.name.as_str());
    let mut missing: Vec<&str> = Vec::new();
    for name in names.chain(step.require.iter().map(String::as_str)) {
        let empty = record.get(name).is_none_or(|value| value.as_str() == Some(""));
        if empty && !missing.contains(&name) {
            missing.push(name);
        }
    }
    missing
}
