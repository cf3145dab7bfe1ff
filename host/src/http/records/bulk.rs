//! `POST /records/{kind}/bulk`: changing or moving many records.

use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::Value as Json;

use crate::domain::refusal::rule;
use crate::flows::bulk::{self, Move, Wish};
use crate::http::caller::Caller;
use crate::http::input::{Fields, Members, Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Body, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "bulk",
    group: Group::Records,
    summary: "Change or move many records",
    text: "Starts a job. The set is fixed now, by a filter as in lists or by numbers, at most 100,000 records. Each \
           record then goes through what an update, or a transition with the fields set on the way, would do, as you \
           and in your roles: one that is refused does not hold up the others, and none is ever changed by half. \
           With `dry_run` the job says of each record what would happen, and changes nothing. Follow it under \
           `/api/v1/jobs/{id}`; what became of each record is under `/api/v1/jobs/{id}/items`.",
    body: Body::Json("Bulk"),
    answers: &[Answer::json(202, "Job", "The job.").headers(&["Location"])],
    problems: &[400, 401, 403, 404, 413, 415, 422],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place(kind): Place<String>,
    params: Params,
    Fields(input): Fields,
) -> Result<Response, Problem> {
    params.done()?;
    let kind = site.kind(&caller, &kind)?;
    let wish = wish(Members::new(input))?;
    let job = bulk::start(&site.desk, &caller, &kind, wish).await?;
    let mut response = reply::json(StatusCode::ACCEPTED, &job.to_json());
    if let Ok(location) = HeaderValue::try_from(format!("/api/v1/jobs/{}", job.id)) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

fn wish(mut members: Members) -> Result<Wish, Problem> {
    let filter = members.object("filter").map(|filter| {
        let conditions = filter.into_iter().filter_map(|(name, value)| match value {
            Json::String(text) => Some((name, text)),
            Json::Number(_) | Json::Bool(_) => Some((name, value.to_string())),
            _ => {
                members.refuse(&format!("filter.{name}"), rule::TYPE, "must be a condition as in lists, a text");
                None
            }
        });
        conditions.collect()
    });
    let numbers = members.texts("numbers");
    let set = members.object("set").unwrap_or_default();
    let transition = members.within("transition", |inner| Move {
        name: inner.required_text("name"),
        fields: inner.object("fields").unwrap_or_default(),
        reason: inner.text("reason").unwrap_or_default(),
    });
    let reason = members.text("reason").unwrap_or_default();
    let dry_run = members.flag("dry_run").unwrap_or_default();
    members.done()?;
    Ok(Wish { filter, numbers, set, transition, reason, dry_run })
}
