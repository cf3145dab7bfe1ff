//! Tables, brought forward by numbered files; the same numbers and tables on both databases.

use super::tx::{execute, execute_built, fetch_all};
use super::{Backend, StoreError, Tx, estimates, risks};

struct Migration {
    version: i64,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

/// One line for each file: its number and name.
macro_rules! migrations {
    ($($version:literal $name:literal $file:literal),* $(,)?) => {
        &[$(Migration {
            version: $version,
            name: $name,
            sqlite: include_str!(concat!("../../migrations/sqlite/", $file)),
            postgres: include_str!(concat!("../../migrations/postgres/", $file)),
        }),*]
    };
}

const MIGRATIONS: &[Migration] = migrations![
    1 "foundation" "0001_foundation.sql",
    2 "kinds" "0002_kinds.sql",
    3 "work" "0003_work.sql",
    4 "lists" "0004_lists.sql",
    6 "configuration" "0006_configuration.sql",
    7 "evidence" "0007_evidence.sql",
    8 "backtests" "0008_backtests.sql",
    9 "views" "0009_views.sql",
    20 "samples" "0020_samples.sql",
    21 "rollout" "0021_rollout.sql",
    22 "breaker" "0022_breaker.sql",
    23 "trust" "0023_trust.sql",
    24 "signatures" "0024_signatures.sql",
    25 "trust_default" "0025_trust_default.sql",
    27 "accesses" "0027_accesses.sql",
    28 "seals" "0028_seals.sql",
    29 "layouts" "0029_layouts.sql",
];

/// Version of the tables that this server makes.
pub fn newest() -> i64 {
    MIGRATIONS.last().map_or(0, |m| m.version)
}

/// Any fixed number: nodes that start together take turns.
const POSTGRES_LOCK: &str = "SELECT pg_advisory_lock(4711202)";
const POSTGRES_UNLOCK: &str = "SELECT pg_advisory_unlock(4711202)";

/// Runs what is missing, each migration in a transaction of its own; gives the names of those that ran.
pub(super) async fn run(tx: &mut Tx, backend: Backend) -> Result<Vec<String>, StoreError> {
    if backend == Backend::Postgres {
        execute!(&mut *tx, POSTGRES_LOCK)?;
    }
    let result = run_missing(tx, backend).await;
    if result.is_err() {
        // The statement that failed may have left the transaction open.
        let _ = execute!(&mut *tx, "ROLLBACK");
    }
    if backend == Backend::Postgres {
        execute!(&mut *tx, POSTGRES_UNLOCK)?;
    }
    result
}

async fn run_missing(tx: &mut Tx, backend: Backend) -> Result<Vec<String>, StoreError> {
    execute!(&mut *tx, "CREATE TABLE IF NOT EXISTS schema_versions (version BIGINT PRIMARY KEY, name TEXT NOT NULL)")?;
    let done = fetch_all!(&mut *tx, (i64,), "SELECT version FROM schema_versions ORDER BY version")?;
    let newest = newest();
    if let Some((version,)) = done.last().filter(|(v,)| *v > newest) {
        return Err(StoreError::Address(format!(
            "the database is at schema version {version}, newer than this server's {newest}: run the newer server"
        )));
    }
    let mut ran = Vec::new();
    for migration in MIGRATIONS.iter().filter(|m| !done.contains(&(m.version,))) {
        execute!(&mut *tx, "BEGIN")?;
        let text = match backend {
            Backend::Sqlite => migration.sqlite,
            Backend::Postgres => migration.postgres,
        };
        for statement in statements(text) {
            execute_built(tx, statement, Vec::new()).await?;
        }
        if migration.version == 28 {
            for (org,) in fetch_all!(&mut *tx, (String,), "SELECT id FROM organisations ORDER BY id")? {
                risks::name(tx, &org).await?;
            }
        }
        execute!(
            &mut *tx,
            "INSERT INTO schema_versions (version, name) VALUES ($1, $2)",
            migration.version,
            migration.name
        )?;
        execute!(&mut *tx, "COMMIT")?;
        ran.push(format!("{:04}_{}", migration.version, migration.name));
    }
    if backend == Backend::Sqlite {
        estimates::tell(tx).await?;
    }
    Ok(ran)
}

/// The statements of a migration file: comment lines dropped, split at semicolons (our files hold no text literal
/// with one).
fn statements(text: &str) -> Vec<String> {
    let bare: Vec<&str> = text.lines().filter(|l| !l.trim_start().starts_with("--")).collect();
    bare.join("\n").split(';').map(str::trim).filter(|s| !s.is_empty()).map(str::to_owned).collect()
}
