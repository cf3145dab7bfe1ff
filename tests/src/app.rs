//! A whole desk for one story: a database of its own, a clock that stands still, actors as clients.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use mortise::app::App;
use mortise::clock::Clock;
use mortise::config::{Config, DataDir};
use mortise::domain::trust::Unsigned;
use mortise::domain::{Actor, Instant, Role};
use mortise::flows::first_start::{self, Offer};
use mortise::flows::trust::{self, PolicyWish};
use mortise::flows::verify::{self, Finding};
use mortise::flows::{Desk, authenticate, fire_timers};
use mortise::http::{HttpConfig, router};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

use crate::postgres::Postgres;

/// The organisation that stories play in.
pub const ORG: &str = "main";

/// The instant at which every story begins: a Tuesday, 09:00 in Shanghai.
pub const START: &str = "2026-03-03T01:00:00Z";

/// A desk under test.
#[derive(Clone)]
pub struct Desktop {
    /// What flows work with.
    pub desk: Desk,
    /// The clock that the story moves.
    pub clock: Clock,
    router: axum::Router,
    /// The database's address, for a second node.
    pub config: Config,
    /// Whether its organisations take every component; see [`organisation`].
    lenient: bool,
    _dir: Arc<TempDir>,
}

/// Runs a story on SQLite, then on PostgreSQL where there is one.
pub fn for_each_db<F>(story: impl Fn(Desktop) -> F)
where
    F: Future<Output = ()>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        story(Desktop::start(None).await).await;
        match Postgres::shared() {
            Some(server) => story(Desktop::start(Some(server.database())).await).await,
            None => eprintln!("SKIPPED on PostgreSQL: no binaries"),
        }
    });
}

/// The folder of built components.
pub fn components() -> PathBuf {
    std::env::var_os("MORTISE_TEST_COMPONENTS")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/components")), PathBuf::from)
}

/// The server's binary: told by `cargo xtask test`, else where cargo leaves it beside the tests.
pub fn binary() -> PathBuf {
    let beside = || {
        let test = std::env::current_exe().unwrap();
        test.parent().and_then(Path::parent).unwrap().join("mortise")
    };
    let binary = std::env::var_os("MORTISE_TEST_BIN").map_or_else(beside, PathBuf::from);
    assert!(binary.exists(), "{} is not built: run `cargo xtask test`", binary.display());
    binary
}

