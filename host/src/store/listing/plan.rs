//! Which way a page is read, and reading it.

use super::query::{Query, Span, Within, key};
use super::{Cursor, Filter, ListQuery, OneOf, Only, SortKey, Subject, Test};
use crate::store::index::{self, ALL};
use crate::store::tx::{Tx, fetch_built};
use crate::store::{Backend, StoreError};

/// By what the way of reading a page is chosen, in records.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// A filter that names fewer is driven by.
    pub few: i64,
    /// So many a walk tests before it is asked whether a drive would be shorter.
    pub step: i64,
    /// How far what a filter names is counted at most when a walk has turned out to be long.
    pub many: i64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { few: 1_000, step: 2_000, many: 200_000 }
    }
}

/// A record that is driven by costs as much as so many that are walked by: it is sorted as well. Where signatures say for
/// most that they are not let through, walking costs less.
const DRIVE_COST: i64 = 2;
const DRIVE_COST_SIGNED: i64 = 8;
/// A filter of more values than this is not driven by.
const SPANS: usize = 100;
/// Nor by a restriction of more pieces than this. (SQLite joins no more than 500 queries.)
const ALL_SPANS: usize = 400;

/// What is asked for, with what follows from it.
pub(super) struct Asked<'q> {
    pub(super) query: &'q ListQuery,
    pub(super) backend: Backend,
    pub(super) bounds: Bounds,
    /// Where the page begins, and how many records it has with one more.
    pub(super) after: Option<Cursor>,
    pub(super) limit: usize,
    /// Bounds of the keys, from filters on the time of the making.
    keys: (Option<i64>, Option<i64>),
    /// What can be driven by: each is what one filter names, in pieces of the index.
    drivers: Vec<Vec<Span>>,
    /// The piece of the index that has the order of the list.
    order: Span,
}

/// A part of a walk: it begins after one place and ends before another.
#[derive(Clone, Copy, Default)]
struct Part<'p> {
    after: Option<&'p Cursor>,
    before: Option<&'p Cursor>,
}

impl<'q> Asked<'q> {
    pub(super) fn new(backend: Backend, query: &'q ListQuery, bounds: Bounds) -> Self {
        let number = |path: &str| index::path(&query.org, &query.kind, path);
        let order = Span { path: number(ALL), within: Within::All };
        let (after, limit) = (query.after.clone(), query.limit + 1);
        let (keys, drivers) = ((None, None), Vec::new());
        let mut asked = Self { query, backend, bounds, after, limit, keys, drivers, order };
        for filter in &query.filters {
            if let (Subject::Created, Test::Between(from, to)) = (&filter.subject, &filter.test) {
                let (from, to) = (from.as_deref().map(key), to.as_deref().map(key));
                asked.keys = (asked.keys.0.max(from), [asked.keys.1, to].into_iter().flatten().min());
            }
            asked.drivers.extend(spans(filter, &number));
        }
        asked.drivers.extend(query.only.as_ref().and_then(|only| spans_of(only, &number)));
        match &query.sort {
            SortKey::Created => asked.order.within = Within::Is(String::new()),
            SortKey::Path(path) => {
                let path = number(path);
                // A filter on the field that the list is sorted by bounds the walk.
                let bound = asked.drivers.iter().find_map(|spans| match spans.as_slice() {
                    [span] if span.path == path => Some(span.clone()),
                    _ => None,
                });
                asked.order = bound.unwrap_or(Span { path, within: Within::All });
            }
        }
        asked
    }

    pub(super) fn by_value(&self) -> bool {
        self.query.sort != SortKey::Created
    }

    /// The index of a value is in the order of the making: such a filter is walked as well as driven by.
    fn is_ordered(&self, driver: &[Span]) -> bool {
        !self.by_value() && matches!(driver, [Span { within: Within::Is(_), .. }])
    }

    fn start(&self) -> Query {
        Query::new(self.backend, &self.query.org, &self.query.kind)
    }

