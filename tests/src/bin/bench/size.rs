//! (g) What the number of records costs: lists, search, reading and changing at two sizes, on both databases.
//!
//! Every figure is a whole request over HTTP, one after another on one connection, with everything that belongs to it:
//! token, access, query, records as JSON.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use mortise::app::{self, App};
use mortise::clock::Clock;
use mortise::config::{Config, DataDir};
use mortise::domain::{self, Role};
use mortise::flows::fill;
use mortise::flows::{authenticate, first_start};
use mortise_tests::app::{ORG, component};
use mortise_tests::client::Connection;
use mortise_tests::postgres::Postgres;
use serde_json::{Value, json};

use crate::percentile;

/// Requests of each sort that are measured, and that go before them unmeasured.
const MEASURED: usize = 300;
const WARM_UP: usize = 40;
/// How deep a list is before its next page is measured.
const DEPTH: usize = 1_000;

/// What is measured: name and the ratio between the sizes that it may have.
const LINES: [(&str, f64); 10] = [
    ("list, three fields that let most through", 1.5),
    ("the same, next page at depth 1,000", 1.5),
    ("list, three fields that let one in 200 through", 1.5),
    ("list by time, one field", 1.5),
    ("search, English word", 2.0),
    ("search, Chinese word", 2.0),
    ("search, word of few records", 2.0),
    ("search, two words and a phrase", 2.0),
    ("one record with its time line", 1.5),
    ("an update with its decision", 1.5),
];

/// What is to be measured.
pub(crate) struct Asked {
    /// Numbers of records.
    pub(crate) sizes: Vec<u64>,
    /// `sqlite` or `postgres`; both where it is not said. Or the address of databases that are there and are kept, with
    /// `{size}` for the number of records: one that has an organisation is not filled again.
    pub(crate) database: Option<String>,
    /// Where embedded databases are kept, by their size: one that is there is not filled again.
    pub(crate) keep: Option<PathBuf>,
}

pub(crate) async fn run(asked: &Asked) {
    let sizes = &asked.sizes;
    println!(
        "(g) requests at {} records, milliseconds",
        sizes.iter().map(u64::to_string).collect::<Vec<_>>().join(" and ")
    );
    for (postgres, database) in [(false, "sqlite"), (true, "postgres")] {
        let given = asked.database.as_ref().filter(|only| postgres && only.starts_with("postgres://"));
        if given.is_none() && asked.database.as_ref().is_some_and(|only| only != database) {
            continue;
        }
        let name = if postgres { "PostgreSQL" } else { "SQLite" };
        let mut columns = Vec::new();
        for size in sizes {
            let url = match given {
                Some(address) => Some(address.replace("{size}", &size.to_string())),
                None if !postgres => None,
                None => match Postgres::shared() {
                    Some(server) => Some(server.database()),
                    None => return,
                },
            };
            let keep = asked.keep.as_ref().filter(|_| !postgres).map(|folder| folder.join(size.to_string()));
            columns.push(measure(name, *size, url, keep).await);
        }
        println!(
            "  {name:<50} {}     ratio of p50",
            sizes.iter().map(|s| format!("{s:>9} p50     p95")).collect::<String>()
        );
        for (i, (line, bound)) in LINES.iter().enumerate() {
            let mut text = format!("    {line:<48}");
            let mut medians = Vec::new();
            for column in &mut columns {
                let (p50, p95) = (percentile(&mut column[i], 50), percentile(&mut column[i], 95));
                text += &format!("  {:>9.2} {:>8.2}", p50.as_secs_f64() * 1e3, p95.as_secs_f64() * 1e3);
                medians.push(p50.as_secs_f64());
            }
            if let [small, .., large] = medians.as_slice() {
                text += &format!("   {:>6.2}  (bound {bound})", large / small);
            }
            println!("{text}");
        }
    }
}

struct Desk {
    connection: Connection,
    token: String,
}

impl Desk {
    async fn get(&mut self, path: &str) -> Value {
        let (status, body) = self.connection.send("GET", path, &self.token, "").await.unwrap();
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap()
    }

    /// Asks for these paths in turn; gives the time of each request after the warm-up.
    async fn time(&mut self, paths: &[String]) -> Vec<Duration> {
        let mut times = Vec::with_capacity(MEASURED);
        for i in 0..WARM_UP + MEASURED {
            let path = &paths[i % paths.len()];
            let sent = Instant::now();
            let (status, body) = self.connection.send("GET", path, &self.token, "").await.unwrap();
            if i >= WARM_UP {
                times.push(sent.elapsed());
            }
            assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
        }
        times
    }
}

async fn measure(name: &str, size: u64, url: Option<String>, keep: Option<PathBuf>) -> Vec<Vec<Duration>> {
    let dir = tempfile::tempdir().unwrap();
    let data = keep.unwrap_or_else(|| dir.path().to_owned());
    let mut config = Config { data_dir: DataDir(data), ..Config::default() };
    config.database.url = url;
    let built = App::build(&config, Clock::system()).await.unwrap();
    if first_start::organisation(&built.desk, ORG, ORG).await.unwrap() {
        filled(name, size, &built).await;
    }
    let offers = ["sla-standard", "change-risk-standard", "budget-standard", "supplier-standard"]
        .map(|name| first_start::Offer { name: name.to_owned(), bytes: component(name) });
    first_start::components(&built.desk, ORG, offers.into()).await.unwrap();
    let roles = [Role::Sd, Role::Po].into_iter().collect();
    let token = authenticate::issue(&built.desk, ORG, "bench", &roles, "bench", None).await.unwrap().text;
    let listener = app::listen(([127, 0, 0, 1], 0).into()).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(built.serve(listener, async move {
        let _ = stopped.await;
    }));
    let mut desk = Desk { connection: Connection::open(port).await.unwrap(), token };
    let times = requests(&mut desk).await;
    let _ = stop.send(());
    drop(desk);
    server.await.unwrap().unwrap();
    times
}

