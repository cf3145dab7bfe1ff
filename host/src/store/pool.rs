//! Connections, and the one way to write.
//!
//! SQLite has one writer. Writes queue for it; whatever waits when a transaction starts is run in it, each behind
//! its own savepoint, and all of it is made durable by one commit (group commit). A write is acknowledged only
//! after that commit. PostgreSQL writes run in a transaction of their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, SqlitePool};
use tokio::sync::{mpsc, oneshot};

use super::tx::execute;
use super::{StoreError, Tx, index, migrate, numbers::Numbers};
use crate::domain::time::Instant;

/// How many writes one SQLite commit may carry.
const GROUP: usize = 128;

/// How PostgreSQL plans for a connection: every statement here has its index, and answers before workers or compiled code
/// for it are ready. Left to itself it read a table of a million records for a rare word: 8 s in place of 5 ms.
const POSTGRES: [(&str, &str); 3] =
    [("enable_seqscan", "off"), ("jit", "off"), ("max_parallel_workers_per_gather", "0")];

/// Rows that SQLite's thread reads ahead of the task that takes them.
const ROWS: usize = 1_024;

/// Where the data is and how many may read it at once.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// `sqlite:PATH`, `sqlite::memory:` is not supported; or `postgres://…`.
    pub url: String,
    /// Connections for reading (SQLite) or for everything (PostgreSQL).
    pub connections: u32,
}

/// Which database this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// Embedded.
    Sqlite,
    /// A server that several nodes share.
    Postgres,
}

/// A handle on the database; cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    pools: Pools,
    numbers: Numbers,
    keys: Keys,
}

/// Where the keys of new records come from: a count that tells records of one millisecond apart.
pub(super) struct Keys(AtomicI64);

impl Keys {
    /// Nodes that share a database begin at different counts, so that they seldom come upon the same key.
    fn of(backend: Backend) -> Self {
        Self(AtomicI64::new(match backend {
            Backend::Sqlite => 0,
            Backend::Postgres => i64::from(std::process::id()) * 7919 % (1 << 19),
        }))
    }

    /// A key for a record made at `at`; another one at every call.
    pub(super) fn next(&self, at: Instant) -> i64 {
        index::key(at, self.0.fetch_add(1, Ordering::Relaxed))
    }
}

enum Pools {
    Sqlite { readers: SqlitePool, writer: mpsc::Sender<Job>, write_pool: SqlitePool },
    Postgres(PgPool),
}

impl Pools {
    fn backend(&self) -> Backend {
        match self {
            Self::Sqlite { .. } => Backend::Sqlite,
            Self::Postgres(_) => Backend::Postgres,
        }
    }
}

/// A write: runs on the transaction, then is told how the commit went.
type Job = Box<dyn for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Ran> + Send>;

struct Ran {
    keep: bool,
    deliver: Box<dyn FnOnce(Result<(), StoreError>) + Send>,
}

impl Store {
    /// Opens the database, creating an SQLite file that is not there yet. Migrations are separate: [`Self::migrate`].
    ///
    /// # Errors
    /// An address of another scheme, a file that cannot be opened, a server that does not answer.
    pub async fn open(config: &StoreConfig) -> Result<Self, StoreError> {
        let pools = if let Some(path) = config.url.strip_prefix("sqlite:") {
            open_sqlite(path.trim_start_matches("//"), config.connections).await?
        } else if config.url.starts_with("postgres://") || config.url.starts_with("postgresql://") {
            let options = config.url.parse::<PgConnectOptions>()?.options(POSTGRES);
            let pool = PgPoolOptions::new()
                .max_connections(config.connections.max(2))
                .acquire_timeout(Duration::from_secs(10))
                .connect_with(options)
                .await?;
            Pools::Postgres(pool)
        } else {
            return Err(StoreError::Address(format!(
                "database address '{}' starts neither with sqlite: nor with postgres://",
                config.url
            )));
        };
        let keys = Keys::of(pools.backend());
        Ok(Self(Arc::new(Inner { pools, numbers: Numbers::default(), keys })))
    }

