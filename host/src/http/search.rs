//! `GET /search`: words in every record that the caller may read.

use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use crate::domain::reading::Way;
use crate::domain::refusal::{Refusal, rule};
use crate::flows::accesses;
use crate::flows::search::{self, Ask, MAX_LIMIT};
use crate::http::caller::Caller;
use crate::http::input::{Params, cursor};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation, Parameter, Value};

pub(super) static DOC: Operation = Operation {
    id: "search",
    group: Group::Records,
    summary: "Search all records",
    text: "Finds records by the words of their title, number, texts and comments and by the names of their files, newest \
           first, with an excerpt of where the words stand. All words must be there; `\"quoted words\"` side by side; \
           `net*` is a word that begins so; `-word` must not be there. Chinese, Japanese and Korean need no spaces. You \
           see the records that you may read. A page may hold fewer records than `limit`, even none, while there is a \
           `next`.",
    parameters: &[
        Parameter::query("q", Value::Text, "What to look for."),
        Parameter::query("kind", Value::Text, "Only records of this kind."),
        Parameter::query("state", Value::Text, "Only records in this state; `a,b` in one of these."),
        Parameter::query("limit", Value::Whole(1, 100), "Records a page. Default: 20."),
        Parameter::query(
            "cursor",
            Value::Text,
            "The `next` of the page before. Keep the other parameters as they were.",
        ),
    ],
    answers: &[Answer::json(200, "SearchPage", "What was found.")],
    problems: &[400, 401, 403, 422],
    ..Operation::PLAIN
};

pub(super) async fn run(State(site): State<Site>, caller: Caller, mut given: Params) -> Result<Response, Problem> {
    let q = given.take("q")?;
    let q = q.ok_or_else(|| Refusal::invalid(rule::REQUIRED, "q", "q says what to look for"))?;
    let (kind, state) = (given.take("kind")?, given.take("state")?);
    let limit = given.take_whole("limit", 1, i64::try_from(MAX_LIMIT).unwrap_or(i64::MAX))?;
    let after = given.take("cursor")?;
    given.done()?;
    let list = format!("search {} {} {q}", kind.as_deref().unwrap_or_default(), state.as_deref().unwrap_or_default());
    let after = match after {
        Some(text) => {
            let [key] = cursor::decode::<1>(&list, &text)?;
            Some(key.parse().map_err(|_| cursor::unusable())?)
        }
        None => None,
    };
    let states = state.iter().flat_map(|list| list.split(',')).map(|state| state.trim().to_owned()).collect();
    let ask = Ask { q, kind, states, after, limit: limit.and_then(|limit| usize::try_from(limit).ok()) };
    let found = search::run(&site.desk, &caller, ask).await?;
    accesses::note(&site.desk, &caller, found.hits.iter().map(|hit| &hit.record), Way::Search).await?;
    let hits: Vec<_> = found
        .hits
        .into_iter()
        .map(|hit| {
            let matches: Vec<_> =
                hit.matches.into_iter().map(|(field, excerpt)| json!({ "field": field, "excerpt": excerpt })).collect();
            json!({
                "number": hit.record.number,
                "kind": hit.record.kind,
                "title": hit.record.title,
                "state": hit.record.state,
                "owner": hit.record.owner,
                "created_at": hit.record.created_at,
                "updated_at": hit.record.updated_at,
                "matches": matches,
            })
        })
        .collect();
    let next = found.next.map(|key| cursor::encode(&list, &[&key.to_string()]));
    Ok(reply::ok(&json!({ "hits": hits, "next": next })))
}
