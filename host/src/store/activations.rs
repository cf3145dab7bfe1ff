//! Activations: which component is live for which scope. Rows are never changed but for their end.

use mortise_types::Process;

use super::tx::{Bind, execute, fetch_all, fetch_built, fetch_optional};
use super::unit::{AuditDraft, EventDraft};
use super::{Store, StoreError, Tx, unit};
use crate::domain::component::{Activation, Mode, OnFailure, Scope};
use crate::domain::time::Instant;

/// A row as it is read.
struct Row(Result<Activation, StoreError>);

macro_rules! readable {
    ($row:ty) => {
        impl<'r> sqlx::FromRow<'r, $row> for Row {
            fn from_row(row: &'r $row) -> Result<Self, sqlx::Error> {
                use sqlx::Row as _;
                let id: String = row.try_get("id")?;
                let corrupt = |why: String| StoreError::corrupt(format!("activation {id}"), why);
                let process: String = row.try_get("process")?;
                let (scope, value): (String, String) = (row.try_get("scope")?, row.try_get("scope_value")?);
                let (mode, percent): (String, Option<i64>) = (row.try_get("mode")?, row.try_get("percent")?);
                let on_failure: String = row.try_get("on_failure")?;
                let words = process.parse().map_err(corrupt).and_then(|process| {
                    let scope = Scope::from_parts(&scope, &value).ok_or_else(|| corrupt(format!("scope '{scope}'")))?;
                    let mode = Mode::from_parts(&mode, percent.and_then(|percent| u8::try_from(percent).ok()))
                        .ok_or_else(|| corrupt(format!("mode '{mode}' {percent:?}")))?;
                    let on_failure =
                        OnFailure::parse(&on_failure).ok_or_else(|| corrupt(format!("on_failure '{on_failure}'")))?;
                    Ok((process, scope, mode, on_failure))
                });
                let (process, scope, mode, on_failure) = match words {
                    Ok(words) => words,
                    Err(error) => return Ok(Self(Err(error))),
                };
                Ok(Self(Ok(Activation {
                    process,
                    scope,
                    mode,
                    on_failure,
                    org: row.try_get("org")?,
                    digest: row.try_get("digest")?,
                    settings_hash: row.try_get("settings_hash")?,
                    effective_from: row.try_get::<Option<i64>, _>("effective_from")?.map(Instant),
                    opened_after: row.try_get::<i64, _>("opened_after")? != 0,
                    before_generation: row.try_get("before_generation")?,
                    explanation: row.try_get("explanation")?,
                    generation: row.try_get("generation")?,
                    at: Instant(row.try_get("at")?),
                    actor: row.try_get("actor")?,
                    reason: row.try_get("reason")?,
                    ended_generation: row.try_get("ended_generation")?,
                    id,
                })))
            }
        }
    };
}

readable!(sqlx::sqlite::SqliteRow);
readable!(sqlx::postgres::PgRow);

const COLUMNS: &str = "id, org, process, scope, scope_value, digest, settings_hash, mode, percent, effective_from,
     opened_after, before_generation, on_failure, explanation, generation, at, actor, reason, ended_generation";

/// A change of what has a say in a scope: one step of its process's generation.
#[derive(Clone, Debug)]
pub struct Change {
    /// Organisation.
    pub org: String,
    /// Process.
    pub process: Process,
    /// The generation that it makes: one more than the one that was looked at.
    pub generation: i64,
    /// When.
    pub at: Instant,
    /// Activations that it ends.
    pub ends: Vec<String>,
    /// The one that it makes.
    pub makes: Option<New>,
}

/// A new activation.
#[derive(Clone, Debug)]
pub struct New {
    /// The activation.
    pub activation: Activation,
    /// Its settings' text.
    pub settings: String,
    /// Why it may be made.
    pub basis: Basis,
}

/// What was looked at before an activation: it is made only where this still stands so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis {
    /// The component's digest.
    pub digest: String,
    /// Revision of the component's row: its state.
    pub component: i64,
    /// Revision of the organisation's trust policy; 0 where there is none.
    pub policy: i64,
    /// Sum of the revisions of its publishers' keys. None is ever removed, so each change makes it larger.
    pub keys: i64,
}

/// Refuses a component whose state has changed; holds its row until the transaction ends.
async fn hold_component(tx: &mut Tx, org: &str, basis: &Basis) -> Result<(), StoreError> {
    let held = execute!(
        &mut *tx,
        "UPDATE components SET revision = revision WHERE org = $1 AND digest = $2 AND revision = $3",
        org,
        &basis.digest,
        basis.component
    )?;
    if held == 1 { Ok(()) } else { Err(StoreError::BasisMoved(basis.digest.clone())) }
}

/// Refuses when the organisation's trust has changed. Whoever changes it appends to the audit trail in the same
/// transaction, so once this one has appended nothing moves any more.
async fn compare_trust(tx: &mut Tx, org: &str, basis: &Basis) -> Result<(), StoreError> {
    let policy = fetch_optional!(&mut *tx, (i64,), "SELECT revision FROM trust_policies WHERE org = $1", org)?
        .map_or(0, |p| p.0);
    let keys = fetch_all!(&mut *tx, (i64,), "SELECT revision FROM publisher_keys WHERE org = $1", org)?;
    let keys: i64 = keys.into_iter().map(|(revision,)| revision).sum();
    if (policy, keys) == (basis.policy, basis.keys) {
        Ok(())
    } else {
        Err(StoreError::BasisMoved(basis.digest.clone()))
    }
}