    /// Every condition on records in `f`, with their facets joined where they are needed, behind a `WHERE`.
    fn conditions(&self, q: &mut Query, facets: bool) -> String {
        let plain = !facets && self.query.filters.is_empty() && self.query.only.is_none();
        let mut sql = if plain { " WHERE 1 = 1" } else { q.with_facets() }.to_owned();
        for filter in &self.query.filters {
            sql += " AND ";
            sql += &q.passes(filter);
        }
        if let Some(only) = &self.query.only {
            sql += " AND ";
            sql += &q.lets_through(only);
        }
        sql
    }

    /// True for what lies beyond a place in the order of the list, or before it.
    fn beyond(&self, q: &mut Query, table: &str, span: Option<&Span>, place: &Cursor, before: bool) -> String {
        let sign = if self.query.descending != before { "<" } else { ">" };
        let key = q.int(place.key);
        // Where there is one value, the key alone is the order.
        if !self.by_value() || matches!(span, Some(Span { within: Within::Is(_), .. })) {
            return format!("{table}.record {sign} {key}");
        }
        let value = q.text(&place.value);
        format!("({table}.value, {table}.record) {sign} ({value}, {key})")
    }

    /// What the signatures of rows in `f` say before the facets are looked up; empty where they say nothing.
    fn signed(&self, q: &mut Query) -> String {
        let filters: Vec<String> = self.query.filters.iter().filter_map(|filter| q.may_pass(filter)).collect();
        let only = self.query.only.as_ref().and_then(|only| q.may_let_through(only));
        filters.into_iter().chain(only).map(|condition| format!(" AND {condition}")).collect()
    }

    fn order_by(&self, table: &str, span: Option<&Span>) -> String {
        let direction = if self.query.descending { "DESC" } else { "ASC" };
        if !self.by_value() || matches!(span, Some(Span { within: Within::Is(_), .. })) {
            return format!(" ORDER BY {table}.record {direction}");
        }
        format!(" ORDER BY {table}.value {direction}, {table}.record {direction}")
    }

    fn part(&self, q: &mut Query, span: &Span, part: Part<'_>) -> String {
        let mut sql = q.span("f", span);
        sql += " AND ";
        sql += &q.keys("f.record", self.keys);
        for (place, before) in [(part.after, false), (part.before, true)] {
            if let Some(place) = place {
                sql += " AND ";
                sql += &self.beyond(q, "f", Some(span), place, before);
            }
        }
        sql
    }
}

/// What a filter names, in pieces of the index; none where it names what is left over.
fn spans(filter: &Filter, number: &impl Fn(&str) -> i64) -> Option<Vec<Span>> {
    match (&filter.subject, &filter.test) {
        (Subject::Path(path, _), Test::AnyOf(values)) if (1..=SPANS).contains(&values.len()) => {
            Some(spans_is(number(path), values).collect())
        }
        (Subject::Path(path, _), Test::Between(from, to)) => {
            Some(vec![Span { path: number(path), within: Within::Range(from.clone(), to.clone()) }])
        }
        // The bounds of the keys do the rest.
        (Subject::Created, Test::Between(..)) => {
            Some(vec![Span { path: number(ALL), within: Within::Is(String::new()) }])
        }
        _ => None,
    }
}

fn spans_is(path: i64, values: &[String]) -> impl Iterator<Item = Span> {
    values.iter().map(move |value| Span { path, within: Within::Is(value.clone()) })
}

/// What names all records that some branches let through, and others: of each branch the first test that has not too
/// many values. None where a branch has no such test, or there are too many pieces.
fn spans_of(only: &Only, number: &impl Fn(&str) -> i64) -> Option<Vec<Span>> {
    let mut all: Vec<Span> = Vec::new();
    for branch in &only.0 {
        let OneOf { path, values } = branch.iter().find(|test| test.values.len() <= SPANS)?;
        for span in spans_is(number(path), values) {
            // Several branches may begin with the same test.
            if !all.contains(&span) {
                all.push(span);
            }
        }
    }
    (1..=ALL_SPANS).contains(&all.len()).then_some(all)
}

