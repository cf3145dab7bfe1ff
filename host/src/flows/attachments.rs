//! Attaching files to records.

use std::sync::Arc;

use serde_json::json;

use super::beside::{Beside, Happening};
use super::{Desk, FlowError, accesses, read_record, retry};
use crate::domain::attachment::{Attachment, HEAD, file_name};
use crate::domain::reading::Way;
use crate::domain::record::Record;
use crate::domain::refusal::Refusal;
use crate::domain::work::{self, Retraction, Visibility};
use crate::domain::{Actor, Kind};
use crate::store::blobs::{Kept, Writing};
use crate::store::work::WorkChange;

/// What is said about a file before its bytes come.
#[derive(Clone, Copy, Debug)]
pub struct Label<'a> {
    /// Name of the file.
    pub name: &'a str,
    /// What its sender calls it.
    pub media_type: Option<&'a str>,
    /// Who sees it; public for customers and internal for staff where nothing is said.
    pub visibility: Option<&'a str>,
}

/// A file on its way. Dropping it forgets it.
pub struct Upload {
    desk: Desk,
    actor: Actor,
    kind: Arc<Kind>,
    number: String,
    name: String,
    declared: Option<String>,
    visibility: Visibility,
    head: Vec<u8>,
    media_type: Option<String>,
    size: u64,
    writing: Writing,
}

/// Checks everything that can be checked before a byte is read, and makes room for the file.
///
/// # Errors
/// Not found, not allowed, `closed-record`; a name that no file can have; a folder that cannot be written.
pub async fn begin(
    desk: &Desk,
    actor: &Actor,
    kind: Arc<Kind>,
    number: &str,
    label: Label<'_>,
) -> Result<Upload, FlowError> {
    let beside = Beside::find(desk, actor, &kind, number).await?;
    work::open(&kind, &beside.record)?;
    let visibility = Visibility::of(actor, label.visibility)?;
    file_name(label.name)?;
    let writing = desk.blobs.write(&desk.clock.id()).await?;
    Ok(Upload {
        desk: desk.clone(),
        actor: actor.clone(),
        number: number.to_owned(),
        kind,
        name: label.name.to_owned(),
        declared: label.media_type.map(str::to_owned),
        visibility,
        head: Vec::with_capacity(HEAD),
        media_type: None,
        size: 0,
        writing,
    })
}

impl Upload {
    /// Takes the next bytes. The type is settled with the first ones, before the rest is read.
    ///
    /// # Errors
    /// `too-large`; bytes that are not what the name says, or of a type that may not be attached; a full disk.
    pub async fn put(&mut self, bytes: &[u8]) -> Result<(), FlowError> {
        self.size += bytes.len() as u64;
        let most = self.desk.attachments.max_bytes();
        if self.size > most {
            return Err(too_large(most).into());
        }
        if self.media_type.is_none() {
            let wanted = HEAD - self.head.len();
            self.head.extend_from_slice(&bytes[..bytes.len().min(wanted)]);
            if self.head.len() == HEAD {
                self.settle_type()?;
            }
        }
        Ok(self.writing.put(bytes).await?)
    }

    fn settle_type(&mut self) -> Result<(), Refusal> {
        let policy = &self.desk.attachments;
        self.media_type = Some(policy.media_type(&self.name, self.declared.as_deref(), &self.head)?);
        Ok(())
    }

    /// Keeps the file and writes down that the record has it.
    ///
    /// # Errors
    /// As [`Self::put`]; `closed-record` when the record was closed meanwhile; the database's errors. The bytes of a
    /// file that was refused only here stay in the folder, under no record.
    pub async fn finish(mut self) -> Result<Attachment, FlowError> {
        if self.media_type.is_none() {
            self.settle_type()?;
        }
        let Self { desk, actor, kind, number, name, visibility, media_type, writing, .. } = self;
        let media_type = media_type.unwrap_or_default();
        let Kept { sha256, size } = writing.keep().await?;
        let attempt = || async {
            let beside = Beside::find(&desk, &actor, &kind, &number).await?;
            work::open(&kind, &beside.record)?;
            let attachment = Attachment {
                id: desk.clock.id(),
                org: actor.org.clone(),
                number: number.clone(),
                at: beside.now,
                author: actor.user.clone(),
                role: beside.role.clone(),
                visibility,
                name: name.clone(),
                media_type: media_type.clone(),
                size: i64::try_from(size).unwrap_or(i64::MAX),
                sha256: sha256.clone(),
                retracted: None,
            };
            let about = json!({
                "attachment": attachment.id,
                "visibility": visibility,
                "name": name,
                "type": media_type,
                "size": attachment.size,
                "sha256": sha256,
            });
            let happening = Happening { action: "attach", event: "attached", about, reason: "", hold: true };
            desk.store.commit(beside.unit(happening, vec![WorkChange::Attachment(attachment.clone())])).await?;
            Ok(attachment)
        };
        retry::until_won(attempt).await
    }
}

