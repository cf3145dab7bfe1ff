//! One unit of work: record, audit entry, event, timers and decisions commit together (invariants 7 and 8).
//!
//! A flow reads, asks the guest, and then describes everything that follows as a [`Unit`]; the unit is applied in
//! one transaction that checks again the revisions the flow read.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::baselines::Frozen;
use super::dependencies::{self, Acyclic};
use super::tx::{Bind, execute, execute_built, fetch_optional, values_list};
use super::work::{self, WorkChange};
use super::{Store, StoreError, Tx, is_unique_violation, record_rows};
use crate::domain::audit::{self, AuditEntry};
use crate::domain::decision::{DecisionRecord, Status};
use crate::domain::record::Record;
use crate::domain::role::HOST_USER;
use crate::domain::search::Content;
use crate::domain::time::Instant;

/// Everything one use case writes.
#[derive(Clone, Debug, Default)]
pub struct Unit {
    /// Organisation that all of it belongs to.
    pub org: String,
    /// Records made or changed.
    pub records: Vec<RecordWrite>,
    /// Numbers and revisions of records that were read and must not have changed.
    pub held: Vec<(String, i64)>,
    /// The generation of the organisation's kinds that the unit was made under; none when it holds no records.
    pub kinds: Option<i64>,
    /// What the audit trail says, in order.
    pub audit: Vec<AuditDraft>,
    /// What the event stream says, in order.
    pub events: Vec<EventDraft>,
    /// Decisions, with their input and output.
    pub decisions: Vec<DecisionRecord>,
    /// Decisions that a candidate in shadow is asked for once this is written: decision and activation. Not stored.
    pub shadows: Vec<(String, String)>,
    /// Timers to set or clear.
    pub timers: Vec<TimerChange>,
    /// What a person must decide from now on.
    pub manual: Vec<ManualEntry>,
    /// Number and process of what a person need no longer decide.
    pub resolved: Vec<(String, String)>,
    /// A timer that this unit is the firing of: identifier and who claimed it.
    pub fires: Option<(String, String)>,
    /// Figures of service reports, fixed.
    pub snapshots: Vec<super::report_snapshots::Snapshot>,
    /// The caller's idempotency key.
    pub key: Option<IdempotencyKey>,
    /// What no record may have yet.
    pub fresh: Option<Fresh>,
    /// Jobs, and work on records.
    pub work: Vec<WorkChange>,
    /// Numbers of records that units of this sort take turns at, in the order of the numbers: what is held is checked
    /// when nobody else is at it any more. (SQLite has one writer; PostgreSQL locks the rows.)
    pub turns: Vec<String>,
    /// Relations that this unit adds and that must not close a circle.
    pub acyclic: Vec<Acyclic>,
    /// What a baseline that this unit makes keeps of other records.
    pub frozen: Vec<Frozen>,
    /// What the unit's first audit entry says of its decisions; the store works it out.
    pub seal: BTreeMap<String, String>,
}

/// A record made (`was` is none) or changed.
#[derive(Clone, Debug)]
pub struct RecordWrite {
    /// The record as it shall be, its revision already advanced.
    pub record: Record,
    /// The revision that was read.
    pub was: Option<i64>,
    /// Indexed values of the kind's fields; none when they did not change.
    pub entries: Option<Vec<(String, String)>>,
    /// Each reference; none when they did not change.
    pub links: Option<Vec<LinkRow>>,
    /// Words; none when they did not change.
    pub content: Option<Content>,
}

/// A reference of a record as it is kept: each relation to a target once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkRow {
    /// Field name, or the relation's type.
    pub rel: String,
    /// Number that is referred to.
    pub target: String,
    /// Redundancy group; empty for none.
    pub group: String,
}

/// An audit entry before it is chained.
#[derive(Clone, Debug)]
pub struct AuditDraft {
    /// When it happened.
    pub at: Instant,
    /// Record number, or what else was acted on.
    pub number: String,
    /// Who.
    pub actor: String,
    /// In which role.
    pub role: String,
    /// What: `create`, `update`, `transition:STATE`, `timer:NAME` …
    pub action: String,
    /// Changed values before.
    pub before: Value,
    /// Changed values after.
    pub after: Value,
    /// Why, in the actor's words; may be empty.
    pub reason: String,
}

/// An event before it has its place in the stream.
#[derive(Clone, Debug)]
pub struct EventDraft {
    /// When it happened.
    pub at: Instant,
    /// `record.inc.resolved`, `sla.warning` …
    pub kind: String,
    /// Record number it is about.
    pub number: String,
    /// Details.
    pub data: Value,
}

