//! A server of its own with demonstration data, embedded database, and a desk agent who reports incidents.

use std::collections::BTreeMap;

use mortise::app::{self, App};
use mortise::clock::Clock;
use mortise::domain::Role;
use mortise::flows::{Desk, authenticate, demo, first_start};
use mortise_tests::app::{ORG, component, config, organisation};
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
    pub(crate) prepared: Prepared,
    stop: oneshot::Sender<()>,
    server: JoinHandle<std::io::Result<()>>,
    dir: TempDir,
}

/// An organisation with the reference components and demonstration data.
pub(crate) struct Prepared {
    /// Numbers of its records, by what they are.
    numbers: BTreeMap<String, String>,
    /// A token of somebody with the roles that were asked for.
    pub(crate) token: String,
}

impl Prepared {
    pub(crate) async fn new(desk: &Desk, roles: &[Role]) -> Self {
        organisation(desk, ORG, ORG).await;
        let offers = ["sla-standard", "change-risk-standard", "budget-standard", "supplier-standard"]
            .map(|name| first_start::Offer { name: name.to_owned(), bytes: component(name) });
        first_start::components(desk, ORG, offers.into()).await.unwrap();
        let numbers = demo::run(desk, ORG).await.unwrap().numbers;
        let roles = roles.iter().copied().collect();
        let token = authenticate::issue(desk, ORG, "bench", &roles, "bench", None).await.unwrap().text;
        Self { numbers, token }
    }

    /// The number of a service that is not the agreed one.
    pub(crate) fn other_service(&self) -> &str {
        self.numbers.values().find(|number| number.starts_with("SVC-") && **number != self.numbers["mail"]).unwrap()
    }

    /// An incident of this category, about a service or the agreed one.
    pub(crate) fn incident(&self, service: Option<&str>, category: &str) -> String {
        json!({
            "title": "Mail is down", "service": service.unwrap_or(&self.numbers["mail"]),
            "customer": self.numbers["hospital"], "caller": "zhao", "channel": "phone", "category": category,
            "impact": 1, "urgency": 2
        })
        .to_string()
    }
}

impl Served {
    pub(crate) async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = config(dir.path());
        let built = App::build(&config, Clock::system()).await.unwrap();
        let prepared = Prepared::new(&built.desk, &[Role::Sd]).await;
        let desk = built.desk.clone();
        let listener = app::listen(([127, 0, 0, 1], 0).into()).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(built.serve(listener, async move {
            let _ = stopped.await;
        }));
        let incident = prepared.incident(None, "mail");
        Self { desk, port, token: prepared.token.clone(), incident, prepared, stop, server, dir }
    }

    /// Ends the server, once every connection to it is closed; gives its folder.
    pub(crate) async fn end(self) -> TempDir {
        let _ = self.stop.send(());
        self.server.await.unwrap().unwrap();
        self.dir
    }
}
