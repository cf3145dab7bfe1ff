//! The text of a list's queries; only constants, placeholders and numbers go into it.

use std::collections::BTreeSet;

use super::{Branch, Filter, OneOf, Only, Subject, Test};
use crate::domain::time::Instant;
use crate::store::Backend;
use crate::store::index::{self, token};
use crate::store::tx::Bind;

/// A piece of the index: rows of one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// The path's number.
    pub(super) path: i64,
    /// Which of its values.
    pub(super) within: Within,
}

/// Which values of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Within {
    /// All, also where there is none.
    All,
    /// This one.
    Is(String),
    /// From the first, inclusive, to the second, exclusive, but not where there is none.
    Range(Option<String>, Option<String>),
}

/// A query's text is made with its placeholders bound in passing.
pub(in crate::store) struct Query {
    pub(in crate::store) binds: Vec<Bind>,
    backend: Backend,
    org: String,
    kind: String,
}

impl Query {
    /// An empty query about records of a kind.
    pub(in crate::store) fn new(backend: Backend, org: &str, kind: &str) -> Self {
        Self { binds: Vec::new(), backend, org: org.to_owned(), kind: kind.to_owned() }
    }

    pub(in crate::store) fn text(&mut self, value: &str) -> String {
        self.binds.push(Bind::Text(value.to_owned()));
        format!("${}", self.binds.len())
    }

    pub(in crate::store) fn int(&mut self, value: i64) -> String {
        self.binds.push(Bind::Int(value));
        format!("${}", self.binds.len())
    }

    /// Places for keys, in a list that is padded so that few statements are prepared: no key is negative.
    pub(in crate::store) fn padded(&mut self, keys: &[i64]) -> String {
        let size = [8, 64, 512].into_iter().find(|size| keys.len() <= *size).unwrap_or(keys.len());
        let places = (0..size).map(|i| self.int(keys.get(i).copied().unwrap_or(-1)));
        places.collect::<Vec<_>>().join(", ")
    }