/// A timer to set or to clear.
#[derive(Clone, Debug)]
pub enum TimerChange {
    /// Fires once at `due_at`; a timer of the same record and name is moved.
    Set {
        /// Identifier.
        id: String,
        /// Record number.
        number: String,
        /// `sla.resolution.due`, `supplier.review` …
        name: String,
        /// When.
        due_at: Instant,
    },
    /// Removes the timers of a record whose names start with `prefix`.
    Clear {
        /// Record number.
        number: String,
        /// Start of the names.
        prefix: String,
    },
}

/// An entry of the manual-decision queue.
#[derive(Clone, Debug)]
pub struct ManualEntry {
    /// Identifier.
    pub id: String,
    /// Record number.
    pub number: String,
    /// Process whose component failed.
    pub process: String,
    /// Why a person must decide.
    pub reason: String,
    /// The failed decision.
    pub decision: String,
    /// The state that the record was to enter when it stayed where it was; empty where nothing was held up.
    pub step: String,
    /// Since when.
    pub at: Instant,
}

/// A value that a record has which this unit makes, and that no other record of its kind may have: two imports that run
/// at the same time make one record of a foreign one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fresh {
    /// Slug of the kind.
    pub kind: String,
    /// An indexed field of it.
    pub path: String,
    /// The value as the index has it.
    pub value: String,
}

/// A caller's key that makes a creation safe to repeat.
#[derive(Clone, Debug)]
pub struct IdempotencyKey {
    /// Who sent it.
    pub user: String,
    /// The key.
    pub key: String,
    /// SHA-256 of the request it stands for.
    pub request_hash: String,
    /// The record it made.
    pub number: String,
    /// When.
    pub at: Instant,
}

impl Store {
    /// Applies a unit: all of it or nothing.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when a record it read has changed, [`StoreError::Exists`] for a number, key or fresh value in use.
    pub async fn commit(&self, unit: Unit) -> Result<(), StoreError> {
        self.commit_all(vec![unit]).await
    }

    /// Applies many units in one transaction: all of them or nothing. No unit may hold a record that another one of
    /// them makes or changes.
    ///
    /// # Errors
    /// As [`Self::commit`].
    pub async fn commit_all(&self, mut units: Vec<Unit>) -> Result<(), StoreError> {
        for unit in &mut units {
            self.number_decisions(&mut unit.decisions).await?;
            seal(unit);
        }
        let store = self.clone();
        self.write(move |tx| {
            Box::pin(async move {
                for group in units.chunk_by(|one, other| one.org == other.org) {
                    apply(tx, &store, group).await?;
                }
                Ok(())
            })
        })
        .await
    }
}

/// Binds the unit's decisions to the audit trail: their digests stand in an entry that is written with them. Worked out
/// before the transaction begins, so that nobody waits for it.
fn seal(unit: &mut Unit) {
    let Some(first) = unit.decisions.first() else { return };
    if unit.audit.is_empty() {
        // A decision that changed nothing.
        unit.audit.push(AuditDraft {
            at: first.at,
            number: first.number.clone(),
            actor: HOST_USER.to_owned(),
            role: "auto".to_owned(),
            action: DECIDED.to_owned(),
            before: Value::Object(Map::new()),
            after: Value::Object(Map::new()),
            reason: String::new(),
        });
    }
    unit.seal = unit.decisions.iter().map(|one| (one.decision_number.clone(), one.digest())).collect();
}

/// What an audit entry says that is there for decisions alone.
pub(super) const DECIDED: &str = "decided";

/// Applies units of one organisation inside a transaction that is open already.
async fn apply(tx: &mut Tx, store: &Store, units: &[Unit]) -> Result<(), StoreError> {
    let Some(first) = units.first() else { return Ok(()) };
    let org = first.org.as_str();
    for unit in units {
        check(tx, unit).await?;
    }
    let writes = || units.iter().flat_map(|unit| &unit.records);
    let made: Vec<&RecordWrite> = writes().filter(|write| write.was.is_none()).collect();
    record_rows::insert(tx, store, &made).await?;
    for write in writes() {
        if let Some(was) = write.was {
            record_rows::update(tx, store, write, was).await?;
        }
    }
    for unit in units {
        super::decisions::insert(tx, &unit.decisions).await?;
        for snapshot in &unit.snapshots {
            super::report_snapshots::insert(tx, org, snapshot).await?;
        }
        for change in &unit.timers {
            super::timers::apply(tx, org, change).await?;
        }
        for entry in &unit.manual {
            super::manual::insert(tx, org, entry).await?;
        }
        for (number, process) in &unit.resolved {
            let of = |d: &&DecisionRecord| d.number == *number && d.process.slug() == process && d.status == Status::Ok;
            let by = unit.decisions.iter().rfind(of);
            let at = by.map(|d| d.at).or_else(|| unit.audit.first().map(|a| a.at)).unwrap_or(Instant(0));
            super::manual::resolve(tx, org, number, process, at, by.map_or("", |d| &d.id)).await?;
        }
        for change in &unit.work {
            work::apply(tx, org, change).await?;
        }
        for frozen in unit.frozen.chunks(super::baselines::AT_ONCE) {
            super::baselines::insert(tx, org, frozen).await?;
        }
        if !unit.acyclic.is_empty() {
            dependencies::hold(tx, org, &unit.acyclic).await?;
        }
    }
    let entries = |unit| {
        let Unit { audit, seal, .. }: &Unit = unit;
        audit.iter().enumerate().map(move |(place, draft)| (draft, (place == 0).then_some(seal)))
    };
    let audit: Vec<Entry<'_>> = units.iter().flat_map(entries).collect();
    let events: Vec<&EventDraft> = units.iter().flat_map(|unit| &unit.events).collect();
    append_all(tx, org, &audit, &events, &units.iter().filter_map(|unit| unit.kinds).collect::<Vec<_>>()).await
}

