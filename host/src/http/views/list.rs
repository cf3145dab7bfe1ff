//! `GET /views`: the views that the caller sees.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value as Json, json};

use crate::http::caller::Caller;
use crate::http::input::Params;
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation, Parameter, Value};

pub(in crate::http) static DOC: Operation = Operation {
    id: "listViews",
    group: Group::Views,
    summary: "The views you see",
    text: "Your own, and those that are shared with one of your roles, the oldest first.",
    parameters: &[
        Parameter::query("kind", Value::Text, "Only of this kind."),
        Parameter::query("limit", Value::Whole(1, 500), "Views a page. Default: 50."),
        Parameter::query("cursor", Value::Text, "The `next` of the page before."),
    ],
    answers: &[Answer::json(200, "ViewPage", "A page.")],
    problems: &[400, 401, 422],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let kind = params.take("kind")?;
    let paging = params.take_paging(50, 500)?;
    params.done()?;
    let list = format!("views {}", kind.as_deref().unwrap_or_default());
    let after = paging.after(&list)?.map_or_else(String::new, |[id]| id);
    let mut found = site.desk.store.views(&caller, kind.as_deref(), &after, paging.to_read()).await?;
    let next = paging.cut(&list, &mut found, |last| [last.id.clone()]);
    let shown: Vec<Json> = found.iter().map(|view| view.to_json()).collect();
    Ok(reply::ok(&json!({ "views": shown, "next": next })))
}