    /// Joins the facets `t` of the records in `f`, one after another: nothing else keeps the order of `f` and stops as
    /// soon as the page is full. Conditions follow with `AND`.
    pub(in crate::store) fn with_facets(&self) -> &'static str {
        match self.backend {
            Backend::Sqlite => " CROSS JOIN facets t WHERE t.record = f.record",
            Backend::Postgres => {
                " CROSS JOIN LATERAL (SELECT x.tokens FROM facets x WHERE x.record = f.record OFFSET 0) t WHERE TRUE"
            }
        }
    }

    /// True for rows of `field_index` that lie in a span; `f` is the table's name.
    pub(super) fn span(&mut self, f: &str, span: &Span) -> String {
        let mut sql = format!("{f}.path = {}", self.int(span.path));
        match &span.within {
            Within::All => {}
            Within::Is(value) => sql += &format!(" AND {f}.value = {}", self.text(value)),
            Within::Range(from, to) => {
                sql += &match from {
                    Some(from) => format!(" AND {f}.value >= {}", self.text(from)),
                    None => format!(" AND {f}.value > ''"),
                };
                if let Some(to) = to {
                    sql += &format!(" AND {f}.value < {}", self.text(to));
                }
            }
        }
        sql
    }

    /// The value of a path in the facets `t`; the path must have one value.
    pub(super) fn value(&mut self, path: &str) -> String {
        let place = self.text(&token::path(path));
        let following = index::following(self.backend, "t.tokens", path, &place);
        let separator = self.text(&index::SEPARATOR.to_string());
        format!("substr({following}, 1, {}({following}, {separator}) - 1)", index::position(self.backend))
    }

    /// True for records in `f`, with their facets in `t`, that pass the filter.
    pub(in crate::store) fn passes(&mut self, filter: &Filter) -> String {
        match (&filter.subject, &filter.test) {
            (Subject::Created, Test::AnyOf(values)) => self.made_at(values),
            (Subject::Created, Test::NoneOf(values)) => format!("NOT {}", self.made_at(values)),
            (Subject::Created, Test::Between(from, to)) => {
                let bounds = (from.as_deref().map(key), to.as_deref().map(key));
                self.keys("f.record", bounds)
            }
            (Subject::Path(path, _), Test::AnyOf(values)) => {
                self.has_one(values.iter().map(|v| (path.as_str(), v.as_str())))
            }
            (Subject::Path(path, _), Test::NoneOf(values)) => {
                format!("NOT {}", self.has_one(values.iter().map(|v| (path.as_str(), v.as_str()))))
            }
            (Subject::Path(path, false), Test::Between(from, to)) => {
                let place = self.text(&token::path(path));
                let following = index::following(self.backend, "t.tokens", path, &place);
                let least = self.text(from.as_deref().unwrap_or(token::FIRST));
                let mut sql =
                    format!("{}(t.tokens, {place}) > 0 AND {following} >= {least}", index::position(self.backend));
                if let Some(to) = to {
                    sql += &format!(" AND {following} < {}", self.text(to));
                }
                format!("({sql})")
            }
            // Any of several values may lie in the range.
            (Subject::Path(path, true), Test::Between(from, to)) => {
                let path = index::path(&self.org, &self.kind, path);
                let span = self.span("e", &Span { path, within: Within::Range(from.clone(), to.clone()) });
                format!("EXISTS (SELECT 1 FROM field_index e WHERE {span} AND e.record = f.record)")
            }
        }
    }

    /// True for rows of `field_index` in `f` whose record may pass the filter, by their signature; none where that says
    /// nothing of it.
    pub(super) fn may_pass(&mut self, filter: &Filter) -> Option<String> {
        match (&filter.subject, &filter.test) {
            (Subject::Path(path, _), Test::AnyOf(values)) => {
                self.has_bit(values.iter().map(|v| (path.as_str(), v.as_str())))
            }
            _ => None,
        }
    }

    /// The same for records that one of the branches lets through: each branch has to say something, or nothing is
    /// said of all.
    pub(super) fn may_let_through(&mut self, only: &Only) -> Option<String> {
        let bits = |branch: &Branch| {
            let tests: Vec<BTreeSet<i64>> = branch.iter().filter_map(|test| bits(values_of(test))).collect();
            (!tests.is_empty()).then_some(tests)
        };
        // Nothing is bound before it is known that all of it goes into the text.
        let branches: Vec<Vec<BTreeSet<i64>>> = only.0.iter().map(bits).collect::<Option<_>>()?;
        let branches = branches.into_iter().map(|tests| {
            let tests: Vec<String> = tests.into_iter().map(|bits| self.has_one_bit(bits)).collect();
            all_of(&tests)
        });
        Some(one_of(branches.collect()))
    }

    fn has_bit<'v>(&mut self, values: impl Iterator<Item = (&'v str, &'v str)>) -> Option<String> {
        bits(values).map(|bits| self.has_one_bit(bits))
    }

    fn has_one_bit(&mut self, bits: BTreeSet<i64>) -> String {
        one_of(bits.into_iter().map(|bit| format!("(f.signature & {}) <> 0", self.int(bit))).collect())
    }

    /// True for records that one of the branches lets through.
    pub(in crate::store) fn lets_through(&mut self, only: &Only) -> String {
        let branches = only.0.iter().map(|branch| {
            let tests: Vec<String> = branch.iter().map(|test| self.has_one(values_of(test))).collect();
            all_of(&tests)
        });
        one_of(branches.collect())
    }

    /// Bounds of a record's key: from the first, inclusive, to the second, exclusive.
    pub(super) fn keys(&mut self, column: &str, bounds: (Option<i64>, Option<i64>)) -> String {
        let from = bounds.0.map(|from| format!("{column} >= {}", self.int(from)));
        let to = bounds.1.map(|to| format!("{column} < {}", self.int(to)));
        let both: Vec<String> = from.into_iter().chain(to).collect();
        if both.is_empty() { "1 = 1".to_owned() } else { both.join(" AND ") }
    }

    fn has_one<'v>(&mut self, values: impl IntoIterator<Item = (&'v str, &'v str)>) -> String {
        let position = index::position(self.backend);
        let each = values.into_iter().map(|(path, value)| {
            let place = self.text(&token::value(path, value));
            format!("{position}(t.tokens, {place}) > 0")
        });
        one_of(each.collect())
    }

    fn made_at(&mut self, moments: &[String]) -> String {
        let each = moments.iter().map(|moment| {
            let bounds = (Some(key(moment)), Some(key_after(moment)));
            format!("({})", self.keys("f.record", bounds))
        });
        one_of(each.collect())
    }
}

/// The bits of some values; none where one of them has no bit.
fn bits<'v>(mut values: impl Iterator<Item = (&'v str, &'v str)>) -> Option<BTreeSet<i64>> {
    values.try_fold(BTreeSet::new(), |mut all, (path, value)| {
        all.insert(index::bit(path, value)?);
        Some(all)
    })
}

fn values_of(test: &OneOf) -> impl Iterator<Item = (&str, &str)> {
    test.values.iter().map(|value| (test.path.as_str(), value.as_str()))
}

fn all_of(conditions: &[String]) -> String {
    if conditions.is_empty() { "(1 = 1)".to_owned() } else { format!("({})", conditions.join(" AND ")) }
}

fn one_of(conditions: Vec<String>) -> String {
    /// SQLite reads a chain as a tree as deep as it is long, and takes no tree of a thousand.
    const CHAIN: usize = 100;
    if conditions.is_empty() {
        return "(1 = 0)".to_owned();
    }
    let chains: Vec<String> = conditions.chunks(CHAIN).map(|chain| format!("({})", chain.join(" OR "))).collect();
    if chains.len() > 1 { format!("({})", chains.join(" OR ")) } else { chains.concat() }
}

/// The first key of records made at a moment, given in milliseconds.
pub(super) fn key(moment: &str) -> i64 {
    index::first_key(Instant(moment.parse().unwrap_or_default()))
}

fn key_after(moment: &str) -> i64 {
    index::first_key(Instant(moment.parse::<i64>().unwrap_or_default().saturating_add(1)))
}
