//! `PATCH /views/{id}`: changing a view.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::wish;
use crate::flows::views;
use crate::http::caller::Caller;
use crate::http::input::{Fields, Members, Params, Place, etag};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Body, Group, Operation, Parameter, Value};

pub(in crate::http) static DOC: Operation = Operation {
    id: "updateView",
    group: Group::Views,
    summary: "Change a view",
    text: "A member named in the body is replaced as a whole, the others stay; an empty `sort` takes the sort away. The \
           kind stays. Its owner may, and ADM (administrator).",
    parameters: &[Parameter::header("If-Match", Value::Text, "The `revision` that was read, for example `\"7\"`.")],
    body: Body::Patch("ViewPatch"),
    answers: &[Answer::json(200, "View", "The view as it is now.")],
    problems: &[400, 401, 403, 404, 409, 412, 413, 415, 422],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place(id): Place<String>,
    params: Params,
    headers: HeaderMap,
    Fields(input): Fields,
) -> Result<Response, Problem> {
    params.done()?;
    let expected = etag::if_match(&headers)?;
    let mut members = Members::new(input);
    let wish = wish(&mut members);
    members.done()?;
    let view = views::update(&site.desk, &caller, &id, wish, expected).await?;
    Ok(reply::ok(&view.to_json()))
}
