//! Reading an organisation as it is at one moment, however long that takes.

use sqlx::Row as _;

use super::{Cell, NewOrganisation, Table, Ty};
use crate::store::tx::{Bind, execute, fetch_all, fetch_built, fetch_optional};
use crate::store::{Store, StoreError, Tx};

/// A view of the database that does not change. Writers go on meanwhile.
pub struct Snapshot {
    tx: Tx,
}

/// The columns of a row, each as text.
struct Texts(Vec<Option<String>>);

macro_rules! from_row {
    ($row:ty) => {
        impl<'r> sqlx::FromRow<'r, $row> for Texts {
            fn from_row(row: &'r $row) -> Result<Self, sqlx::Error> {
                (0..row.len()).map(|place| row.try_get(place)).collect::<Result<_, _>>().map(Self)
            }
        }
    };
}
from_row!(sqlx::sqlite::SqliteRow);
from_row!(sqlx::postgres::PgRow);

impl Store {
    /// The database as it is now, and stays for the reader.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn standing_still(&self) -> Result<Snapshot, StoreError> {
        let mut tx = self.read().await?;
        // A connection inside a transaction must not go back to the pool.
        match &mut tx {
            Tx::Sqlite(connection) => connection.close_on_drop(),
            Tx::Postgres(connection) => connection.close_on_drop(),
        }
        match &tx {
            Tx::Sqlite(_) => execute!(&mut tx, "BEGIN")?,
            Tx::Postgres(_) => execute!(&mut tx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?,
        };
        Ok(Snapshot { tx })
    }
}

impl Snapshot {
    /// What is known of the organisation beside its rows.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn organisation(&mut self, org: &str) -> Result<Option<NewOrganisation>, StoreError> {
        let row = fetch_optional!(
            &mut self.tx,
            (String, i64, i64, String, i64, i64),
            "SELECT name, created_at, audit_seq, audit_hash, event_seq, kinds_generation
             FROM organisations WHERE id = $1",
            org
        )?;
        Ok(row.map(|(name, created_at, audit_seq, audit_hash, event_seq, kinds_generation)| NewOrganisation {
            id: org.to_owned(),
            name,
            created_at,
            audit_seq,
            audit_hash,
            event_seq,
            kinds_generation,
        }))
    }

    /// The rows of a table that follow the row with the key `after`, in the order of the key; each with the archived
    /// columns.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rows(
        &mut self,
        table: &Table,
        org: &str,
        after: Option<&[Cell]>,
        limit: i64,
    ) -> Result<Vec<Vec<Cell>>, StoreError> {
        let columns: Vec<&(&str, Ty)> = table.archived().collect();
        let selected: Vec<String> = columns
            .iter()
            .map(|(name, ty)| if *ty == Ty::Int { format!("CAST(t.{name} AS TEXT)") } else { format!("t.{name}") })
            .collect();
        // PostgreSQL would sort by the text that was selected if the column were not named as the table's.
        let key = table.key.iter().map(|name| format!("t.{name}")).collect::<Vec<_>>().join(", ");
        let mut binds = vec![Bind::Text(org.to_owned())];
        let mut sql = format!("SELECT {} FROM {} t WHERE t.org = $1", selected.join(", "), table.name);
        if let Some(after) = after {
            let places: Vec<String> = (2..after.len() + 2).map(|n| format!("${n}")).collect();
            sql.push_str(&format!(" AND ({key}) > ({})", places.join(", ")));
            binds.extend(after.iter().map(bind));
        }
        binds.push(Bind::Int(limit));
        sql.push_str(&format!(" ORDER BY {key} LIMIT ${}", binds.len()));
        let rows = fetch_built::<Texts>(&mut self.tx, sql, binds).await?;
        let cell = |(text, (name, ty)): (Option<String>, &&(&str, Ty))| match (text, ty) {
            (None, _) => Ok(Cell::Null),
            (Some(text), Ty::Int) => {
                let number = text.parse().map_err(|e| StoreError::corrupt(format!("{}.{name}", table.name), e))?;
                Ok(Cell::Int(number))
            }
            (Some(text), _) => Ok(Cell::Text(text)),
        };
        rows.into_iter().map(|Texts(texts)| texts.into_iter().zip(&columns).map(cell).collect()).collect()
    }

    /// Digests of the organisation's components whose bytes are here.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn component_digests(&mut self, org: &str) -> Result<Vec<String>, StoreError> {
        let rows = fetch_all!(
            &mut self.tx,
            (String,),
            "SELECT c.digest FROM components c JOIN component_bytes b ON b.digest = c.digest
             WHERE c.org = $1 ORDER BY c.digest",
            org
        )?;
        Ok(rows.into_iter().map(|(digest,)| digest).collect())
    }

    /// The bytes of a component.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn component_bytes(&mut self, digest: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let row =
            fetch_optional!(&mut self.tx, (Vec<u8>,), "SELECT bytes FROM component_bytes WHERE digest = $1", digest)?;
        Ok(row.map(|(bytes,)| bytes))
    }

    /// What the organisation's attachments are made of: SHA-256 and length, each once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn attachment_files(&mut self, org: &str) -> Result<Vec<(String, i64)>, StoreError> {
        Ok(fetch_all!(
            &mut self.tx,
            (String, i64),
            "SELECT DISTINCT sha256, size FROM attachments WHERE org = $1 ORDER BY sha256, size",
            org
        )?)
    }
}

/// A cell as something to compare with; keys have values.
pub(super) fn bind(cell: &Cell) -> Bind {
    match cell {
        Cell::Text(text) => Bind::Text(text.clone()),
        Cell::Int(number) => Bind::Int(*number),
        Cell::Null => Bind::NoText,
    }
}