    /// Which database this is.
    pub fn backend(&self) -> Backend {
        self.0.pools.backend()
    }

    pub(super) fn keys(&self) -> &Keys {
        &self.0.keys
    }

    pub(super) fn numbers(&self) -> &Numbers {
        &self.0.numbers
    }

    /// Brings the tables to this version's shape.
    ///
    /// # Errors
    /// A migration that fails, or a database that a newer version has written.
    pub async fn migrate(&self) -> Result<Vec<String>, StoreError> {
        let backend = self.backend();
        let mut tx = self.write_connection().await?;
        migrate::run(&mut tx, backend).await
    }

    /// A connection for reading.
    ///
    /// # Errors
    /// When none is free within ten seconds.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        Ok(match &self.0.pools {
            Pools::Sqlite { readers, .. } => Tx::Sqlite(readers.acquire().await?),
            Pools::Postgres(pool) => Tx::Postgres(pool.acquire().await?),
        })
    }

    /// Runs `work` in a transaction and waits until it is durable.
    ///
    /// `work` may run statements only: no guest call, no waiting for anything else (invariant 5).
    ///
    /// # Errors
    /// What `work` refused (nothing of it is kept), or what the commit ran into.
    pub async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        match &self.0.pools {
            Pools::Sqlite { writer, .. } => {
                let (send, receive) = oneshot::channel();
                let job: Job = Box::new(move |tx| {
                    Box::pin(async move {
                        let result = work(tx).await;
                        let keep = result.is_ok();
                        Ran {
                            keep,
                            deliver: Box::new(move |committed| {
                                // The caller may be gone (a dropped request); its write stands all the same.
                                let _ = send.send(committed.and(result));
                            }),
                        }
                    })
                });
                writer.send(job).await.map_err(|_| StoreError::Closed)?;
                receive.await.map_err(|_| StoreError::Closed)?
            }
            Pools::Postgres(pool) => {
                let mut tx = Tx::Postgres(pool.acquire().await?);
                let mut open = OpenTransaction::begin(&mut tx).await?;
                let result = work(open.tx).await?;
                open.commit().await?;
                Ok(result)
            }
        }
    }

    pub(super) async fn write_connection(&self) -> Result<Tx, StoreError> {
        Ok(match &self.0.pools {
            Pools::Sqlite { write_pool, .. } => Tx::Sqlite(write_pool.acquire().await?),
            Pools::Postgres(pool) => Tx::Postgres(pool.acquire().await?),
        })
    }

    /// Prepares for many transactions of thousands of records each, until [`Self::tidy`]: a page that one of them changes
    /// again and again is to be written once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn brace(&self) -> Result<(), StoreError> {
        if self.backend() == Backend::Sqlite {
            execute!(&mut self.write_connection().await?, "PRAGMA cache_size = -1048576")?;
        }
        Ok(())
    }

    /// Tells the database's planner what is in the tables, after many records were written at once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tidy(&self) -> Result<(), StoreError> {
        let mut tx = self.write_connection().await?;
        match self.backend() {
            Backend::Sqlite => {
                execute!(&mut tx, "PRAGMA wal_checkpoint(TRUNCATE)")?;
                execute!(&mut tx, sqlx::AssertSqlSafe(format!("PRAGMA cache_size = {CACHE}")))?
            }
            Backend::Postgres => execute!(&mut tx, "VACUUM (ANALYZE)")?,
        };
        Ok(())
    }

    /// Closes every connection; what was acknowledged is on disk already.
    pub async fn close(&self) {
        match &self.0.pools {
            Pools::Sqlite { readers, write_pool, .. } => {
                readers.close().await;
                write_pool.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

/// A PostgreSQL transaction that closes its connection when it is dropped half-way (a cancelled request), so that
/// no connection goes back to the pool inside a transaction.
struct OpenTransaction<'t> {
    tx: &'t mut Tx,
    done: bool,
}

impl<'t> OpenTransaction<'t> {
    async fn begin(tx: &'t mut Tx) -> Result<Self, StoreError> {
        execute!(&mut *tx, "BEGIN")?;
        Ok(Self { tx, done: false })
    }

    async fn commit(&mut self) -> Result<(), StoreError> {
        execute!(&mut *self.tx, "COMMIT")?;
        self.done = true;
        Ok(())
    }
}

impl Drop for OpenTransaction<'_> {
    fn drop(&mut self) {
        if !self.done
            && let Tx::Postgres(connection) = &mut *self.tx
        {
            connection.close_on_drop();
        }
    }
}

/// Kibibytes of pages that a connection keeps at the most, as SQLite writes it.
const CACHE: &str = "-65536";

async fn open_sqlite(path: &str, connections: u32) -> Result<Pools, StoreError> {
    let path = path.split('?').next().unwrap_or(path);
    if path.is_empty() || path.contains(":memory:") {
        return Err(StoreError::Address("an SQLite database needs a file: sqlite:PATH".to_owned()));
    }
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(false)
        .busy_timeout(Duration::from_secs(10))
        .statement_cache_capacity(512)
        // A page of a list is handed over at once: every wait of the thread that reads for the one that takes costs a switch.
        .row_buffer_size(ROWS)
        .pragma("cache_size", CACHE)
        // Not temp_store=memory: a journal of savepoints in memory is walked from its start by every statement.
        // All of the file: ten thousand records of a million are tested in 10 ms, by reading pages in 16, and in 230 at first.
        .pragma("mmap_size", "1099511627776");
    let write_pool = SqlitePoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(options.clone())
        .await?;
    let readers = SqlitePoolOptions::new()
        .max_connections(connections.max(1))
        // A file does not go away between two reads as a server can.
        .test_before_acquire(false)
        .acquire_timeout(Duration::from_secs(10))
        .connect_with(options)
        .await?;
    let (writer, queue) = mpsc::channel(4 * GROUP);
    tokio::spawn(write_loop(write_pool.clone(), queue));
    Ok(Pools::Sqlite { readers, writer, write_pool })
}

/// Takes waiting writes, runs them in one transaction, commits, acknowledges.
async fn write_loop(pool: SqlitePool, mut queue: mpsc::Receiver<Job>) {
    while let Some(first) = queue.recv().await {
        // Dropping a job tells its caller that nothing was written.
        let Ok(connection) = pool.acquire().await else { return };
        let mut tx = Tx::Sqlite(connection);
        let mut ran = Vec::new();
        let committed = run_group(&mut tx, first, &mut queue, &mut ran).await;
        if let Err(e) = &committed {
            tracing::error!(error = %e, writes = ran.len(), "a group of writes was not committed");
            // Best effort: SQLite has rolled back already when the error was a full disk.
            let _ = execute!(&mut tx, "ROLLBACK");
        }
        for write in ran {
            (write.deliver)(match &committed {
                Err(e) if write.keep => Err(StoreError::Commit(e.to_string())),
                _ => Ok(()),
            });
        }
    }
}

async fn run_group(
    tx: &mut Tx,
    first: Job,
    queue: &mut mpsc::Receiver<Job>,
    ran: &mut Vec<Ran>,
) -> Result<(), sqlx::Error> {
    execute!(&mut *tx, "BEGIN IMMEDIATE")?;
    // The first write of a group has the transaction to itself: it needs no savepoint to be undone.
    let mut alone = true;
    let mut next = Some(first);
    while let Some(job) = next.take() {
        if !alone {
            execute!(&mut *tx, "SAVEPOINT one_write")?;
        }
        let write = job(tx).await;
        match (alone, write.keep) {
            (true, true) => alone = false,
            (true, false) => {
                execute!(&mut *tx, "ROLLBACK")?;
                execute!(&mut *tx, "BEGIN IMMEDIATE")?;
            }
            (false, keep) => {
                if !keep {
                    execute!(&mut *tx, "ROLLBACK TO one_write")?;
                }
                execute!(&mut *tx, "RELEASE one_write")?;
            }
        }
        ran.push(write);
        if ran.len() < GROUP {
            next = queue.try_recv().ok();
        }
    }
    execute!(&mut *tx, "COMMIT")?;
    Ok(())
}
