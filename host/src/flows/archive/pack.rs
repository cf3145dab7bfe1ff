//! Writing an archive, a part at a time: nothing of it is held in memory as a whole.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use zip::write::{SimpleFileOptions, StreamWriter, ZipWriter};

use super::manifest::{
    ATTACHMENTS, COMPONENTS, FORMAT, Manifest, Member, NAME, OrganisationPart, SEAL, SEAL_DIGITS, VERSION,
};
use crate::domain::refusal::Refusal;
use crate::domain::{Actor, Role, canonical};
use crate::flows::{Desk, FlowError};
use crate::store::archive::{Cell, Snapshot, TABLES, Table};
use crate::store::blobs::{Blobs, Reading};
use crate::store::unit::AuditDraft;

/// Rows read at once.
const PAGE: i64 = 500;

/// What the ZIP writer has written and nobody has taken yet.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// An archive under way.
pub struct Archive {
    snapshot: Snapshot,
    org: String,
    zip: Option<ZipWriter<StreamWriter<Sink>>>,
    sink: Sink,
    /// Of everything that was given out.
    seal: Sha256,
    manifest: Manifest,
    /// The table whose rows come next; beyond the last, components and attachments.
    table: usize,
    after: Option<Vec<Cell>>,
    member: Option<Open>,
    components: Option<std::vec::IntoIter<String>>,
    blobs: Blobs,
    files: Option<std::vec::IntoIter<(String, i64)>>,
    /// The attachment being written.
    file: Option<Reading>,
}

/// The member being written.
struct Open {
    member: Member,
    hash: Sha256,
}

impl Archive {
    /// Begins an archive of the actor's organisation as it is now. The audit trail says who took it.
    ///
    /// # Errors
    /// Not an administrator, no such organisation; the database's errors.
    pub async fn begin(desk: &Desk, actor: &Actor) -> Result<Self, FlowError> {
        if !actor.has(Role::Adm) {
            let message = "an archive holds everything of the organisation; it takes the role ADM (administrator)";
            return Err(Refusal::forbidden("role", message).into());
        }
        let (org, now) = (actor.org.clone(), desk.clock.now());
        let missing = || Refusal::not_found(format!("there is no organisation '{org}'"));
        if desk.store.organisation(&org).await?.is_none() {
            return Err(missing().into());
        }
        let audit = AuditDraft {
            at: now,
            number: "organisation".to_owned(),
            actor: actor.user.clone(),
            role: Role::Adm.code().to_owned(),
            action: "archive".to_owned(),
            before: json!({}),
            after: json!({}),
            reason: String::new(),
        };
        desk.store.append(&org, vec![audit], Vec::new()).await?;
        let mut snapshot = desk.store.standing_still().await?;
        let own = snapshot.organisation(&org).await?.ok_or_else(missing)?;
        let manifest = Manifest {
            format: FORMAT.to_owned(),
            version: VERSION,
            made_with: env!("CARGO_PKG_VERSION").to_owned(),
            schema: crate::store::migrate::newest(),
            made_at: now.to_string(),
            made_by: actor.user.clone(),
            organisation: OrganisationPart {
                id: own.id,
                name: own.name,
                created_at: own.created_at,
                audit_seq: own.audit_seq,
                audit_hash: own.audit_hash,
                event_seq: own.event_seq,
                kinds_generation: own.kinds_generation,
            },
            members: Vec::new(),
        };
        let sink = Sink::default();
        Ok(Self {
            snapshot,
            org,
            zip: Some(ZipWriter::new_stream(sink.clone())),
            sink,
            seal: Sha256::new(),
            manifest,
            table: 0,
            after: None,
            member: None,
            components: None,
            blobs: desk.blobs.clone(),
            files: None,
            file: None,
        })
    }

    /// Name to save the file under: organisation and day.
    pub fn file_name(&self) -> String {
        let day = self.manifest.made_at.split('T').next().unwrap_or_default();
        let safe = |sign: char| if sign.is_ascii_alphanumeric() || "-_".contains(sign) { sign } else { '-' };
        format!("{}-{day}.zip", self.org.chars().map(safe).collect::<String>())
    }

    /// The next part of the file; none after the last.
    ///
    /// # Errors
    /// The database's errors: what was given out so far is no archive then.
    pub async fn part(&mut self) -> Result<Option<Vec<u8>>, FlowError> {
        while self.zip.is_some() {
            if let Some(table) = TABLES.get(self.table) {
                self.page(table).await?;
            } else if let Some(digest) = self.next_component().await? {
                self.component(&digest).await?;
            } else if !self.attachment().await? {
                return self.finish().map(Some);
            }
            let part = self.sink.take();
            if !part.is_empty() {
                self.seal.update(&part);
                return Ok(Some(part));
            }
        }
        Ok(None)
    }