async fn filled(name: &str, size: u64, built: &App) {
    let begun = Instant::now();
    let until = domain::Instant(built.desk.clock.now().0 / 86_400_000 * 86_400_000);
    let wish = fill::Wish { org: ORG.to_owned(), records: size, seed: 1, until };
    let filled = fill::run(&built.desk, &wish, |made| {
        if made % 100_000 < 2_000 {
            eprintln!("    {name}: {made} of {size} records, {:.0} s", begun.elapsed().as_secs_f64());
        }
    });
    let records = filled.await.unwrap().records();
    println!("  {name}: {records} records made up in {:.1} s", begun.elapsed().as_secs_f64());
}

async fn requests(desk: &mut Desk) -> Vec<Vec<Duration>> {
    const LIST: &str = "/api/v1/records/incident";
    let wide = |sort: &str| format!("{LIST}?impact=2,3&urgency=2,3&major=false&sort={sort}&limit=50");
    let sorts = ["-sla.resolution.due_at", "sla.resolution.due_at", "category", "-priority"];
    let mut first = Vec::new();
    let mut deep = Vec::new();
    for sort in sorts {
        let path = wide(sort);
        let mut cursor = String::new();
        for _ in 0..DEPTH / 50 {
            let page = desk.get(&format!("{path}{cursor}")).await;
            cursor = format!("&cursor={}", page["next"].as_str().unwrap());
        }
        deep.push(format!("{path}{cursor}"));
        first.push(path);
    }
    let mut narrow = Vec::new();
    for category in ["network", "mail", "access", "hardware"] {
        for group in ["network", "servers", "workplace"] {
            narrow.push(format!(
                "{LIST}?category={category}&assigned_group={group}&priority=P4,P5&sort=-sla.resolution.due_at&limit=50"
            ));
        }
    }
    let by_time: Vec<String> =
        ["network", "mail", "access"].map(|category| format!("{LIST}?category={category}&limit=50")).into();
    let search = |words: &[&str]| words.iter().map(|q| format!("/api/v1/search?q={q}")).collect::<Vec<_>>();
    let rare: Vec<String> = (0..30).map(|i| format!("/api/v1/search?q=srv-{}", 1_000 + 137 * i)).collect();

    let mut numbers = Vec::new();
    for sort in sorts {
        let page = desk.get(&format!("{LIST}?sort={sort}&limit=100")).await;
        numbers.extend(page["records"].as_array().unwrap().iter().map(|r| r["number"].as_str().unwrap().to_owned()));
    }
    let mut times = vec![
        desk.time(&first).await,
        desk.time(&deep).await,
        desk.time(&narrow).await,
        desk.time(&by_time).await,
        desk.time(&search(&["network", "connection", "certificate"])).await,
        desk.time(&search(&["%E7%BD%91%E7%BB%9C", "%E6%95%85%E9%9A%9C", "%E8%AF%81%E4%B9%A6"])).await,
        desk.time(&rare).await,
        desk.time(&search(&["supplier+%22storage+network%22", "mail+%22sign+in%22"])).await,
    ];
    times.push(read(desk, &numbers).await);
    times.push(update(desk).await);
    times
}

/// One record and its time line, as one figure.
async fn read(desk: &mut Desk, numbers: &[String]) -> Vec<Duration> {
    let mut times = Vec::new();
    for i in 0..WARM_UP + MEASURED {
        let path = format!("/api/v1/records/incident/{}", numbers[i % numbers.len()]);
        let sent = Instant::now();
        desk.get(&path).await;
        desk.get(&format!("{path}/timeline")).await;
        if i >= WARM_UP {
            times.push(sent.elapsed());
        }
    }
    times
}

/// A change of an open incident.
async fn update(desk: &mut Desk) -> Vec<Duration> {
    let open = "new,assigned,in_progress,awaiting_customer,awaiting_supplier,resolved";
    let page = desk.get(&format!("/api/v1/records/incident?state={open}&limit=50")).await;
    let numbers: Vec<&str> =
        page["records"].as_array().unwrap().iter().map(|r| r["number"].as_str().unwrap()).collect();
    assert!(!numbers.is_empty(), "no open incident");
    let mut times = Vec::new();
    for i in 0..WARM_UP + MEASURED {
        let path = format!("/api/v1/records/incident/{}", numbers[i % numbers.len()]);
        let body =
            json!({ "description": format!("Called again, {i} times in all."), "impact": i % 3 + 1 }).to_string();
        let sent = Instant::now();
        let (status, answer) = desk.connection.send("PATCH", &path, &desk.token, &body).await.unwrap();
        if i >= WARM_UP {
            times.push(sent.elapsed());
        }
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&answer));
    }
    times
}