/// The places of a page's records in the list, and of one more if there is one.
pub(super) async fn places(tx: &mut Tx, asked: &Asked<'_>) -> Result<Vec<Cursor>, StoreError> {
    let Bounds { few, step, many } = asked.bounds;
    let start = Part { after: asked.after.as_ref(), before: None };
    if asked.drivers.is_empty() {
        return walk(tx, asked, &asked.order, start).await;
    }
    let counts = count(tx, asked, few).await?;
    let mut order = &asked.order;
    let ordered = |i: &usize| asked.is_ordered(&asked.drivers[*i]);
    match smallest(&counts) {
        Some((best, _)) if ordered(&best) => order = &asked.drivers[best][0],
        Some((best, named)) if named < few => return drive(tx, asked, &asked.drivers[best]).await,
        _ => {
            if let Some(i) = (0..counts.len()).find(ordered) {
                order = &asked.drivers[i][0];
            }
        }
    }
    let Some(end) = skip(tx, asked, order, start, step).await? else {
        return walk(tx, asked, order, start).await;
    };
    let mut found = walk(tx, asked, order, Part { before: Some(&end), ..start }).await?;
    if found.len() >= asked.limit {
        return Ok(found);
    }
    // So far the step's records were let through at this rate.
    let missing = i64::try_from(asked.limit - found.len()).unwrap_or(i64::MAX);
    let expected = step.saturating_mul(missing) / (i64::try_from(found.len()).unwrap_or(i64::MAX)).max(1);
    // Counted no further than to where a drive is the longer way.
    let in_time = (!asked.by_value() && order.path == asked.order.path) || index::is_moment(&end.value);
    let signed = in_time && !asked.signed(&mut asked.start()).is_empty();
    let cost = if signed { DRIVE_COST_SIGNED } else { DRIVE_COST };
    let bound = many.min(expected.saturating_add(cost - 1) / cost);
    if let Some((best, named)) = smallest(&count(tx, asked, bound).await?)
        && named < bound
        && asked.drivers[best].as_slice() != std::slice::from_ref(order)
    {
        return drive(tx, asked, &asked.drivers[best]).await;
    }
    // The place where the step ended has not been tested itself.
    let rest = walk_from(tx, asked, order, &end).await?;
    found.extend(rest);
    found.truncate(asked.limit);
    Ok(found)
}

fn smallest(counts: &[i64]) -> Option<(usize, i64)> {
    counts.iter().copied().enumerate().min_by_key(|(_, count)| *count)
}

/// How many records each driver names, counted up to a bound for each of its pieces.
async fn count(tx: &mut Tx, asked: &Asked<'_>, bound: i64) -> Result<Vec<i64>, StoreError> {
    let mut q = asked.start();
    let mut selects = Vec::with_capacity(asked.drivers.len());
    for (i, driver) in asked.drivers.iter().enumerate() {
        let mut sums = Vec::with_capacity(driver.len());
        for span in driver {
            let rows = asked.part(&mut q, span, Part::default());
            sums.push(format!(
                "(SELECT COUNT(*) FROM (SELECT 1 AS one FROM field_index f WHERE {rows} LIMIT {bound}) c)"
            ));
        }
        selects.push(format!("SELECT CAST({i} AS BIGINT), {}", sums.join(" + ")));
    }
    let rows = fetch_built::<(i64, i64)>(tx, selects.join(" UNION ALL "), q.binds).await?;
    let mut counts = vec![bound; asked.drivers.len()];
    for (i, count) in rows {
        if let Some(slot) = usize::try_from(i).ok().and_then(|i| counts.get_mut(i)) {
            *slot = count.min(bound);
        }
    }
    Ok(counts)
}

/// The place that `by` rows of the index lie before; none where the walk is not so long.
async fn skip(
    tx: &mut Tx,
    asked: &Asked<'_>,
    span: &Span,
    part: Part<'_>,
    by: i64,
) -> Result<Option<Cursor>, StoreError> {
    let mut q = asked.start();
    let rows = asked.part(&mut q, span, part);
    let order = asked.order_by("f", Some(span));
    let sql = format!("SELECT f.value, f.record FROM field_index f WHERE {rows}{order} LIMIT 1 OFFSET {by}");
    Ok(run(tx, sql, q).await?.pop())
}

