//! Stored decisions (invariant 7).

use super::tx::{Bind, fetch_built, fetch_optional};
use super::unit::insert_rows;
use super::{Store, StoreError, Tx};
use crate::domain::decision::{DecisionRecord, Status, Went};
use crate::domain::number;
use crate::domain::time::Instant;

/// A row as it is read; more columns than a tuple has.
pub(super) struct Row(pub(super) Result<DecisionRecord, StoreError>);

macro_rules! readable {
    ($row:ty) => {
        impl<'r> sqlx::FromRow<'r, $row> for Row {
            fn from_row(row: &'r $row) -> Result<Self, sqlx::Error> {
                use sqlx::Row as _;
                let id: String = row.try_get("id")?;
                let what = || format!("decision {id}");
                let (process, status): (String, String) = (row.try_get("process")?, row.try_get("status")?);
                let process = process.parse().map_err(|e| StoreError::corrupt(what(), e));
                let unknown = || StoreError::corrupt(what(), format!("status '{status}'"));
                let words = process.and_then(|process| Ok((process, Status::parse(&status).ok_or_else(unknown)?)));
                let (process, status) = match words {
                    Ok(words) => words,
                    Err(error) => return Ok(Self(Err(error))),
                };
                Ok(Self(Ok(DecisionRecord {
                    process,
                    status,
                    org: row.try_get("org")?,
                    decision_number: row.try_get("decision_number")?,
                    number: row.try_get("number")?,
                    event: row.try_get("event")?,
                    at: Instant(row.try_get("at")?),
                    component: row.try_get("component")?,
                    component_name: row.try_get("component_name")?,
                    settings_hash: row.try_get("settings_hash")?,
                    activation: row.try_get("activation")?,
                    generation: row.try_get("generation")?,
                    fallback: row.try_get::<i64, _>("fallback")? != 0,
                    input: row.try_get("input")?,
                    output: row.try_get("output")?,
                    fuel: row.try_get("fuel")?,
                    took_us: row.try_get("took_us")?,
                    lookups: row.try_get("lookups")?,
                    id,
                })))
            }
        }
    };
}

readable!(sqlx::sqlite::SqliteRow);
readable!(sqlx::postgres::PgRow);

pub(super) const COLUMNS: &str = "id, org, decision_number, number, process, event, at, component, component_name, settings_hash, activation, \
     generation, status, input, output, fuel, took_us, fallback, lookups";

pub(super) async fn insert(tx: &mut Tx, decisions: &[DecisionRecord]) -> Result<(), StoreError> {
    let text = |value: &str| Bind::Text(value.to_owned());
    let rows = decisions.iter().map(|d| {
        [
            text(&d.id),
            text(&d.org),
            text(&d.decision_number),
            text(&d.number),
            text(d.process.slug()),
            text(&d.event),
            Bind::Int(d.at.0),
            text(&d.component),
            text(&d.component_name),
            text(&d.settings_hash),
            text(&d.activation),
            Bind::Int(d.generation),
            text(d.status.as_str()),
            text(&d.input),
            text(&d.output),
            Bind::Int(d.fuel),
            Bind::Int(d.took_us),
            Bind::Int(i64::from(d.fallback)),
            text(&d.lookups),
        ]
    });
    insert_rows(tx, &format!("INSERT INTO decisions ({COLUMNS}) VALUES "), rows.collect()).await
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

/// What decisions are looked up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecisionColumn {
    /// Number of the record that they are about.
    Subject,
    /// What happened to it.
    Event,
    /// SHA-256 of the component.
    Component,
    /// SHA-256 of the settings.
    Settings,
}

/// Decisions by what they are.
#[derive(Clone, Debug, Default)]
pub struct DecisionQuery {
    /// One of the values of each column.
    pub any: Vec<(DecisionColumn, Vec<String>)>,
    /// How they went: one of these; empty means any.
    pub went: Vec<Went>,
    /// Taken then or later.
    pub from: Option<Instant>,
    /// Taken before.
    pub to: Option<Instant>,
    /// The oldest first, instead of the newest.
    pub oldest_first: bool,
    /// Beyond the decision with this identifier.
    pub after: Option<String>,
    /// At most so many.
    pub limit: i64,
}

