//! The event stream.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::Request;
use futures_util::StreamExt as _;
use mortise::domain::Role;
use mortise::http::{HttpConfig, Stop, router};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::item;
use crate::app::{Client, Desktop, ORG, for_each_db};

/// A client on the stream.
struct Listener {
    body: BodyDataStream,
    text: String,
}

/// One event: its id, type and data.
type Event = (i64, String, Value);

fn quick() -> HttpConfig {
    HttpConfig {
        event_poll: Duration::from_millis(5),
        keep_alive: Duration::from_millis(20),
        token_cache: Duration::ZERO,
        ..HttpConfig::default()
    }
}

async fn listen(app: &Desktop, client: &Client, query: &str, header: Option<&str>, config: HttpConfig) -> Listener {
    let mut request = Request::builder()
        .uri(format!("/api/v1/events{query}"))
        .header("authorization", format!("Bearer {}", client.token));
    if let Some(id) = header {
        request = request.header("last-event-id", id);
    }
    let request = request.body(Body::empty()).unwrap();
    let response = router(app.desk.clone(), config).oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    Listener { body: response.into_body().into_data_stream(), text: String::new() }
}

impl Listener {
    /// The next block of the stream; none at its end.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(block);
            }
            let chunk = tokio::time::timeout(Duration::from_secs(20), self.body.next()).await.expect("silence")?;
            self.text.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        }
    }

    /// The next event; none at the end.
    async fn event(&mut self) -> Option<Event> {
        loop {
            let block = self.block().await?;
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
            if let Some(data) = field("data") {
                let id = field("id").unwrap().parse().unwrap();
                return Some((id, field("event").unwrap().to_owned(), serde_json::from_str(data).unwrap()));
            }
        }
    }
}

#[test]
fn events_arrive_in_order_and_are_resumed() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        item(&agent, "before").await;
        let mut listener = listen(&app, &agent, "", None, quick()).await;
        // The stream says hello before anything has happened.
        assert!(listener.block().await.unwrap().contains("retry: 1000"));
        let first = item(&agent, "first").await;
        let second = item(&agent, "second").await;
        let (id, kind, data) = listener.event().await.unwrap();
        assert_eq!((kind.as_str(), &data["number"]), ("record.act.created", &json!(first)));
        assert_eq!((&data["seq"], &data["data"]["state"]), (&json!(id), &json!("open")));
        let (next, _, data) = listener.event().await.unwrap();
        assert_eq!((next, &data["number"]), (id + 1, &json!(second)));

        let mut again = listen(&app, &agent, "?after=0", Some(&id.to_string()), quick()).await;
        assert_eq!(again.event().await.unwrap().0, next, "the header wins over the parameter");
        let mut beginning = listen(&app, &agent, "?after=0", None, quick()).await;
        let (_, kind, _) = beginning.event().await.unwrap();
        assert_eq!(kind, "record.act.created", "events about components are not for the service desk");
    });
}

#[test]
fn an_idle_stream_shows_that_it_lives() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let mut listener = listen(&app, &agent, "", None, quick()).await;
        listener.block().await.unwrap();
        assert_eq!(listener.block().await.unwrap(), ": still here");
    });
}

#[test]
fn everybody_hears_what_is_his_business() {
    for_each_db(|app| async move {
        let admin = app.administrator().await;
        let mut listener = listen(&app, &admin, "?after=0", None, quick()).await;
        let (_, kind, _) = listener.event().await.unwrap();
        assert_eq!(kind, "trust.policy-changed", "the harness");
        let (_, kind, _) = listener.event().await.unwrap();
        assert!(kind.starts_with("component."), "{kind}");
        let manager = app.actor("sun", &[Role::Sup]).await;
        let agent = app.agent().await;
        let mut listener = listen(&app, &agent, "", None, quick()).await;
        listener.block().await.unwrap();
        manager.post("/records/supplier", json!({"title": "Secret supplier"})).await.ok();
        let number = item(&agent, "mine").await;
        assert_eq!(listener.event().await.unwrap().2["number"], json!(number));
        let stranger = app.actor_of("other", "agent", &[Role::Sd]).await;
        let mut listener = listen(&app, &stranger, "?after=0", None, quick()).await;
        let theirs = item(&stranger, "theirs").await;
        let (id, _, data) = listener.event().await.unwrap();
        assert_eq!((id, &data["number"]), (2, &json!(theirs)), "after the harness's word about trust");
    });
}

#[test]
fn some_get_no_stream() {
    for_each_db(|app| async move {
        let customer = app.actor("li", &[Role::Cus]).await;
        customer.get("/events").await.problem(403, "role");
        app.stranger().get("/events").await.problem(401, "unauthenticated");
        let agent = app.agent().await;
        agent.get("/events?after=-1").await.problem(400, "last-event-id");
        agent.send("GET", "/events", &[("last-event-id", "x")], None).await.problem(400, "last-event-id");
        agent.get("/events?before=1").await.problem(400, "unknown-parameter");
    });
}

#[test]
fn a_revoked_token_and_a_stopping_server_end_the_stream() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let mut listener = listen(&app, &agent, "", None, quick()).await;
        listener.block().await.unwrap();
        let tokens = app.desk.store.tokens(ORG).await.unwrap();
        let token = tokens.iter().find(|token| token.user == "agent").unwrap();
        assert!(app.desk.store.revoke_token(ORG, &token.id, 0).await.unwrap());
        assert_eq!(listener.event().await, None);

        let other = app.technician().await;
        let (stopper, stop) = Stop::pair();
        let mut listener = listen(&app, &other, "", None, HttpConfig { stop, ..quick() }).await;
        listener.block().await.unwrap();
        stopper.stop();
        assert_eq!(listener.event().await, None);
    });
}