/// Checks what must still hold, and takes what can be had once.
async fn check(tx: &mut Tx, unit: &Unit) -> Result<(), StoreError> {
    let org = unit.org.as_str();
    if let Some((id, node)) = &unit.fires {
        let rows = execute!(&mut *tx, "DELETE FROM timers WHERE id = $1 AND claimed_by = $2", id, node)?;
        if rows == 0 {
            return Err(StoreError::Stale(format!("timer {id}")));
        }
    }
    for number in &unit.turns {
        take_turn(tx, org, number).await?;
    }
    for (number, revision) in &unit.held {
        let now = fetch_optional!(
            &mut *tx,
            (i64,),
            "SELECT revision FROM records WHERE org = $1 AND number = $2",
            org,
            number
        )?;
        if now != Some((*revision,)) {
            return Err(StoreError::Stale(number.clone()));
        }
    }
    if let Some(fresh) = &unit.fresh {
        is_fresh(tx, org, fresh).await?;
    }
    match &unit.key {
        Some(key) => insert_key(tx, org, key).await,
        None => Ok(()),
    }
}

/// Refuses a value that a record has already. Units that ask this of one field take turns: what another one has made
/// is committed when it is looked for. (SQLite has one writer.)
async fn is_fresh(tx: &mut Tx, org: &str, fresh: &Fresh) -> Result<(), StoreError> {
    let path = super::index::path(org, &fresh.kind, &fresh.path);
    if let Tx::Postgres(connection) = tx {
        sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(path).execute(&mut **connection).await?;
    }
    let found = fetch_optional!(
        &mut *tx,
        (i64,),
        "SELECT record FROM field_index WHERE path = $1 AND value = $2 LIMIT 1",
        path,
        &fresh.value
    )?;
    match found {
        None => Ok(()),
        Some(_) => Err(StoreError::Exists(format!("{} {}", fresh.path, fresh.value))),
    }
}

/// Waits until no other transaction is at a record.
async fn take_turn(tx: &mut Tx, org: &str, number: &str) -> Result<(), StoreError> {
    if let Tx::Postgres(connection) = tx {
        sqlx::query("SELECT 1 FROM records WHERE org = $1 AND number = $2 FOR UPDATE")
            .bind(org)
            .bind(number)
            .execute(&mut **connection)
            .await?;
    }
    Ok(())
}

pub(super) fn texts<const N: usize>(values: [&String; N]) -> [Bind; N] {
    values.map(|value| Bind::Text(value.clone()))
}

/// Rows, several to a statement: a statement costs more than a row.
pub(super) async fn insert_rows<const N: usize>(
    tx: &mut Tx,
    head: &str,
    rows: Vec<[Bind; N]>,
) -> Result<(), StoreError> {
    // Few sizes, so that few statements are prepared.
    const SIZES: [usize; 3] = [256, 64, 16];
    let mut left = rows.len();
    let mut rows = rows.into_iter();
    while left > 0 {
        let size = SIZES.into_iter().find(|size| *size <= left).unwrap_or(left);
        let sql = format!("{head}{}", values_list(tx, size, N));
        execute_built(tx, sql, rows.by_ref().take(size).flatten().collect()).await?;
        left -= size;
    }
    Ok(())
}