/// True for decisions that went so. A failure's name stands at the beginning of the canonical output.
fn condition(went: Went, place: &mut impl FnMut(Bind) -> String) -> String {
    let mut named = |causes: &[&str]| {
        let each: Vec<String> = causes
            .iter()
            .map(|cause| format!("output LIKE {}", place(Bind::Text(format!("{{\"failure\":\"{cause}\"%")))))
            .collect();
        each.join(" OR ")
    };
    match went {
        Went::Ok => "status <> 'failed'".to_owned(),
        Went::Timeout | Went::InvalidOutput => format!("(status = 'failed' AND ({}))", named(went.causes())),
        Went::Trap => {
            let others = [Went::Timeout, Went::InvalidOutput].map(|other| named(other.causes())).join(" OR ");
            format!("(status = 'failed' AND NOT ({others}))")
        }
    }
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
        rows.into_iter().next().map(|row| row.0).transpose()
    }

    /// The newest decision about a record that a process came to; none while it came to none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn last_valid_decision(
        &self,
        org: &str,
        number: &str,
        process: &str,
    ) -> Result<Option<DecisionRecord>, StoreError> {
        let mut tx = self.read().await?;
        let sql = format!(
            "SELECT {COLUMNS} FROM decisions WHERE org = $1 AND number = $2 AND process = $3 AND status = 'ok'
             ORDER BY id DESC LIMIT 1"
        );
        let binds = [org, number, process].map(|text| Bind::Text(text.to_owned())).to_vec();
        let rows = fetch_built::<Row>(&mut tx, sql, binds).await?;
        rows.into_iter().next().map(|row| row.0).transpose()
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
        fetch_built::<Row>(&mut tx, sql, binds).await?.into_iter().map(|row| row.0).collect()
    }

    /// The decision with this number.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn decision_numbered(&self, org: &str, number: &str) -> Result<Option<DecisionRecord>, StoreError> {
        let mut tx = self.read().await?;
        let sql = format!("SELECT {COLUMNS} FROM decisions WHERE org = $1 AND decision_number = $2");
        let binds = [org, number].map(|text| Bind::Text(text.to_owned())).to_vec();
        let rows = fetch_built::<Row>(&mut tx, sql, binds).await?;
        rows.into_iter().next().map(|row| row.0).transpose()
    }

    /// Gives numbers to decisions that have none yet. They come from this node's block: the counter is no lock.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn number_decisions(&self, decisions: &mut [DecisionRecord]) -> Result<(), StoreError> {
        for one in decisions.iter_mut().filter(|one| one.decision_number.is_empty()) {
            let year = one.at.year();
            let n = self.next_number(&one.org, "DEC", i64::from(year)).await?;
            one.decision_number = number::format("DEC", year, n.unsigned_abs());
        }
        Ok(())
    }

    /// Decisions by what they are, in the order of their making.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn decisions_by(&self, org: &str, query: &DecisionQuery) -> Result<Vec<DecisionRecord>, StoreError> {
        let mut binds = vec![Bind::Text(org.to_owned())];
        let mut place = |value: Bind| {
            binds.push(value);
            format!("${}", binds.len())
        };
        let mut sql = format!("SELECT {COLUMNS} FROM decisions WHERE org = $1");
        for (column, values) in &query.any {
            let column = match column {
                DecisionColumn::Subject => "number",
                DecisionColumn::Event => "event",
                DecisionColumn::Component => "component",
                DecisionColumn::Settings => "settings_hash",
            };
            let places: Vec<String> = values.iter().map(|value| place(Bind::Text(value.clone()))).collect();
            sql.push_str(&format!(" AND {column} IN ({})", places.join(", ")));
        }
        if !query.went.is_empty() {
            let ways: Vec<String> = query.went.iter().map(|went| condition(*went, &mut place)).collect();
            sql.push_str(&format!(" AND ({})", ways.join(" OR ")));
        }
        let (order, beyond) = if query.oldest_first { ("", ">") } else { (" DESC", "<") };
        for (compare, at) in [(">=", query.from), ("<", query.to)] {
            if let Some(at) = at {
                sql.push_str(&format!(" AND at {compare} {}", place(Bind::Int(at.0))));
            }
        }
        if let Some(after) = &query.after {
            sql.push_str(&format!(" AND id {beyond} {}", place(Bind::Text(after.clone()))));
        }
        sql.push_str(&format!(" ORDER BY id{order} LIMIT {}", place(Bind::Int(query.limit))));
        let mut tx = self.read().await?;
        fetch_built::<Row>(&mut tx, sql, binds).await?.into_iter().map(|row| row.0).collect()
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
