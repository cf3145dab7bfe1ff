//! `POST /activations/{id}/promote`: from being tried to deciding.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::on_failure;
use crate::domain::refusal::rule;
use crate::flows::activate::promote::{self, Promotion};
use crate::http::caller::Caller;
use crate::http::input::{Members, OptionalFields, Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Body, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "promoteActivation",
    group: Group::Activations,
    summary: "Promote a candidate",
    text: "Makes what is in shadow, a canary or planned active for its scope at once; with `percent`, makes a shadow a \
           canary or gives a canary another share. What is left out stays as the candidate has it. Promoting is \
           activating: the same roles, approvals, separation of duties and explanation of flips are asked for.",
    body: Body::OptionalJson("PromotionRequest"),
    answers: &[Answer::json(201, "Activation", "The activation that took its place, with the generation it made.")],
    problems: &[400, 401, 403, 404, 409, 413, 415, 422],
    slow: true,
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place(id): Place<String>,
    params: Params,
    OptionalFields(body): OptionalFields,
) -> Result<Response, Problem> {
    params.done()?;
    let mut members = Members::new(body.unwrap_or_default());
    let percent = members.whole("percent").map(|percent| u8::try_from(percent).unwrap_or(0));
    if percent.is_some_and(|percent| !(1..=99).contains(&percent)) {
        members.refuse("percent", rule::RANGE, "must be 1 to 99");
    }
    let how = Promotion {
        percent,
        opened_after: members.flag("opened_after"),
        on_failure: on_failure(&mut members),
        explanation: members.text("explanation"),
        backtest: members.text("backtest"),
        expected_generation: members.whole("expected_generation"),
        reason: members.text("reason").unwrap_or_default(),
    };
    members.done()?;
    let activation = promote::run(&site.desk, &caller, &id, how).await?;
    Ok(reply::json(StatusCode::CREATED, &activation.to_json()))
}
