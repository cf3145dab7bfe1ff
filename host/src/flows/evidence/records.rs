//! The records behind an item, all of them, a page at a time.

use super::find::Finder;
use super::found::{Language, RecordFound};
use super::permit;
use crate::domain::Actor;
use crate::domain::access::{self, Scope};
use crate::domain::evidence::{Item, Shows};
use crate::domain::measure::{Population, Span};
use crate::domain::record::Record;
use crate::flows::{Desk, FlowError};
use crate::store::figures::Page;

/// A page of records, and where the next one starts.
#[derive(Clone, Debug, Default)]
pub struct RecordPage {
    /// Each record, and what the matrix says of it.
    pub records: Vec<(Record, RecordFound)>,
    /// Which kind of the item (counted from 0) and after which record the next page starts; none on the last.
    pub next: Option<(usize, Option<String>)>,
}

/// Records a page.
const PAGE: i64 = 500;

/// A page of the records that show an item; none for an item that is shown by something else.
///
/// # Errors
/// Not allowed; the database's errors.
pub async fn item_records(
    desk: &Desk,
    actor: &Actor,
    item: &Item,
    span: &Span,
    lang: Language,
    place: (usize, Option<String>),
) -> Result<RecordPage, FlowError> {
    permit(actor)?;
    let Shows::Records { of, .. } = &item.shows else { return Ok(RecordPage::default()) };
    let (index, before) = place;
    let Some(prefix) = of.kinds.get(index) else { return Ok(RecordPage::default()) };
    let kinds = desk.kinds(&actor.org);
    let readable = kinds.by_prefix(prefix).is_some_and(|kind| access::read_scope(kind, actor) == Scope::All);
    let following = (index + 1 < of.kinds.len()).then_some((index + 1, None));
    if !readable {
        return Ok(RecordPage { records: Vec::new(), next: following });
    }
    let finder = Finder { desk, actor, kinds: &kinds, span, now: desk.clock.now(), lang, limit: PAGE };
    let one = Population { kinds: vec![prefix.clone()], ..of.clone() };
    let page = Page { before: before.as_deref(), limit: PAGE };
    let rows = desk.store.population(finder.lens(), &one, &[], page).await?;
    let full = i64::try_from(rows.len()).unwrap_or(i64::MAX) == PAGE;
    let next = match rows.last() {
        Some((last, _)) if full => Some((index, Some(last.id.clone()))),
        _ => following,
    };
    let records = rows.into_iter().map(|(record, state)| {
        let found = finder.record(&record, &state);
        (record, found)
    });
    Ok(RecordPage { records: records.collect(), next })
}
