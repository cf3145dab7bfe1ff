//! Activations: which component is live for which scope. Rows are never changed but for their end.

use super::tx::{Bind, execute, fetch_all, fetch_built, fetch_optional};
use super::unit::{AuditDraft, EventDraft};
use super::{Store, StoreError, unit};
use crate::domain::component::{Activation, Scope};
use crate::domain::time::Instant;

type Row = (String, String, String, String, String, String, String, i64, i64, String, String, Option<i64>);

const COLUMNS: &str =
    "id, org, process, scope, scope_value, digest, settings_hash, generation, at, actor, reason, ended_generation";

fn activation(row: Row) -> Result<Activation, StoreError> {
    let (id, org, process, scope, value, digest, settings_hash, generation, at, actor, reason, ended) = row;
    let corrupt = |why: String| StoreError::corrupt(format!("activation {id}"), why);
    Ok(Activation {
        process: process.parse().map_err(&corrupt)?,
        scope: Scope::from_parts(&scope, &value).ok_or_else(|| corrupt(format!("scope '{scope}'")))?,
        id,
        org,
        digest,
        settings_hash,
        generation,
        at: Instant(at),
        actor,
        reason,
        ended_generation: ended,
    })
}

impl Store {
    /// Makes an activation live: ends the one of the same scope, advances the process's generation from
    /// `new.generation - 1` and keeps the settings' text. `remove` ends the scope's activation without a successor.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when the generation has moved meanwhile.
    pub async fn activate(
        &self,
        new: Activation,
        settings: String,
        remove: bool,
        audit: AuditDraft,
        event: EventDraft,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let process = new.process.slug();
                execute!(
                    &mut *tx,
                    "INSERT INTO generations (org, process, generation) VALUES ($1, $2, 0)
                     ON CONFLICT (org, process) DO NOTHING",
                    &new.org,
                    process
                )?;
                let moved = execute!(
                    &mut *tx,
                    "UPDATE generations SET generation = $3 WHERE org = $1 AND process = $2 AND generation = $3 - 1",
                    &new.org,
                    process,
                    new.generation
                )?;
                if moved != 1 {
                    return Err(StoreError::Stale(format!("the generation of {process}")));
                }
                execute!(
                    &mut *tx,
                    "UPDATE activations SET ended_generation = $5
                     WHERE org = $1 AND process = $2 AND scope = $3 AND scope_value = $4 AND ended_generation IS NULL",
                    &new.org,
                    process,
                    new.scope.kind(),
                    new.scope.value(),
                    new.generation
                )?;
                execute!(
                    &mut *tx,
                    "INSERT INTO settings_texts (org, hash, body) VALUES ($1, $2, $3)
                     ON CONFLICT (org, hash) DO NOTHING",
                    &new.org,
                    &new.settings_hash,
                    &settings
                )?;
                if !remove {
                    execute!(
                        &mut *tx,
                        "INSERT INTO activations
                            (id, org, process, scope, scope_value, digest, settings_hash, generation, at, actor, reason)
                         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
                        &new.id,
                        &new.org,
                        process,
                        new.scope.kind(),
                        new.scope.value(),
                        &new.digest,
                        &new.settings_hash,
                        new.generation,
                        new.at.0,
                        &new.actor,
                        &new.reason
                    )?;
                }
                // What decides for some scope is active; what no longer does for any waits to be wanted again.
                execute!(
                    &mut *tx,
                    "UPDATE components SET revision = revision + 1, changed_at = $2,
                         state = CASE WHEN state = 'active' THEN 'suspended' ELSE 'active' END
                     WHERE org = $1 AND (state = 'active') <> EXISTS (
                         SELECT 1 FROM activations a
                         WHERE a.org = components.org AND a.digest = components.digest
                           AND a.ended_generation IS NULL)",
                    &new.org,
                    new.at.0
                )?;
                unit::append(tx, &new.org, &[audit], &[event]).await
            })
        })
        .await
    }

    /// Every live activation of every organisation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn live_activations(&self) -> Result<Vec<Activation>, StoreError> {
        let mut tx = self.read().await?;
        let sql = format!("SELECT {COLUMNS} FROM activations WHERE ended_generation IS NULL ORDER BY org, generation");
        fetch_built::<Row>(&mut tx, sql, Vec::new()).await?.into_iter().map(activation).collect()
    }

    /// An organisation's activations, live and ended, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn activations(&self, org: &str, process: Option<&str>) -> Result<Vec<Activation>, StoreError> {
        let mut tx = self.read().await?;
        let mut sql = format!("SELECT {COLUMNS} FROM activations WHERE org = $1");
        let mut binds = vec![Bind::Text(org.to_owned())];
        if let Some(process) = process {
            sql.push_str(" AND process = $2");
            binds.push(Bind::Text(process.to_owned()));
        }
        sql.push_str(" ORDER BY id DESC");
        fetch_built::<Row>(&mut tx, sql, binds).await?.into_iter().map(activation).collect()
    }

    /// The generation of every organisation's processes, to see whether anything was activated.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn generations(&self) -> Result<Vec<(String, String, i64)>, StoreError> {
        let mut tx = self.read().await?;
        Ok(fetch_all!(
            &mut tx,
            (String, String, i64),
            "SELECT org, process, generation FROM generations ORDER BY org, process"
        )?)
    }

    /// The generation of one process; 0 before the first activation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn generation(&self, org: &str, process: &str) -> Result<i64, StoreError> {
        let mut tx = self.read().await?;
        let row = fetch_optional!(
            &mut tx,
            (i64,),
            "SELECT generation FROM generations WHERE org = $1 AND process = $2",
            org,
            process
        )?;
        Ok(row.map_or(0, |(g,)| g))
    }
}
