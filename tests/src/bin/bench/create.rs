//! (b) Durable `POST /records/incident` with its SLA decision over HTTP, 32 connections, SQLite with
//! `synchronous=FULL`, against a bare sqlx loop that inserts and commits the same rows.

use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{
    Column as _, ConnectOptions as _, Connection as _, Executor as _, Row as _, SqliteConnection, TypeInfo as _,
};

use crate::percentile;
use crate::served::Served;
use mortise_tests::client::Connection;

const CONNECTIONS: usize = 32;
const MEASURED: Duration = Duration::from_secs(8);

pub(crate) async fn run() {
    let served = Served::start().await;
    let (port, token, body) = (served.port, served.token.clone(), served.incident.clone());

    let mut first = Connection::open(port).await.unwrap();
    let (status, made) = first.send("POST", "/api/v1/records/incident", &token, &body).await.unwrap();
    assert_eq!(status, 201, "{}", String::from_utf8_lossy(&made));
    let made: serde_json::Value = serde_json::from_slice(&made).unwrap();

    let begun = Instant::now();
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (token, body) = (token.clone(), body.clone());
            tokio::spawn(async move {
                let mut connection = Connection::open(port).await.unwrap();
                let mut times = Vec::new();
                while begun.elapsed() < MEASURED {
                    let sent = Instant::now();
                    let (status, answer) =
                        connection.send("POST", "/api/v1/records/incident", &token, &body).await.unwrap();
                    assert_eq!(status, 201, "{}", String::from_utf8_lossy(&answer));
                    times.push(sent.elapsed());
                }
                times
            })
        })
        .collect();
    let mut times = Vec::new();
    for client in clients {
        times.extend(client.await.unwrap());
    }
    let rate = times.len() as f64 / begun.elapsed().as_secs_f64();
    drop(first);
    let dir = served.end().await;

    let (bare, rows) = bare(&dir.path().join("mortise.db"), made["number"].as_str().unwrap()).await;
    println!("(b) durable creation of incidents with their decision, SQLite, synchronous=FULL");
    println!(
        "    over HTTP, {CONNECTIONS} connections  {rate:>8.0} per second   p50 {:.1} ms   p99 {:.1} ms",
        percentile(&mut times, 50).as_secs_f64() * 1e3,
        percentile(&mut times, 99).as_secs_f64() * 1e3
    );
    println!("    bare sqlx, same {rows} rows     {bare:>8.0} per second");
    println!("    HTTP / bare                 {:>8.2}   (bound: at least 0.5)", rate / bare);
}

/// One row of one table, as it was written for a record: text or integer for each column.
struct Line {
    sql: String,
    values: Vec<Cell>,
}

#[derive(Clone)]
enum Cell {
    Text(String),
    Int(i64),
    /// A record's key: every record has its own.
    Key(i64),
    Null,
}

/// Inserts the rows of one record again and again under other keys, one durable commit a record.
async fn bare(database: &Path, number: &str) -> (f64, usize) {
    let options = || {
        SqliteConnectOptions::new()
            .filename(database)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(false)
            .statement_cache_capacity(512)
    };
    let mut connection = options().connect().await.unwrap();
    let mut lines = Vec::new();
    for (table, condition) in [
        ("records", "number = $1"),
        ("field_index", "record = (SELECT key FROM records WHERE number = $1)"),
        ("facets", "record = (SELECT key FROM records WHERE number = $1)"),
        ("links", "source = $1"),
        ("decisions", "number = $1"),
        ("timers", "number = $1"),
        ("audit", "number = $1"),
        ("events", "number = $1"),
    ] {
        lines.extend(read(&mut connection, table, condition, number).await);
    }
    let rows = lines.len();
    let begun = Instant::now();
    let mut n: i64 = 0;
    while begun.elapsed() < MEASURED {
        n += 1;
        connection.execute("BEGIN IMMEDIATE").await.unwrap();
        for line in &lines {
            let mut query = sqlx::query(sqlx::AssertSqlSafe(line.sql.as_str()));
            for value in &line.values {
                query = match value {
                    Cell::Text(text) => query.bind(fresh(text, n)),
                    Cell::Int(int) => query.bind(*int),
                    Cell::Key(key) => query.bind(*key + n),
                    Cell::Null => query.bind(None::<String>),
                };
            }
            query.execute(&mut connection).await.unwrap();
        }
        connection.execute("COMMIT").await.unwrap();
    }
    let rate = n as f64 / begun.elapsed().as_secs_f64();
    connection.close().await.unwrap();
    (rate, rows)
}

async fn read(connection: &mut SqliteConnection, table: &str, condition: &str, number: &str) -> Vec<Line> {
    let sql = format!("SELECT * FROM {table} WHERE {condition}");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(number).fetch_all(connection).await.unwrap();
    rows.iter()
        .map(|row| {
            let names: Vec<&str> = row.columns().iter().map(|c| c.name()).collect();
            let places: Vec<String> = (1..=names.len()).map(|n| format!("${n}")).collect();
            let values = (0..names.len())
                .map(|i| {
                    let kind = row.column(i).type_info().name().to_owned();
                    let key =
                        matches!((table, names[i]), ("audit" | "events", "seq") | ("decisions", "decision_number"));
                    if key {
                        // The counter of the loop takes the place of the sequence number.
                        return Cell::Text("#".to_owned());
                    }
                    let own = matches!((table, names[i]), ("records", "key") | ("field_index" | "facets", "record"));
                    match kind.as_str() {
                        "INTEGER" if own => Cell::Key(row.get(i)),
                        "INTEGER" => row.get::<Option<i64>, _>(i).map_or(Cell::Null, Cell::Int),
                        _ => row.get::<Option<String>, _>(i).map_or(Cell::Null, Cell::Text),
                    }
                })
                .collect();
            let sql = format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), places.join(", "));
            Line { sql, values }
        })
        .collect()
}

/// Keys of other rows: identifiers and numbers get the counter behind them. Everything else is as it was.
fn fresh(text: &str, n: i64) -> String {
    let identifier = text.len() == 36 && text.as_bytes()[8] == b'-';
    let number = text.starts_with("INC-") && text.len() == 15;
    if identifier || number || text == "#" { format!("{text}~{n}") } else { text.to_owned() }
}
