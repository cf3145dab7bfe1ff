//! Kinds that organisations shaped: versions, and what has to be done to existing records before one is in force.

use std::sync::Arc;

use super::records::{COLUMNS, Row, record};
use super::tx::{Bind, execute, fetch_all, fetch_built, fetch_optional};
use super::unit::{AuditDraft, EventDraft};
use super::{Store, StoreError, Tx, index, unit};
use crate::domain::record::Record;
use crate::domain::time::Instant;

/// A version of a kind that an organisation made its own. A row is never changed but for its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindVersion {
    /// Organisation.
    pub org: String,
    /// Slug of the kind.
    pub slug: String,
    /// Number, from 1.
    pub version: i64,
    /// Prefix of its records' numbers.
    pub prefix: String,
    /// The file's text.
    pub body: String,
    /// When it was made.
    pub at: Instant,
    /// Who made it.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// The version that it is a change of: where a rollback leads. 0 is the built-in kind, or none at all.
    pub base: i64,
    /// When it stopped being in force; none while it is.
    pub ended_at: Option<Instant>,
}

pub(super) type VersionRow = (String, String, i64, String, String, i64, String, String, i64, Option<i64>);

pub(super) const VERSION_COLUMNS: &str = "org, slug, version, prefix, body, at, actor, reason, base, ended_at";

pub(super) fn version(row: VersionRow) -> KindVersion {
    let (org, slug, version, prefix, body, at, actor, reason, base, ended_at) = row;
    let (at, ended_at) = (Instant(at), ended_at.map(Instant));
    KindVersion { org, slug, version, prefix, body, at, actor, reason, base, ended_at }
}

/// Indexed values of a record: path and value.
type Entries = Vec<(String, String)>;

/// The right to change an organisation's kinds, which one holder has at a time. It ends by itself when its holder does
/// not go on.
#[derive(Clone, Debug)]
pub struct Lease {
    /// Organisation.
    pub org: String,
    /// Who has it: an identifier made for this change.
    pub holder: String,
}

/// What is worked out for each record of a kind before a new version of it is in force.
#[derive(Clone)]
pub struct Refit {
    /// The right to do it.
    pub lease: Lease,
    /// Slug of the kind.
    pub kind: String,
    /// Whether the index is to be written; otherwise records are looked at only.
    pub writes: bool,
    /// What a record's index shall hold; none when the record cannot live under the new version.
    pub entries: Arc<IndexOf>,
}

/// What of a record is kept in the index; none when the record does not fit.
pub type IndexOf = dyn Fn(&Record) -> Option<Entries> + Send + Sync;

/// A change of an organisation's kinds, ready to be in force.
#[derive(Clone)]
pub struct Publication {
    /// The generation of the organisation's kinds that the change was made from.
    pub generation: i64,
    /// The version; none takes the current one back without a successor.
    pub version: Option<KindVersion>,
    /// When.
    pub at: Instant,
    /// Until when the lease is held after that.
    pub until: Instant,
    /// What existing records need.
    pub refit: Refit,
    /// The length of the audit trail up to which the records are fitted already.
    pub fitted_to: i64,
    /// Its entry in the audit trail.
    pub audit: AuditDraft,
    /// Its event.
    pub event: EventDraft,
}