/// Walks a piece of the index that has the order of the list.
async fn walk(tx: &mut Tx, asked: &Asked<'_>, span: &Span, part: Part<'_>) -> Result<Vec<Cursor>, StoreError> {
    let mut q = asked.start();
    let conditions = asked.conditions(&mut q, false);
    let (rows, signed) = (asked.part(&mut q, span, part), asked.signed(&mut q));
    let (order, limit) = (asked.order_by("f", Some(span)), asked.limit);
    let sql =
        format!("SELECT f.value, f.record FROM field_index f{conditions} AND {rows}{signed}{order} LIMIT {limit}");
    run(tx, sql, q).await
}

/// Walks on from a place, that place included.
async fn walk_from(tx: &mut Tx, asked: &Asked<'_>, span: &Span, from: &Cursor) -> Result<Vec<Cursor>, StoreError> {
    let step = if asked.query.descending { 1 } else { -1 };
    let before = Cursor { key: from.key + step, value: from.value.clone() };
    walk(tx, asked, span, Part { after: Some(&before), before: None }).await
}

/// Takes what a driver names, tests and sorts it.
async fn drive(tx: &mut Tx, asked: &Asked<'_>, driver: &[Span]) -> Result<Vec<Cursor>, StoreError> {
    let mut q = asked.start();
    let mut pieces = Vec::with_capacity(driver.len());
    for span in driver {
        let rows = asked.part(&mut q, span, Part::default());
        pieces.push(format!("SELECT f.record FROM field_index f WHERE {rows}"));
    }
    // A union names each record once; so does a single value by itself.
    let distinct = !matches!(driver, [Span { within: Within::Is(_), .. }]);
    let pieces = match pieces.as_slice() {
        [one] if distinct => one.replacen("SELECT", "SELECT DISTINCT", 1),
        all => all.join(" UNION "),
    };
    sort(tx, asked, q, &pieces).await
}

/// Tests and sorts records that are named by their keys.
pub(super) async fn drive_by_keys(tx: &mut Tx, asked: &Asked<'_>, keys: &[i64]) -> Result<Vec<Cursor>, StoreError> {
    let mut q = asked.start();
    let all = q.int(index::path(&asked.query.org, &asked.query.kind, ALL));
    let places = q.padded(keys);
    let bounds = q.keys("f.record", asked.keys);
    // The row that every record of the kind has says that it is one.
    let pieces = format!(
        "SELECT f.record FROM field_index f WHERE f.path = {all} AND f.value = '' AND f.record IN ({places}) AND {bounds}"
    );
    sort(tx, asked, q, &pieces).await
}

/// Tests the records that a subquery names, and gives the page of them.
async fn sort(tx: &mut Tx, asked: &Asked<'_>, mut q: Query, pieces: &str) -> Result<Vec<Cursor>, StoreError> {
    let (value, facets) = match &asked.query.sort {
        SortKey::Created => ("''".to_owned(), false),
        SortKey::Path(path) => (q.value(path), true),
    };
    let conditions = asked.conditions(&mut q, facets);
    let mut sql = format!(
        "SELECT d.value, d.record FROM (SELECT {value} AS value, f.record AS record FROM ({pieces}) f{conditions}) d"
    );
    if let Some(after) = &asked.after {
        sql += " WHERE ";
        sql += &asked.beyond(&mut q, "d", None, after, false);
    }
    sql += &asked.order_by("d", None);
    sql += &format!(" LIMIT {}", asked.limit);
    run(tx, sql, q).await
}

async fn run(tx: &mut Tx, sql: String, q: Query) -> Result<Vec<Cursor>, StoreError> {
    let rows = fetch_built::<(String, i64)>(tx, sql, q.binds).await?;
    Ok(rows.into_iter().map(|(value, key)| Cursor { value, key }).collect())
}