async fn insert(tx: &mut Tx, new: &Activation, settings: &str) -> Result<(), StoreError> {
    execute!(
        &mut *tx,
        "INSERT INTO settings_texts (org, hash, body) VALUES ($1, $2, $3) ON CONFLICT (org, hash) DO NOTHING",
        &new.org,
        &new.settings_hash,
        settings
    )?;
    execute!(
        &mut *tx,
        "INSERT INTO activations
            (id, org, process, scope, scope_value, digest, settings_hash, mode, percent, effective_from, opened_after,
             before_generation, on_failure, explanation, generation, at, actor, reason)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
        &new.id,
        &new.org,
        new.process.slug(),
        new.scope.kind(),
        new.scope.value(),
        &new.digest,
        &new.settings_hash,
        new.mode.as_str(),
        new.mode.percent().map(i64::from),
        new.effective_from.map(|at| at.0),
        i64::from(new.opened_after),
        new.before_generation,
        new.on_failure.as_str(),
        &new.explanation,
        new.generation,
        new.at.0,
        &new.actor,
        &new.reason
    )?;
    Ok(())
}

impl Store {
    /// Changes what has a say in a scope: advances the process's generation from `change.generation - 1`, ends what is
    /// to end, inserts what is new with its settings' text, and moves the components' states.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when the generation has moved meanwhile, or what is to end has ended;
    /// [`StoreError::BasisMoved`] when what the new one rests on is not as it was.
    pub async fn activate(&self, change: Change, audit: AuditDraft, event: EventDraft) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let (org, process) = (&change.org, change.process.slug());
                execute!(
                    &mut *tx,
                    "INSERT INTO generations (org, process, generation) VALUES ($1, $2, 0)
                     ON CONFLICT (org, process) DO NOTHING",
                    org,
                    process
                )?;
                let moved = execute!(
                    &mut *tx,
                    "UPDATE generations SET generation = $3 WHERE org = $1 AND process = $2 AND generation = $3 - 1",
                    org,
                    process,
                    change.generation
                )?;
                if moved != 1 {
                    return Err(StoreError::Stale(format!("the generation of {process}")));
                }
                for id in &change.ends {
                    let ended = execute!(
                        &mut *tx,
                        "UPDATE activations SET ended_generation = $3
                         WHERE org = $1 AND id = $2 AND ended_generation IS NULL",
                        org,
                        id,
                        change.generation
                    )?;
                    if ended != 1 {
                        return Err(StoreError::Stale(format!("activation {id}")));
                    }
                }
                if let Some(new) = &change.makes {
                    hold_component(tx, org, &new.basis).await?;
                    insert(tx, &new.activation, &new.settings).await?;
                }
                // What decides for some scope is active; what no longer does for any waits to be wanted again.
                execute!(
                    &mut *tx,
                    "UPDATE components SET revision = revision + 1, changed_at = $2,
                         state = CASE WHEN state = 'active' THEN 'suspended' ELSE 'active' END
                     WHERE org = $1 AND (state = 'active') <> EXISTS (
                         SELECT 1 FROM activations a
                         WHERE a.org = components.org AND a.digest = components.digest
                           AND a.mode IN ('active', 'canary') AND a.ended_generation IS NULL)",
                    org,
                    change.at.0
                )?;
                unit::append(tx, org, &[audit], &[event]).await?;
                match &change.makes {
                    Some(new) => compare_trust(tx, org, &new.basis).await,
                    None => Ok(()),
                }
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
        fetch_built::<Row>(&mut tx, sql, Vec::new()).await?.into_iter().map(|row| row.0).collect()
    }

    /// Every live activation, and those that ended in scopes where something live leaves earlier records alone: what
    /// judged these is among them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn judges(&self) -> Result<Vec<Activation>, StoreError> {
        let mut tx = self.read().await?;
        let sql = format!(
            "SELECT {COLUMNS} FROM activations a
             WHERE a.ended_generation IS NULL
                OR (a.mode IN ('active', 'canary') AND EXISTS (
                    SELECT 1 FROM activations l
                    WHERE l.org = a.org AND l.process = a.process AND l.scope = a.scope
                      AND l.scope_value = a.scope_value AND l.ended_generation IS NULL AND l.opened_after = 1))
             ORDER BY a.org, a.generation"
        );
        fetch_built::<Row>(&mut tx, sql, Vec::new()).await?.into_iter().map(|row| row.0).collect()
    }

    /// Planned activations whose instant has come.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn due_plans(&self, now: Instant) -> Result<Vec<Activation>, StoreError> {
        let mut tx = self.read().await?;
        let sql = format!(
            "SELECT {COLUMNS} FROM activations
             WHERE mode = 'planned' AND ended_generation IS NULL AND effective_from <= $1 ORDER BY effective_from, id"
        );
        fetch_built::<Row>(&mut tx, sql, vec![Bind::Int(now.0)]).await?.into_iter().map(|row| row.0).collect()
    }

    /// An organisation's activation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn activation(&self, org: &str, id: &str) -> Result<Option<Activation>, StoreError> {
        let mut tx = self.read().await?;
        let sql = format!("SELECT {COLUMNS} FROM activations WHERE org = $1 AND id = $2");
        let binds = vec![Bind::Text(org.to_owned()), Bind::Text(id.to_owned())];
        fetch_built::<Row>(&mut tx, sql, binds).await?.into_iter().next().map(|row| row.0).transpose()
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
        fetch_built::<Row>(&mut tx, sql, binds).await?.into_iter().map(|row| row.0).collect()
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
