//! `POST /views`: keeping a view.

use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;

use super::wish;
use crate::flows::views;
use crate::http::caller::Caller;
use crate::http::input::{Fields, Members, Params};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Body, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "createView",
    group: Group::Views,
    summary: "Keep a view",
    text: "A list of one kind with its filter, sort and columns, under a name of your own. `shared` names roles whose \
           holders see the view as well. A view grants nothing: everybody sees in it what he may read.",
    body: Body::Json("NewView"),
    answers: &[Answer::json(201, "View", "The view.").headers(&["Location"])],
    problems: &[400, 401, 403, 404, 409, 413, 415, 422],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    params: Params,
    Fields(input): Fields,
) -> Result<Response, Problem> {
    params.done()?;
    let mut members = Members::new(input);
    let slug = members.required_text("kind");
    let wish = wish(&mut members);
    members.done()?;
    let kind = site.kind(&caller, &slug)?;
    let view = views::add(&site.desk, &caller, &kind, wish).await?;
    let mut response = reply::json(StatusCode::CREATED, &view.to_json());
    if let Ok(location) = HeaderValue::try_from(format!("/api/v1/views/{}", view.id)) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}
