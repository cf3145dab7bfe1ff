//! Saved views.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::tx::{Bind, execute, fetch_built};
use super::{Store, StoreError, Tx, is_unique_violation};
use crate::domain::view::View;
use crate::domain::{Actor, Instant, Role};

type Row = (String, String, String, String, String, String, String, String, i64, i64, i64);

const COLUMNS: &str = "id, org, owner, name, kind, query, columns, shared, revision, created_at, updated_at";

fn view(row: Row) -> Result<View, StoreError> {
    let (id, org, owner, name, kind, query, columns, shared, revision, created_at, updated_at) = row;
    let corrupt = |e: serde_json::Error| StoreError::corrupt(format!("view {id}"), e);
    let query: Map<String, Value> = serde_json::from_str(&query).map_err(corrupt)?;
    let columns = serde_json::from_str(&columns).map_err(corrupt)?;
    // Written from roles; a word that is none shares with nobody.
    let shared: BTreeSet<Role> = shared.split(',').filter_map(|role| role.parse().ok()).collect();
    Ok(View {
        filter: query.get("filter").and_then(Value::as_object).cloned().unwrap_or_default(),
        sort: query.get("sort").and_then(Value::as_str).map(str::to_owned),
        id,
        org,
        owner,
        name,
        kind,
        columns,
        shared,
        revision,
        created_at: Instant(created_at),
        updated_at: Instant(updated_at),
    })
}

/// The roles, each between commas, so that one can be looked for.
fn roles(view: &View) -> String {
    let codes: Vec<&str> = view.shared.iter().map(|role| role.code()).collect();
    format!(",{},", codes.join(","))
}

/// Writes a view: a new one, or one that had the revision `was`.
pub(super) async fn write(tx: &mut Tx, view: &View, was: Option<i64>) -> Result<(), StoreError> {
    let query = json!({ "filter": view.filter, "sort": view.sort }).to_string();
    let columns = json!(view.columns).to_string();
    let written = match was {
        None => execute!(
            tx,
            "INSERT INTO views (id, org, owner, name, kind, query, columns, shared, revision, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            &view.id,
            &view.org,
            &view.owner,
            &view.name,
            &view.kind,
            query,
            columns,
            roles(view),
            view.revision,
            view.created_at.0,
            view.updated_at.0
        ),
        Some(was) => execute!(
            tx,
            "UPDATE views SET name = $4, query = $5, columns = $6, shared = $7, revision = $8, updated_at = $9
             WHERE org = $1 AND id = $2 AND revision = $3",
            &view.org,
            &view.id,
            was,
            &view.name,
            query,
            columns,
            roles(view),
            view.revision,
            view.updated_at.0
        ),
    };
    match written {
        Err(e) if is_unique_violation(&e) => Err(StoreError::Exists(format!("view '{}'", view.name))),
        Ok(0) => Err(StoreError::Stale(format!("view {}", view.id))),
        other => Ok(other.map(|_| ())?),
    }
}

pub(super) async fn remove(tx: &mut Tx, org: &str, id: &str) -> Result<(), StoreError> {
    let rows = execute!(tx, "DELETE FROM views WHERE org = $1 AND id = $2", org, id)?;
    if rows == 1 { Ok(()) } else { Err(StoreError::Stale(format!("view {id}"))) }
}

impl Store {
    /// The view with this identifier.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn view(&self, org: &str, id: &str) -> Result<Option<View>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM views WHERE org = $1 AND id = $2");
        let mut tx = self.read().await?;
        let binds = vec![Bind::Text(org.to_owned()), Bind::Text(id.to_owned())];
        fetch_built::<Row>(&mut tx, sql, binds).await?.into_iter().next().map(view).transpose()
    }

    /// The views that an actor owns, or that are shared with one of his roles, in the order of their making, behind
    /// one of them; of one kind where that is asked.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn views(
        &self,
        actor: &Actor,
        kind: Option<&str>,
        after: &str,
        limit: i64,
    ) -> Result<Vec<View>, StoreError> {
        let mut binds = vec![actor.org.clone(), actor.user.clone(), after.to_owned()];
        let mut sql = format!("SELECT {COLUMNS} FROM views WHERE org = $1 AND id > $3 AND (owner = $2");
        for role in &actor.roles {
            binds.push(format!("%,{},%", role.code()));
            sql.push_str(&format!(" OR shared LIKE ${}", binds.len()));
        }
        sql.push(')');
        if let Some(kind) = kind {
            binds.push(kind.to_owned());
            sql.push_str(&format!(" AND kind = ${}", binds.len()));
        }
        let mut binds: Vec<Bind> = binds.into_iter().map(Bind::Text).collect();
        binds.push(Bind::Int(limit));
        sql.push_str(&format!(" ORDER BY id LIMIT ${}", binds.len()));
        let mut tx = self.read().await?;
        fetch_built::<Row>(&mut tx, sql, binds).await?.into_iter().map(view).collect()
    }
}
