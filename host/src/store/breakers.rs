//! Breakers: where they stand is the database's to say, so that every node follows.

use serde_json::{Value, json};

use super::tx::{Bind, execute, fetch_built, fetch_optional};
use super::unit::{self, AuditDraft, EventDraft};
use super::{Store, StoreError};
use crate::domain::breaker::{Breaker, State};
use crate::domain::time::Instant;

type Row = (String, String, String, String, String, String, i64, i64, i64, i64, String, String);

const COLUMNS: &str =
    "org, activation, process, state, cause, message, failures, calls, since, generation, actor, reason";

fn breaker(row: Row) -> Result<Breaker, StoreError> {
    let (org, activation, process, state, cause, message, failures, calls, since, generation, actor, reason) = row;
    let corrupt = |why: String| StoreError::corrupt(format!("breaker of activation {activation}"), why);
    Ok(Breaker {
        process: process.parse().map_err(&corrupt)?,
        state: State::parse(&state).ok_or_else(|| corrupt(format!("state '{state}'")))?,
        org,
        activation,
        cause,
        message,
        failures,
        calls,
        since: Instant(since),
        generation,
        actor,
        reason,
    })
}

impl Store {
    /// Sets a breaker, if it stands in one of the states `from`: the process's generation advances, so that every node
    /// looks; audit entry and event name the new one. Gives the generation.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when it stands otherwise; the database's.
    pub async fn set_breaker(
        &self,
        new: Breaker,
        from: &'static [State],
        mut audit: AuditDraft,
        mut event: EventDraft,
    ) -> Result<i64, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                // The generation's row is taken first: others who set a breaker of the process wait for it.
                let moved = fetch_optional!(
                    &mut *tx,
                    (i64,),
                    "UPDATE generations SET generation = generation + 1 WHERE org = $1 AND process = $2
                     RETURNING generation",
                    &new.org,
                    new.process.slug()
                )?;
                let stands = fetch_optional!(
                    &mut *tx,
                    (String,),
                    "SELECT state FROM breakers WHERE org = $1 AND activation = $2",
                    &new.org,
                    &new.activation
                )?;
                let stands = stands.map_or(Some(State::Closed), |(word,)| State::parse(&word));
                let (Some((generation,)), true) = (moved, stands.is_some_and(|state| from.contains(&state))) else {
                    return Err(StoreError::Stale(format!("the breaker of activation {}", new.activation)));
                };
                execute!(
                    &mut *tx,
                    "INSERT INTO breakers
                        (org, activation, process, state, cause, message, failures, calls, since, generation, actor,
                         reason)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
                     ON CONFLICT (org, activation) DO UPDATE SET
                        state = excluded.state, cause = excluded.cause, message = excluded.message,
                        failures = excluded.failures, calls = excluded.calls, since = excluded.since,
                        generation = excluded.generation, actor = excluded.actor, reason = excluded.reason",
                    &new.org,
                    &new.activation,
                    new.process.slug(),
                    new.state.as_str(),
                    &new.cause,
                    &new.message,
                    new.failures,
                    new.calls,
                    new.since.0,
                    generation,
                    &new.actor,
                    &new.reason
                )?;
                for data in [&mut audit.after, &mut event.data] {
                    if let Value::Object(data) = data {
                        data.insert("generation".to_owned(), json!(generation));
                    }
                }
                unit::append(tx, &new.org, &[audit], &[event]).await?;
                Ok(generation)
            })
        })
        .await
    }

    /// Every breaker that ever tripped; of one organisation, or of all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn breakers(&self, org: Option<&str>) -> Result<Vec<Breaker>, StoreError> {
        let mut sql = format!("SELECT {COLUMNS} FROM breakers");
        let mut binds = Vec::new();
        if let Some(org) = org {
            sql.push_str(" WHERE org = $1");
            binds.push(Bind::Text(org.to_owned()));
        }
        sql.push_str(" ORDER BY org, generation");
        let mut tx = self.read().await?;
        fetch_built::<Row>(&mut tx, sql, binds).await?.into_iter().map(breaker).collect()
    }
}
