//! `GET /activations/{id}`: one activation, with its settings.

use axum::extract::State;
use axum::response::Response;
use serde_json::Value as Json;

use super::list::shown;
use crate::flows::sight::permit_component_reading;
use crate::http::caller::Caller;
use crate::http::input::{Params, Place};
use crate::http::problem::{Problem, not_found};
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation};
use crate::store::{Store, StoreError};

pub(in crate::http) static DOC: Operation = Operation {
    id: "readActivation",
    group: Group::Activations,
    summary: "One activation, with its settings",
    text: "As in the list, and what its component decides with in `settings_value`.",
    answers: &[Answer::json(200, "Activation", "The activation.")],
    problems: &[400, 401, 403, 404],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place(id): Place<String>,
    params: Params,
) -> Result<Response, Problem> {
    params.done()?;
    permit_component_reading(&caller)?;
    let all = site.desk.store.activations(&caller.org, None).await?;
    let one = all.iter().find(|one| one.id == id).ok_or_else(|| not_found(format!("there is no activation {id}")))?;
    let breakers = site.desk.store.breakers(Some(&caller.org)).await?;
    let mut shown = shown(&site, one, &breakers);
    shown["settings_value"] = settings_value(&site.desk.store, &caller.org, &one.settings_hash).await?;
    Ok(reply::ok(&shown))
}

/// The settings that stand behind a digest; null where there are none, as for a person's decision.
pub(in crate::http) async fn settings_value(store: &Store, org: &str, digest: &str) -> Result<Json, StoreError> {
    let text = store.settings_text(org, digest).await?;
    // Written by this server, as JSON.
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}