/// The bytes of a built component, `sla-standard` or `guests/trap`.
pub fn component(name: &str) -> Vec<u8> {
    let path = components().join(format!("{name}.wasm"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}; run `cargo xtask plugins` first", path.display()))
}

/// The component with a custom section of its own: same code, another identity.
pub fn marked(mut bytes: Vec<u8>, n: u8) -> Vec<u8> {
    let name = b"mark";
    let content = [&[name.len() as u8], name.as_slice(), &[n]].concat();
    bytes.push(0);
    bytes.push(content.len() as u8);
    bytes.extend(content);
    bytes
}

/// The configuration of a server that keeps its data in a folder. Stories and benchmarks upload and activate on their
/// way to something else, so two defaults are set aside for them: that a process owner approves a component before it
/// decides, here, and that unsigned components have to be named, in [`organisation`]. Both have stories of their own, on
/// desks of [`Desktop::by_default`].
pub fn config(data_dir: &Path) -> Config {
    let mut config = Config { data_dir: DataDir(data_dir.to_owned()), ..Config::default() };
    config.policy.component.approval_required = false;
    config
}

/// Adds an organisation, unless it is there, that takes every component; see [`config`].
pub async fn organisation(desk: &Desk, org: &str, name: &str) {
    if first_start::organisation(desk, org, name).await.unwrap() {
        let (unsigned, reason) = (Unsigned::Allow, "for stories about something else".to_owned());
        let wish = PolicyWish { unsigned, allowed: None, expected: Some(0), reason };
        trust::set(desk, &Actor::user(org, "harness", [Role::Adm]), wish).await.unwrap();
    }
}

impl Desktop {
    /// A desk on a database of its own, with the reference components active.
    pub async fn start(postgres: Option<String>) -> Self {
        Self::start_with(postgres, true).await
    }

    async fn start_with(postgres: Option<String>, lenient: bool) -> Self {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        let mut config = config(dir.path());
        if !lenient {
            config.policy = Config::default().policy;
        }
        config.database.url = postgres;
        config.database.connections = 4;
        // One cache for all stories, or each of them would compile the components again.
        config.engine.cache_dir = Some(std::env::temp_dir().join("mortise-test-cache"));
        Self::open(config, dir, Clock::manual(START.parse::<Instant>().unwrap()), lenient).await
    }

    /// A desk like this one on a fresh database of the same sort, at the beginning of all stories.
    pub async fn again(&self) -> Self {
        Self::start_with(self.fresh_database(), self.lenient).await
    }

    /// A desk on a fresh database of the same sort on which everything is as it is by default; see [`config`].
    pub async fn by_default(&self) -> Self {
        Self::start_with(self.fresh_database(), false).await
    }

    fn fresh_database(&self) -> Option<String> {
        let postgres = self.config.database.url.as_ref().filter(|url| url.starts_with("postgres"));
        postgres.and_then(|_| Postgres::shared()).map(|server| server.database())
    }

    /// What `mortise verify` finds.
    pub async fn findings(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        verify::run(&self.desk, ORG, &mut |finding| found.push(finding)).await.unwrap();
        found
    }

    /// Whether the story runs on PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        self.config.database.url.as_ref().is_some_and(|url| url.starts_with("postgres"))
    }

    /// Another node on the same database, with the same clock.
    pub async fn second_node(&self) -> Self {
        let clock = self.clock.clone();
        let mut config = self.config.clone();
        let dir = Arc::new(tempfile::tempdir().unwrap());
        config.database.url = Some(self.config.database_url());
        config.attachments.dir = Some(self.config.attachments_dir());
        config.data_dir = DataDir(dir.path().to_owned());
        let mut node = Self::open(config, dir, clock, self.lenient).await;
        // The first node's folder holds the database; it lives as long as this node.
        node._dir = Arc::clone(&self._dir);
        node
    }

    /// Another installation without any organisation, on a database of its own, with the same clock.
    pub async fn elsewhere(&self, postgres: Option<String>) -> Self {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        let mut config = Config { data_dir: DataDir(dir.path().to_owned()), ..self.config.clone() };
        config.database.url = postgres;
        let clock = self.clock.clone();
        let app = App::build(&config, clock.clone()).await.unwrap();
        let router = router(app.desk.clone(), HttpConfig::default());
        Self { desk: app.desk, clock, router, config, lenient: self.lenient, _dir: dir }
    }

    async fn open(config: Config, dir: Arc<TempDir>, clock: Clock, lenient: bool) -> Self {
        let app = App::build(&config, clock.clone()).await.unwrap();
        if lenient {
            organisation(&app.desk, ORG, "Main").await;
        } else {
            first_start::organisation(&app.desk, ORG, "Main").await.unwrap();
        }
        let offers = ["sla-standard", "change-risk-standard", "budget-standard", "supplier-standard"]
            .map(|name| Offer { name: name.to_owned(), bytes: component(name) });
        first_start::components(&app.desk, ORG, offers.into()).await.unwrap();
        let router = router(app.desk.clone(), HttpConfig::default());
        Self { desk: app.desk, clock, router, config, lenient, _dir: dir }
    }

    /// A desk on the database that an earlier version left in the folder.
    pub async fn upgraded(dir: TempDir, now: &str) -> Self {
        let mut config = config(dir.path());
        config.engine.cache_dir = Some(std::env::temp_dir().join("mortise-test-cache"));
        Self::open(config, Arc::new(dir), Clock::manual(now.parse().unwrap()), true).await
    }

    /// A client that acts as `user` with these roles in the story's organisation.
    pub async fn actor(&self, user: &str, roles: &[Role]) -> Client {
        self.actor_of(ORG, user, roles).await
    }

    /// A client of some organisation.
    pub async fn actor_of(&self, org: &str, user: &str, roles: &[Role]) -> Client {
        if self.lenient {
            organisation(&self.desk, org, org).await;
        } else {
            first_start::organisation(&self.desk, org, org).await.unwrap();
        }
        let roles = roles.iter().copied().collect();
        let issued = authenticate::issue(&self.desk, org, user, &roles, "story", None).await.unwrap();
        Client { router: self.router.clone(), token: issued.text }
    }

    /// A service desk agent.
    pub async fn agent(&self) -> Client {
        self.actor("agent", &[Role::Sd]).await
    }

    /// A technician.
    pub async fn technician(&self) -> Client {
        self.actor("technician", &[Role::Te]).await
    }

    /// A change manager.
    pub async fn change_manager(&self) -> Client {
        self.actor("change-manager", &[Role::Cm]).await
    }

    /// A service level manager.
    pub async fn level_manager(&self) -> Client {
        self.actor("level-manager", &[Role::Slm]).await
    }

    /// An administrator.
    pub async fn administrator(&self) -> Client {
        self.actor("administrator", &[Role::Adm]).await
    }

    /// A client without a token.
    pub fn stranger(&self) -> Client {
        Client { router: self.router.clone(), token: String::new() }
    }

    /// Moves the clock to an instant and fires what is due; gives how many timers fired.
    pub async fn at(&self, instant: &str) -> usize {
        self.clock.set(instant.parse().unwrap());
        fire_timers::run(&self.desk).await.unwrap()
    }

    /// A live service with an active agreement of the default targets, on a Shanghai calendar; gives the numbers of
    /// service, customer and agreement.
    pub async fn agreed_service(&self, title: &str) -> Agreed {
        let all = self.actor("setup", &[Role::Po, Role::Slm, Role::Top]).await;
        let customer_side = self.actor("customer-side", &[Role::Cus]).await;
        let weekday = json!([["09:00", "12:00"], ["13:00", "18:00"]]);
        let calendar = all
            .create(
                "calendar",
                json!({
                    "title": "Office hours", "time_zone": "Asia/Shanghai", "mode": "business",
                    "weekly": {"mon": weekday, "tue": weekday, "wed": weekday, "thu": weekday, "fri": weekday},
                    "valid_from": "2026-01-01"
                }),
            )
            .await;
        all.go("calendar", &calendar, "active", json!({})).await;
        let customer = all
            .create(
                "customer",
                json!({
                    "title": format!("{title} customer"), "contacts": [{"name": "Li"}],
                    "relationship_manager": "setup", "channels": "phone"
                }),
            )
            .await;
        let service = all
            .create("service", json!({"title": title, "outcome": "it works", "criticality": 3, "calendar": calendar}))
            .await;
        let director = self.actor("director", &[Role::Top]).await;
        director.go("service", &service, "planned", json!({})).await;
        for state in ["designed", "in_build", "live"] {
            all.go("service", &service, state, json!({})).await;
        }
        let target = |priority: &str, response: i64, resolution: i64, calendar: Option<&str>| {
            let mut target = json!({"priority": priority, "response_s": response, "resolution_s": resolution});
            if let Some(calendar) = calendar {
                target["calendar"] = json!(calendar);
            }
            target
        };
        let agreement = all
            .create(
                "sla",
                json!({
                    "title": format!("{title} agreement"), "customer": customer, "service": service, "version": "1.0",
                    "targets": [
                        target("P1", 900, 7200, Some("24x7")), target("P2", 1800, 14400, Some("24x7")),
                        target("P3", 3600, 28800, None), target("P4", 7200, 86400, None),
                        target("P5", 14400, 144_000, None)
                    ],
                    "availability_milli_pct": 99900, "calendar": calendar, "workload_limit": 1000,
                    "consequence": "service credit", "baseline_deviation": true, "review_due": "2027-03-01",
                    "customer_signatory": "customer-side"
                }),
            )
            .await;
        all.go("sla", &agreement, "negotiating", json!({})).await;
        all.go("sla", &agreement, "agreed", json!({})).await;
        customer_side.go("sla", &agreement, "agreed", json!({})).await;
        let record = all.get(&format!("/records/sla/{agreement}")).await.ok();
        assert_eq!(record["state"], "active", "{record}");
        Agreed { service, customer, agreement, calendar }
    }
}

