//! `GET /records/{kind}/{number}/forecast`: where the clocks of a record will stand.

use axum::extract::State;
use axum::response::Response;

use crate::domain::Instant;
use crate::domain::refusal::{Refusal, rule};
use crate::flows::forecast::{self, Ask};
use crate::flows::view_records;
use crate::http::caller::Caller;
use crate::http::input::{Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation, Parameter, Value};

pub(in crate::http) static DOC: Operation = Operation {
    id: "forecastRecord",
    group: Group::Records,
    summary: "Where the clocks of a record will stand",
    text: "The clocks of an incident or request at later instants, if nobody answers and nothing is restored; and the \
           last instants at which both targets can still be kept. Impact, urgency and a pause can be assumed: what if \
           it were raised now, what if the customer keeps us waiting until Monday? Asked of the component that \
           decides about the record, if it was built against `itsm:sla` 0.2.0 or later. Nothing is decided or kept.",
    parameters: &[
        Parameter {
            required: true,
            ..Parameter::query("at", Value::Texts, "An instant to look at; 1 to 64 of them, up to 366 days ahead.")
        },
        Parameter::query("impact", Value::Whole(1, 9), "Impact that is assumed from now on."),
        Parameter::query("urgency", Value::Whole(1, 9), "Urgency that is assumed from now on."),
        Parameter::query("paused_until", Value::Text, "The record is assumed to wait for the customer until then."),
    ],
    answers: &[Answer::json(200, "Forecast", "The outlook at each instant, and by whom it was given.")],
    problems: &[400, 401, 403, 404, 409, 422],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place((kind, number)): Place<(String, String)>,
    mut params: Params,
) -> Result<Response, Problem> {
    let at = params.take_all("at").iter().map(|text| instant("at", text)).collect::<Result<Vec<_>, _>>()?;
    let mut level = |name| -> Result<Option<u32>, Problem> {
        Ok(params.take_whole(name, 1, 9)?.and_then(|value| u32::try_from(value).ok()))
    };
    let (impact, urgency) = (level("impact")?, level("urgency")?);
    let paused_until = params.take("paused_until")?.map(|text| instant("paused_until", &text)).transpose()?;
    params.done()?;
    let kind = site.kind(&caller, &kind)?;
    let record = view_records::record(&site.desk, &caller, &kind, &number).await?;
    let ask = Ask { at, impact, urgency, paused_until };
    Ok(reply::ok(&forecast::run(&site.desk, &caller, &kind, record, &ask).await?))
}

fn instant(name: &'static str, text: &str) -> Result<Instant, Problem> {
    text.parse().map_err(|_| {
        let message = format!("{name} has to be an instant as in 2026-03-03T17:00:00Z, not '{text}'");
        Refusal::invalid(rule::FORMAT, name, message).into()
    })
}
