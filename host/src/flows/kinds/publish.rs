//! Putting a version in force.
//!
//! The records are fitted first, in batches that may be repeated: rows of the index that no version in force asks for
//! are in nobody's way. Then one transaction fits what has changed meanwhile and swaps the version. A crash before it
//! leaves the version before in force and some rows too many; they are dropped with the next change.

use std::sync::Arc;

use serde_json::json;

use super::change::BATCH;
use super::lease;
use super::wish::{Next, Wish};
use crate::domain::kind::{Kind, Passage};
use crate::domain::record::Record;
use crate::domain::{Actor, Kinds, Role};
use crate::flows::working::index_rows;
use crate::flows::{Desk, FlowError};
use crate::store::kind_versions::{KindVersion, Lease, Publication, Refit};
use crate::store::unit::{AuditDraft, EventDraft};

/// A version that was judged and checked against every record.
pub(super) struct Ready<'r> {
    /// The kinds that it was judged by.
    pub(super) kinds: &'r Kinds,
    /// What it is.
    pub(super) next: Next,
    /// The kind that it makes.
    pub(super) new: Arc<Kind>,
    /// What it means for records.
    pub(super) passage: Arc<Passage>,
    /// The length of the audit trail before the records were looked at.
    pub(super) fitted_to: i64,
    /// The version in force before.
    pub(super) was: i64,
    /// The right to change the organisation's kinds.
    pub(super) lease: &'r Lease,
}

/// How far the audit trail may have moved for the rest to be fitted with everybody waiting.
const NEAR: i64 = 200;

/// Fits the records and puts the version in force; this node follows at once.
pub(super) async fn run(desk: &Desk, actor: &Actor, wish: &Wish, ready: Ready<'_>) -> Result<(), FlowError> {
    let Ready { kinds, next, new, passage, mut fitted_to, was, lease } = ready;
    let refit = refit(lease, kinds.get(&wish.slug), &new, &passage);
    if refit.writes {
        walk(desk, &refit).await?;
        loop {
            let length = desk.store.refit_changed(&refit, fitted_to, lease::end(desk)).await?;
            let moved = length - std::mem::replace(&mut fitted_to, length);
            if moved <= NEAR {
                break;
            }
        }
    }
    let at = desk.clock.now();
    let version = match next {
        Next::BuiltIn => None,
        Next::Version { body, base } => Some(KindVersion {
            org: actor.org.clone(),
            slug: wish.slug.clone(),
            version: new.version,
            prefix: new.prefix.clone(),
            body,
            at,
            actor: actor.user.clone(),
            reason: wish.reason.clone(),
            base,
            ended_at: None,
        }),
    };
    let about = json!({ "kind": wish.slug, "version": new.version, "was": was });
    let publication = publication(desk, actor, wish, kinds, version, refit, fitted_to, about);
    desk.store.publish_kind(publication).await?;
    follow(desk, &wish.slug, new.version).await;
    // The version is in force: what fails from here on is tidied up by the next change.
    if !passage.dropped().is_empty()
        && let Err(error) = walk(desk, &only(lease, &new)).await
    {
        tracing::warn!(%error, kind = %wish.slug, "index rows that nobody needs any more are left");
    }
    Ok(())
}

/// Ends a kind of the organisation's own.
pub(super) async fn given_up(
    desk: &Desk,
    actor: &Actor,
    wish: &Wish,
    kinds: &Kinds,
    was: i64,
    lease: &Lease,
) -> Result<(), FlowError> {
    // No record fits: one that was made meanwhile stops it.
    let refit =
        Refit { lease: lease.clone(), kind: wish.slug.clone(), writes: false, entries: Arc::new(|_: &Record| None) };
    let about = json!({ "kind": wish.slug, "version": 0, "was": was });
    desk.store.publish_kind(publication(desk, actor, wish, kinds, None, refit, 0, about)).await?;
    follow(desk, &wish.slug, 0).await;
    Ok(())
}

async fn follow(desk: &Desk, slug: &str, version: i64) {
    match desk.kinds.refresh(&desk.store).await {
        Ok(_) => tracing::info!(kind = slug, version, "kind changed"),
        // This node follows when it asks the next time, as the others do.
        Err(error) => tracing::error!(%error, kind = slug, version, "kind changed, and this node cannot follow yet"),
    }
}

/// Fits every record of the kind.
async fn walk(desk: &Desk, refit: &Refit) -> Result<(), FlowError> {
    let mut last = Some(String::new());
    while let Some(id) = last {
        last = desk.store.refit_after(refit, &id, BATCH, lease::end(desk)).await?;
    }
    Ok(())
}

/// Before the new version is in force, the index serves both.
fn refit(lease: &Lease, old: Option<&Arc<Kind>>, new: &Arc<Kind>, passage: &Arc<Passage>) -> Refit {
    let (old, new, passage) = (old.cloned(), Arc::clone(new), Arc::clone(passage));
    Refit {
        lease: lease.clone(),
        kind: new.slug.clone(),
        writes: !passage.indexed().is_empty(),
        entries: Arc::new(move |record: &Record| {
            if !passage.breaks(record).is_empty() {
                return None;
            }
            let mut entries = old.as_ref().map(|old| index_rows(old, record)).unwrap_or_default();
            entries.extend(index_rows(&new, record).into_iter().filter(|(path, _)| passage.indexed().contains(path)));
            Some(entries)
        }),
    }
}

/// Afterwards it drops what only the old one asked for.
fn only(lease: &Lease, new: &Arc<Kind>) -> Refit {
    let kind = Arc::clone(new);
    Refit {
        lease: lease.clone(),
        kind: new.slug.clone(),
        writes: true,
        entries: Arc::new(move |record: &Record| Some(index_rows(&kind, record))),
    }
}

#[allow(clippy::too_many_arguments, reason = "one value of each sort, put together here only")]
fn publication(
    desk: &Desk,
    actor: &Actor,
    wish: &Wish,
    kinds: &Kinds,
    version: Option<KindVersion>,
    refit: Refit,
    fitted_to: i64,
    about: serde_json::Value,
) -> Publication {
    let at = desk.clock.now();
    let audit = AuditDraft {
        at,
        number: wish.slug.clone(),
        actor: actor.user.clone(),
        role: if actor.auto { "auto".to_owned() } else { Role::Adm.code().to_owned() },
        action: "kind".to_owned(),
        before: json!({ "version": about["was"] }),
        after: json!({ "version": about["version"], "body": version.as_ref().map(|version| &version.body) }),
        reason: wish.reason.clone(),
    };
    let event = EventDraft { at, kind: "kind.changed".to_owned(), number: wish.slug.clone(), data: about };
    Publication { generation: kinds.generation(), version, at, until: lease::end(desk), refit, fitted_to, audit, event }
}
