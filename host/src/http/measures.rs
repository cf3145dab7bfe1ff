//! `GET /measures`: what is measured, and what it says of a period.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value as Json, json};

use crate::domain::constant::Constants;
use crate::domain::measure::{Definition, Dimension};
use crate::domain::refusal::{Refusal, rule};
use crate::flows::measures::{self, PeriodAsk};
use crate::http::caller::Caller;
use crate::http::input::{Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation, Parameter, Value};

pub(super) const FROM: Parameter = Parameter::query("from", Value::Text, "First day, `2026-03-01`.");
pub(super) const TO: Parameter = Parameter::query("to", Value::Text, "Last day; it belongs to the period.");
pub(super) const PERIOD: Parameter =
    Parameter::query("period", Value::Text, "Instead of `from` and `to`: `2026-03`, `2026-Q1`, `2026-H1` or `2026`.");
pub(super) const TZ: Parameter =
    Parameter::query("tz", Value::Text, "Time zone whose days they are (IANA). Default: `UTC`.");

pub(super) static LIST: Operation = Operation {
    id: "listMeasures",
    group: Group::Measures,
    summary: "What is measured",
    text: "One definition for each figure. `by` says by what a measure can be divided.",
    answers: &[Answer::json(200, "Measures", "The definitions.")],
    problems: &[401, 403],
    ..Operation::PLAIN
};

pub(super) async fn list(State(site): State<Site>, caller: Caller, params: Params) -> Result<Response, Problem> {
    params.done()?;
    let measures = measures::list(&caller)?.into_iter();
    let constants = &site.desk.policy.constants;
    let measures: Vec<Json> = measures.map(|measure| shown(measure, constants)).collect();
    Ok(reply::ok(&json!({ "measures": measures })))
}

fn shown(measure: &Definition, constants: &Constants) -> Json {
    json!({
        "id": measure.id,
        "process": measure.process,
        "name": measure.name,
        "unit": measure.unit,
        "direction": measure.direction,
        "target": measure.target.as_ref().map(|target| target.text(constants)),
        "by": measure.by,
        "source": measure.source,
    })
}

pub(super) static READ: Operation = Operation {
    id: "readMeasure",
    group: Group::Measures,
    summary: "A measure in a period",
    text: "Computed from the records as they are now. Numbers are decimal texts: `value` is rounded, `numerator` and \
           `denominator` are exact. Without data `value` is null, `reason` says why and `missing` what is missing; \
           it is never shown as zero. Where the figure is about what is there (open incidents, overdue reviews), it \
           is so as of the end of the period, or now while it lasts.",
    parameters: &[
        FROM,
        TO,
        PERIOD,
        TZ,
        Parameter::query("by", Value::OneOf(&["service", "priority"]), "Also for each of these."),
    ],
    answers: &[Answer::json(200, "Measured", "The figure.")],
    problems: &[400, 401, 403, 404, 422],
    ..Operation::PLAIN
};

pub(super) async fn read(
    State(site): State<Site>,
    caller: Caller,
    Place(id): Place<String>,
    mut params: Params,
) -> Result<Response, Problem> {
    let ask = period(&mut params)?;
    let by = params.take("by")?.map(|text| dimension(&text)).transpose()?;
    params.done()?;
    let span = measures::period(&ask, None)?;
    Ok(reply::ok(&measures::read(&site.desk, &caller, &id, &span, by).await?))
}

/// The parameters of a period.
pub(super) fn period(params: &mut Params) -> Result<PeriodAsk, Problem> {
    Ok(PeriodAsk {
        from: params.take("from")?,
        to: params.take("to")?,
        period: params.take("period")?,
        tz: params.take("tz")?,
    })
}

fn dimension(text: &str) -> Result<Dimension, Problem> {
    match text {
        "service" => Ok(Dimension::Service),
        "priority" => Ok(Dimension::Priority),
        _ => Err(Refusal::invalid(rule::ENUM, "by", format!("by has to be service or priority, not '{text}'")).into()),
    }
}