/// What [`Desktop::agreed_service`] made.
#[derive(Clone, Debug)]
pub struct Agreed {
    /// Number of the service.
    pub service: String,
    /// Number of the customer.
    pub customer: String,
    /// Number of the agreement.
    pub agreement: String,
    /// Number of the calendar.
    pub calendar: String,
}

/// Somebody with a token.
#[derive(Clone)]
pub struct Client {
    router: axum::Router,
    /// The token's text.
    pub token: String,
}

/// What the server answered.
#[derive(Debug)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body; null when it is empty or not JSON.
    pub body: Value,
    /// Body as text.
    pub text: String,
    /// Body as it came.
    pub bytes: Vec<u8>,
}

impl Answer {
    /// The body of a success.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{}: {}", self.status, self.text);
        self.body
    }

    /// Checks that this is a problem of a status and rule; gives the problem.
    #[track_caller]
    pub fn problem(self, status: u16, rule: &str) -> Value {
        assert_eq!((self.status, self.body["rule"].as_str().unwrap_or_default()), (status, rule), "{}", self.text);
        let kind = self.headers.get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default();
        assert!(kind.starts_with("application/problem+json"), "content type {kind}");
        self.body
    }

    /// The ETag.
    pub fn etag(&self) -> String {
        self.headers.get("etag").unwrap().to_str().unwrap().to_owned()
    }
}

impl Client {
    /// Sends a request under `/api/v1`.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<Vec<u8>>) -> Answer {
        let path = if path.starts_with("//") { path[1..].to_owned() } else { format!("/api/v1{path}") };
        let mut request = Request::builder().method(method).uri(path);
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.map_or_else(Body::empty, Body::from)).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 256 << 20).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status: parts.status.as_u16(), headers: parts.headers, body, text, bytes: bytes.into() }
    }

    /// Sends JSON.
    pub async fn json(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.send(method, path, &[("content-type", "application/json")], Some(body.to_string().into_bytes())).await
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], None).await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.json("POST", path, &body).await
    }

    /// PATCH of JSON.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.json("PATCH", path, &body).await
    }

    /// Makes a record; gives its number.
    pub async fn create(&self, kind: &str, fields: Value) -> String {
        let record = self.post(&format!("/records/{kind}"), fields).await.ok();
        record["number"].as_str().unwrap().to_owned()
    }

    /// Takes a transition that must succeed; gives the record.
    pub async fn go(&self, kind: &str, number: &str, transition: &str, fields: Value) -> Value {
        self.post(&format!("/records/{kind}/{number}/transitions/{transition}"), fields).await.ok()
    }

    /// Uploads a component; gives its digest.
    pub async fn upload(&self, bytes: Vec<u8>) -> Answer {
        self.send("POST", "/components", &[("content-type", "application/wasm")], Some(bytes)).await
    }
}
