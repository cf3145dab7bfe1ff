//! `POST /activations`: making a component live.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value as Json;

use super::{instant, on_failure, target};
use crate::flows::activate::{self, Wish};
use crate::http::caller::Caller;
use crate::http::input::{Fields, Members, Params};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Body, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "activate",
    group: Group::Activations,
    summary: "Give a component a say in a scope",
    text: "Without `mode`, from the answer on every new decision in the scope is taken by this component with these \
           settings; the most specific scope wins (contract, customer, service, kind, organisation). Decisions taken \
           before stay as they are. With `effective_from` it becomes active at that instant: exact to the second, on \
           every node. `opened_after` leaves records alone that were opened before it: they keep the judge they had. \
           In mode `shadow` it is asked the same beside the one that decides, after the answer and without effect; as \
           `canary` it decides for `percent` of the records, always the same ones, and raising the percentage only \
           adds records. Of each scope one is active, one a candidate (shadow or canary) and one planned: a new one \
           takes the place of the earlier. What is to decide has been approved by a process owner before \
           (`policy.component.approval_required`); what is only tried in shadow need not be. Settings are checked \
           now; leave them out for the component's defaults. \
           Needs the role ADM, and an `explanation` when more decisions flip, in shadow or in the dry run that \
           `backtest` names, than `policy.component.unexplained_flips` lets pass (by default none).",
    body: Body::Json("ActivationRequest"),
    answers: &[Answer::json(201, "Activation", "The activation, with the generation it made.")],
    problems: &[400, 401, 403, 409, 413, 415, 422],
    slow: true,
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    params: Params,
    Fields(body): Fields,
) -> Result<Response, Problem> {
    params.done()?;
    let mut members = Members::new(body);
    let target = target(&mut members);
    let digest = members.required_text("component");
    let settings = members.object("settings").map_or(Json::Null, Json::Object);
    let word = members.text("mode");
    let percent = members.whole("percent");
    let effective_from = instant(&mut members, "effective_from");
    let opened_after = members.flag("opened_after").unwrap_or_default();
    let on_failure = on_failure(&mut members).unwrap_or_default();
    let explanation = members.text("explanation").unwrap_or_default();
    let backtest = members.text("backtest");
    let expected_generation = members.whole("expected_generation");
    let reason = members.text("reason").unwrap_or_default();
    members.done()?;
    // `members` has refused a body without them.
    let Some((process, scope)) = target else { return Err(Problem::internal()) };
    let wish = Wish {
        settings,
        mode: Wish::mode(word.as_deref(), percent, effective_from)?,
        effective_from,
        opened_after,
        on_failure,
        explanation,
        backtest,
        expected_generation,
        reason,
        ..Wish::new(process, scope, digest)
    };
    let activation = activate::run(&site.desk, &caller, wish).await?;
    Ok(reply::json(StatusCode::CREATED, &activation.to_json()))
}
