//! `GET /events`: what happens, as server-sent events.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, stream};
use serde_json::json;

use super::caller::{Caller, bearer};
use super::config::Stop;
use super::input::Params;
use super::problem::{Problem, rule};
use super::site::Site;
use super::table::{Answer, Content, Group, Operation, Parameter, Value};
use crate::domain::access::{self, Scope};
use crate::domain::refusal::{Refusal, rule as domain_rule};
use crate::domain::{Actor, Kinds};
use crate::flows::sight::reads_components;
use crate::store::events::Event;

pub(super) static DOC: Operation = Operation {
    id: "followEvents",
    group: Group::Events,
    summary: "What happens, as it happens",
    text: "Server-sent events, in the order in which they were committed: `id` is the place in the organisation's \
           stream, `event` the type (`record.inc.resolved`, `sla.warning`, `component.activated`), `data` JSON. \
           After a lost connection send the last id you saw, and nothing is missed. Without a place the stream \
           starts now; `after=0` starts at the beginning. You get events about kinds whose records you may all \
           read, and about components if you may read those; customers get none.",
    parameters: &[
        Parameter::query("after", Value::Whole(0, i64::MAX), "Start behind this event."),
        Parameter::header("Last-Event-ID", Value::Text, "The same, as browsers send it; it wins over `after`."),
    ],
    answers: &[Answer { status: 200, text: "The stream.", content: Content::Other("text/event-stream"), headers: &[] }],
    problems: &[400, 401, 403],
    ..Operation::PLAIN
};

/// Events read from the store at once.
const BATCH: i64 = 200;

pub(super) async fn run(
    State(site): State<Site>,
    caller: Caller,
    headers: HeaderMap,
    mut params: Params,
) -> Result<Response, Problem> {
    let asked = params.take("after")?;
    params.done()?;
    if caller.staff_role().is_none() {
        let message = "the event stream is for staff: it takes any role but CUS (customer)";
        return Err(Refusal::forbidden(domain_rule::ROLE, message).into());
    }
    let after = match place(&headers, asked)? {
        Some(after) => after,
        None => site.desk.store.event_head(&caller.org).await?,
    };
    let reader = Reader {
        stop: site.config.stop.clone(),
        token: bearer(&headers)?.to_owned(),
        org: caller.org.clone(),
        after,
        waiting: VecDeque::new(),
        site: site.clone(),
        greeted: false,
    };
    let keep_alive = KeepAlive::new().interval(site.config.keep_alive).text("still here");
    Ok(Sse::new(follow(reader)).keep_alive(keep_alive).into_response())
}

/// Where the client wants to start.
fn place(headers: &HeaderMap, asked: Option<String>) -> Result<Option<i64>, Problem> {
    let header = headers.get("last-event-id").map(|value| value.to_str().unwrap_or("?").to_owned());
    let (name, text) = match (header, asked) {
        (Some(text), _) => ("Last-Event-ID", text),
        (None, Some(text)) => ("after", text),
        (None, None) => return Ok(None),
    };
    let place = text.trim().parse().ok().filter(|place| *place >= 0);
    place.map(Some).ok_or_else(|| {
        let detail = format!("{name} has to be the id of an event, a whole number that is not negative");
        Problem::bad_request(rule::LAST_EVENT_ID, detail).about(name)
    })
}

/// A client on the stream.
struct Reader {
    site: Site,
    token: String,
    org: String,
    after: i64,
    waiting: VecDeque<Event>,
    stop: Stop,
    greeted: bool,
}

fn follow(reader: Reader) -> impl Stream<Item = Result<sse::Event, Infallible>> {
    stream::unfold(reader, |mut reader| async move {
        let event = reader.next().await?;
        Some((Ok(event), reader))
    })
}

impl Reader {
    /// The next event for this client; `None` ends the stream, and the client comes back by itself.
    async fn next(&mut self) -> Option<sse::Event> {
        if !self.greeted {
            // The head of the answer leaves with the first bytes of its body.
            self.greeted = true;
            return Some(sse::Event::default().comment("listening").retry(Duration::from_secs(1)));
        }
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(shown(&event));
            }
            // A stream lives long: a token that was revoked ends it as soon as it would end a request.
            let actor = match self.site.sessions.actor(&self.site.desk, &self.token).await {
                Ok(actor) if actor.org == self.org && actor.staff_role().is_some() => actor,
                Ok(_) => return None,
                Err(error) => {
                    tracing::info!(%error, "an event stream ends");
                    return None;
                }
            };
            match self.site.desk.store.events_after(&self.org, self.after, BATCH).await {
                Err(error) => {
                    tracing::warn!(%error, "events cannot be read");
                    return None;
                }
                Ok(events) if events.is_empty() => {
                    tokio::select! {
                        () = tokio::time::sleep(self.site.config.event_poll) => {}
                        () = self.stop.stopped() => return None,
                    }
                }
                Ok(events) => {
                    self.after = events.last().map_or(self.after, |last| last.seq);
                    let kinds = self.site.desk.kinds(&self.org);
                    self.waiting.extend(events.into_iter().filter(|event| is_for(&kinds, &actor, event)));
                }
            }
        }
    }
}

/// Whether an event is the actor's business.
fn is_for(kinds: &Kinds, actor: &Actor, event: &Event) -> bool {
    if event.kind == "kind.changed" {
        return true;
    }
    match kinds.of_number(&event.number) {
        Some(kind) => access::read_scope(kind, actor) == Scope::All,
        None => reads_components(actor),
    }
}

fn shown(event: &Event) -> sse::Event {
    let data = json!({
        "seq": event.seq,
        "at": event.at,
        "type": event.kind,
        "number": event.number,
        "data": event.data,
    });
    sse::Event::default().id(event.seq.to_string()).event(&event.kind).data(data.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_client_starts_where_it_says() {
        let mut headers = HeaderMap::new();
        assert_eq!(place(&headers, None).unwrap(), None);
        assert_eq!(place(&headers, Some("0".to_owned())).unwrap(), Some(0));
        headers.insert("last-event-id", "41".parse().unwrap());
        assert_eq!(place(&headers, Some("7".to_owned())).unwrap(), Some(41));
        for text in ["-1", "x", "1.5", "99999999999999999999"] {
            headers.insert("last-event-id", text.parse().unwrap());
            assert!(place(&headers, None).is_err(), "{text}");
        }
    }
}
