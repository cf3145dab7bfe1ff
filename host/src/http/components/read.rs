//! `GET /components/{digest}`: everything known about a component.

use axum::extract::State;
use axum::response::Response;

use super::shown;
use crate::flows::sight::permit_component_reading;
use crate::http::caller::Caller;
use crate::http::input::{Params, Place};
use crate::http::problem::{Problem, not_found};
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "readComponent",
    group: Group::Components,
    summary: "Everything about a component",
    text: "What it imports and exports, the WIT packages with their versions, its size, the JSON Schema of its \
           settings with their defaults, what it was granted, and where it is active.",
    answers: &[Answer::json(200, "Component", "The component.")],
    problems: &[400, 401, 403, 404],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place(digest): Place<String>,
    params: Params,
) -> Result<Response, Problem> {
    params.done()?;
    permit_component_reading(&caller)?;
    let store = &site.desk.store;
    let Some(row) = store.component(&caller.org, &digest).await? else {
        return Err(not_found(format!("there is no component {digest}")));
    };
    let activations = store.activations(&caller.org, Some(&row.process)).await?;
    Ok(reply::ok(&shown(&row, &activations, true)))
}
