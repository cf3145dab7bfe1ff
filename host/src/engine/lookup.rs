//! Looking records up for a guest: the one point at which a grant is enforced, whatever version of the interface the
//! guest was built with.
//!
//! Every answer is recorded in the order of asking. A decision that is run again is answered from its record, and a
//! query that is not in it ends the call: the component would decide on something else than it decided on.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;

use wasmtime::component::{Resource, ResourceTable};

use super::bindings::records::itsm::records::lookup as wit;
use super::config::Limits;
use super::failure::Cause;
use super::state::State;
use crate::domain::lookup::{Comparison, Filter, LookupGrant, Query, Recorded, Row, Wrong};

/// Why a source has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceError {
    /// The query makes no sense; the guest is told.
    Invalid(String),
    /// The source does not work; the call ends.
    Failed(String),
}

/// What a source gives, in time.
pub type Found<'a> = Pin<Box<dyn Future<Output = Result<Vec<Row>, SourceError>> + Send + 'a>>;

/// Where records are looked up; one organisation's.
pub trait Source: Send + Sync {
    /// The rows of a query that is granted, at most as many as it says. May take its time: the wall clock of the call
    /// runs, its fuel does not.
    fn select(&self, query: Query) -> Found<'_>;
}

/// What answers the lookups of a call.
#[derive(Clone, Default)]
pub enum Lookups {
    /// Nothing: any lookup ends the call.
    #[default]
    None,
    /// The records as they are now, as far as they are granted.
    Live {
        /// What is granted.
        grant: Arc<LookupGrant>,
        /// The records.
        source: Arc<dyn Source>,
    },
    /// What was found when the decision was taken.
    Recorded(Vec<Recorded>),
}

/// Why a call ended in a lookup.
#[derive(Debug)]
pub(super) struct LookupEnded {
    pub(super) cause: Cause,
    message: String,
}

impl std::fmt::Display for LookupEnded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for LookupEnded {}

fn ended(cause: Cause, message: impl Into<String>) -> wasmtime::Error {
    LookupEnded { cause, message: message.into() }.into()
}

/// Rows that a guest has not read yet.
// The generated bindings export it again, as public as everything else in them.
#[allow(unreachable_pub)]
pub struct Rows(VecDeque<Row>);

/// The lookups of one call.
pub(super) struct Desk {
    lookups: Lookups,
    /// How far a record has been used: equal queries are answered in their order.
    used: Vec<bool>,
    made: Vec<Recorded>,
    table: ResourceTable,
    handles: usize,
    rows: usize,
    bytes: usize,
    most: Most,
}

struct Most {
    calls: usize,
    rows: usize,
    bytes: usize,
    handles: usize,
}

impl Desk {
    pub(super) fn new(lookups: Lookups, limits: &Limits) -> Self {
        let used = match &lookups {
            Lookups::Recorded(recorded) => vec![false; recorded.len()],
            Lookups::None | Lookups::Live { .. } => Vec::new(),
        };
        let most = Most {
            calls: limits.lookups,
            rows: limits.lookup_rows,
            bytes: limits.lookup_bytes,
            handles: limits.lookup_handles,
        };
        Self { lookups, used, made: Vec::new(), table: ResourceTable::new(), handles: 0, rows: 0, bytes: 0, most }
    }

    /// What was looked up so far.
    pub(super) fn take(&mut self) -> Vec<Recorded> {
        std::mem::take(&mut self.made)
    }

