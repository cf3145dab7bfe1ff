//! What belongs to a unit beside records: jobs, and work on records. One line for each sort of row.

use super::backtests::{self, Batch};
use super::jobs::{self, JobMark};
use super::tx::fetch_all;
use super::{Store, StoreError, Tx, attachments, comments, views, watchers};
use crate::domain::Job;
use crate::domain::attachment::Attachment;
use crate::domain::view::View;
use crate::domain::work::{Comment, Retraction, Watcher};

/// A row that a unit writes along with its records.
#[derive(Clone, Debug)]
pub enum WorkChange {
    /// A job to be done.
    Job(Job),
    /// Items of a job, settled by this unit.
    Items(JobMark),
    /// A part of a dry run.
    Backtest(Batch),
    /// A comment.
    Comment(Comment),
    /// The comment with this identifier is taken back.
    RetractComment(String, Retraction),
    /// An attachment whose bytes are kept already.
    Attachment(Attachment),
    /// The attachment with this identifier is taken back.
    RetractAttachment(String, Retraction),
    /// A watcher, who may watch already.
    Watch(Watcher),
    /// This user watches the record with this number no more.
    Unwatch(String, String),
    /// A saved view, and the revision that was read of it; none for a new one.
    View(View, Option<i64>),
    /// The view with this identifier is removed.
    DropView(String),
}

pub(super) async fn apply(tx: &mut Tx, org: &str, change: &WorkChange) -> Result<(), StoreError> {
    match change {
        WorkChange::Job(job) => jobs::insert(tx, job).await,
        WorkChange::Items(mark) => jobs::mark(tx, mark).await,
        WorkChange::Backtest(batch) => backtests::insert(tx, batch).await,
        WorkChange::Comment(comment) => comments::insert(tx, comment).await,
        WorkChange::RetractComment(id, by) => comments::retract(tx, org, id, by).await,
        WorkChange::Attachment(attachment) => attachments::insert(tx, attachment).await,
        WorkChange::RetractAttachment(id, by) => attachments::retract(tx, org, id, by).await,
        WorkChange::Watch(watcher) => watchers::insert(tx, watcher).await,
        WorkChange::Unwatch(number, user) => watchers::remove(tx, org, number, user).await,
        WorkChange::View(view, was) => views::write(tx, view, *was).await,
        WorkChange::DropView(id) => views::remove(tx, org, id).await,
    }
}

impl Store {
    /// Numbers of the records that point to a record by one relation, the newest first, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sources(&self, org: &str, target: &str, rel: &str, limit: i64) -> Result<Vec<String>, StoreError> {
        let mut tx = self.read().await?;
        let rows = fetch_all!(
            &mut tx,
            (String,),
            "SELECT source FROM links WHERE org = $1 AND target = $2 AND rel = $3 ORDER BY source_id DESC LIMIT $4",
            org,
            target,
            rel,
            limit
        )?;
        Ok(rows.into_iter().map(|(source,)| source).collect())
    }
}
