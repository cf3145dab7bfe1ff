//! Timers: each fires once, on one node.

use super::tx::{execute, fetch_all, fetch_optional};
use super::unit::TimerChange;
use super::{Store, StoreError, Tx};
use crate::domain::time::Instant;

/// A timer that this node has claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    /// Identifier.
    pub id: String,
    /// Organisation.
    pub org: String,
    /// Record number.
    pub number: String,
    /// `sla.resolution.due` …
    pub name: String,
    /// When it was to fire.
    pub due_at: Instant,
}

type Row = (String, String, String, String, i64);

fn timer((id, org, number, name, due_at): Row) -> Timer {
    Timer { id, org, number, name, due_at: Instant(due_at) }
}

pub(super) async fn apply(tx: &mut Tx, org: &str, change: &TimerChange) -> Result<(), StoreError> {
    match change {
        TimerChange::Set { id, number, name, due_at } => {
            execute!(
                tx,
                "INSERT INTO timers (id, org, number, name, due_at, claimed_until) VALUES ($1, $2, $3, $4, $5, 0)
                 ON CONFLICT (org, number, name)
                 DO UPDATE SET id = excluded.id, due_at = excluded.due_at, claimed_by = NULL, claimed_until = 0",
                id,
                org,
                number,
                name,
                due_at.0
            )?;
        }
        TimerChange::Clear { number, prefix } => {
            execute!(
                tx,
                "DELETE FROM timers WHERE org = $1 AND number = $2 AND substr(name, 1, length($3)) = $3",
                org,
                number,
                prefix
            )?;
        }
    }
    Ok(())
}

impl Store {
    /// Claims due timers for `node` until `lease_until`. The guard stands inside the sub-select and outside it:
    /// with it inside alone, two PostgreSQL nodes claim the same row.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_timers(
        &self,
        node: &str,
        now: Instant,
        lease_until: Instant,
        limit: i64,
    ) -> Result<Vec<Timer>, StoreError> {
        {
            // Most polls find nothing due; they must not queue for the writer.
            let mut tx = self.read().await?;
            let due = fetch_optional!(
                &mut tx,
                (i64,),
                "SELECT due_at FROM timers WHERE due_at <= $1 AND claimed_until < $1 LIMIT 1",
                now.0
            )?;
            if due.is_none() {
                return Ok(Vec::new());
            }
        }
        let node = node.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                let rows = fetch_all!(
                    tx,
                    Row,
                    "UPDATE timers SET claimed_by = $1, claimed_until = $3
                     WHERE due_at <= $2 AND claimed_until < $2 AND id IN (
                         SELECT id FROM timers WHERE due_at <= $2 AND claimed_until < $2
                         ORDER BY due_at, id LIMIT $4)
                     RETURNING id, org, number, name, due_at",
                    node,
                    now.0,
                    lease_until.0,
                    limit
                )?;
                let mut timers: Vec<Timer> = rows.into_iter().map(timer).collect();
                timers.sort_by(|a, b| (a.due_at, &a.id).cmp(&(b.due_at, &b.id)));
                Ok(timers)
            })
        })
        .await
    }

    /// The timers of a record, by when they are due.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn timers_of(&self, org: &str, number: &str) -> Result<Vec<Timer>, StoreError> {
        let mut tx = self.read().await?;
        let rows = fetch_all!(
            &mut tx,
            Row,
            "SELECT id, org, number, name, due_at FROM timers WHERE org = $1 AND number = $2 ORDER BY due_at, name",
            org,
            number
        )?;
        Ok(rows.into_iter().map(timer).collect())
    }

    /// Gives up a claim at once: the firing failed and may be tried again from `retry_at`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn release_timer(&self, id: &str, node: &str, retry_at: Instant) -> Result<(), StoreError> {
        let (id, node) = (id.to_owned(), node.to_owned());
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "UPDATE timers SET claimed_by = NULL, claimed_until = $3 WHERE id = $1 AND claimed_by = $2",
                    id,
                    node,
                    retry_at.0
                )?;
                Ok(())
            })
        })
        .await
    }

    /// Removes a claimed timer that has nothing to do any more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drop_timer(&self, id: &str, node: &str) -> Result<(), StoreError> {
        let (id, node) = (id.to_owned(), node.to_owned());
        self.write(move |tx| {
            Box::pin(async move {
                execute!(tx, "DELETE FROM timers WHERE id = $1 AND claimed_by = $2", id, node)?;
                Ok(())
            })
        })
        .await
    }
}
