//! Comments on records.

use std::collections::BTreeSet;

use serde_json::json;

use super::beside::{Beside, Happening};
use super::{Desk, FlowError, automatic, retry};
use crate::domain::refusal::Refusal;
use crate::domain::work::{self, Comment, Retraction, Visibility, Watcher};
use crate::domain::{Actor, Kind, canonical};
use crate::store::work::WorkChange;

/// The field of tickets that keeps the time of the first answer.
const ANSWERED: &str = "responded_at";

/// Writes a comment; users whom it mentions by `@name` watch the record from then on.
///
/// The audit trail keeps the SHA-256 of the text, not the text: what is retracted later is not in the trail for ever.
///
/// # Errors
/// Not found, not allowed, `closed-record`; an empty or too long text; the database's errors.
pub async fn add(
    desk: &Desk,
    actor: &Actor,
    kind: &Kind,
    number: &str,
    text: &str,
    visibility: Option<&str>,
) -> Result<Comment, FlowError> {
    let comment = retry::until_won(|| attempt(desk, actor, kind, number, text, visibility)).await?;
    if comment.visibility == Visibility::Public {
        automatic::answered(desk, actor, kind, number).await?;
    }
    Ok(comment)
}

async fn attempt(
    desk: &Desk,
    actor: &Actor,
    kind: &Kind,
    number: &str,
    text: &str,
    visibility: Option<&str>,
) -> Result<Comment, FlowError> {
    let beside = Beside::find(desk, actor, kind, number).await?;
    work::open(kind, &beside.record)?;
    let visibility = Visibility::of(actor, visibility)?;
    work::comment_text(text)?;
    let comment = Comment {
        id: desk.clock.id(),
        org: actor.org.clone(),
        number: number.to_owned(),
        at: beside.now,
        author: actor.user.clone(),
        role: beside.role.clone(),
        visibility,
        text: text.to_owned(),
        first_answer: is_first_answer(desk, &beside, visibility).await?,
        retracted: None,
    };
    let mentioned = mentioned(desk, actor, text).await?;
    let mut changes = vec![WorkChange::Comment(comment.clone())];
    changes.extend(mentioned.iter().map(|user| {
        WorkChange::Watch(Watcher {
            org: actor.org.clone(),
            number: number.to_owned(),
            user: user.clone(),
            since: beside.now,
            added_by: actor.user.clone(),
        })
    }));
    let about = json!({
        "comment": comment.id,
        "visibility": visibility,
        "sha256": canonical::sha256(text.as_bytes()),
        "mentions": mentioned,
        "first_answer": comment.first_answer,
    });
    let happening = Happening { action: "comment", event: "commented", about, reason: "", hold: true };
    desk.store.commit(beside.unit(happening, changes)).await?;
    Ok(comment)
}

/// A public comment by staff is the first answer by a person (guide, section 3.1: automatic mail does not count) where
/// the record keeps the time of one and none was given. It is noted; the clocks go by the record's own field.
async fn is_first_answer(desk: &Desk, beside: &Beside<'_>, visibility: Visibility) -> Result<bool, FlowError> {
    let (kind, record, actor) = (beside.kind, &beside.record, beside.actor);
    let by_staff = visibility == Visibility::Public && actor.staff_role().is_some();
    let asks_himself = kind.owner_fields.iter().any(|field| record.text(field) == Some(actor.user.as_str()));
    if !by_staff || asks_himself || kind.field(ANSWERED).is_none() || record.data.contains_key(ANSWERED) {
        return Ok(false);
    }
    Ok(!desk.store.was_answered(&record.org, &record.number).await?)
}

/// The users whom a text mentions: for each `@`, the longest name of a user that follows it.
async fn mentioned(desk: &Desk, actor: &Actor, text: &str) -> Result<BTreeSet<String>, FlowError> {
    let runs = work::mentions(text);
    if runs.is_empty() {
        return Ok(BTreeSet::new());
    }
    let names: BTreeSet<String> = runs.iter().flat_map(|run| work::beginnings(run)).map(str::to_owned).collect();
    let names: Vec<String> = names.into_iter().collect();
    let known = desk.store.known_users(&actor.org, &names).await?;
    let longest = |run: &String| work::beginnings(run).find(|name| known.contains(*name)).map(str::to_owned);
    Ok(runs.iter().filter_map(longest).collect())
}

/// Takes a comment back: its text is not shown any more; that it was there, and why it is gone, is.
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
) -> Result<Comment, FlowError> {
    retry::until_won(|| attempt_retract(desk, actor, kind, number, id, reason)).await
}

async fn attempt_retract(
    desk: &Desk,
    actor: &Actor,
    kind: &Kind,
    number: &str,
    id: &str,
    reason: &str,
) -> Result<Comment, FlowError> {
    let beside = Beside::find(desk, actor, kind, number).await?;
    let seen = |c: &Comment| c.number == number && (c.visibility == Visibility::Public || work::sees_internal(actor));
    let comment = desk.store.comment(&actor.org, id).await?.filter(seen);
    let mut comment = comment.ok_or_else(|| Refusal::not_found(format!("{number} has no comment {id}")))?;
    work::may_retract(actor, &comment.author, comment.retracted.as_ref(), reason)?;
    let retraction = Retraction { at: beside.now, by: actor.user.clone(), reason: reason.to_owned() };
    comment.retracted = Some(retraction.clone());
    let about = json!({ "comment": id, "visibility": comment.visibility });
    let happening = Happening { action: "comment:retract", event: "comment-retracted", about, reason, hold: false };
    let changes = vec![WorkChange::RetractComment(id.to_owned(), retraction)];
    desk.store.commit(beside.unit(happening, changes)).await?;
    Ok(comment)
}
