//! A server of its own with demonstration data, embedded database, and a desk agent who reports incidents.

use mortise::app::{self, App};
use mortise::clock::Clock;
use mortise::config::{Config, DataDir};
use mortise::domain::Role;
use mortise::flows::{Desk, authenticate, demo, first_start};
use mortise_tests::app::{ORG, component};
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) struct Served {
    pub(crate) desk: Desk,
    pub(crate) port: u16,
    /// The agent's token.
    pub(crate) token: String,
    /// An incident about an agreed service.
    pub(crate) incident: String,
    stop: oneshot::Sender<()>,
    server: JoinHandle<std::io::Result<()>>,
    dir: TempDir,
}

impl Served {
    pub(crate) async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = Config { data_dir: DataDir(dir.path().to_owned()), ..Config::default() };
        let built = App::build(&config, Clock::system()).await.unwrap();
        first_start::organisation(&built.desk, ORG, ORG).await.unwrap();
        let offers = ["sla-standard", "change-risk-standard", "budget-standard", "supplier-standard"]
            .map(|name| first_start::Offer { name: name.to_owned(), bytes: component(name) });
        first_start::components(&built.desk, ORG, offers.into()).await.unwrap();
        let numbers = demo::run(&built.desk, ORG).await.unwrap().numbers;
        let roles = [Role::Sd].into_iter().collect();
        let token = authenticate::issue(&built.desk, ORG, "bench", &roles, "bench", None).await.unwrap().text;
        let desk = built.desk.clone();
        let listener = app::listen(([127, 0, 0, 1], 0).into()).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(built.serve(listener, async move {
            let _ = stopped.await;
        }));
        let incident = json!({
            "title": "Mail is down", "service": numbers["mail"], "customer": numbers["hospital"], "caller": "zhao",
            "channel": "phone", "category": "mail", "impact": 1, "urgency": 2
        })
        .to_string();
        Self { desk, port, token, incident, stop, server, dir }
    }

    /// Ends the server, once every connection to it is closed; gives its folder.
    pub(crate) async fn end(self) -> TempDir {
        let _ = self.stop.send(());
        self.server.await.unwrap().unwrap();
        self.dir
    }
}
