//! `POST /configuration-audits/{number}/discovery`: what was discovered, compared with what is registered.

use axum::body::Body as Stream;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use crate::domain::refusal::{Refusal, rule};
use crate::flows::configuration::audit::{self, Discovery};
use crate::flows::configuration::discovery::{Form, Mapping};
use crate::http::caller::Caller;
use crate::http::input::pipe::{media_type, pipe};
use crate::http::input::{Params, Place, etag};
use crate::http::problem::Problem;
use crate::http::records::IF_MATCH;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Body, Group, Operation, Parameter, Value};

/// Parameters that narrow the scope, and the fields that they look at.
const SCOPE: [(&str, &str); 4] =
    [("type", "type"), ("location", "location"), ("support_group", "support_group"), ("service", "services")];

pub(in crate::http) static DOC: Operation = Operation {
    id: "discover",
    group: Group::Configuration,
    summary: "Compare a discovery with the register",
    text: "The body is a table, one row for each item that was discovered: CSV with a heading, an array of objects in \
           JSON, or objects one after the other. It is read as it arrives. Rows are matched by `unique_id` with the \
           items in scope. Those that are live or in change are expected: they are not found, or found with other \
           values; what is found beside them is not registered. Columns named like a field (`type`, `version`, \
           `location`, `support_group`, `criticality`) or an attribute (`attributes.memory`) are compared; an empty \
           value says nothing. Each difference is listed in the audit and gets an action item. The same table may be \
           sent again: the figures are those of the last one, action items that are open are kept, and those of \
           differences that are gone are done. Of very many differences the first 1,000 are listed (a setting), and \
           all are counted.",
    parameters: &[
        Parameter::query("key", Value::Text, "Column of the identifier; `unique_id` unless told otherwise."),
        Parameter::query("map", Value::Texts, "Field and its column, `version:Release`; may be repeated."),
        Parameter::query("type", Value::Text, "Audits items of this type only."),
        Parameter::query("location", Value::Text, "Audits items at this location only."),
        Parameter::query("support_group", Value::Text, "Audits items of this support group only."),
        Parameter::query("service", Value::Text, "Audits components of this service only."),
        IF_MATCH,
    ],
    body: Body::Table,
    answers: &[Answer::json(200, "Discovered", "The audit as it is now.").headers(&["ETag"])],
    problems: &[400, 401, 403, 404, 409, 412, 413, 415, 422],
    slow: true,
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place(number): Place<String>,
    mut params: Params,
    headers: HeaderMap,
    body: Stream,
) -> Result<Response, Problem> {
    let form = match media_type(&headers, &["text/csv", "application/json", "application/x-ndjson"])? {
        "text/csv" => Form::Csv,
        _ => Form::Json,
    };
    let key = params.take("key")?.unwrap_or_else(|| "unique_id".to_owned());
    let mut columns = Vec::new();
    for pair in params.take_all("map") {
        let parts = pair.split_once(':').filter(|(field, column)| !field.is_empty() && !column.is_empty());
        let (field, column) = parts.ok_or_else(|| {
            Refusal::invalid(rule::FORMAT, "map", format!("map has to be FIELD:COLUMN, not '{pair}'"))
        })?;
        columns.push((field.to_owned(), column.to_owned()));
    }
    let mut scope = Vec::new();
    for (name, field) in SCOPE {
        scope.extend(params.take(name)?.map(|value| (field.to_owned(), value)));
    }
    params.done()?;
    let expected = etag::if_match(&headers)?;
    let discovery = Discovery { form, mapping: Mapping { key, columns }, scope };
    let (file, pump) = pipe(body, site.config.upload_limit);
    let taking = audit::run(&site.desk, &caller, &number, discovery, Box::new(file), expected);
    let (pumped, audit) = tokio::join!(pump, taking);
    pumped?;
    Ok(reply::record(StatusCode::OK, &audit?))
}
