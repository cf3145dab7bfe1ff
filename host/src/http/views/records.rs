//! `GET /views/{id}/records`: what a view shows.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Map, Value as Json, json};

use crate::domain::Record;
use crate::domain::reading::Way;
use crate::domain::view::View;
use crate::flows::accesses;
use crate::flows::list_records::MAX_LIMIT;
use crate::flows::views;
use crate::http::caller::Caller;
use crate::http::input::{Params, Place, cursor};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation, Parameter, Value};
use crate::store::listing::Cursor;

pub(in crate::http) static DOC: Operation = Operation {
    id: "listViewRecords",
    group: Group::Views,
    summary: "What a view shows",
    text: "A page of its records, as you may read them: number and the view's columns, or all fields where it names \
           none.",
    parameters: &[
        Parameter::query("limit", Value::Whole(1, 500), "Records a page. Default: 50."),
        Parameter::query("cursor", Value::Text, "The `next` of the page before."),
    ],
    answers: &[Answer::json(200, "ViewRecords", "A page.")],
    problems: &[400, 401, 403, 404, 409, 422],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place(id): Place<String>,
    mut params: Params,
) -> Result<Response, Problem> {
    let limit = params.take_whole("limit", 1, i64::try_from(MAX_LIMIT).unwrap_or(i64::MAX))?;
    let after = params.take("cursor")?;
    params.done()?;
    let view = views::read(&site.desk, &caller, &id).await?;
    // A page of a view that was changed meanwhile is no page of this one.
    let list = format!("view {} {}", view.id, view.revision);
    let after = after.map(|text| place(&list, &text)).transpose()?;
    let limit = limit.map(|limit| usize::try_from(limit).unwrap_or(MAX_LIMIT));
    let page = views::records(&site.desk, &caller, &view, after, limit).await?;
    accesses::note(&site.desk, &caller, &page.records, Way::List).await?;
    let next = page.next.map(|next| cursor::encode(&list, &[&next.value, &next.key.to_string()]));
    let records: Vec<Json> = page.records.iter().map(|record| shown(&view, record)).collect();
    Ok(reply::ok(&json!({ "view": view.name, "columns": view.columns, "records": records, "next": next })))
}

fn place(list: &str, text: &str) -> Result<Cursor, Problem> {
    let [value, key] = cursor::decode::<2>(list, text)?;
    let key = key.parse().map_err(|_| cursor::unusable())?;
    Ok(Cursor { value, key })
}

fn shown(view: &View, record: &Record) -> Json {
    if view.columns.is_empty() {
        return record.to_json();
    }
    let mut map = Map::new();
    map.insert("number".to_owned(), record.number.as_str().into());
    for name in &view.columns {
        map.insert(name.clone(), record.get(name).unwrap_or_default());
    }
    Json::Object(map)
}
