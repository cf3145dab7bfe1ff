//! `GET` and `PUT /trust`: what is taken unsigned, and whose keys are trusted.

use axum::extract::State;
use axum::response::Response;

use super::shown;
use crate::domain::refusal::rule;
use crate::domain::trust::Unsigned;
use crate::flows::sight::permit_component_reading;
use crate::flows::trust::{self, PolicyWish, Trust};
use crate::http::caller::Caller;
use crate::http::input::{Fields, Members, Params};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Body, Group, Operation};

pub(in crate::http) static READ: Operation = Operation {
    id: "readTrust",
    group: Group::Components,
    summary: "Whose components are taken",
    text: "The trust policy with the publishers' keys, and under `distrusted` what is live although it would not be \
           taken any more.",
    answers: &[Answer::json(200, "Trust", "Policy and keys.")],
    problems: &[400, 401, 403],
    ..Operation::PLAIN
};

pub(in crate::http) static SET: Operation = Operation {
    id: "setTrust",
    group: Group::Components,
    summary: "Decide what is taken unsigned",
    text: "`allow` takes components without a signature, `allow-named` those whose digest or name is in `allowed` (a \
           new organisation begins so, and names none), `refuse` none: only what a key of `/trust/keys` has signed. \
           `PUT /trust/allowed/{component}` names one without touching the others; where `allowed` is left out, what \
           is named stays named, and counts again under `allow-named`. Components are held against it when they are \
           uploaded and again when they are activated. What is live stays live; what of it would not be taken any more \
           is listed in the answer and in the event `trust.policy-changed`. Needs the role ADM.",
    body: Body::Json("TrustRequest"),
    answers: &[Answer::json(200, "Trust", "Policy and keys.")],
    problems: &[400, 401, 403, 412, 413, 415, 422],
    ..Operation::PLAIN
};

pub(in crate::http) async fn read(
    State(site): State<Site>,
    caller: Caller,
    params: Params,
) -> Result<Response, Problem> {
    params.done()?;
    permit_component_reading(&caller)?;
    let trust = Trust::of(&site.desk, &caller.org).await?;
    let distrusted = trust.distrusted(&site.desk, &caller.org).await?;
    Ok(reply::ok(&shown(&trust, &distrusted, site.desk.clock.now())))
}

pub(in crate::http) async fn set(
    State(site): State<Site>,
    caller: Caller,
    params: Params,
    Fields(body): Fields,
) -> Result<Response, Problem> {
    params.done()?;
    let mut members = Members::new(body);
    let word = members.required_text("unsigned");
    let unsigned = Unsigned::parse(&word);
    if unsigned.is_none() && !word.is_empty() {
        let words = Unsigned::ALL.map(Unsigned::as_str).join(", ");
        members.refuse("unsigned", rule::ENUM, &format!("must be one of {words}"));
    }
    let allowed = members.texts("allowed").map(|allowed| allowed.into_iter().collect());
    let expected = members.whole("expected_revision");
    let reason = members.text("reason").unwrap_or_default();
    members.done()?;
    // `members` has refused a body without it.
    let Some(unsigned) = unsigned else { return Err(Problem::internal()) };
    let wish = PolicyWish { unsigned, allowed, expected, reason };
    let (trust, distrusted) = trust::set(&site.desk, &caller, wish).await?;
    Ok(reply::ok(&shown(&trust, &distrusted, site.desk.clock.now())))
}
