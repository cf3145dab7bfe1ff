//! Reading records.

use std::collections::HashSet;

use super::tx::{Bind, fetch_all, fetch_built, fetch_optional};
use super::{Store, StoreError, index};
use crate::domain::audit::{self, AuditEntry};
use crate::domain::record::Record;
use crate::domain::time::Instant;

pub(super) type Row = (String, String, String, String, String, String, String, i64, i64, String, i64, String, i64);

pub(super) const COLUMNS: &str = "r.id, r.org, r.kind, r.number, r.title, r.state, r.owner, r.revision, \
     r.created_at, r.created_by, r.updated_at, r.data, r.kind_version";

pub(super) fn record(row: Row) -> Result<Record, StoreError> {
    let (id, org, kind, number, title, state, owner, revision, created_at, created_by, updated_at, data, kind_version) =
        row;
    let data = serde_json::from_str(&data).map_err(|e| StoreError::corrupt(format!("data of {number}"), e))?;
    Ok(Record {
        id,
        org,
        kind,
        number,
        title,
        state,
        owner,
        revision,
        created_at: Instant(created_at),
        created_by,
        updated_at: Instant(updated_at),
        kind_version,
        data,
    })
}

pub(super) type AuditRow = (i64, i64, String, String, String, String, String, String, String, String, String, String);

pub(super) const AUDIT_COLUMNS: &str =
    "seq, at, number, actor, role, action, before_value, after_value, reason, seal, prev_hash, hash";

pub(super) fn audit_entry(row: AuditRow) -> Result<AuditEntry, StoreError> {
    let (seq, at, number, actor, role, action, before, after, reason, seal, prev_hash, hash) = row;
    let parse =
        |text: &str| serde_json::from_str(text).map_err(|e| StoreError::corrupt(format!("audit entry {seq}"), e));
    Ok(AuditEntry {
        seq,
        at: Instant(at),
        actor,
        role,
        action,
        number,
        before: parse(&before)?,
        after: parse(&after)?,
        reason,
        seal: audit::parse_seal(&seal).map_err(|e| StoreError::corrupt(format!("audit entry {seq}"), e))?,
        prev_hash,
        hash,
    })
}

impl Store {
    /// The record with this number.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn record(&self, org: &str, number: &str) -> Result<Option<Record>, StoreError> {
        let mut tx = self.read().await?;
        let row = fetch_optional!(
            &mut tx,
            Row,
            "SELECT id, org, kind, number, title, state, owner, revision, created_at, created_by, updated_at, data,
                    kind_version
             FROM records WHERE org = $1 AND number = $2",
            org,
            number
        )?;
        row.map(record).transpose()
    }

    /// The records with these numbers, those that exist, in no order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn records(&self, org: &str, numbers: &[String]) -> Result<Vec<Record>, StoreError> {
        const CHUNK: usize = 200;
        let mut found = Vec::with_capacity(numbers.len());
        let mut tx = self.read().await?;
        for chunk in numbers.chunks(CHUNK) {
            let places: Vec<String> = (2..chunk.len() + 2).map(|n| format!("${n}")).collect();
            let sql =
                format!("SELECT {COLUMNS} FROM records r WHERE r.org = $1 AND r.number IN ({})", places.join(", "));
            let mut binds = vec![Bind::Text(org.to_owned())];
            binds.extend(chunk.iter().cloned().map(Bind::Text));
            for row in fetch_built::<Row>(&mut tx, sql, binds).await? {
                found.push(record(row)?);
            }
        }
        Ok(found)
    }

    /// Records of a kind whose indexed field has this value, newest last, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn records_by_field(
        &self,
        org: &str,
        kind: &str,
        path: &str,
        value: &str,
        limit: i64,
    ) -> Result<Vec<Record>, StoreError> {
        let mut tx = self.read().await?;
        let rows = fetch_all!(
            &mut tx,
            Row,
            "SELECT r.id, r.org, r.kind, r.number, r.title, r.state, r.owner, r.revision,
                    r.created_at, r.created_by, r.updated_at, r.data, r.kind_version
             FROM field_index f JOIN records r ON r.key = f.record
             WHERE r.org = $1 AND f.path = $2 AND f.value = $3
             ORDER BY f.record LIMIT $4",
            org,
            index::path(org, kind, path),
            value,
            limit
        )?;
        rows.into_iter().map(record).collect()
    }

    /// Which of these numbers exist.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn existing_numbers(&self, org: &str, numbers: &[String]) -> Result<Vec<String>, StoreError> {
        if let [number] = numbers {
            let mut tx = self.read().await?;
            let row = fetch_optional!(
                &mut tx,
                (String,),
                "SELECT number FROM records WHERE org = $1 AND number = $2",
                org,
                number
            )?;
            return Ok(row.into_iter().map(|(n,)| n).collect());
        }
        Ok(self.records(org, numbers).await?.into_iter().map(|r| r.number).collect())
    }

    /// Which of these values some record of the kind has in an indexed field.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn existing_values(
        &self,
        org: &str,
        kind: &str,
        path: &str,
        values: &[String],
    ) -> Result<HashSet<String>, StoreError> {
        const CHUNK: usize = 200;
        let mut found = HashSet::new();
        let mut tx = self.read().await?;
        for chunk in values.chunks(CHUNK) {
            let places: Vec<String> = (2..chunk.len() + 2).map(|n| format!("${n}")).collect();
            let sql = format!("SELECT value FROM field_index WHERE path = $1 AND value IN ({})", places.join(", "));
            let mut binds = vec![Bind::Int(index::path(org, kind, path))];
            binds.extend(chunk.iter().cloned().map(Bind::Text));
            found.extend(fetch_built::<(String,)>(&mut tx, sql, binds).await?.into_iter().map(|(v,)| v));
        }
        Ok(found)
    }

    /// The audit entries of a record after a sequence number, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit_of(
        &self,
        org: &str,
        number: &str,
        after: i64,
        limit: i64,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let mut tx = self.read().await?;
        let rows = fetch_all!(
            &mut tx,
            AuditRow,
            "SELECT seq, at, number, actor, role, action, before_value, after_value, reason, seal, prev_hash, hash
             FROM audit WHERE org = $1 AND number = $2 AND seq > $3 ORDER BY seq LIMIT $4",
            org,
            number,
            after,
            limit
        )?;
        rows.into_iter().map(audit_entry).collect()
    }

    /// The organisation's audit trail after a sequence number, in order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit_after(&self, org: &str, after: i64, limit: i64) -> Result<Vec<AuditEntry>, StoreError> {
        let mut tx = self.read().await?;
        let sql = format!("SELECT {AUDIT_COLUMNS} FROM audit WHERE org = $1 AND seq > $2 ORDER BY seq LIMIT $3");
        let binds = vec![Bind::Text(org.to_owned()), Bind::Int(after), Bind::Int(limit)];
        let rows = fetch_built::<AuditRow>(&mut tx, sql, binds).await?;
        rows.into_iter().map(audit_entry).collect()
    }

    /// Length of the audit trail and the hash of its last entry.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit_head(&self, org: &str) -> Result<Option<(i64, String)>, StoreError> {
        let mut tx = self.read().await?;
        Ok(fetch_optional!(
            &mut tx,
            (i64, String),
            "SELECT audit_seq, audit_hash FROM organisations WHERE id = $1",
            org
        )?)
    }
}