    /// Answers a query and records the answer.
    async fn select(&mut self, mut query: Query) -> wasmtime::Result<Result<Vec<Row>, Wrong>> {
        let limit = |what: String| ended(Cause::Lookup, what);
        if self.made.len() >= self.most.calls {
            return Err(limit(format!("more than {} lookups in one decision", self.most.calls)));
        }
        let asked = size_of_query(&query);
        let answer = match &self.lookups {
            Lookups::None => return Err(ended(Cause::LookupMissing, "there are no records to look anything up in")),
            Lookups::Live { grant, source } => match grant.permit(&mut query) {
                Err(wrong) => Err(wrong),
                Ok(()) => match source.select(query.clone()).await {
                    Ok(mut rows) => {
                        rows.truncate(query.limit as usize);
                        Ok(rows)
                    }
                    Err(SourceError::Invalid(why)) => Err(Wrong::Invalid(why)),
                    Err(SourceError::Failed(why)) => {
                        return Err(ended(Cause::LookupFailed, format!("the records cannot be read: {why}")));
                    }
                },
            },
            Lookups::Recorded(recorded) => {
                // The limit that held is not the guest's, but the smaller of its own and the grant's.
                let same = |one: &Recorded| {
                    let Query { kind, filters, fields, limit } = &one.query;
                    (kind, filters, fields) == (&query.kind, &query.filters, &query.fields) && *limit <= query.limit
                };
                let place = (0..recorded.len()).find(|&n| !self.used[n] && same(&recorded[n]));
                let Some(n) = place else {
                    let message = format!("a lookup in {} is not in the record of this decision", query.kind);
                    return Err(ended(Cause::LookupMissing, message));
                };
                self.used[n] = true;
                query.limit = recorded[n].query.limit;
                recorded[n].answer.clone()
            }
        };
        self.rows += answer.as_ref().map_or(0, Vec::len);
        self.bytes += asked + answer.iter().flatten().map(size_of_row).sum::<usize>();
        if self.rows > self.most.rows {
            return Err(limit(format!("more than {} rows looked up in one decision", self.most.rows)));
        }
        if self.bytes > self.most.bytes {
            return Err(limit(format!("more than {} bytes looked up in one decision", self.most.bytes)));
        }
        self.made.push(Recorded { query, answer: answer.clone() });
        Ok(answer)
    }
}

fn size_of_query(query: &Query) -> usize {
    let filters = query.filters.iter().map(|filter| filter.field.len() + filter.value.len());
    query.kind.len() + filters.sum::<usize>() + query.fields.iter().map(String::len).sum::<usize>()
}

fn size_of_row(row: &Row) -> usize {
    row.number.len() + row.values.iter().map(|value| value.to_string().len()).sum::<usize>()
}

impl wit::Host for State {
    async fn select(&mut self, query: wit::Query) -> wasmtime::Result<Result<Resource<Rows>, wit::Error>> {
        let desk = &mut self.lookups;
        match desk.select(query.into()).await? {
            Ok(rows) => {
                desk.handles += 1;
                if desk.handles > desk.most.handles {
                    let message = format!("more than {} lookups held at a time", desk.most.handles);
                    return Err(ended(Cause::Lookup, message));
                }
                Ok(Ok(desk.table.push(Rows(rows.into()))?))
            }
            Err(Wrong::NotGranted(what)) => Ok(Err(wit::Error::NotGranted(what))),
            Err(Wrong::Invalid(why)) => Ok(Err(wit::Error::Invalid(why))),
        }
    }
}

impl wit::HostRows for State {
    fn next(&mut self, rows: Resource<Rows>, most: u32) -> wasmtime::Result<Vec<wit::Row>> {
        let Rows(rows) = self.lookups.table.get_mut(&rows)?;
        let taken = rows.len().min(most as usize);
        Ok(rows.drain(..taken).map(wit::Row::from).collect())
    }

    fn drop(&mut self, rows: Resource<Rows>) -> wasmtime::Result<()> {
        self.lookups.table.delete(rows)?;
        self.lookups.handles -= 1;
        Ok(())
    }
}

impl From<wit::Query> for Query {
    fn from(query: wit::Query) -> Self {
        let wit::Query { kind, filters, fields, limit } = query;
        let filters = filters
            .into_iter()
            .map(|wit::Filter { field, comparison, value }| {
                let comparison = match comparison {
                    wit::Comparison::Equal => Comparison::Equal,
                    wit::Comparison::AtLeast => Comparison::AtLeast,
                    wit::Comparison::Below => Comparison::Below,
                };
                Filter { field, comparison, value }
            })
            .collect();
        Self { kind, filters, fields, limit }
    }
}

impl From<Row> for wit::Row {
    fn from(row: Row) -> Self {
        Self { number: row.number, values: row.values.into_iter().map(value).collect() }
    }
}

/// Whole numbers beyond this are not the same in every language.
const EXACT: u64 = 1 << 53;

fn value(json: serde_json::Value) -> wit::Value {
    use serde_json::Value as Json;
    match json {
        Json::Null => wit::Value::Absent,
        Json::String(text) => wit::Value::Text(text),
        Json::Bool(flag) => wit::Value::Flag(flag),
        Json::Number(number) => match number.as_i64() {
            Some(int) if int.unsigned_abs() <= EXACT => wit::Value::Int(int),
            _ => wit::Value::Json(number.to_string()),
        },
        other => wit::Value::Json(other.to_string()),
    }
}