impl Store {
    /// Every organisation whose kinds were ever changed, and how often.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn kind_generations(&self) -> Result<Vec<(String, i64)>, StoreError> {
        let mut tx = self.read().await?;
        let sql = "SELECT id, kinds_generation FROM organisations WHERE kinds_generation > 0";
        Ok(fetch_all!(&mut tx, (String, i64), sql)?)
    }

    /// The versions of an organisation's kinds that are in force.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn current_kinds(&self, org: &str) -> Result<Vec<KindVersion>, StoreError> {
        let mut tx = self.read().await?;
        let rows = fetch_all!(
            &mut tx,
            VersionRow,
            "SELECT org, slug, version, prefix, body, at, actor, reason, base, ended_at
             FROM kind_versions WHERE org = $1 AND ended_at IS NULL ORDER BY slug",
            org
        )?;
        Ok(rows.into_iter().map(version).collect())
    }

    /// Every version that an organisation ever made of a kind, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn kind_versions(&self, org: &str, slug: &str) -> Result<Vec<KindVersion>, StoreError> {
        let mut tx = self.read().await?;
        let rows = fetch_all!(
            &mut tx,
            VersionRow,
            "SELECT org, slug, version, prefix, body, at, actor, reason, base, ended_at
             FROM kind_versions WHERE org = $1 AND slug = $2 ORDER BY version",
            org,
            slug
        )?;
        Ok(rows.into_iter().map(version).collect())
    }

    /// The kind for which an organisation ever used a prefix.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn kind_of_prefix(&self, org: &str, prefix: &str) -> Result<Option<String>, StoreError> {
        let mut tx = self.read().await?;
        let sql = "SELECT slug FROM kind_versions WHERE org = $1 AND prefix = $2 ORDER BY version LIMIT 1";
        Ok(fetch_optional!(&mut tx, (String,), sql, org, prefix)?.map(|(slug,)| slug))
    }

    /// Takes a lease until a time, unless another holder has it after `now`; gives whether it was taken.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_lease(&self, lease: &Lease, now: Instant, until: Instant) -> Result<bool, StoreError> {
        let lease = lease.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let rows = execute!(
                    tx,
                    "INSERT INTO kind_leases (org, holder, until) VALUES ($1, $2, $3)
                     ON CONFLICT (org) DO UPDATE SET holder = excluded.holder, until = excluded.until
                     WHERE kind_leases.until < $4",
                    &lease.org,
                    &lease.holder,
                    until.0,
                    now.0
                )?;
                Ok(rows == 1)
            })
        })
        .await
    }

    /// Gives a lease back.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn give_back(&self, lease: &Lease) -> Result<(), StoreError> {
        let lease = lease.clone();
        self.write(move |tx| {
            Box::pin(async move {
                execute!(tx, "DELETE FROM kind_leases WHERE org = $1 AND holder = $2", &lease.org, &lease.holder)?;
                Ok(())
            })
        })
        .await
    }

    /// Records of a kind after an identifier, by identifier: a walk over all of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn records_after(&self, org: &str, kind: &str, id: &str, limit: i64) -> Result<Vec<Record>, StoreError> {
        let mut tx = self.read().await?;
        let sql = format!(
            "SELECT {COLUMNS} FROM records r WHERE r.org = $1 AND r.kind = $2 AND r.id > $3 ORDER BY r.id LIMIT $4"
        );
        let mut binds = [org, kind, id].map(|text| Bind::Text(text.to_owned())).to_vec();
        binds.push(Bind::Int(limit));
        fetch_built::<Row>(&mut tx, sql, binds).await?.into_iter().map(record).collect()
    }

    /// Fits the records of a kind after an identifier, at most `limit`; gives the last one's identifier, none when
    /// there are no more. Doing it twice does no harm. The lease holds until `until`.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when a record does not fit, which the caller looks up and tells,
    /// [`StoreError::KindsMoved`] when the lease is lost; the database's errors.
    pub async fn refit_after(
        &self,
        refit: &Refit,
        id: &str,
        limit: i64,
        until: Instant,
    ) -> Result<Option<String>, StoreError> {
        let (refit, id) = (refit.clone(), id.to_owned());
        self.write(move |tx| {
            Box::pin(async move {
                hold(tx, &refit.lease, until).await?;
                let condition = "r.id > $3 ORDER BY r.id LIMIT $4";
                fit(tx, &refit, condition, vec![Bind::Text(id), Bind::Int(limit)]).await
            })
        })
        .await
    }

    /// Fits the records of a kind that changed after an entry of the audit trail; gives the trail's length then.
    ///
    /// # Errors
    /// As [`Self::refit_after`].
    pub async fn refit_changed(&self, refit: &Refit, after: i64, until: Instant) -> Result<i64, StoreError> {
        let refit = refit.clone();
        self.write(move |tx| {
            Box::pin(async move {
                hold(tx, &refit.lease, until).await?;
                // Read first: what is written meanwhile is done again the next time.
                let length = audit_length(tx, &refit.lease.org).await?;
                fit_changed(tx, &refit, after).await?;
                Ok(length)
            })
        })
        .await
    }

    /// Puts a change of an organisation's kinds in force: in one transaction it fits what has changed since the walk,
    /// ends the version before, adds the new one with its audit entry and event, and counts the generation. From then
    /// on no unit that was made under the kinds before is taken any more.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when the kinds have changed meanwhile, or a record that does not fit was written.
    pub async fn publish_kind(&self, publication: Publication) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let Publication { generation, version, at, until, refit, fitted_to, audit, event } = publication;
                let org = refit.lease.org.as_str();
                hold(tx, &refit.lease, until).await?;
                // Takes the row on which every unit ends: nothing is written beside what follows.
                let moved = execute!(
                    &mut *tx,
                    "UPDATE organisations SET kinds_generation = kinds_generation + 1
                     WHERE id = $1 AND kinds_generation = $2",
                    org,
                    generation
                )?;
                if moved != 1 {
                    return Err(StoreError::KindsMoved(org.to_owned()));
                }
                fit_changed(tx, &refit, fitted_to).await?;
                execute!(
                    &mut *tx,
                    "UPDATE kind_versions SET ended_at = $3 WHERE org = $1 AND slug = $2 AND ended_at IS NULL",
                    org,
                    &refit.kind,
                    at.0
                )?;
                if let Some(version) = version {
                    execute!(
                        &mut *tx,
                        "INSERT INTO kind_versions (org, slug, version, prefix, body, at, actor, reason, base)
                         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                        &version.org,
                        &version.slug,
                        version.version,
                        &version.prefix,
                        &version.body,
                        version.at.0,
                        &version.actor,
                        &version.reason,
                        version.base
                    )?;
                }
                unit::append(tx, org, &[audit], &[event]).await
            })
        })
        .await
    }
}

