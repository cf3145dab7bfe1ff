//! Stored decisions (invariant 7).

use super::tx::{Bind, execute, fetch_built, fetch_optional};
use super::{Store, StoreError, Tx};
use crate::domain::decision::{DecisionRecord, Status};
use crate::domain::time::Instant;

type Row = (
    String,
    String,
    String,
    String,
    String,
    i64,
    String,
    String,
    String,
    String,
    i64,
    String,
    String,
    String,
    i64,
    i64,
);

const COLUMNS: &str = "id, org, number, process, event, at, component, component_name, settings_hash, activation, \
     generation, status, input, output, fuel, took_us";

fn decision(row: Row) -> Result<DecisionRecord, StoreError> {
    let (
        id,
        org,
        number,
        process,
        event,
        at,
        component,
        component_name,
        settings_hash,
        activation,
        generation,
        status,
        input,
        output,
        fuel,
        took_us,
    ) = row;
    let what = || format!("decision {id}");
    Ok(DecisionRecord {
        process: process.parse().map_err(|e| StoreError::corrupt(what(), e))?,
        status: Status::parse(&status).ok_or_else(|| StoreError::corrupt(what(), format!("status '{status}'")))?,
        id,
        org,
        number,
        event,
        at: Instant(at),
        component,
        component_name,
        settings_hash,
        activation,
        generation,
        input,
        output,
        fuel,
        took_us,
    })
}

pub(super) async fn insert(tx: &mut Tx, d: &DecisionRecord) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO decisions
            (id, org, number, process, event, at, component, component_name, settings_hash, activation, generation,
             status, input, output, fuel, took_us)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        &d.id,
        &d.org,
        &d.number,
        d.process.slug(),
        &d.event,
        d.at.0,
        &d.component,
        &d.component_name,
        &d.settings_hash,
        &d.activation,
        d.generation,
        d.status.as_str(),
        &d.input,
        &d.output,
        d.fuel,
        d.took_us
    )?;
    Ok(())
}

/// Which decisions to list, newest first.
#[derive(Clone, Debug, Default)]
pub struct DecisionFilter {
    /// Of this record.
    pub number: Option<String>,
    /// Of this process.
    pub process: Option<String>,
    /// Older than this decision.
    pub before: Option<String>,
    /// At most so many.
    pub limit: i64,
}

impl Store {
    /// The decision with this identifier.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn decision(&self, org: &str, id: &str) -> Result<Option<DecisionRecord>, StoreError> {
        let mut tx = self.read().await?;
        let sql = format!("SELECT {COLUMNS} FROM decisions WHERE org = $1 AND id = $2");
        let rows =
            fetch_built::<Row>(&mut tx, sql, vec![Bind::Text(org.to_owned()), Bind::Text(id.to_owned())]).await?;
        rows.into_iter().next().map(decision).transpose()
    }

    /// Decisions by filter, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn decisions(&self, org: &str, filter: &DecisionFilter) -> Result<Vec<DecisionRecord>, StoreError> {
        let mut sql = format!("SELECT {COLUMNS} FROM decisions WHERE org = $1");
        let mut binds = vec![Bind::Text(org.to_owned())];
        let mut add = |condition: &str, value: &Option<String>| {
            if let Some(value) = value {
                binds.push(Bind::Text(value.clone()));
                sql.push_str(&format!(" AND {condition} ${}", binds.len()));
            }
        };
        add("number =", &filter.number);
        add("process =", &filter.process);
        add("id <", &filter.before);
        binds.push(Bind::Int(filter.limit));
        sql.push_str(&format!(" ORDER BY id DESC LIMIT ${}", binds.len()));
        let mut tx = self.read().await?;
        fetch_built::<Row>(&mut tx, sql, binds).await?.into_iter().map(decision).collect()
    }

    /// The text of settings, by the SHA-256 of it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn settings_text(&self, org: &str, hash: &str) -> Result<Option<String>, StoreError> {
        let mut tx = self.read().await?;
        let row = fetch_optional!(
            &mut tx,
            (String,),
            "SELECT body FROM settings_texts WHERE org = $1 AND hash = $2",
            org,
            hash
        )?;
        Ok(row.map(|(body,)| body))
    }
}