    /// What the archive says about itself; complete once the last part was taken.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    async fn page(&mut self, table: &'static Table) -> Result<(), FlowError> {
        let columns: Vec<&str> = table.archived().map(|(name, _)| *name).collect();
        if self.member.is_none() {
            let columns = columns.iter().map(|name| (*name).to_owned()).collect();
            self.open(format!("{}.jsonl", table.name), Some(table.name.to_owned()), columns)?;
        }
        let rows = self.snapshot.rows(table, &self.org, self.after.as_deref(), PAGE).await?;
        let mut text = Vec::new();
        for row in &rows {
            let value = |cell: &Cell| match cell {
                Cell::Null => Value::Null,
                Cell::Text(text) => text.as_str().into(),
                Cell::Int(number) => (*number).into(),
            };
            let map: Map<String, Value> =
                columns.iter().zip(row).map(|(name, cell)| ((*name).to_owned(), value(cell))).collect();
            text.extend_from_slice(Value::Object(map).to_string().as_bytes());
            text.push(b'\n');
        }
        self.add(&text, u64::try_from(rows.len()).unwrap_or_default())?;
        self.after = rows.last().map(|row| {
            let place = |name: &&str| columns.iter().position(|column| column == name);
            table.key.iter().filter_map(|name| Some(row.get(place(name)?)?.clone())).collect()
        });
        if i64::try_from(rows.len()).unwrap_or_default() < PAGE {
            self.close();
            self.after = None;
            self.table += 1;
        }
        Ok(())
    }

    async fn next_component(&mut self) -> Result<Option<String>, FlowError> {
        if self.components.is_none() {
            self.components = Some(self.snapshot.component_digests(&self.org).await?.into_iter());
        }
        Ok(self.components.as_mut().and_then(Iterator::next))
    }

    async fn component(&mut self, digest: &str) -> Result<(), FlowError> {
        let bytes = self.snapshot.component_bytes(digest).await?.unwrap_or_default();
        self.open(format!("{COMPONENTS}{digest}.wasm"), None, Vec::new())?;
        self.add(&bytes, 0)?;
        self.close();
        Ok(())
    }

    /// Writes the next bytes of the attachments; false after the last.
    async fn attachment(&mut self) -> Result<bool, FlowError> {
        if let Some(file) = &mut self.file {
            match file.next().await.map_err(|e| failed(&e))? {
                Some(bytes) => self.add(&bytes, 0)?,
                None => {
                    self.file = None;
                    self.close();
                }
            }
            return Ok(true);
        }
        if self.files.is_none() {
            self.files = Some(self.snapshot.attachment_files(&self.org).await?.into_iter());
        }
        let Some((sha256, size)) = self.files.as_mut().and_then(Iterator::next) else { return Ok(false) };
        // All of it is checked before its first byte is given out.
        self.file = Some(self.blobs.read(&sha256, u64::try_from(size).unwrap_or_default()).await?);
        self.open(format!("{ATTACHMENTS}{sha256}"), None, Vec::new())?;
        Ok(true)
    }

    fn open(&mut self, name: String, table: Option<String>, columns: Vec<String>) -> Result<(), Refusal> {
        if let Some(zip) = &mut self.zip {
            // Members of any length; a stream does not know it beforehand.
            zip.start_file(&name, SimpleFileOptions::default().large_file(true)).map_err(|e| failed(&e))?;
        }
        let member = Member { name, table, columns, rows: 0, bytes: 0, sha256: String::new() };
        self.member = Some(Open { member, hash: Sha256::new() });
        Ok(())
    }

    fn add(&mut self, bytes: &[u8], rows: u64) -> Result<(), Refusal> {
        if let (Some(zip), Some(open)) = (&mut self.zip, &mut self.member) {
            zip.write_all(bytes).map_err(|e| failed(&e))?;
            open.hash.update(bytes);
            open.member.rows += rows;
            open.member.bytes += u64::try_from(bytes.len()).unwrap_or_default();
        }
        Ok(())
    }

    fn close(&mut self) {
        if let Some(Open { mut member, hash }) = self.member.take() {
            member.sha256 = canonical::hex(&hash.finalize());
            self.manifest.members.push(member);
        }
    }

    /// The manifest, the ZIP's directory, and the seal.
    fn finish(&mut self) -> Result<Vec<u8>, FlowError> {
        let Some(mut zip) = self.zip.take() else { return Ok(Vec::new()) };
        let text = serde_json::to_vec_pretty(&self.manifest).map_err(|e| failed(&e))?;
        zip.start_file(NAME, SimpleFileOptions::default()).map_err(|e| failed(&e))?;
        zip.write_all(&text).map_err(|e| failed(&e))?;
        // The comment is the end of the file; its last characters are replaced by what they stand for.
        zip.set_comment(format!("{SEAL}{}", "0".repeat(SEAL_DIGITS))).map_err(|e| failed(&e))?;
        zip.finish().map_err(|e| failed(&e))?;
        let mut last = self.sink.take();
        last.truncate(last.len().saturating_sub(SEAL_DIGITS));
        self.seal.update(&last);
        last.extend_from_slice(canonical::hex(&self.seal.clone().finalize()).as_bytes());
        Ok(last)
    }
}

/// Writing into memory fails only where a limit of the format is passed.
fn failed(error: &dyn std::fmt::Display) -> Refusal {
    tracing::error!(%error, "an archive cannot be written");
    Refusal::unavailable("archive-failed", "the archive cannot be written; the log has the reason")
}
