//! `POST /records/{kind}/{number}/merge`: merging a duplicate into the record that it doubles.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::flows::merge_records::{self, Wish};
use crate::http::caller::Caller;
use crate::http::input::{Fields, Members, Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Body, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "merge",
    group: Group::Work,
    summary: "Merge a duplicate into another record",
    text: "The record is closed by a transition that you may take (to `cancelled`, `rejected`, `withdrawn` or `closed`, \
           unless `transition` says which), gets a link `duplicate-of`, and its watchers watch the other one too. Its \
           comments and files are shown with the other one, to whoever may read both. The other record has to be of \
           the same kind and open. All of it happens together or not at all.",
    body: Body::Json("Merge"),
    answers: &[Answer::json(200, "MergedRecord", "The duplicate as it is now.").headers(&["ETag"])],
    problems: &[400, 401, 403, 404, 409, 413, 415, 422],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place((kind, number)): Place<(String, String)>,
    params: Params,
    Fields(input): Fields,
) -> Result<Response, Problem> {
    params.done()?;
    let kind = site.kind(&caller, &kind)?;
    let mut members = Members::new(input);
    let into = members.required_text("into");
    let reason = members.text("reason").unwrap_or_default();
    let transition = members.text("transition");
    let fields = members.object("fields").unwrap_or_default();
    members.done()?;
    let wish = Wish { into: &into, reason: &reason, transition: transition.as_deref(), fields };
    let record = merge_records::run(&site.desk, &caller, &kind, &number, wish).await?;
    Ok(reply::record(StatusCode::OK, &record))
}
