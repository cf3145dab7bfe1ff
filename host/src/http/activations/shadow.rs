//! `GET /activations/{id}/shadow`: what a candidate came to so far.

use axum::extract::State;
use axum::response::Response;

use crate::domain::Role;
use crate::domain::refusal::{Refusal, rule};
use crate::flows::shadow;
use crate::flows::sight::Sight;
use crate::http::backtests::{SORTS, sort};
use crate::http::caller::Caller;
use crate::http::input::{Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation, Parameter, Value};

pub(in crate::http) static DOC: Operation = Operation {
    id: "readShadow",
    group: Group::Activations,
    summary: "How a candidate in shadow agrees",
    text: "The running figures of an activation in shadow: agreement, what came out otherwise by what changed, failures, \
           fuel and time beside those of the decisions, and decisions for which there was no room (`dropped`); in all, \
           and beside each activation that decided meanwhile. Then a page of the newest decisions that come out \
           otherwise, with what differs. Figures come within seconds of the decision, and what was being asked when a \
           node stopped is missing. For roles that read every decision, and the publisher of the component.",
    parameters: &[
        Parameter::query("sort", Value::OneOf(SORTS), "Only these decisions."),
        Parameter::query("limit", Value::Whole(1, 200), "Decisions a page. Default: 20."),
        Parameter::query("cursor", Value::Text, "The `next` of the page before."),
    ],
    answers: &[Answer::json(200, "Shadow", "Figures, and a page of decisions.")],
    problems: &[400, 401, 403, 404, 422],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place(id): Place<String>,
    mut params: Params,
) -> Result<Response, Problem> {
    let sort = sort(&mut params)?;
    let paging = params.take_paging(20, 200)?;
    params.done()?;
    let whole = Sight::new(&site.desk, &caller).is_whole();
    if !whole && !caller.has(Role::Pub) {
        let message = "to read what candidates would decide takes a role that reads every decision";
        return Err(Refusal::forbidden(rule::ROLE, message).into());
    }
    let list = format!("shadow {id} {}", sort.map_or("", |sort| sort.as_str()));
    let before = paging.after(&list)?.map(|[decision]| decision);
    let report = shadow::report(&site.desk, &caller, &id).await?;
    let component = site.desk.store.component(&caller.org, &report.activation.digest).await?;
    if !whole && component.is_none_or(|component| component.uploaded_by != caller.user) {
        return Err(Refusal::not_found(format!("there is no activation {id}")).into());
    }
    let mut found = shadow::decisions(&site.desk, &caller, &id, sort, before.as_deref(), paging.to_read()).await?;
    let next = paging.cut(&list, &mut found, |last| [last["decision"].as_str().unwrap_or_default().to_owned()]);
    let mut shown = report.to_json();
    shown["decisions"] = found.into();
    shown["next"] = next.into();
    Ok(reply::ok(&shown))
}
