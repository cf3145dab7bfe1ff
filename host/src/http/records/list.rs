//! `GET /records/{kind}`: lists, a page at a time.

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::LINK;
use axum::response::Response;
use serde::Serialize;

use crate::domain::reading::Way;
use crate::domain::record::Record;
use crate::flows::accesses;
use crate::flows::list_records::{self, Ask, MAX_LIMIT};
use crate::flows::view_records;
use crate::http::caller::Caller;
use crate::http::input::{Params, Place, cursor, params};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation, Parameter, Value};
use crate::store::listing::Cursor;

pub(in crate::http) static DOC: Operation = Operation {
    id: "list",
    group: Group::Records,
    summary: "List {kind} records",
    text: "Filters are `FIELD=CONDITION` on indexed fields and common columns; all of them must hold. A condition is \
           a value; `a,b` one of several; `!a,b` none of several; `from..to` a range whose start is included and \
           whose end is not, where either may be left out; nothing, for records whose field has no value; `!` for \
           those that have one. A date or a moment is `2026-03-31`, `2026-03-31T09:30:00Z`, `now`, `today`, \
           `yesterday`, `tomorrow`, `this-`, `last-` or `next-` with `day`, `week`, `month`, `quarter` or `year`; \
           `now` and days move by steps: `now-7d`, `today+1mo` (`min`, `h`, `d`, `w`, `mo`, `y`). A day or a longer \
           time by itself is the range of it; at an end of a range it is its beginning. `me` is you, in fields that \
           name users. You see the records that you may read. Pages are joined by cursors: a page at depth costs \
           what the first one does.",
    parameters: &[
        Parameter::query(
            "sort",
            Value::Text,
            "Field to sort by, with `-` before it for descending. Default: `-created_at`.",
        ),
        Parameter::query("q", Value::Text, "Words to look for, as in the search of all records."),
        Parameter::query("tz", Value::Text, "Time zone (IANA) in which days begin. Default: `UTC`."),
        Parameter::query("limit", Value::Whole(1, 500), "Records a page. Default: 50."),
        Parameter::query("cursor", Value::Text, "The `next` of the page before. Keep filters and sort as they were."),
    ],
    answers: &[Answer::json(200, "{Kind}Page", "A page.").headers(&["Link"])],
    problems: &[400, 401, 403, 404, 422],
    each_kind: true,
    ..Operation::PLAIN
};

#[derive(Serialize)]
struct Page {
    records: Vec<Record>,
    next: Option<String>,
}

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place(kind): Place<String>,
    mut given: Params,
) -> Result<Response, Problem> {
    let kind = site.kind(&caller, &kind)?;
    let sort = given.take("sort")?;
    let limit = given.take_whole("limit", 1, i64::try_from(MAX_LIMIT).unwrap_or(i64::MAX))?;
    let after = given.take("cursor")?;
    let filters = given.rest();
    let mut asked = filters.clone();
    asked.sort_unstable();
    let asked = format!("{} {}", sort.as_deref().unwrap_or_default(), params::encode(&asked));
    if let Some(view) = kind.view {
        let limit = limit.and_then(|limit| usize::try_from(limit).ok());
        let list = format!("view {} {asked}", kind.slug);
        let after = after.map(|text| cursor::decode::<1>(&list, &text)).transpose()?.map(|[last]| last);
        let ask = view_records::Ask { filters, sort, limit, after };
        let (records, last) = view_records::list(&site.desk, &caller, &kind, view, ask).await?;
        let next = last.map(|last| cursor::encode(&list, &[&last]));
        return Ok(reply::ok(&Page { records, next }));
    }
    let list = format!("records {} {asked}", kind.slug);
    let after = after.map(|text| place(&list, &text)).transpose()?;
    let ask = Ask {
        filters: filters.clone(),
        sort: sort.clone(),
        after,
        limit: limit.and_then(|limit| usize::try_from(limit).ok()),
    };
    let page = list_records::run(&site.desk, &caller, &kind, ask).await?;
    accesses::note(&site.desk, &caller, &page.records, Way::List).await?;
    let next = page.next.map(|c| cursor::encode(&list, &[&c.value, &c.key.to_string()]));
    let link = next.as_ref().map(|next| {
        let mut pairs = filters;
        pairs.extend(sort.map(|sort| ("sort".to_owned(), sort)));
        pairs.extend(limit.map(|limit| ("limit".to_owned(), limit.to_string())));
        pairs.push(("cursor".to_owned(), next.clone()));
        format!("</api/v1/records/{}{}>; rel=\"next\"", kind.slug, params::encode(&pairs))
    });
    let mut response = reply::ok(&Page { records: page.records, next });
    if let Some(link) = link.and_then(|link| HeaderValue::try_from(link).ok()) {
        response.headers_mut().insert(LINK, link);
    }
    Ok(response)
}

/// The place that a cursor stands for.
fn place(list: &str, text: &str) -> Result<Cursor, Problem> {
    let [value, key] = cursor::decode::<2>(list, text)?;
    let key = key.parse().map_err(|_| cursor::unusable())?;
    Ok(Cursor { value, key })
}
