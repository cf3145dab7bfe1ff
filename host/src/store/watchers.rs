//! Watchers of records, and what they are told.

use std::collections::HashSet;

use super::comments::places;
use super::events::{Event, event};
use super::tx::{Bind, execute, fetch_all, fetch_built};
use super::{Store, StoreError, Tx};
use crate::domain::Instant;
use crate::domain::work::Watcher;

type Row = (String, String, String, i64, String);

fn watcher((org, number, user, since, added_by): Row) -> Watcher {
    Watcher { org, number, user, since: Instant(since), added_by }
}

/// Adds a watcher; one who watches already goes on as he does.
pub(super) async fn insert(tx: &mut Tx, watcher: &Watcher) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO watchers (org, number, user_name, since, added_by) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (org, number, user_name) DO NOTHING",
        &watcher.org,
        &watcher.number,
        &watcher.user,
        watcher.since.0,
        &watcher.added_by
    )?;
    Ok(())
}

pub(super) async fn remove(tx: &mut Tx, org: &str, number: &str, user: &str) -> Result<(), StoreError> {
    let rows =
        execute!(tx, "DELETE FROM watchers WHERE org = $1 AND number = $2 AND user_name = $3", org, number, user)?;
    if rows == 1 { Ok(()) } else { Err(StoreError::Stale(format!("the watchers of {number}"))) }
}

impl Store {
    /// The watchers of a record, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn watchers(&self, org: &str, number: &str) -> Result<Vec<Watcher>, StoreError> {
        let mut tx = self.read().await?;
        let rows = fetch_all!(
            &mut tx,
            Row,
            "SELECT org, number, user_name, since, added_by FROM watchers WHERE org = $1 AND number = $2
             ORDER BY user_name",
            org,
            number
        )?;
        Ok(rows.into_iter().map(watcher).collect())
    }

    /// What a user watches, by number, behind one of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn watched_by(&self, org: &str, user: &str, after: &str, limit: i64) -> Result<Vec<Watcher>, StoreError> {
        let mut tx = self.read().await?;
        let rows = fetch_all!(
            &mut tx,
            Row,
            "SELECT org, number, user_name, since, added_by FROM watchers
             WHERE org = $1 AND user_name = $2 AND number > $3 ORDER BY number LIMIT $4",
            org,
            user,
            after,
            limit
        )?;
        Ok(rows.into_iter().map(watcher).collect())
    }

    /// Events about what a user watches, since he watches it, behind a place in the stream, in order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn watched_events(
        &self,
        org: &str,
        user: &str,
        after: i64,
        limit: i64,
    ) -> Result<Vec<Event>, StoreError> {
        let mut tx = self.read().await?;
        let rows = fetch_all!(
            &mut tx,
            (i64, i64, String, String, String),
            "SELECT e.seq, e.at, e.type, e.number, e.data
             FROM watchers w JOIN events e ON e.org = w.org AND e.number = w.number AND e.at >= w.since
             WHERE w.org = $1 AND w.user_name = $2 AND e.seq > $3 ORDER BY e.seq LIMIT $4",
            org,
            user,
            after,
            limit
        )?;
        rows.into_iter().map(event).collect()
    }

    /// Which of these names belong to users of the organisation: those who were ever given a token.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn known_users(&self, org: &str, names: &[String]) -> Result<HashSet<String>, StoreError> {
        const CHUNK: usize = 500;
        let mut found = HashSet::new();
        let mut tx = self.read().await?;
        for chunk in names.chunks(CHUNK) {
            let mut binds = vec![Bind::Text(org.to_owned())];
            let names = places(&mut binds, chunk);
            let sql = format!("SELECT DISTINCT user_name FROM tokens WHERE org = $1 AND user_name IN ({names})");
            found.extend(fetch_built::<(String,)>(&mut tx, sql, binds).await?.into_iter().map(|(name,)| name));
        }
        Ok(found)
    }
}
