//! `PUT /kinds/{kind}`, `POST /kinds`: a kind's file as a whole.

use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::Value as Json;

use super::{SHAPING, changed, wish};
use crate::domain::kind::Document;
use crate::domain::refusal::{Refusal, rule};
use crate::flows::kinds::{self, Edit};
use crate::http::caller::Caller;
use crate::http::input::{KindFile, Params, Place};
use crate::http::problem::Problem;
use crate::http::site::Site;
use crate::http::table::{Answer, Body, Group, Operation};

pub(in crate::http) static REPLACE: Operation = Operation {
    id: "shapeKind",
    group: Group::Kinds,
    summary: "Change a kind",
    text: "The body is the kind's whole file, in TOML or as the same structure in JSON; start from \
           `GET /kinds/{kind}?format=toml`. Your organisation gets a version of its own, in force from the answer on, \
           without a restart and for every node; records keep the version that they were written under. Every existing \
           record is checked first: when the version would break some, they are listed (rule `kind-breaks-records`) and \
           nothing is changed. A built-in kind can be added to: fields, states, transitions, rules, indexes; what it \
           has already stays, but labels, access and roles may be changed, enums narrowed, and more may be required. \
           Needs the role ADM.",
    parameters: &SHAPING,
    body: Body::KindFile,
    answers: &[Answer::json(200, "KindChange", "What was done, or would be.").headers(&["ETag"])],
    problems: &[400, 401, 403, 404, 409, 412, 413, 415, 422],
    slow: true,
    ..Operation::PLAIN
};

pub(in crate::http) static MAKE: Operation = Operation {
    id: "makeKind",
    group: Group::Kinds,
    summary: "Make a kind of your own",
    text: "The body is the file of a kind that there is not yet, in TOML or as the same structure in JSON. Its records \
           have a prefix of their own; prefixes of the guide's record types, and those that you used before, are taken. \
           Needs the role ADM.",
    parameters: &SHAPING,
    body: Body::KindFile,
    answers: &[Answer::json(201, "KindChange", "What was done, or would be.").headers(&["ETag", "Location"])],
    problems: &[400, 401, 403, 409, 412, 413, 415, 422],
    slow: true,
    ..Operation::PLAIN
};

pub(in crate::http) async fn replace(
    State(site): State<Site>,
    caller: Caller,
    Place(kind): Place<String>,
    params: Params,
    headers: HeaderMap,
    file: KindFile,
) -> Result<Response, Problem> {
    let kind = site.kind(&caller, &kind)?;
    let wish = wish(kind.slug.clone(), edit(file), params, &headers)?;
    Ok(changed(StatusCode::OK, &kinds::run(&site.desk, &caller, &wish).await?))
}

pub(in crate::http) async fn make(
    State(site): State<Site>,
    caller: Caller,
    params: Params,
    headers: HeaderMap,
    file: KindFile,
) -> Result<Response, Problem> {
    let slug = match &file {
        KindFile::Json(map) => map.get("slug").and_then(Json::as_str).map(str::to_owned),
        KindFile::Toml(text) => {
            // What is wrong with the rest of it, the use case says.
            let document = Document::read(text, "kind.toml");
            let wrong = |error| Problem::from(kinds::wrong(&error));
            document.map_err(wrong)?.head("slug").map(str::to_owned)
        }
    };
    let slug = slug.ok_or_else(|| Refusal::invalid(rule::REQUIRED, "slug", "slug is required"))?;
    if site.desk.kinds(&caller.org).get(&slug).is_some() {
        let message = format!("there is a kind '{slug}' already; PUT /api/v1/kinds/{slug} changes it");
        return Err(Refusal::conflict("kind-exists", message).about("slug").into());
    }
    let wish = wish(slug, edit(file), params, &headers)?;
    let outcome = kinds::run(&site.desk, &caller, &wish).await?;
    let mut response = changed(StatusCode::CREATED, &outcome);
    if let Ok(location) = HeaderValue::try_from(format!("/api/v1/kinds/{}", outcome.kind)) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

fn edit(file: KindFile) -> Edit {
    match file {
        KindFile::Toml(text) => Edit::File(text),
        KindFile::Json(map) => Edit::Json(map),
    }
}
