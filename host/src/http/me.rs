//! `GET /me`: who the token belongs to.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value as Json, json};

use crate::http::caller::Caller;
use crate::http::input::Params;
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation};

pub(super) static DOC: Operation = Operation {
    id: "readMe",
    group: Group::Caller,
    summary: "Who you are",
    text: "The user, the roles and the organisation behind the token; for customers, also the customers that name the \
           user among their `members`, and the services of those.",
    answers: &[Answer::json(200, "Me", "You.")],
    problems: &[400, 401],
    ..Operation::PLAIN
};

pub(super) async fn run(State(site): State<Site>, caller: Caller, params: Params) -> Result<Response, Problem> {
    params.done()?;
    let organisation = site.desk.store.organisation(&caller.org).await?;
    let roles = caller.roles.iter().map(|role| {
        let (en, zh) = role.names();
        json!({ "code": role, "name": { "en": en, "zh": zh } })
    });
    Ok(reply::ok(&json!({
        "user": caller.user,
        "organisation": {
            "id": caller.org,
            "name": organisation.map_or_else(|| caller.org.clone(), |organisation| organisation.name),
        },
        "roles": roles.collect::<Vec<Json>>(),
        "customers": caller.reach.customers,
        "services": caller.reach.services,
    })))
}
