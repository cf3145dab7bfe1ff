//! `GET /backtests/{id}/export`: all of it, as a file.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::Value as Json;

use super::{SORTS, sort};
use crate::domain::Actor;
use crate::domain::backtest::Sort;
use crate::domain::refusal::{Refusal, rule};
use crate::flows::{Desk, FlowError, backtest};
use crate::http::caller::Caller;
use crate::http::input::{Params, Place};
use crate::http::problem::Problem;
use crate::http::site::Site;
use crate::http::table::{Answer, Content, Group, Operation, Parameter, Value};

const FORMATS: &[&str] = &["csv", "json", "jsonl"];
/// Decisions that are read at once.
const PAGE: i64 = 500;

pub(in crate::http) static DOC: Operation = Operation {
    id: "exportBacktest",
    group: Group::Backtests,
    summary: "Decisions that would come out otherwise, as a file",
    text: "CSV has one line for each decision: what differs in one column, and for flips both outcomes and their \
           reasons in columns of their own. JSON (one list) and JSON Lines have everything that \
           `GET /backtests/{id}/decisions` shows.",
    parameters: &[
        Parameter::query("format", Value::OneOf(FORMATS), "Default: csv."),
        Parameter::query("sort", Value::OneOf(SORTS), "Only these."),
    ],
    answers: &[Answer { status: 200, text: "The file.", content: Content::Other("text/csv"), headers: &[] }],
    problems: &[400, 401, 404, 422],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place(id): Place<String>,
    params: Params,
) -> Result<Response, Problem> {
    file(&site, &caller, backtest::WHAT, id, params).await
}

/// The results of a job of this sort as a file.
pub(in crate::http) async fn file(
    site: &Site,
    caller: &Caller,
    what: &'static str,
    id: String,
    mut params: Params,
) -> Result<Response, Problem> {
    let sort = sort(&mut params)?;
    let form = match params.take("format")?.as_deref() {
        None | Some("csv") => Form::Csv,
        Some("json") => Form::Json,
        Some("jsonl") => Form::Lines,
        Some(other) => {
            let message = format!("format has to be one of {}, not '{other}'", FORMATS.join(", "));
            return Err(Refusal::invalid(rule::ENUM, "format", message).into());
        }
    };
    params.done()?;
    // Whatever is wrong is said before the first byte.
    backtest::read(&site.desk, caller, what, &id).await?;
    let (kind, ending) = match form {
        Form::Csv => ("text/csv; charset=utf-8", "csv"),
        Form::Json => ("application/json", "json"),
        Form::Lines => ("application/jsonl", "jsonl"),
    };
    let file = format!("attachment; filename=\"{what}-{id}.{ending}\"");
    let pages = Pages {
        desk: site.desk.clone(),
        actor: Actor::clone(caller),
        what,
        id,
        sort,
        form,
        after: Some(String::new()),
    };
    let body = Body::from_stream(stream::try_unfold(pages, |mut pages| async move {
        Ok::<_, FlowError>(pages.next().await?.map(|page| (page, pages)))
    }));
    Ok(([(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, file)], body).into_response())
}

/// How the file is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Csv,
    /// One list.
    Json,
    /// A decision a line.
    Lines,
}

struct Pages {
    desk: Desk,
    actor: Actor,
    what: &'static str,
    id: String,
    sort: Option<Sort>,
    form: Form,
    after: Option<String>,
}

impl Pages {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, FlowError> {
        let Some(after) = self.after.take() else { return Ok(None) };
        let (desk, actor, id) = (&self.desk, &self.actor, &self.id);
        let found = backtest::decisions(desk, actor, self.what, id, self.sort, None, &after, PAGE).await?;
        let full = i64::try_from(found.len()).is_ok_and(|count| count == PAGE);
        self.after = found.last().filter(|_| full).and_then(|last| last["decision"].as_str()).map(str::to_owned);
        let first = after.is_empty();
        Ok(Some(match self.form {
            Form::Csv => table(&found, first),
            Form::Json => list(&found, first, self.after.is_none()),
            Form::Lines => lines(&found),
        }))
    }
}

fn lines(found: &[Json]) -> Vec<u8> {
    let mut out = Vec::new();
    for decision in found {
        out.extend(decision.to_string().bytes());
        out.push(b'\n');
    }
    out
}

/// A part of a list, with its brackets where it begins and ends.
fn list(found: &[Json], first: bool, last: bool) -> Vec<u8> {
    let mut out = if first { b"[".to_vec() } else { Vec::new() };
    for (n, decision) in found.iter().enumerate() {
        out.extend(if first && n == 0 { "\n" } else { ",\n" }.bytes());
        out.extend(decision.to_string().bytes());
    }
    out.extend(if last { "\n]\n" } else { "" }.bytes());
    out
}

fn table(found: &[Json], first: bool) -> Vec<u8> {
    const COLUMNS: [&str; 5] = ["decision", "record", "at", "sort", "group"];
    const MORE: [&str; 7] =
        ["money", "currency", "differences", "old_outcome", "new_outcome", "old_reasons", "new_reasons"];
    let mut writer = csv::Writer::from_writer(Vec::new());
    let text = |value: &Json| value.as_str().map_or_else(String::new, str::to_owned);
    // Writing into memory does not fail.
    if first {
        let _ = writer.write_record(COLUMNS.iter().chain(&MORE));
    }
    for decision in found {
        let differences = decision["differences"].as_array().into_iter().flatten();
        let differences: Vec<String> =
            differences.map(|d| format!("{}: {} → {}", text(&d["path"]), d["old"], d["new"])).collect();
        let (old, new) = (&decision["old"], &decision["new"]);
        let money = [text(&decision["money"]["amount"]), text(&decision["money"]["currency"]), differences.join("; ")];
        let answers = [outcome(old), outcome(new), reasons(old), reasons(new)];
        let row = COLUMNS.iter().map(|name| text(&decision[*name])).chain(money).chain(answers);
        let _ = writer.write_record(row);
    }
    writer.into_inner().unwrap_or_default()
}

/// What an answer comes to, without its reasons; empty where it is not kept.
fn outcome(answer: &Json) -> String {
    match answer {
        Json::Object(members) => match members.get("outcome") {
            Some(outcome) => outcome.to_string(),
            None => answer.to_string(),
        },
        _ => String::new(),
    }
}

/// Why, in words.
fn reasons(answer: &Json) -> String {
    let reasons = answer["reasons"].as_array().into_iter().flatten();
    reasons.filter_map(|reason| reason["message"].as_str()).collect::<Vec<_>>().join(" ")
}
