//! Writing an organisation that comes from elsewhere: all of it in one transaction, or nothing.

use super::snapshot::bind;
use super::{Cell, Table, Ty};
use crate::domain::time::Instant;
use crate::store::tx::{Bind, execute, execute_built, fetch_optional, values_list};
use crate::store::unit::{AuditDraft, RecordWrite};
use crate::store::{Store, StoreError, Tx, is_unique_violation, record_rows, risks, unit};

/// Rows a statement; times the columns of the widest table it stays below what SQLite binds.
const ROWS_A_STATEMENT: usize = 64;
/// Records written at once.
const RECORDS_AT_ONCE: usize = 256;

/// An organisation beside its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrganisation {
    /// Identifier here.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Milliseconds.
    pub created_at: i64,
    /// Length of the audit trail.
    pub audit_seq: i64,
    /// Hash of its last entry.
    pub audit_hash: String,
    /// Length of the event stream.
    pub event_seq: i64,
    /// How often its kinds have changed.
    pub kinds_generation: i64,
}

/// Rows of a table with these archived columns, as they are read.
pub struct Rows {
    /// The table.
    pub table: &'static Table,
    /// Names of the columns of each row.
    pub columns: Vec<String>,
    /// The rows; an error ends the restore, and nothing is kept.
    pub rows: Box<dyn Iterator<Item = Result<Vec<Cell>, StoreError>> + Send>,
}

/// Records with what is kept beside them, as they are read.
pub type Records = Box<dyn Iterator<Item = Result<RecordWrite, StoreError>> + Send>;

/// Bytes of components by digest, as they are read.
pub type Blobs = Box<dyn Iterator<Item = Result<(String, Vec<u8>), StoreError>> + Send>;

/// Everything to write.
pub struct Restore {
    /// The organisation.
    pub organisation: NewOrganisation,
    /// Its records.
    pub records: Records,
    /// Its other tables.
    pub tables: Vec<Rows>,
    /// Its components' bytes.
    pub components: Blobs,
    /// When it is from a time at which an organisation without a trust policy took every component: then it goes on
    /// doing so, changed at this instant.
    pub trusted_all: Option<Instant>,
    /// What the audit trail says on top.
    pub audit: AuditDraft,
}

impl Store {
    /// Writes the organisation. Reading the rows is part of the transaction: nothing else waits in it.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when there is such an organisation, or one of its rows, already; what reading ran into.
    pub async fn restore(&self, restore: Restore) -> Result<(), StoreError> {
        let store = self.clone();
        self.write(move |tx| Box::pin(async move { write(tx, &store, restore).await })).await
    }
}

async fn write(tx: &mut Tx, store: &Store, restore: Restore) -> Result<(), StoreError> {
    let Restore { organisation, mut records, tables, components, trusted_all, audit } = restore;
    let org = organisation.id.as_str();
    let known = fetch_optional!(&mut *tx, (String,), "SELECT id FROM organisations WHERE id = $1", org)?;
    if known.is_some() {
        return Err(StoreError::Exists(format!("organisation {org}")));
    }
    execute!(
        &mut *tx,
        "INSERT INTO organisations (id, name, created_at, audit_seq, audit_hash, event_seq, kinds_generation)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        org,
        &organisation.name,
        organisation.created_at,
        organisation.audit_seq,
        &organisation.audit_hash,
        organisation.event_seq,
        organisation.kinds_generation
    )?;
    for blob in components {
        let (digest, bytes) = blob?;
        execute!(
            &mut *tx,
            "INSERT INTO component_bytes (digest, bytes) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING",
            digest,
            bytes
        )?;
    }
    loop {
        let chunk: Vec<RecordWrite> = records.by_ref().take(RECORDS_AT_ONCE).collect::<Result<_, _>>()?;
        if chunk.is_empty() {
            break;
        }
        record_rows::insert(tx, store, &chunk.iter().collect::<Vec<_>>()).await?;
    }
    for mut table in tables {
        let head = Head::new(&table);
        loop {
            let chunk: Vec<Vec<Cell>> = table.rows.by_ref().take(ROWS_A_STATEMENT).collect::<Result<_, _>>()?;
            if chunk.is_empty() {
                break;
            }
            head.insert(tx, org, chunk).await?;
        }
    }
    if let Some(at) = trusted_all {
        // As migration 25 does with what was here already.
        execute!(
            &mut *tx,
            "INSERT INTO trust_policies (org, unsigned, allowed, revision, changed_at, changed_by)
             SELECT o.id, 'allow', '[]', 1, $2, 'mortise' FROM organisations o
             WHERE o.id = $1 AND EXISTS (SELECT 1 FROM components c WHERE c.org = o.id)
               AND NOT EXISTS (SELECT 1 FROM trust_policies t WHERE t.org = o.id)",
            org,
            at.0
        )?;
    }
    // Words of comments are indexed with their record's.
    execute!(
        &mut *tx,
        "INSERT INTO reindex (record_id)
         SELECT DISTINCT r.id FROM comments c JOIN records r ON r.org = c.org AND r.number = c.number WHERE c.org = $1",
        org
    )?;
    risks::name(tx, org).await?;
    unit::append(tx, org, &[audit], &[]).await
}

/// The beginning of a table's statements.
struct Head {
    table: &'static Table,
    /// Type of each archived column, in the order of the rows.
    types: Vec<Ty>,
    columns: Vec<String>,
}

impl Head {
    fn new(rows: &Rows) -> Self {
        let ty = |name: &String| rows.table.columns.iter().find(|(known, _)| known == name).map_or(Ty::Text, |c| c.1);
        let types = rows.columns.iter().map(ty).collect();
        let zeros = rows.table.columns.iter().filter(|(_, ty)| *ty == Ty::Zero).map(|(name, _)| (*name).to_owned());
        let columns = std::iter::once("org".to_owned()).chain(rows.columns.iter().cloned()).chain(zeros).collect();
        Self { table: rows.table, types, columns }
    }

    async fn insert(&self, tx: &mut Tx, org: &str, rows: Vec<Vec<Cell>>) -> Result<(), StoreError> {
        let zeros = self.columns.len() - 1 - self.types.len();
        let sql = format!(
            "INSERT INTO {} ({}) VALUES {}",
            self.table.name,
            self.columns.join(", "),
            values_list(tx, rows.len(), self.columns.len())
        );
        let mut binds = Vec::with_capacity(rows.len() * self.columns.len());
        for row in rows {
            binds.push(Bind::Text(org.to_owned()));
            binds.extend(row.iter().zip(&self.types).map(|(cell, ty)| match (cell, ty) {
                (Cell::Null, Ty::Int) => Bind::NoInt,
                (cell, _) => bind(cell),
            }));
            binds.extend((0..zeros).map(|_| Bind::Int(0)));
        }
        match execute_built(tx, sql, binds).await {
            Err(e) if is_unique_violation(&e) => Err(StoreError::Exists(format!("a row of {}", self.table.name))),
            other => other.map(|_| ()).map_err(StoreError::from),
        }
    }
}
