//! `POST /kinds/{kind}/{part}`, `DELETE /kinds/{kind}/{part}/{name}`: one field, state, transition, rule … of a kind.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::{SHAPING, changed, wish};
use crate::domain::kind::Part;
use crate::flows::kinds::{self, Edit};
use crate::http::caller::Caller;
use crate::http::input::{Fields, Params, Place};
use crate::http::problem::{Problem, not_found};
use crate::http::site::Site;
use crate::http::table::{Answer, Body, Group, Operation};

pub(in crate::http) static ADD: Operation = Operation {
    id: "addToKind",
    group: Group::Kinds,
    summary: "Add a field, state, transition, rule … to a kind",
    text: "`part` is `fields`, `states`, `transitions`, `rules`, `reminders`, `makes` or `indexes`; the body has the keys \
           that the part has in a kind's file, for example `{\"name\": \"site\", \"type\": \"enum(north|south)\", \
           \"indexed\": true, \"label\": {\"en\": \"Site\", \"zh\": \"站点\"}}`. A state that no transition would \
           reach is refused, so it is added together with those that reach and leave it: `transitions` in its body \
           is a list of them, and the end that one does not name, `from` or `to`, is the state. Checked and put in force as the whole \
           file would be. Needs the role ADM.",
    parameters: &SHAPING,
    body: Body::Json("KindPart"),
    answers: &[Answer::json(200, "KindChange", "What was done, or would be.").headers(&["ETag"])],
    problems: &[400, 401, 403, 404, 409, 412, 413, 415, 422],
    slow: true,
    ..Operation::PLAIN
};

pub(in crate::http) static REMOVE: Operation = Operation {
    id: "removeFromKind",
    group: Group::Kinds,
    summary: "Remove a field, state, transition, rule … from a kind",
    text: "What your organisation added can be removed; what belongs to a built-in kind stays. A transition is named \
           `FROM>NAME`, or by its name where only one has it; an index by its path. Needs the role ADM.",
    parameters: &SHAPING,
    answers: &[Answer::json(200, "KindChange", "What was done, or would be.").headers(&["ETag"])],
    problems: &[400, 401, 403, 404, 409, 412, 422],
    slow: true,
    ..Operation::PLAIN
};

pub(in crate::http) async fn add(
    State(site): State<Site>,
    caller: Caller,
    Place((kind, part)): Place<(String, String)>,
    params: Params,
    headers: HeaderMap,
    Fields(table): Fields,
) -> Result<Response, Problem> {
    let kind = site.kind(&caller, &kind)?;
    let wish = wish(kind.slug.clone(), Edit::Add(sort(&part)?, table), params, &headers)?;
    Ok(changed(StatusCode::OK, &kinds::run(&site.desk, &caller, &wish).await?))
}

pub(in crate::http) async fn remove(
    State(site): State<Site>,
    caller: Caller,
    Place((kind, part, name)): Place<(String, String, String)>,
    params: Params,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let kind = site.kind(&caller, &kind)?;
    let wish = wish(kind.slug.clone(), Edit::Remove(sort(&part)?, name), params, &headers)?;
    Ok(changed(StatusCode::OK, &kinds::run(&site.desk, &caller, &wish).await?))
}

fn sort(part: &str) -> Result<Part, Problem> {
    Part::of_path(part).ok_or_else(|| {
        let parts = "fields, states, transitions, rules, reminders, makes, indexes";
        not_found(format!("a kind has no '{part}'; it has {parts}")).about("part")
    })
}
