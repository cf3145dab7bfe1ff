//! A registry of our own, in memory: with tokens and the referrers interface, which Debian's lacks, and lies at will.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use mortise::domain::canonical::sha256;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// The token that it gives out.
pub(super) const TOKEN: &str = "open-sesame";

/// `test:s3cret`
const BASIC: &str = "Basic dGVzdDpzM2NyZXQ=";

#[derive(Default)]
struct Held {
    blobs: BTreeMap<String, Bytes>,
    /// Media type and text by tag and by digest.
    manifests: BTreeMap<String, (String, Bytes)>,
    lie: String,
}

type Shared = Arc<Mutex<Held>>;

/// The registry; it ends with this value.
pub(super) struct Stub {
    pub(super) port: u16,
    held: Shared,
    _runtime: Runtime,
}

impl Stub {
    pub(super) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let held = Shared::default();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let v2 = Router::new()
            .route("/v2/team/sla-vip/blobs/uploads/", any(begin))
            .route("/v2/team/sla-vip/uploads/1", any(finish))
            .route("/v2/team/sla-vip/blobs/{digest}", any(blob))
            .route("/v2/team/sla-vip/manifests/{name}", any(manifest))
            .route("/v2/team/sla-vip/referrers/{digest}", get(referrers))
            .layer(from_fn_with_state(port, guard));
        let app = Router::new().route("/token", get(token)).merge(v2).with_state(Arc::clone(&held));
        runtime.spawn(async move { axum::serve(listener, app).await });
        Self { port, held, _runtime: runtime }
    }

    /// From now on it lies so.
    pub(super) fn lie(&self, how: &str) {
        how.clone_into(&mut self.held.lock().unwrap().lie);
    }

    pub(super) fn tags(&self) -> Vec<String> {
        let held = self.held.lock().unwrap();
        held.manifests.keys().filter(|name| !name.starts_with("sha256:")).cloned().collect()
    }
}

async fn guard(State(port): State<u16>, request: Request, next: Next) -> Response {
    let said = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    if said.is_some_and(|said| said == format!("Bearer {TOKEN}")) {
        return next.run(request).await;
    }
    let challenge = format!(
        "Bearer realm=\"http://127.0.0.1:{port}/token\",service=\"stub\",scope=\"repository:team/sla-vip:pull,push\""
    );
    (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, challenge)]).into_response()
}

async fn token(headers: HeaderMap, uri: axum::http::Uri) -> Response {
    assert_eq!(uri.query(), Some("service=stub&scope=repository%3Ateam%2Fsla-vip%3Apull%2Cpush"));
    if headers.get(AUTHORIZATION).is_some_and(|value| value == BASIC) {
        axum::Json(json!({ "token": TOKEN })).into_response()
    } else {
        let error = json!({ "errors": [{ "code": "UNAUTHORIZED", "message": "who is there?" }] });
        (StatusCode::UNAUTHORIZED, axum::Json(error)).into_response()
    }
}

async fn begin() -> Response {
    (StatusCode::ACCEPTED, [(LOCATION, "/v2/team/sla-vip/uploads/1?state=x")]).into_response()
}

async fn finish(State(held): State<Shared>, uri: axum::http::Uri, body: Bytes) -> Response {
    let wanted = format!("state=x&digest=sha256%3A{}", sha256(&body));
    if uri.query() != Some(wanted.as_str()) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    held.lock().unwrap().blobs.insert(format!("sha256:{}", sha256(&body)), body);
    StatusCode::CREATED.into_response()
}

async fn blob(State(held): State<Shared>, Path(digest): Path<String>) -> Response {
    let held = held.lock().unwrap();
    match held.blobs.get(&digest) {
        Some(bytes) if held.lie == "long-blob" => [&bytes[..], &b"and more"[..]].concat().into_response(),
        Some(bytes) => bytes.clone().into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn manifest(
    State(held): State<Shared>,
    method: Method,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut held = held.lock().unwrap();
    if method != Method::PUT {
        return match held.manifests.get(&name) {
            Some((kind, text)) if held.lie == "manifest" => {
                ([(CONTENT_TYPE, kind.clone())], [&text[..], &b" "[..]].concat()).into_response()
            }
            Some(_) if held.lie == "page" => "<html>Welcome</html>".into_response(),
            Some((kind, text)) => ([(CONTENT_TYPE, kind.clone())], text.clone()).into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        };
    }
    let kind = headers[CONTENT_TYPE].to_str().unwrap().to_owned();
    let value: Value = serde_json::from_slice(&body).unwrap();
    held.manifests.insert(format!("sha256:{}", sha256(&body)), (kind.clone(), body.clone()));
    held.manifests.insert(name, (kind, body));
    match value["subject"]["digest"].as_str() {
        Some(subject) => (StatusCode::CREATED, [("oci-subject", subject.to_owned())]).into_response(),
        None => StatusCode::CREATED.into_response(),
    }
}

async fn referrers(State(held): State<Shared>, Path(digest): Path<String>) -> Response {
    let held = held.lock().unwrap();
    let manifests: Vec<Value> = held
        .manifests
        .iter()
        .filter(|(name, _)| name.starts_with("sha256:"))
        .filter_map(|(name, (kind, text))| {
            let value: Value = serde_json::from_slice(text).ok()?;
            (value["subject"]["digest"] == *digest).then(|| {
                json!({
                    "mediaType": kind, "digest": name, "size": text.len(), "artifactType": value["artifactType"],
                })
            })
        })
        .collect();
    let kind = "application/vnd.oci.image.index.v1+json";
    let index = json!({ "schemaVersion": 2, "mediaType": kind, "manifests": manifests });
    ([(CONTENT_TYPE, kind)], index.to_string()).into_response()
}
