//! (h) What a candidate in shadow costs on the request path: the same requests over HTTP with and without one, in turns.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use mortise::domain::component::{Mode, Scope};
use mortise::domain::{Actor, Role};
use mortise::flows::activate::{self, Wish, revert};
use mortise::flows::{Desk, shadow, upload_component};
use mortise_tests::app::{ORG, component};
use mortise_tests::client::Connection;
use mortise_types::Process;

use crate::percentile;
use crate::served::Served;

const ROUNDS: usize = 24;
const REQUESTS: usize = 150;

pub(crate) async fn run() {
    let served = Served::start().await;
    let (desk, token, body) = (served.desk.clone(), served.token.clone(), served.incident.clone());
    let mut connection = Connection::open(served.port).await.unwrap();
    let _warm = measure(&mut connection, &token, &body).await;
    let (mut without, mut with) = (Vec::new(), Vec::new());
    let mut asked = 0;
    for _ in 0..ROUNDS {
        without.extend(measure(&mut connection, &token, &body).await);
        let live = desk.catalog.snapshot().organisation(ORG, Process::Sla).unwrap();
        let candidate = candidate(&desk, &live.activation.digest).await;
        with.extend(measure(&mut connection, &token, &body).await);
        asked += settle(&desk, &candidate).await;
        revert::run(&desk, &administrator(), &candidate, None, "").await.unwrap();
    }
    let mut looping = Vec::new();
    let bytes = component("guests/loop");
    let row = upload_component::run(&desk, &administrator(), bytes, BTreeSet::new()).await.unwrap();
    candidate(&desk, &row.digest).await;
    for _ in 0..ROUNDS {
        looping.extend(measure(&mut connection, &token, &body).await);
    }
    drop((connection, desk));
    served.end().await;
    assert_eq!(asked, ROUNDS * REQUESTS, "every request was asked of the candidate");
    println!("(h) a creation of an incident over HTTP, with a candidate in shadow and without, microseconds");
    let line = |label: &str, times: &mut Vec<Duration>| {
        let (p50, p95) = (percentile(times, 50), percentile(times, 95));
        println!("    {label:<14} p50 {:>8.1}   p95 {:>8.1}", crate::micros(p50), crate::micros(p95));
        crate::micros(p50)
    };
    let (plain, beside) = (line("without", &mut without), line("with", &mut with));
    let endless = line("one that loops", &mut looping);
    println!("    with / without p50 {:>8.3}   (bound: at most 1.05)", beside / plain);
    println!("    looping / without  {:>8.3}", endless / plain);
}

fn administrator() -> Actor {
    Actor::user(ORG, "bench", [Role::Adm])
}

/// A component in shadow for everything.
async fn candidate(desk: &Desk, digest: &str) -> String {
    let wish = Wish { mode: Mode::Shadow, ..Wish::new(Process::Sla, Scope::Organisation, digest) };
    activate::run(desk, &administrator(), wish).await.unwrap().id
}

/// Waits until everything was asked; gives how many decisions that were.
async fn settle(desk: &Desk, candidate: &str) -> usize {
    let actor = administrator();
    loop {
        let report = shadow::report(desk, &actor, candidate).await.unwrap().to_json();
        let figures = &report["figures"];
        let asked = figures["decisions"].as_u64().unwrap_or(0) + figures["dropped"].as_u64().unwrap_or(0);
        if asked >= REQUESTS as u64 {
            return usize::try_from(asked).unwrap_or_default();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn measure(connection: &mut Connection, token: &str, body: &str) -> Vec<Duration> {
    let mut times = Vec::with_capacity(REQUESTS);
    for _ in 0..REQUESTS {
        let sent = Instant::now();
        let (status, answer) = connection.send("POST", "/api/v1/records/incident", token, body).await.unwrap();
        times.push(sent.elapsed());
        assert_eq!(status, 201, "{}", String::from_utf8_lossy(&answer));
    }
    times
}