/// The refusal of a file with more bytes than these.
pub fn too_large(most: u64) -> Refusal {
    Refusal::too_large(format!("the file has more than {most} bytes, the most that may be attached"))
}

/// An attachment of a record that is to be given out: of one that is marked, the reading is noted.
///
/// # Errors
/// As [`find`].
pub async fn read(desk: &Desk, actor: &Actor, kind: &Kind, number: &str, id: &str) -> Result<Attachment, FlowError> {
    let record = read_record::run(desk, actor, kind, number).await?;
    accesses::note(desk, actor, [&record], Way::Attachment).await?;
    of(desk, actor, &record, id).await
}

/// An attachment of a record, or of a duplicate of it, if the actor may see it.
///
/// # Errors
/// Not found, not allowed; the database's errors.
pub async fn find(desk: &Desk, actor: &Actor, kind: &Kind, number: &str, id: &str) -> Result<Attachment, FlowError> {
    let record = read_record::run(desk, actor, kind, number).await?;
    of(desk, actor, &record, id).await
}

async fn of(desk: &Desk, actor: &Actor, record: &Record, id: &str) -> Result<Attachment, FlowError> {
    let number = &record.number;
    let numbers = super::duplicates::with_duplicates(desk, actor, record).await?;
    let seen = |a: &Attachment| {
        numbers.contains(&a.number) && (a.visibility == Visibility::Public || work::sees_internal(actor))
    };
    let attachment = desk.store.attachment(&actor.org, id).await?.filter(seen);
    Ok(attachment.ok_or_else(|| Refusal::not_found(format!("{number} has no attachment {id}")))?)
}

/// Takes an attachment back: its file is not given out any more; that it was there, and why it is gone, is shown.
/// The bytes stay in the folder: another record may have the same ones.
///
/// # Errors
/// Not found, not allowed, no reason, `retracted`; the database's errors.
pub async fn retract(
    desk: &Desk,
    actor: &Actor,
    kind: &Kind,
    number: &str,
    id: &str,
    reason: &str,
) -> Result<Attachment, FlowError> {
    retry::until_won(|| attempt_retract(desk, actor, kind, number, id, reason)).await
}

async fn attempt_retract(
    desk: &Desk,
    actor: &Actor,
    kind: &Kind,
    number: &str,
    id: &str,
    reason: &str,
) -> Result<Attachment, FlowError> {
    let beside = Beside::find(desk, actor, kind, number).await?;
    let attachment = Some(find(desk, actor, kind, number, id).await?).filter(|a| a.number == number);
    let elsewhere = || Refusal::not_found(format!("{number} has no attachment {id} of its own"));
    let mut attachment = attachment.ok_or_else(elsewhere)?;
    work::may_retract(actor, &attachment.author, attachment.retracted.as_ref(), reason)?;
    let retraction = Retraction { at: beside.now, by: actor.user.clone(), reason: reason.to_owned() };
    attachment.retracted = Some(retraction.clone());
    let about = json!({ "attachment": id, "visibility": attachment.visibility, "sha256": attachment.sha256 });
    let happening =
        Happening { action: "attachment:retract", event: "attachment-retracted", about, reason, hold: false };
    let changes = vec![WorkChange::RetractAttachment(id.to_owned(), retraction)];
    desk.store.commit(beside.unit(happening, changes)).await?;
    Ok(attachment)
}
