//! `GET /components`: what the organisation has.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value as Json, json};

use super::shown;
use crate::flows::sight::permit_component_reading;
use crate::http::activations::process;
use crate::http::caller::Caller;
use crate::http::input::Params;
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation, Parameter, Value};

pub(in crate::http) static DOC: Operation = Operation {
    id: "listComponents",
    group: Group::Components,
    summary: "The components of the organisation",
    text: "The newest first, each with where it is active.",
    parameters: &[Parameter::query(
        "process",
        Value::OneOf(super::super::activations::PROCESSES),
        "Only of this process.",
    )],
    answers: &[Answer::json(200, "ComponentList", "The components.")],
    problems: &[400, 401, 403, 422],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let of = params.take("process")?.map(|text| process("process", &text)).transpose()?;
    params.done()?;
    permit_component_reading(&caller)?;
    let slug = of.map(|process| process.slug());
    let rows = site.desk.store.components(&caller.org).await?;
    let activations = site.desk.store.activations(&caller.org, slug).await?;
    let rows = rows.iter().filter(|row| slug.is_none_or(|slug| row.process == slug));
    let components: Vec<Json> = rows.map(|row| shown(row, &activations, false)).collect();
    Ok(reply::ok(&json!({ "components": components })))
}
