//! An archive becomes an organisation of this installation: all of it, or nothing.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::manifest::Manifest;
use super::unpack::{Unpacked, unpack};
use crate::catalog;
use crate::domain::audit::{self, AuditEntry, Verified};
use crate::domain::kind::Shaped;
use crate::domain::record::Record;
use crate::domain::refusal::Refusal;
use crate::domain::{Actor, Instant, Kinds, Role};
use crate::flows::working::record_write;
use crate::flows::{Desk, FlowError, reindex};
use crate::store::StoreError;
use crate::store::archive::{NewOrganisation, RECORDS, Restore, Rows};
use crate::store::unit::{AuditDraft, RecordWrite};

/// Bytes of an attachment read at once.
const CHUNK: usize = 256 << 10;
/// Version of the tables from which on an organisation without a trust policy takes nothing unsigned.
const TRUST_IS_ASKED: i64 = 25;

/// What was restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The organisation's identifier here.
    pub org: String,
    /// What the archive says about itself.
    pub manifest: Manifest,
}

/// Restores the organisation in `file` under its own identifier, or another one; `name` is the file's, for messages,
/// `user` is who does it.
///
/// Everything that can be checked is, before anything is written: every byte, the audit chain, and that the components
/// which are to decide load here.
///
/// # Errors
/// A file that is no archive, was cut or changed; another version; an organisation that exists already; a component
/// that this server does not accept; the database's errors.
pub async fn run(desk: &Desk, file: File, name: &str, org: Option<&str>, user: &str) -> Result<Restored, FlowError> {
    let said = name.to_owned();
    let unpacked = tokio::task::spawn_blocking(move || unpack(file, &said)).await;
    let unpacked = unpacked.map_err(|error| {
        tracing::error!(%error, "an archive cannot be unpacked");
        Refusal::unavailable("temporary-file", format!("{name} cannot be unpacked here"))
    })??;
    let unpacked = Arc::new(unpacked);
    let org = org.unwrap_or(&unpacked.manifest.organisation.id).to_owned();
    if org.is_empty() || org.chars().any(|sign| sign.is_control() || sign.is_whitespace()) {
        return Err(Refusal::invalid("format", "org", "an organisation's identifier has no spaces").into());
    }
    if desk.store.organisation(&org).await?.is_some() {
        return Err(exists(format!("there is an organisation '{org}' already; restore under another one")).into());
    }
    let damaged = |why: String| Refusal::invalid("archive-damaged", "file", format!("{name}: {why}"));
    let checking = Arc::clone(&unpacked);
    let checked = tokio::task::spawn_blocking(move || chain(&checking)).await;
    checked.map_err(|e| damaged(e.to_string()))?.map_err(damaged)?;
    components(desk, &unpacked, name).await?;

    attachments(desk, &unpacked, name).await?;
    let kinds = kinds(&unpacked).map_err(|why| {
        Refusal::invalid("archive-version", "file", format!("{name}: its kinds do not fit this server: {why}"))
    })?;
    let restore = restore(desk, &unpacked, kinds, &org, user).map_err(|e| damaged(e.to_string()))?;
    match desk.store.restore(restore).await {
        Ok(()) => {}
        Err(StoreError::Exists(what)) => {
            return Err(exists(format!(
                "{what} of {name} is in this database already: the same organisation is here under another identifier"
            ))
            .into());
        }
        Err(error @ StoreError::Corrupt { .. }) => return Err(damaged(error.to_string()).into()),
        Err(other) => return Err(other.into()),
    }
    desk.kinds.refresh(&desk.store).await?;
    desk.catalog.refresh().await?;
    reindex::run(desk).await?;
    tracing::info!(org, archive = %unpacked.seal, "an organisation was restored");
    Ok(Restored { org, manifest: unpacked.manifest.clone() })
}

fn exists(message: String) -> Refusal {
    Refusal::conflict("organisation-exists", message)
}

