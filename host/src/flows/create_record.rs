//! Making a record.

use std::pin::Pin;

use serde_json::{Map, Value};

use super::working::{Cause, Working};
use super::{Desk, FlowError, hooks, references, retry};
use crate::domain::canonical;
use crate::domain::record::{self, Record, Stamp};
use crate::domain::refusal::Refusal;
use crate::domain::{Actor, Kind, number};
use crate::store::unit::{Fresh, IdempotencyKey};

/// A record, and whether this call made it (false: an earlier call with the same key did).
#[derive(Clone, Debug)]
pub struct Created {
    /// The record.
    pub record: Record,
    /// True when this call made it.
    pub new: bool,
}

/// A key that makes a creation safe to repeat.
#[derive(Clone, Copy, Debug)]
pub struct Key<'k> {
    /// The user among whose keys it is; empty for those of the organisation.
    pub of: &'k str,
    /// The key.
    pub text: &'k str,
}

/// Makes a record of `kind` from the fields in `input`.
///
/// With an idempotency key the call is safe to repeat: the second one gives the record of the first.
///
/// # Errors
/// Refused input by field and rule; a key that stands for another request; the database's errors.
pub async fn run(
    desk: &Desk,
    actor: &Actor,
    kind: &Kind,
    input: Map<String, Value>,
    key: Option<Key<'_>>,
) -> Result<Created, FlowError> {
    let request_hash = key.map(|_| request_hash(kind, &input));
    let once = Once { key: key.zip(request_hash.as_deref()), fresh: None };
    retry::until_won(|| attempt(desk, actor, kind, &input, &once)).await
}

/// Makes a record with a value that no other one of its kind has.
///
/// # Errors
/// As [`run`]; [`StoreError::Exists`](crate::store::StoreError::Exists) when there is one, made at the same time even.
pub async fn fresh(
    desk: &Desk,
    actor: &Actor,
    kind: &Kind,
    input: Map<String, Value>,
    fresh: Fresh,
) -> Result<Record, FlowError> {
    let once = Once { key: None, fresh: Some(fresh) };
    Ok(retry::until_won(|| attempt(desk, actor, kind, &input, &once)).await?.record)
}

/// What keeps a record from being made twice.
struct Once<'k> {
    /// The caller's key, and the hash of the request it stands for.
    key: Option<(Key<'k>, &'k str)>,
    fresh: Option<Fresh>,
}

/// The same from within another use case, whose future would otherwise contain itself.
pub(super) fn within<'a>(
    desk: &'a Desk,
    actor: &'a Actor,
    kind: &'a Kind,
    input: Map<String, Value>,
    key: Option<Key<'a>>,
) -> Pin<Box<dyn Future<Output = Result<Created, FlowError>> + Send + 'a>> {
    Box::pin(run(desk, actor, kind, input, key))
}

async fn attempt(
    desk: &Desk,
    actor: &Actor,
    kind: &Kind,
    input: &Map<String, Value>,
    once: &Once<'_>,
) -> Result<Created, FlowError> {
    let key = once.key;
    let kind = &*desk.current(&actor.org, kind)?;
    if let Some((key, hash)) = key
        && let Some(record) = repeated(desk, actor, key, hash).await?
    {
        return Ok(Created { record, new: false });
    }
    if kind.view.is_some() {
        return Err(refuse_view(kind).into());
    }
    let now = desk.clock.now();
    // Input is checked before a number is taken: refused input leaves no gap.
    let stamp = Stamp { id: desk.clock.id(), number: String::new(), now };
    let mut record = record::create(kind, actor, input.clone(), stamp)?;
    references::check(desk, kind, None, &record).await?;
    let counter = desk.store.next_number(&actor.org, &kind.prefix, i64::from(now.year())).await?;
    record.number = number::format(&kind.prefix, now.year(), counter.unsigned_abs());
    let mut working = Working::new(desk, kind, actor, Cause::Create, now, None, record);
    if let Some((key, hash)) = key {
        working.key = Some(IdempotencyKey {
            user: key.of.to_owned(),
            key: key.text.to_owned(),
            request_hash: hash.to_owned(),
            number: working.record.number.clone(),
            at: now,
        });
    }
    working.fresh.clone_from(&once.fresh);
    hooks::run(&mut working).await?;
    let record = working.record.clone();
    desk.commit(working.into_unit()).await?;
    Ok(Created { record, new: true })
}

/// The refusal to write records that are a view on something else.
pub fn refuse_view(kind: &Kind) -> Refusal {
    let message = format!("{} records show what the host keeps anyway; they cannot be written", kind.slug);
    Refusal::conflict("view-record", message)
}

/// Goes through everything that making the record would go through, and writes nothing: no number is taken.
///
/// # Errors
/// As [`run`].
pub async fn check(desk: &Desk, actor: &Actor, kind: &Kind, input: Map<String, Value>) -> Result<(), FlowError> {
    let now = desk.clock.now();
    // A counter's first number is 1.
    let stamp = Stamp { id: desk.clock.id(), number: number::format(&kind.prefix, now.year(), 0), now };
    let record = record::create(kind, actor, input, stamp)?;
    references::check(desk, kind, None, &record).await?;
    let mut working = Working::new(desk, kind, actor, Cause::Create, now, None, record);
    hooks::run(&mut working).await
}

async fn repeated(desk: &Desk, actor: &Actor, key: Key<'_>, hash: &str) -> Result<Option<Record>, FlowError> {
    let Some((stored, number)) = desk.store.idempotent(&actor.org, key.of, key.text).await? else {
        return Ok(None);
    };
    if stored != hash {
        let message = format!("Idempotency-Key '{}' was used before, for another request", key.text);
        return Err(Refusal::conflict("idempotency-key-reused", message).into());
    }
    Ok(desk.store.record(&actor.org, &number).await?)
}

fn request_hash(kind: &Kind, input: &Map<String, Value>) -> String {
    canonical::sha256(format!("{} {}", kind.slug, canonical::text(&Value::Object(input.clone()))).as_bytes())
}
