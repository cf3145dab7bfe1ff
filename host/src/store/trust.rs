//! Trust policies and publishers' keys.

use super::tx::{execute, fetch_all, fetch_optional};
use super::unit::{AuditDraft, EventDraft};
use super::{Store, StoreError, unit};
use crate::domain::time::Instant;
use crate::domain::trust::{PublisherKey, TrustPolicy, Unsigned};

type Row = (String, String, String, String, i64, Option<i64>, Option<i64>, String, i64, i64, String);

fn key(row: Row) -> Result<PublisherKey, StoreError> {
    let (id, name, public_key, processes, from, until, revoked, revoked_because, revision, added_at, added_by) = row;
    let parse = |slug: &str| slug.parse().map_err(|e| StoreError::corrupt(format!("publisher key {id}"), e));
    let processes = processes.split(',').filter(|slug| !slug.is_empty()).map(parse).collect::<Result<_, _>>()?;
    Ok(PublisherKey {
        id,
        name,
        public_key,
        processes,
        valid_from: Instant(from),
        valid_until: until.map(Instant),
        revoked_at: revoked.map(Instant),
        revoked_because,
        revision,
        added_at: Instant(added_at),
        added_by,
    })
}

impl Store {
    /// What an organisation takes unsigned; the default when nobody ever decided.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn trust_policy(&self, org: &str) -> Result<TrustPolicy, StoreError> {
        let mut tx = self.read().await?;
        let row = fetch_optional!(
            &mut tx,
            (String, String, i64, i64, String),
            "SELECT unsigned, allowed, revision, changed_at, changed_by FROM trust_policies WHERE org = $1",
            org
        )?;
        let Some((unsigned, allowed, revision, changed_at, changed_by)) = row else {
            return Ok(TrustPolicy::default());
        };
        let corrupt = |why: String| StoreError::corrupt(format!("trust policy of {org}"), why);
        Ok(TrustPolicy {
            unsigned: Unsigned::parse(&unsigned).ok_or_else(|| corrupt(format!("unsigned '{unsigned}'")))?,
            allowed: serde_json::from_str(&allowed).map_err(|e| corrupt(e.to_string()))?,
            revision,
            changed_at: Instant(changed_at),
            changed_by,
        })
    }

    /// Replaces an organisation's policy, whose revision is one more than that of the one it replaces.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when somebody was faster.
    pub async fn set_trust_policy(
        &self,
        org: &str,
        policy: TrustPolicy,
        audit: AuditDraft,
        event: EventDraft,
    ) -> Result<(), StoreError> {
        let org = org.to_owned();
        let allowed = serde_json::to_string(&policy.allowed).unwrap_or_default();
        self.write(move |tx| {
            Box::pin(async move {
                let rows = execute!(
                    &mut *tx,
                    "INSERT INTO trust_policies (org, unsigned, allowed, revision, changed_at, changed_by)
                     VALUES ($1, $2, $3, $4, $5, $6)
                     ON CONFLICT (org) DO UPDATE SET unsigned = excluded.unsigned, allowed = excluded.allowed,
                         revision = excluded.revision, changed_at = excluded.changed_at,
                         changed_by = excluded.changed_by
                     WHERE trust_policies.revision = excluded.revision - 1",
                    &org,
                    policy.unsigned.as_str(),
                    &allowed,
                    policy.revision,
                    policy.changed_at.0,
                    &policy.changed_by
                )?;
                if rows != 1 {
                    return Err(StoreError::Stale("trust policy".to_owned()));
                }
                unit::append(tx, &org, &[audit], &[event]).await
            })
        })
        .await
    }

    /// An organisation's publisher keys, oldest first, expired and revoked ones as well.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn publisher_keys(&self, org: &str) -> Result<Vec<PublisherKey>, StoreError> {
        let mut tx = self.read().await?;
        let rows = fetch_all!(
            &mut tx,
            Row,
            "SELECT id, name, public_key, processes, valid_from, valid_until, revoked_at, revoked_because, revision,
                    added_at, added_by
             FROM publisher_keys WHERE org = $1 ORDER BY added_at, id",
            org
        )?;
        rows.into_iter().map(key).collect()
    }

    /// Writes a key: a new one at revision 1, else one more than the revision it had.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when there is one already, or somebody was faster.
    pub async fn put_publisher_key(
        &self,
        org: &str,
        key: PublisherKey,
        audit: AuditDraft,
        event: EventDraft,
    ) -> Result<(), StoreError> {
        let org = org.to_owned();
        let processes = key.processes.iter().map(|process| process.slug()).collect::<Vec<_>>().join(",");
        self.write(move |tx| {
            Box::pin(async move {
                let rows = execute!(
                    &mut *tx,
                    "INSERT INTO publisher_keys
                        (org, id, name, public_key, processes, valid_from, valid_until, revoked_at, revoked_because,
                         revision, added_at, added_by)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
                     ON CONFLICT (org, id) DO UPDATE SET name = excluded.name, processes = excluded.processes,
                         valid_from = excluded.valid_from, valid_until = excluded.valid_until,
                         revoked_at = excluded.revoked_at, revoked_because = excluded.revoked_because,
                         revision = excluded.revision
                     WHERE publisher_keys.revision = excluded.revision - 1",
                    &org,
                    &key.id,
                    &key.name,
                    &key.public_key,
                    &processes,
                    key.valid_from.0,
                    key.valid_until.map(|at| at.0),
                    key.revoked_at.map(|at| at.0),
                    &key.revoked_because,
                    key.revision,
                    key.added_at.0,
                    &key.added_by
                )?;
                if rows != 1 {
                    return Err(StoreError::Stale(format!("key {}", key.id)));
                }
                unit::append(tx, &org, &[audit], &[event]).await
            })
        })
        .await
    }
}