/// The audit chain of the archive verifies and ends where the manifest says.
fn chain(unpacked: &Unpacked) -> Result<(), String> {
    let mut last = Verified::default();
    for row in unpacked.objects("audit").map_err(|e| e.to_string())? {
        let row = row.map_err(|e| e.to_string())?;
        let entry = audit_entry(&row).ok_or_else(|| format!("audit entry {} cannot be read", last.seq + 1))?;
        last = audit::verify(last, [&entry]).map_err(|broken| broken.to_string())?;
    }
    let head = &unpacked.manifest.organisation;
    if (last.seq, last.hash.as_str()) != (head.audit_seq, head.audit_hash.as_str()) {
        return Err(format!("its audit trail ends at entry {}, not at {}", last.seq, head.audit_seq));
    }
    Ok(())
}

/// Every component that is to decide is in the archive and accepted here: a node that cannot load one would not follow
/// any organisation's activations.
async fn components(desk: &Desk, unpacked: &Unpacked, name: &str) -> Result<(), FlowError> {
    let text = |row: &Map<String, Value>, column: &str| row.get(column).and_then(Value::as_str).map(str::to_owned);
    let mut live = BTreeSet::new();
    for row in unpacked.objects("activations")? {
        let row = row?;
        if row.get("ended_generation").is_none_or(Value::is_null) {
            live.extend(text(&row, "digest"));
        }
    }
    for row in unpacked.objects("components")? {
        let row = row?;
        let Some(digest) = text(&row, "digest").filter(|digest| live.remove(digest)) else { continue };
        let grants = catalog::grants(&text(&row, "grants").unwrap_or_default());
        let bytes = unpacked.component(&digest)?;
        desk.catalog.admit(bytes.into(), &grants).await.map_err(|refused| {
            let message = format!("{name}: its component {digest} is not accepted here: {}", refused.message);
            Refusal::invalid("archive-component", "file", message)
        })?;
    }
    match live.pop_first() {
        None => Ok(()),
        Some(digest) => {
            let message = format!("{name}: its component {digest} is to decide, but is not in it");
            Err(Refusal::invalid("archive-component", "file", message).into())
        }
    }
}

/// Keeps the bytes of attachments: each under its own SHA-256, so that what is not referred to in the end does no harm.
async fn attachments(desk: &Desk, unpacked: &Unpacked, name: &str) -> Result<(), FlowError> {
    let there: BTreeSet<String> = unpacked.attachments().into_iter().collect();
    for row in unpacked.objects("attachments")? {
        let row = row?;
        let sha256 = row.get("sha256").and_then(Value::as_str).unwrap_or_default();
        if !there.contains(sha256) {
            let message = format!("{name}: the bytes of an attachment, {sha256}, are not in it");
            return Err(Refusal::invalid("archive-damaged", "file", message).into());
        }
    }
    for sha256 in there {
        let mut reader = unpacked.attachment(&sha256)?;
        let mut writing = desk.blobs.write(&desk.clock.id()).await?;
        loop {
            let mut chunk = Vec::with_capacity(CHUNK);
            let read = (&mut reader).take(CHUNK as u64).read_to_end(&mut chunk);
            let broken = |why: std::io::Error| StoreError::Corrupt { what: sha256.clone(), why: why.to_string() };
            if read.map_err(broken)? == 0 {
                break;
            }
            writing.put(&chunk).await?;
        }
        writing.keep().await?;
    }
    Ok(())
}

/// The kinds that are in force in the archived organisation.
fn kinds(unpacked: &Unpacked) -> Result<Kinds, String> {
    let mut versions = Vec::new();
    for row in unpacked.objects("kind_versions").map_err(|e| e.to_string())? {
        let row = row.map_err(|e| e.to_string())?;
        if row.get("ended_at").is_none_or(Value::is_null) {
            let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let version = row.get("version").and_then(Value::as_i64).unwrap_or_default();
            versions.push(Shaped { slug: text("slug"), version, body: text("body") });
        }
    }
    Kinds::shaped(unpacked.manifest.organisation.kinds_generation, &versions).map_err(|e| e.to_string())
}

