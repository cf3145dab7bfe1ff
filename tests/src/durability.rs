//! Kill -9 during load: everything acknowledged is there, and the chain verifies.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mortise::domain::audit;
use mortise::store::{Store, StoreConfig};
use serde_json::{Value, json};

use crate::app::{binary, components};
use crate::client::Connection;

const KILLS: usize = 20;
const CONNECTIONS: usize = 8;

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // SIGKILL: nothing is flushed, nothing is finished.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn command(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.arg("--data-dir").arg(dir).args(arguments).stderr(Stdio::null());
    command
}

async fn start(dir: &Path) -> (Server, u16) {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let components = components();
    let listen = format!("127.0.0.1:{port}");
    let arguments = ["serve", "--listen", &listen, "--components", components.to_str().unwrap()];
    let server = Server(command(dir, &arguments).stdout(Stdio::null()).spawn().unwrap());
    for _ in 0..3000 {
        if let Ok(mut connection) = Connection::open(port).await
            && let Ok((200, _)) = connection.send("GET", "/readyz", "", "").await
        {
            return (server, port);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the server does not start");
}

#[test]
fn nothing_acknowledged_is_lost_by_kill_9() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let dir = tempfile::tempdir().unwrap();
        drop(start(dir.path()).await);
        let output = command(dir.path(), &["token", "create", "--user", "load", "--roles", "SD,PO,TOP,SLM"]).output();
        let token = String::from_utf8(output.unwrap().stdout).unwrap().trim().to_owned();
        let acknowledged: Arc<Mutex<BTreeSet<(String, String)>>> = Arc::default();
        let mut service = None;
        for round in 0..KILLS {
            let (server, port) = start(dir.path()).await;
            if service.is_none() {
                let mut connection = Connection::open(port).await.unwrap();
                let body = json!({"title": "Mail", "outcome": "mail", "criticality": 2}).to_string();
                let (_, made) = connection.send("POST", "/api/v1/records/service", &token, &body).await.unwrap();
                let made: Value = serde_json::from_slice(&made).unwrap();
                service = Some(made["number"].as_str().unwrap().to_owned());
            }
            let body = json!({"title": "down", "service": service, "impact": 1, "urgency": 1}).to_string();
            let clients: Vec<_> = (0..CONNECTIONS)
                .map(|_| {
                    let (token, body, acknowledged) = (token.clone(), body.clone(), Arc::clone(&acknowledged));
                    tokio::spawn(async move {
                        let Ok(mut connection) = Connection::open(port).await else { return };
                        while let Ok((201, made)) =
                            connection.send("POST", "/api/v1/records/incident", &token, &body).await
                        {
                            let made: Value = serde_json::from_slice(&made).unwrap();
                            let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
                            let pair = (text(&made["number"]), text(&made["sla"]["decision"]));
                            acknowledged.lock().unwrap().insert(pair);
                        }
                    })
                })
                .collect();
            // Another moment in the life of a transaction each time.
            tokio::time::sleep(Duration::from_millis(120 + 37 * round as u64 % 200)).await;
            drop(server);
            for client in clients {
                client.await.unwrap();
            }
        }
        let url = format!("sqlite:{}", dir.path().join("mortise.db").display());
        let store = Store::open(&StoreConfig { url, connections: 2 }).await.unwrap();
        let entries = store.audit_after("main", 0, i64::MAX).await.unwrap();
        audit::verify(audit::Verified::default(), &entries).unwrap();
        let head = store.audit_head("main").await.unwrap().unwrap();
        assert_eq!(head.0, entries.len() as i64);
        let audited: BTreeSet<&str> = entries.iter().map(|e| e.number.as_str()).collect();
        let acknowledged = acknowledged.lock().unwrap().clone();
        assert!(acknowledged.len() > KILLS, "only {} creations were acknowledged", acknowledged.len());
        for (number, decision) in &acknowledged {
            assert!(store.record("main", number).await.unwrap().is_some(), "{number} is lost");
            assert!(store.decision("main", decision).await.unwrap().is_some(), "the decision of {number} is lost");
            assert!(audited.contains(number.as_str()), "the audit entry of {number} is lost");
        }
        println!("{} creations acknowledged over {KILLS} kills, none lost", acknowledged.len());
    });
}
