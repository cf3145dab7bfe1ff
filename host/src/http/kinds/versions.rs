//! `GET /kinds/{kind}/versions`, `GET /kinds/{kind}/versions/{version}`: what an organisation made of a kind.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value as Json, json};

use crate::domain::kind::Document;
use crate::domain::refusal::{Class, Refusal, rule};
use crate::domain::{Kinds, Role};
use crate::http::caller::Caller;
use crate::http::input::{Params, Place};
use crate::http::problem::{Problem, not_found};
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation};
use crate::store::kind_versions::KindVersion;

pub(in crate::http) static LIST: Operation = Operation {
    id: "listKindVersions",
    group: Group::Kinds,
    summary: "The versions of a kind",
    text: "Every version that your organisation made of the kind, newest first: when, by whom, why, and which one is in \
           force. Also for a kind of your own that was given up. For every role but CUS.",
    answers: &[Answer::json(200, "KindVersionList", "The versions.")],
    problems: &[400, 401, 403, 404],
    ..Operation::PLAIN
};

pub(in crate::http) static READ: Operation = Operation {
    id: "readKindVersion",
    group: Group::Kinds,
    summary: "A version of a kind",
    text: "With its file, as TOML and as the same structure in JSON; version 0 is the built-in kind. A record's \
           `kind_version` names the version that it was written under last. For every role but CUS.",
    answers: &[Answer::json(200, "KindVersion", "The version.")],
    problems: &[400, 401, 403, 404],
    ..Operation::PLAIN
};

pub(in crate::http) async fn list(
    State(site): State<Site>,
    caller: Caller,
    Place(kind): Place<String>,
    params: Params,
) -> Result<Response, Problem> {
    params.done()?;
    staff(&caller)?;
    let versions = site.desk.store.kind_versions(&caller.org, &kind).await?;
    if versions.is_empty() {
        // A kind that nobody shaped has none; one that there never was is not there.
        site.kind(&caller, &kind)?;
    }
    let shown: Vec<Json> = versions.iter().rev().map(about).collect();
    Ok(reply::ok(&json!({ "versions": shown })))
}

pub(in crate::http) async fn read(
    State(site): State<Site>,
    caller: Caller,
    Place((kind, number)): Place<(String, String)>,
    params: Params,
) -> Result<Response, Problem> {
    params.done()?;
    staff(&caller)?;
    let missing = || not_found(format!("{kind} has no version {number}"));
    let wanted: i64 = number.parse().map_err(|_| missing())?;
    let (mut shown, text) = match wanted {
        0 => {
            let text = Kinds::builtin().text(&kind).ok_or_else(missing)?.to_string();
            (json!({ "kind": kind, "version": 0 }), text)
        }
        _ => {
            let versions = site.desk.store.kind_versions(&caller.org, &kind).await?;
            let version = versions.into_iter().find(|version| version.version == wanted).ok_or_else(missing)?;
            (about(&version), version.body)
        }
    };
    shown["file"] = Document::read(&text, &kind).map(|document| document.to_json()).unwrap_or_default();
    shown["toml"] = text.into();
    Ok(reply::ok(&shown))
}

fn staff(caller: &Caller) -> Result<(), Refusal> {
    if caller.roles.iter().any(|role| *role != Role::Cus) {
        return Ok(());
    }
    Err(Refusal::new(Class::Forbidden, rule::ROLE, "to read the versions of kinds takes a role other than CUS"))
}

fn about(version: &KindVersion) -> Json {
    json!({
        "kind": version.slug,
        "version": version.version,
        "base": version.base,
        "at": version.at,
        "actor": version.actor,
        "reason": version.reason,
        "in_force": version.ended_at.is_none(),
        "ended_at": version.ended_at,
    })
}
