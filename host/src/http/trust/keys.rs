//! `/trust/keys`: publishers' keys.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value as Json, json};

use super::{moment, processes, with_distrusted};
use crate::flows::sight::permit_component_reading;
use crate::flows::trust::{self, KeyChange, NewKey, Trust};
use crate::http::caller::Caller;
use crate::http::input::{Fields, Members, Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Body, Group, Operation};

pub(in crate::http) static LIST: Operation = Operation {
    id: "listPublisherKeys",
    group: Group::Components,
    summary: "Publishers' keys",
    text: "All of them, the oldest first; `state` says whether a key is planned, valid, expired or revoked.",
    answers: &[Answer::json(200, "PublisherKeyList", "The keys.")],
    problems: &[400, 401, 403],
    ..Operation::PLAIN
};

pub(in crate::http) static READ: Operation = Operation {
    id: "readPublisherKey",
    group: Group::Components,
    summary: "A publisher's key",
    text: "Its id is the SHA-256 of the public key (SPKI, DER).",
    answers: &[Answer::json(200, "PublisherKey", "The key.")],
    problems: &[400, 401, 403, 404],
    ..Operation::PLAIN
};

pub(in crate::http) static ADD: Operation = Operation {
    id: "addPublisherKey",
    group: Group::Components,
    summary: "Trust a publisher's key",
    text: "`public_key` is an Ed25519 or ECDSA P-256 key, SPKI in PEM, as `openssl pkey -pubout` writes it. \
           `processes` limits what it may ship; left out, components of every process. To replace a key, add the new \
           one and let the old one end with `valid_until`: what it signed until then stays good. Needs the role ADM.",
    body: Body::Json("NewPublisherKey"),
    answers: &[Answer::json(201, "PublisherKey", "The key.")],
    problems: &[400, 401, 403, 409, 413, 415, 422],
    ..Operation::PLAIN
};

pub(in crate::http) static CHANGE: Operation = Operation {
    id: "changePublisherKey",
    group: Group::Components,
    summary: "Change a publisher's key",
    text: "Its name, the processes it may ship, until when it is valid (null for no end). Needs the role ADM.",
    body: Body::Patch("PublisherKeyChange"),
    answers: &[Answer::json(200, "PublisherKey", "The key.")],
    problems: &[400, 401, 403, 404, 409, 412, 413, 415, 422],
    ..Operation::PLAIN
};

pub(in crate::http) static REVOKE: Operation = Operation {
    id: "revokePublisherKey",
    group: Group::Components,
    summary: "Revoke a publisher's key",
    text: "For good, with a reason. What the key signed, whenever that was, cannot be activated any more unless \
           another trusted key signed it as well. What of it is live stays live and is listed under `distrusted`, and \
           in the event `trust.key-revoked`. Needs the role ADM.",
    body: Body::Json("KeyRevocation"),
    answers: &[Answer::json(200, "PublisherKey", "The key, and what is live of what it signed.")],
    problems: &[400, 401, 403, 404, 409, 412, 413, 415, 422],
    ..Operation::PLAIN
};

pub(in crate::http) async fn list(
    State(site): State<Site>,
    caller: Caller,
    params: Params,
) -> Result<Response, Problem> {
    params.done()?;
    permit_component_reading(&caller)?;
    let now = site.desk.clock.now();
    let keys = site.desk.store.publisher_keys(&caller.org).await?;
    let shown: Vec<Json> = keys.iter().map(|key| key.to_json(now)).collect();
    Ok(reply::ok(&json!({ "keys": shown })))
}

pub(in crate::http) async fn read(
    State(site): State<Site>,
    caller: Caller,
    Place(id): Place<String>,
    params: Params,
) -> Result<Response, Problem> {
    params.done()?;
    permit_component_reading(&caller)?;
    let trust = Trust::of(&site.desk, &caller.org).await?;
    Ok(reply::ok(&trust.key(&id)?.to_json(site.desk.clock.now())))
}

pub(in crate::http) async fn add(
    State(site): State<Site>,
    caller: Caller,
    params: Params,
    Fields(body): Fields,
) -> Result<Response, Problem> {
    params.done()?;
    let mut members = Members::new(body);
    let new = NewKey {
        name: members.required_text("name"),
        public_key: members.required_text("public_key"),
        processes: processes(&mut members).unwrap_or_default(),
        valid_from: moment(&mut members, "valid_from"),
        valid_until: moment(&mut members, "valid_until"),
    };
    members.done()?;
    let key = trust::add(&site.desk, &caller, new).await?;
    Ok(reply::json(StatusCode::CREATED, &key.to_json(site.desk.clock.now())))
}

pub(in crate::http) async fn change(
    State(site): State<Site>,
    caller: Caller,
    Place(id): Place<String>,
    params: Params,
    Fields(body): Fields,
) -> Result<Response, Problem> {
    params.done()?;
    let endless = body.get("valid_until").is_some_and(Json::is_null);
    let mut members = Members::new(body);
    let change = KeyChange {
        name: members.text("name"),
        processes: processes(&mut members),
        valid_until: moment(&mut members, "valid_until").map(Some).or(endless.then_some(None)),
    };
    members.done()?;
    let key = trust::change(&site.desk, &caller, &id, change).await?;
    Ok(reply::ok(&key.to_json(site.desk.clock.now())))
}

pub(in crate::http) async fn revoke(
    State(site): State<Site>,
    caller: Caller,
    Place(id): Place<String>,
    params: Params,
    Fields(body): Fields,
) -> Result<Response, Problem> {
    params.done()?;
    let mut members = Members::new(body);
    let reason = members.required_text("reason");
    members.done()?;
    let (key, distrusted) = trust::revoke(&site.desk, &caller, &id, &reason).await?;
    Ok(reply::ok(&with_distrusted(key.to_json(site.desk.clock.now()), &distrusted)))
}
