//! Tables, brought forward by numbered files; the same numbers and tables on both databases.

use super::tx::{execute, execute_built, fetch_all};
use super::{Backend, StoreError, Tx};

struct Migration {
    version: i64,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "foundation",
        sqlite: include_str!("../../migrations/sqlite/0001_foundation.sql"),
        postgres: include_str!("../../migrations/postgres/0001_foundation.sql"),
    },
    Migration {
        version: 2,
        name: "kinds",
        sqlite: include_str!("../../migrations/sqlite/0002_kinds.sql"),
        postgres: include_str!("../../migrations/postgres/0002_kinds.sql"),
    },
    Migration {
        version: 3,
        name: "work",
        sqlite: include_str!("../../migrations/sqlite/0003_work.sql"),
        postgres: include_str!("../../migrations/postgres/0003_work.sql"),
    },
    Migration {
        version: 4,
        name: "lists",
        sqlite: include_str!("../../migrations/sqlite/0004_lists.sql"),
        postgres: include_str!("../../migrations/postgres/0004_lists.sql"),
    },
    Migration {
        version: 6,
        name: "configuration",
        sqlite: include_str!("../../migrations/sqlite/0006_configuration.sql"),
        postgres: include_str!("../../migrations/postgres/0006_configuration.sql"),
    },
    Migration {
        version: 7,
        name: "evidence",
        sqlite: include_str!("../../migrations/sqlite/0007_evidence.sql"),
        postgres: include_str!("../../migrations/postgres/0007_evidence.sql"),
    },
    Migration {
        version: 8,
        name: "backtests",
        sqlite: include_str!("../../migrations/sqlite/0008_backtests.sql"),
        postgres: include_str!("../../migrations/postgres/0008_backtests.sql"),
    },
    Migration {
        version: 9,
        name: "views",
        sqlite: include_str!("../../migrations/sqlite/0009_views.sql"),
        postgres: include_str!("../../migrations/postgres/0009_views.sql"),
    },
    Migration {
        version: 20,
        name: "samples",
        sqlite: include_str!("../../migrations/sqlite/0020_samples.sql"),
        postgres: include_str!("../../migrations/postgres/0020_samples.sql"),
    },
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
        execute!(
            &mut *tx,
            "INSERT INTO schema_versions (version, name) VALUES ($1, $2)",
            migration.version,
            migration.name
        )?;
        execute!(&mut *tx, "COMMIT")?;
        ran.push(format!("{:04}_{}", migration.version, migration.name));
    }
    Ok(ran)
}

/// The statements of a migration file: comment lines dropped, split at semicolons (our files hold no text literal
/// with one).
fn statements(text: &str) -> Vec<String> {
    let bare: Vec<&str> = text.lines().filter(|l| !l.trim_start().starts_with("--")).collect();
    bare.join("\n").split(';').map(str::trim).filter(|s| !s.is_empty()).map(str::to_owned).collect()
}
