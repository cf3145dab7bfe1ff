//! One query text for both drivers.

use sqlx::pool::PoolConnection;
use sqlx::{Postgres, Sqlite};

/// A connection of either database; inside [`super::Store::write`] it is in a transaction.
pub enum Tx {
    /// SQLite.
    Sqlite(PoolConnection<Sqlite>),
    /// PostgreSQL.
    Postgres(PoolConnection<Postgres>),
}

/// Runs a statement on either database; gives the number of rows it touched.
macro_rules! execute {
    ($tx:expr, $sql:expr $(, $bind:expr)* $(,)?) => {
        match $tx {
            $crate::store::Tx::Sqlite(c) => {
                sqlx::query($sql)$(.bind($bind))*.execute(&mut **c).await.map(|r| r.rows_affected())
            }
            $crate::store::Tx::Postgres(c) => {
                sqlx::query($sql)$(.bind($bind))*.execute(&mut **c).await.map(|r| r.rows_affected())
            }
        }
    };
}

/// Runs a query on either database; gives every row as `$row`, a tuple.
macro_rules! fetch_all {
    ($tx:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        match $tx {
            $crate::store::Tx::Sqlite(c) => {
                sqlx::query_as::<_, $row>($sql)$(.bind($bind))*.fetch_all(&mut **c).await
            }
            $crate::store::Tx::Postgres(c) => {
                sqlx::query_as::<_, $row>($sql)$(.bind($bind))*.fetch_all(&mut **c).await
            }
        }
    };
}

/// Runs a query on either database; gives the first row as `$row`, a tuple, if there is one.
macro_rules! fetch_optional {
    ($tx:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        match $tx {
            $crate::store::Tx::Sqlite(c) => {
                sqlx::query_as::<_, $row>($sql)$(.bind($bind))*.fetch_optional(&mut **c).await
            }
            $crate::store::Tx::Postgres(c) => {
                sqlx::query_as::<_, $row>($sql)$(.bind($bind))*.fetch_optional(&mut **c).await
            }
        }
    };
}

pub(crate) use {execute, fetch_all, fetch_optional};

/// A value bound to a query whose text is built at run time.
#[derive(Clone, Debug)]
pub(crate) enum Bind {
    /// Text.
    Text(String),
    /// An integer, or an instant in milliseconds.
    Int(i64),
    /// No text.
    NoText,
    /// No integer.
    NoInt,
}

/// Runs a query whose text was built at run time (never from a caller's words: only from constants, placeholders
/// and validated names) and gives every row as `T`.
pub(crate) async fn fetch_built<T>(tx: &mut Tx, sql: String, binds: Vec<Bind>) -> Result<Vec<T>, sqlx::Error>
where
    T: for<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow> + for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow>,
    T: Send + Unpin,
{
    macro_rules! run {
        ($c:expr) => {{
            let mut query = sqlx::query_as::<_, T>(sqlx::AssertSqlSafe(sql));
            for bind in binds {
                query = match bind {
                    Bind::Text(v) => query.bind(v),
                    Bind::Int(v) => query.bind(v),
                    Bind::NoText => query.bind(None::<String>),
                    Bind::NoInt => query.bind(None::<i64>),
                };
            }
            query.fetch_all(&mut **$c).await
        }};
    }
    match tx {
        Tx::Sqlite(c) => run!(c),
        Tx::Postgres(c) => run!(c),
    }
}

/// Like [`fetch_built`], for a statement that gives no rows.
pub(crate) async fn execute_built(tx: &mut Tx, sql: String, binds: Vec<Bind>) -> Result<u64, sqlx::Error> {
    macro_rules! run {
        ($c:expr) => {{
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
            for bind in binds {
                query = match bind {
                    Bind::Text(v) => query.bind(v),
                    Bind::Int(v) => query.bind(v),
                    Bind::NoText => query.bind(None::<String>),
                    Bind::NoInt => query.bind(None::<i64>),
                };
            }
            query.execute(&mut **$c).await.map(|r| r.rows_affected())
        }};
    }
    match tx {
        Tx::Sqlite(c) => run!(c),
        Tx::Postgres(c) => run!(c),
    }
}

/// `($1, $2), ($3, $4) …` for `rows` rows of `columns` columns: all the placeholders of a statement. SQLite looks each
/// numbered one up in a list, which for thousands of them costs more than the rows do; there they are `?`, in order.
pub(crate) fn values_list(tx: &Tx, rows: usize, columns: usize) -> String {
    use std::fmt::Write as _;
    let mut sql = String::with_capacity(rows * columns * 6);
    let mut n = 0;
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns {
            n += 1;
            sql.push_str(if column == 0 { "" } else { ", " });
            match tx {
                Tx::Sqlite(_) => sql.push('?'),
                Tx::Postgres(_) => {
                    // Writing to a String cannot fail.
                    let _ = write!(sql, "${n}");
                }
            }
        }
        sql.push(')');
    }
    sql
}
