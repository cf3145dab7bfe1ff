//! Lists of records with certain words.

use std::collections::HashSet;

use super::plan::{self, Asked};
use super::{Cursor, TextQuery};
use crate::store::tx::Tx;
use crate::store::{StoreError, words};

/// Records taken from the index of words at once.
const CHUNK: usize = 500;

/// The places of a page's records in the list, and of one more if there is one.
pub(super) async fn places(tx: &mut Tx, asked: &Asked<'_>) -> Result<Vec<Cursor>, StoreError> {
    let Some(text) = &asked.query.text else { return plan::places(tx, asked).await };
    let newest_first = !asked.by_value() && asked.query.descending;
    if newest_first {
        return newest(tx, asked, text).await;
    }
    let few = usize::try_from(asked.bounds.few).unwrap_or_default();
    let found = words::keys(tx, asked.backend, &asked.query.org, text, None, few).await?;
    if found.len() < few {
        if found.is_empty() {
            return Ok(Vec::new());
        }
        return plan::drive_by_keys(tx, asked, &found).await;
    }
    common(tx, asked, text).await
}

/// Newest first: the index of words has this order itself.
async fn newest(tx: &mut Tx, asked: &Asked<'_>, text: &TextQuery) -> Result<Vec<Cursor>, StoreError> {
    let mut before = asked.after.as_ref().map(|place| place.key);
    let mut found = Vec::new();
    let mut size = asked.limit;
    loop {
        let keys = words::keys(tx, asked.backend, &asked.query.org, text, before, size).await?;
        if !keys.is_empty() {
            found.extend(plan::drive_by_keys(tx, asked, &keys).await?);
        }
        if keys.len() < size || found.len() >= asked.limit {
            found.truncate(asked.limit);
            return Ok(found);
        }
        before = keys.last().copied();
        size = CHUNK;
    }
}

/// Words that many records have, in another order: the list is walked, and the index says which records have them.
async fn common(tx: &mut Tx, asked: &Asked<'_>, text: &TextQuery) -> Result<Vec<Cursor>, StoreError> {
    let mut walked = Asked::new(asked.backend, asked.query, asked.bounds);
    walked.limit = CHUNK;
    let mut found = Vec::new();
    loop {
        let places = plan::places(tx, &walked).await?;
        let keys: Vec<i64> = places.iter().map(|place| place.key).collect();
        let having = words::among(tx, asked.backend, &asked.query.org, text, &keys).await?;
        let having: HashSet<i64> = having.into_iter().collect();
        found.extend(places.iter().filter(|place| having.contains(&place.key)).cloned());
        if places.len() < CHUNK || found.len() >= asked.limit {
            found.truncate(asked.limit);
            return Ok(found);
        }
        walked.after = places.last().cloned();
    }
}
