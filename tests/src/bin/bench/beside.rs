//! (k) What a healthy request takes alone, beside requests that misbehaving components decide, and while a large
//! component in Python is uploaded and compiled. A real server in a process of its own.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use mortise::app::App;
use mortise::clock::Clock;
use mortise::domain::component::Scope;
use mortise::domain::{Actor, Role};
use mortise::flows::activate::{self, Wish};
use mortise::flows::{Desk, upload_component};
use mortise_tests::app::{ORG, component, config};
use mortise_tests::client::Connection;
use mortise_types::Process;

use crate::percentile;
use crate::running::Running;
use crate::served::Prepared;

const MEASURED: Duration = Duration::from_secs(10);
/// What decides for the hostile clients: it loops until its fuel or its time is used up.
const HOSTILE: &str = "guests/loop";
/// Hostile clients.
const CLIENTS: usize = 4;
const PYTHON: &str = "supplier-careful";

pub(crate) async fn run() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path());
    let app = App::build(&config, Clock::system()).await.unwrap();
    let prepared = Prepared::new(&app.desk, &[Role::Sd, Role::Adm]).await;
    turn_over(&app.desk, prepared.other_service()).await;
    let (healthy, hostile) =
        (prepared.incident(None, "mail"), prepared.incident(Some(prepared.other_service()), "mail"));
    let token = prepared.token;
    app.desk.store.close().await;
    drop(app);
    // A breaker would end the hostile load at once.
    let server = Running::start(dir.path(), &[("MORTISE_POLICY__COMPONENT__BREAKER__ENABLED", "false")]).await;
    let port = server.port;

    let _warm = measure(port, &token, &healthy, Until::Time(Duration::from_secs(2))).await;
    let mut alone = measure(port, &token, &healthy, Until::Time(MEASURED)).await;
    let stop = Arc::new(AtomicBool::new(false));
    let failed = Arc::new(AtomicU64::new(0));
    let load: Vec<_> = (0..CLIENTS)
        .map(|_| tokio::spawn(client(port, token.clone(), hostile.clone(), Arc::clone(&stop), Arc::clone(&failed))))
        .collect();
    let mut beside = measure(port, &token, &healthy, Until::Time(MEASURED)).await;
    stop.store(true, Ordering::Relaxed);
    for one in load {
        one.await.unwrap();
    }
    let uploaded = Arc::new(AtomicBool::new(false));
    let upload = tokio::spawn(upload(port, token.clone(), Arc::clone(&uploaded)));
    let mut uploading = measure(port, &token, &healthy, Until::Set(&uploaded)).await;
    let (took, bytes) = upload.await.unwrap();
    drop(server);

    println!("(k) creating an incident over HTTP, one healthy client, microseconds");
    let line = |label: &str, times: &mut Vec<Duration>| {
        let (p50, p99) = (percentile(times, 50), percentile(times, 99));
        let (p50, p99) = (crate::micros(p50), crate::micros(p99));
        println!("    {label:<30} p50 {p50:>9.1}   p99 {p99:>9.1}   ({} requests)", times.len());
        (p50, p99)
    };
    let plain = line("alone", &mut alone);
    let loaded = line("beside hostile components", &mut beside);
    let busy = line("while Python is uploaded", &mut uploading);
    println!("    hostile / alone                p50 {:>9.2}   p99 {:>9.2}", loaded.0 / plain.0, loaded.1 / plain.1);
    println!("    upload / alone                 p50 {:>9.2}   p99 {:>9.2}", busy.0 / plain.0, busy.1 / plain.1);
    println!("    hostile decisions contained meanwhile {:>9}", failed.load(Ordering::Relaxed));
    println!("    the upload of {} MB took {:.1} s", bytes / 1_000_000, took.as_secs_f64());
}

/// Makes the misbehaving component decide for a service.
async fn turn_over(desk: &Desk, service: &str) {
    let actor = Actor::user(ORG, "bench", [Role::Adm]);
    let row = upload_component::run(desk, &actor, component(HOSTILE), BTreeSet::new()).await.unwrap();
    let wish = Wish::new(Process::Sla, Scope::Service(service.to_owned()), &row.digest);
    activate::run(desk, &actor, wish).await.unwrap();
}

enum Until<'a> {
    Time(Duration),
    Set(&'a AtomicBool),
}

async fn measure(port: u16, token: &str, body: &str, until: Until<'_>) -> Vec<Duration> {
    let mut connection = Connection::open(port).await.unwrap();
    let begun = Instant::now();
    let goes_on = || match &until {
        Until::Time(length) => begun.elapsed() < *length,
        Until::Set(done) => !done.load(Ordering::Relaxed),
    };
    let mut times = Vec::new();
    while goes_on() {
        let sent = Instant::now();
        let (status, answer) = connection.send("POST", "/api/v1/records/incident", token, body).await.unwrap();
        times.push(sent.elapsed());
        assert_eq!(status, 201, "{}", String::from_utf8_lossy(&answer));
    }
    times
}

async fn client(port: u16, token: String, body: String, stop: Arc<AtomicBool>, failed: Arc<AtomicU64>) {
    let mut connection = Connection::open(port).await.unwrap();
    while !stop.load(Ordering::Relaxed) {
        let (status, answer) = connection.send("POST", "/api/v1/records/incident", &token, &body).await.unwrap();
        assert_eq!(status, 201, "{}", String::from_utf8_lossy(&answer));
        failed.fetch_add(1, Ordering::Relaxed);
    }
}

/// Uploads the component; gives how long that took, and its size.
async fn upload(port: u16, token: String, done: Arc<AtomicBool>) -> (Duration, usize) {
    let bytes = component(PYTHON);
    let mut connection = Connection::open(port).await.unwrap();
    let begun = Instant::now();
    let sent = connection.send_bytes("POST", "/api/v1/components", &token, "application/wasm", &bytes).await;
    let took = begun.elapsed();
    done.store(true, Ordering::Relaxed);
    let (status, answer) = sent.unwrap();
    assert_eq!(status, 201, "{}", String::from_utf8_lossy(&answer));
    (took, bytes.len())
}