async fn insert_key(tx: &mut Tx, org: &str, key: &IdempotencyKey) -> Result<(), StoreError> {
    let inserted = execute!(
        tx,
        "INSERT INTO idempotency (org, user_name, key, request_hash, number, at) VALUES ($1, $2, $3, $4, $5, $6)",
        org,
        &key.user,
        &key.key,
        &key.request_hash,
        &key.number,
        key.at.0
    );
    match inserted {
        // Two requests with one key at the same time: the second reads what the first made.
        Err(e) if is_unique_violation(&e) => Err(StoreError::Stale(format!("idempotency key {}", key.key))),
        other => other.map(|_| ()).map_err(StoreError::from),
    }
}

/// Appends to the audit trail and the event stream what no record write goes with.
pub(super) async fn append(
    tx: &mut Tx,
    org: &str,
    audit: &[AuditDraft],
    events: &[EventDraft],
) -> Result<(), StoreError> {
    let audit: Vec<Entry<'_>> = audit.iter().map(|draft| (draft, None)).collect();
    append_all(tx, org, &audit, &events.iter().collect::<Vec<_>>(), &[]).await
}

/// Appends to the audit trail and the event stream. The organisation's row is taken last and holds both counters,
/// so that sequence numbers become visible in order and no reader skips one. It also counts the changes of the
/// organisation's kinds: what was made under other generations of them than the present one is refused.
async fn append_all(
    tx: &mut Tx,
    org: &str,
    audit: &[Entry<'_>],
    events: &[&EventDraft],
    kinds: &[i64],
) -> Result<(), StoreError> {
    if audit.is_empty() && events.is_empty() {
        return Ok(());
    }
    let (entries, happenings) = (len(audit), len(events));
    let head = fetch_optional!(
        &mut *tx,
        (i64, String, i64, i64),
        "UPDATE organisations SET audit_seq = audit_seq + $2, event_seq = event_seq + $3 WHERE id = $1
         RETURNING audit_seq, audit_hash, event_seq, kinds_generation",
        org,
        entries,
        happenings
    )?;
    let (audit_seq, mut hash, event_seq, generation) =
        head.ok_or_else(|| StoreError::corrupt("organisations", format!("no organisation '{org}'")))?;
    if kinds.iter().any(|kinds| *kinds != generation) {
        return Err(StoreError::KindsMoved(org.to_owned()));
    }
    let mut rows = Vec::with_capacity(audit.len());
    for (seq, (draft, seal)) in (audit_seq - entries + 1..).zip(audit) {
        let mut entry = AuditEntry {
            seq,
            at: draft.at,
            actor: draft.actor.clone(),
            role: draft.role.clone(),
            action: draft.action.clone(),
            number: draft.number.clone(),
            before: draft.before.clone(),
            after: draft.after.clone(),
            reason: draft.reason.clone(),
            seal: seal.cloned().unwrap_or_default(),
            prev_hash: hash,
            hash: String::new(),
        };
        entry.hash = audit::chain(&entry);
        hash = entry.hash.clone();
        rows.push(audit_row(org, entry));
    }
    insert_rows(
        tx,
        "INSERT INTO audit
            (org, seq, at, number, actor, role, action, before_value, after_value, reason, seal, prev_hash, hash)
         VALUES ",
        rows,
    )
    .await?;
    if !audit.is_empty() {
        execute!(&mut *tx, "UPDATE organisations SET audit_hash = $2 WHERE id = $1", org, &hash)?;
    }
    let rows = (event_seq - happenings + 1..).zip(events).map(|(seq, draft)| {
        [
            Bind::Text(org.to_owned()),
            Bind::Int(seq),
            Bind::Int(draft.at.0),
            Bind::Text(draft.kind.clone()),
            Bind::Text(draft.number.clone()),
            Bind::Text(draft.data.to_string()),
        ]
    });
    insert_rows(tx, "INSERT INTO events (org, seq, at, type, number, data) VALUES ", rows.collect()).await
}

/// An audit entry to be, and the seal that it bears.
type Entry<'u> = (&'u AuditDraft, Option<&'u BTreeMap<String, String>>);

fn audit_row(org: &str, entry: AuditEntry) -> [Bind; 13] {
    [
        Bind::Text(org.to_owned()),
        Bind::Int(entry.seq),
        Bind::Int(entry.at.0),
        Bind::Text(entry.number),
        Bind::Text(entry.actor),
        Bind::Text(entry.role),
        Bind::Text(entry.action),
        Bind::Text(entry.before.to_string()),
        Bind::Text(entry.after.to_string()),
        Bind::Text(entry.reason),
        Bind::Text(audit::seal_text(&entry.seal)),
        Bind::Text(entry.prev_hash),
        Bind::Text(entry.hash),
    ]
}

fn len<T>(slice: &[T]) -> i64 {
    i64::try_from(slice.len()).unwrap_or(i64::MAX)
}
