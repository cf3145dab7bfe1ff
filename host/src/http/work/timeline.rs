//! `GET /records/{kind}/{number}/timeline`: everything that happened to a record.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value as Json, json};

use crate::domain::reading::Way;
use crate::domain::{access, work};
use crate::flows::{accesses, duplicates, read_record};
use crate::http::caller::Caller;
use crate::http::input::{Params, Place as Path, cursor};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation, Parameter, Value};
use crate::store::timeline::{Moment, Place, TimelineQuery};

pub(in crate::http) static DOC: Operation = Operation {
    id: "readTimeline",
    group: Group::Work,
    summary: "Everything that happened to a record",
    text: "The newest first, and before it what is still ahead: changes (`audit`), comments and files, also those of \
           records that were merged into it, decisions of components, what clocks and reminders said (`event`), and \
           timers that wait. You see what you may see elsewhere: customers nothing internal.",
    parameters: &[
        Parameter::query("limit", Value::Whole(1, 500), "Rows a page. Default: 50."),
        Parameter::query("cursor", Value::Text, "The `next` of the page before."),
    ],
    answers: &[Answer::json(200, "Timeline", "A page.")],
    problems: &[400, 401, 403, 404, 422],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Path((kind, number)): Path<(String, String)>,
    mut params: Params,
) -> Result<Response, Problem> {
    let paging = params.take_paging(50, 500)?;
    params.done()?;
    let kind = site.kind(&caller, &kind)?;
    let record = read_record::run(&site.desk, &caller, &kind, &number).await?;
    access::involved(&kind, &caller, &record)?;
    accesses::note(&site.desk, &caller, [&record], Way::Timeline).await?;
    let list = format!("timeline {}", record.number);
    let before = paging.after(&list)?.map(place).transpose()?;
    let numbers = duplicates::with_duplicates(&site.desk, &caller, &record).await?;
    let query = TimelineQuery {
        org: caller.org.clone(),
        number: record.number.clone(),
        numbers,
        public_only: !work::sees_internal(&caller),
        before,
        limit: paging.to_read(),
    };
    let mut moments = site.desk.store.timeline(&query).await?;
    let next = paging.cut(&list, &mut moments, |last| {
        let place = last.place();
        [place.at.to_string(), place.sort, place.key]
    });
    moments.retain(|moment| match moment {
        Moment::Audit(entry) => work::sees_entry(&caller, entry),
        _ => true,
    });
    let rows: Vec<Json> = moments.iter().map(shown).collect();
    Ok(reply::ok(&json!({ "timeline": rows, "next": next })))
}

fn place([at, sort, key]: [String; 3]) -> Result<Place, Problem> {
    let at = at.parse().map_err(|_| cursor::unusable())?;
    Ok(Place { at, sort, key })
}

fn shown(moment: &Moment) -> Json {
    let (at, about) = match moment {
        Moment::Attachment(a) => (a.at, a.to_json()),
        Moment::Audit(a) => (
            a.at,
            json!({
                "seq": a.seq,
                "actor": a.actor,
                "role": a.role,
                "action": a.action,
                "before": a.before,
                "after": a.after,
                "reason": a.reason,
            }),
        ),
        Moment::Comment(c) => (c.at, c.to_json()),
        Moment::Decision(d) => (
            d.at,
            json!({
                "id": d.id,
                "process": d.process,
                "event": d.event,
                "status": d.status,
                "component": d.component,
            }),
        ),
        Moment::Event(e) => (e.at, json!({ "seq": e.seq, "type": e.kind, "data": e.data })),
        Moment::Timer(t) => (t.due_at, json!({ "name": t.name, "due_at": t.due_at })),
    };
    json!({ "at": at, "sort": moment.sort(), moment.sort(): about })
}