/// Goes on holding a lease.
async fn hold(tx: &mut Tx, lease: &Lease, until: Instant) -> Result<(), StoreError> {
    let rows = execute!(
        tx,
        "UPDATE kind_leases SET until = $3 WHERE org = $1 AND holder = $2",
        &lease.org,
        &lease.holder,
        until.0
    )?;
    if rows == 1 { Ok(()) } else { Err(StoreError::KindsMoved(lease.org.clone())) }
}

async fn audit_length(tx: &mut Tx, org: &str) -> Result<i64, StoreError> {
    let row = fetch_optional!(tx, (i64,), "SELECT audit_seq FROM organisations WHERE id = $1", org)?;
    Ok(row.map_or(0, |(length,)| length))
}

async fn fit_changed(tx: &mut Tx, refit: &Refit, after: i64) -> Result<(), StoreError> {
    let condition = "r.number IN (SELECT a.number FROM audit a WHERE a.org = $1 AND a.seq > $3) ORDER BY r.id";
    fit(tx, refit, condition, vec![Bind::Int(after)]).await.map(|_| ())
}

type FitRow =
    (String, String, String, String, String, String, String, i64, i64, String, i64, String, i64, i64, Option<String>);

/// Fits the records of the kind that meet a condition, whose places are bound from the third on; gives the last one's
/// identifier.
async fn fit(tx: &mut Tx, refit: &Refit, condition: &str, more: Vec<Bind>) -> Result<Option<String>, StoreError> {
    // A record is not written by anybody else between reading and indexing it. SQLite has one writer anyway.
    let lock = if refit.writes && matches!(tx, Tx::Postgres(_)) { " FOR UPDATE OF r" } else { "" };
    let sql = format!(
        "SELECT {COLUMNS}, r.key, t.tokens FROM records r LEFT JOIN facets t ON t.record = r.key
         WHERE r.org = $1 AND r.kind = $2 AND {condition}{lock}"
    );
    let mut binds = [&refit.lease.org, &refit.kind].map(|text| Bind::Text(text.clone())).to_vec();
    binds.extend(more);
    let mut all = Vec::new();
    for row in fetch_built::<FitRow>(tx, sql, binds).await? {
        let (a, b, c, d, e, f, g, h, i, j, k, l, m, key, tokens) = row;
        let record = record((a, b, c, d, e, f, g, h, i, j, k, l, m))?;
        let entries = (refit.entries)(&record).ok_or_else(|| StoreError::Stale(record.number.clone()))?;
        all.push(index::Refit { record, key, tokens, entries });
    }
    if refit.writes {
        index::update_all(tx, &all).await?;
    }
    Ok(all.pop().map(|last| last.record.id))
}