fn restore(desk: &Desk, unpacked: &Arc<Unpacked>, kinds: Kinds, org: &str, user: &str) -> Result<Restore, StoreError> {
    let from = &unpacked.manifest.organisation;
    let mut tables = Vec::new();
    for (table, member) in unpacked.tables() {
        let rows = unpacked.objects(table.name)?.cells(table, member.columns.clone());
        tables.push(Rows { table, columns: member.columns.clone(), rows: Box::new(rows) });
    }
    let target = org.to_owned();
    let records = (1_u64..).zip(unpacked.objects(RECORDS)?).map(move |(line, row)| {
        let row = row?;
        let broken = || StoreError::Corrupt {
            what: format!("{RECORDS}.jsonl, line {line}"),
            why: "a column is missing, or of another type".to_owned(),
        };
        let record = record(&row, &target).ok_or_else(broken)?;
        Ok(match kinds.get(&record.kind) {
            Some(kind) => {
                // What is kept beside it is of the kind in force; it was written under what it says itself.
                let version = record.kind_version;
                let mut write = record_write(kind, None, record);
                write.record.kind_version = version;
                write
            }
            // Nothing is known of its fields; the common columns are kept beside it all the same.
            None => {
                RecordWrite { record, was: None, entries: Some(Vec::new()), links: Some(Vec::new()), content: None }
            }
        })
    });
    let source = Arc::clone(unpacked);
    let blobs = unpacked.digests().into_iter().map(move |digest| Ok((digest.clone(), source.component(&digest)?)));
    let head = json!({
        "archive": unpacked.seal,
        "from": from.id,
        "made_at": unpacked.manifest.made_at,
        "audit_seq": from.audit_seq,
        "audit_hash": from.audit_hash,
    });
    let actor = Actor::user(org, user, [Role::Adm]);
    Ok(Restore {
        organisation: NewOrganisation {
            id: org.to_owned(),
            name: from.name.clone(),
            created_at: from.created_at,
            audit_seq: from.audit_seq,
            audit_hash: from.audit_hash.clone(),
            event_seq: from.event_seq,
            kinds_generation: from.kinds_generation,
        },
        records: Box::new(records),
        tables,
        components: Box::new(blobs),
        trusted_all: (unpacked.manifest.schema < TRUST_IS_ASKED).then(|| desk.clock.now()),
        audit: AuditDraft {
            at: desk.clock.now(),
            number: "organisation".to_owned(),
            actor: actor.user,
            role: Role::Adm.code().to_owned(),
            action: "restore".to_owned(),
            before: json!({}),
            after: head,
            reason: String::new(),
        },
    })
}

/// A row of the member `records`.
fn record(row: &Map<String, Value>, org: &str) -> Option<Record> {
    let text = |name: &str| row.get(name)?.as_str().map(str::to_owned);
    let number = |name: &str| row.get(name)?.as_i64();
    Some(Record {
        id: text("id")?,
        org: org.to_owned(),
        kind: text("kind")?,
        number: text("number")?,
        title: text("title")?,
        state: text("state")?,
        owner: text("owner")?,
        revision: number("revision")?,
        created_at: Instant(number("created_at")?),
        created_by: text("created_by")?,
        updated_at: Instant(number("updated_at")?),
        data: serde_json::from_str(row.get("data")?.as_str()?).ok()?,
        kind_version: number("kind_version")?,
    })
}

/// A row of the member `audit`.
fn audit_entry(row: &Map<String, Value>) -> Option<AuditEntry> {
    let text = |name: &str| row.get(name)?.as_str().map(str::to_owned);
    let value = |name: &str| serde_json::from_str(row.get(name)?.as_str()?).ok();
    Some(AuditEntry {
        seq: row.get("seq")?.as_i64()?,
        at: Instant(row.get("at")?.as_i64()?),
        actor: text("actor")?,
        role: text("role")?,
        action: text("action")?,
        number: text("number")?,
        before: value("before_value")?,
        after: value("after_value")?,
        reason: text("reason")?,
        // Archives from before there were seals have no such column.
        seal: audit::parse_seal(&text("seal").unwrap_or_default()).ok()?,
        prev_hash: text("prev_hash")?,
        hash: text("hash")?,
    })
}
