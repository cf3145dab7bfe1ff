//! `GET /activations`: what is active, and what was.

use axum::extract;
use axum::response::Response;
use mortise_types::Process;
use serde_json::{Map, Value as Json, json};

use super::{PROCESSES, process};
use crate::domain::breaker::{Breaker, State};
use crate::domain::component::{Activation, OnFailure};
use crate::flows::sight::permit_component_reading;
use crate::http::caller::Caller;
use crate::http::input::Params;
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation, Parameter, Value};

pub(in crate::http) static DOC: Operation = Operation {
    id: "listActivations",
    group: Group::Activations,
    summary: "What has a say, and what had",
    text: "The newest first, each with its `mode`: active, shadow, canary with its `percent`, or planned with \
           `effective_from`. `generations` holds the generation of each process: send it as `expected_generation` \
           with an activation, and nobody else's activation is overwritten unseen. `breaker` says where an \
           activation's breaker stands, since when and why; what decides meanwhile (`fallback`: the last good version of \
           the scope, else what is active for the whole organisation, unless something is for a scope between); and \
           what this node has counted of late (`window`).",
    parameters: &[
        Parameter::query("process", Value::OneOf(PROCESSES), "Only of this process."),
        Parameter::query("live", Value::Flag, "Only those that are live (true), or only those that ended (false)."),
    ],
    answers: &[Answer::json(200, "ActivationList", "The activations.")],
    problems: &[400, 401, 403, 422],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    extract::State(site): extract::State<Site>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let of = params.take("process")?.map(|text| process("process", &text)).transpose()?;
    let live = params.take_flag("live")?;
    params.done()?;
    permit_component_reading(&caller)?;
    let store = &site.desk.store;
    let mut generations = Map::new();
    for process in Process::ALL {
        if of.is_none_or(|of| of == process) {
            let generation = store.generation(&caller.org, process.slug()).await?;
            generations.insert(process.slug().to_owned(), generation.into());
        }
    }
    let all = store.activations(&caller.org, of.map(|process| process.slug())).await?;
    let asked = all.iter().filter(|a| live.is_none_or(|live| live == a.ended_generation.is_none()));
    let breakers = store.breakers(Some(&caller.org)).await?;
    let activations: Vec<Json> = asked.map(|one| shown(&site, one, &breakers)).collect();
    Ok(reply::ok(&json!({ "generations": generations, "activations": activations })))
}

/// An activation with its breaker.
pub(super) fn shown(site: &Site, one: &Activation, breakers: &[Breaker]) -> Json {
    let mut shown = one.to_json();
    let breaker = breakers.iter().find(|breaker| breaker.activation == one.id);
    let mut stands = breaker.map_or_else(|| json!({ "state": State::Closed }), Breaker::to_json);
    if one.is_live() {
        let catalog = &site.desk.catalog;
        let tally = catalog.watch().tally(&one.id, site.desk.clock.now());
        stands["window"] = json!({ "calls": tally.calls, "failures": tally.failures });
        let snapshot = catalog.snapshot();
        let stands_in = match one.on_failure {
            OnFailure::LastGood if breaker.is_some_and(|breaker| breaker.state != State::Closed) => {
                let live = snapshot.find(&one.org, one.process, &one.id);
                live.and_then(|live| live.fallback.clone()).or_else(|| snapshot.beyond(one))
            }
            _ => None,
        };
        stands["fallback"] = json!(stands_in.map(|fallback| json!({
            "activation": fallback.activation.id,
            "scope": { "kind": fallback.activation.scope.kind(), "value": fallback.activation.scope.value() },
            "component": fallback.activation.digest,
            "component_name": fallback.name,
        })));
    }
    shown["breaker"] = stands;
    shown
}
