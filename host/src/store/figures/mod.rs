//! Figures over records: counts, sums and spreads of the records of a population, computed in the database.
//!
//! The query text is built from definitions that are part of the binary: their constants, placeholders and checked
//! names, never a caller's words. What one database says differently from the other (paths in JSON, calendar
//! arithmetic) is in [`dialect`]; everything else is written once.

mod condition;
mod decisions;
mod dialect;
mod moment;
mod population;

use super::records::{COLUMNS, Row, record};
use super::tx::{Bind, fetch_built};
use super::{Store, StoreError};
use crate::domain::constant::Constants;
use crate::domain::measure::condition::Condition;
use crate::domain::measure::{Amount, Dimension, Population, Span};
use crate::domain::record::Record;
use crate::domain::{Instant, Kind, Kinds};
use population::Query;

pub use decisions::{DecisionFigures, DecisionNote};

/// What a figure is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Lens<'a> {
    /// Organisation.
    pub org: &'a str,
    /// Its kinds.
    pub kinds: &'a Kinds,
    /// The period.
    pub span: &'a Span,
    /// The present instant.
    pub now: Instant,
    /// The organisation's constants.
    pub constants: &'a Constants,
    /// What the figure is divided by.
    pub by: Option<Dimension>,
}

/// How many records of a group there are, and how many of them meet the conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Value of the dimension; none without one.
    pub group: Option<String>,
    /// All.
    pub all: i64,
    /// Those that meet the conditions.
    pub hits: i64,
}

/// A sum over the records of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    /// Value of the dimension; none without one.
    pub group: Option<String>,
    /// Currency, where it is money.
    pub currency: Option<String>,
    /// Records that have a value.
    pub count: i64,
    /// The sum: numbers in millionths, durations in milliseconds, counts as they are.
    pub sum: i128,
}

/// How the values of a group are spread; units as in [`Sum`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spread {
    /// Value of the dimension; none without one.
    pub group: Option<String>,
    /// Records that have a value.
    pub count: i64,
    /// Their sum.
    pub sum: i128,
    /// The value in the middle, the lower one of two.
    pub median: i128,
    /// The value that nine of ten do not exceed (nearest rank).
    pub p90: i128,
    /// The greatest.
    pub max: i128,
}

/// Which records of a population.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// Those older than the record with this identifier.
    pub before: Option<&'a str>,
    /// At most so many of each kind.
    pub limit: i64,
}

impl Page<'_> {
    /// The newest.
    pub fn first(limit: i64) -> Self {
        Self { before: None, limit }
    }
}

type SumRow = (Option<String>, Option<String>, i64, String);
type SpreadRow = (Option<String>, i64, String, i64, i64, i64);
type ListRow = (String, String, String, String, String, String, String, i64, i64, String, i64, String, i64, String);

impl Store {
    /// How many records of a population there are, and how many meet conditions; with `items`, the items of that list.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tally(
        &self,
        lens: Lens<'_>,
        of: &Population,
        items: Option<&str>,
        that: &[Condition],
    ) -> Result<Vec<Tally>, StoreError> {
        let mut found = Vec::new();
        for kind in kinds(lens, of) {
            let mut query = Query::new(self.backend(), lens);
            let (head, source) = query.from(&kind, of, items);
            let hit = query.all(&source, that);
            let group = query.group(&source);
            let sql = format!(
                "SELECT {group}, COUNT(*), CAST(COALESCE(SUM(CASE WHEN {hit} THEN 1 ELSE 0 END), 0) AS BIGINT){head} GROUP BY 1"
            );
            for (group, all, hits) in self.figures::<(Option<String>, i64, i64)>(sql, query).await? {
                found.push(Tally { group, all, hits });
            }
        }
        Ok(found)
    }

    /// What the records of a population add up to; those without a value are left out.
    ///
    /// # Errors
    /// When the database fails, or the sum is too large to be exact.
    pub async fn sums(&self, lens: Lens<'_>, of: &Population, amount: &Amount) -> Result<Vec<Sum>, StoreError> {
        let mut found = Vec::new();
        for kind in kinds(lens, of) {
            let mut query = Query::new(self.backend(), lens);
            let (head, source) = query.from(&kind, of, amount.list());
            let (value, currency) = query.amount(&source, amount);
            let group = query.group(&source);
            let sql = format!(
                "SELECT g, c, COUNT(*), CAST(SUM(v) AS TEXT) FROM (SELECT {group} AS g, {currency} AS c, {value} AS v{head}) s \
                 WHERE v IS NOT NULL GROUP BY g, c"
            );
            for (group, currency, count, sum) in self.figures::<SumRow>(sql, query).await? {
                found.push(Sum { group, currency, count, sum: whole(&sum)? });
            }
        }
        Ok(found)
    }

    /// How the values of a population's records are spread; those without a value are left out. The population has
    /// one kind.
    ///
    /// # Errors
    /// When the database fails, or the sum is too large to be exact.
    pub async fn spread(&self, lens: Lens<'_>, of: &Population, amount: &Amount) -> Result<Vec<Spread>, StoreError> {
        let mut found = Vec::new();
        for kind in kinds(lens, of) {
            let mut query = Query::new(self.backend(), lens);
            let (head, source) = query.from(&kind, of, amount.list());
            let (value, _) = query.amount(&source, amount);
            let group = query.group(&source);
            let sql = format!(
                "SELECT g, MAX(n), CAST(SUM(v) AS TEXT), MAX(CASE WHEN i = (n + 1) / 2 THEN v END), \
                 MAX(CASE WHEN i = (n * 9 + 9) / 10 THEN v END), MAX(v) FROM (SELECT g, v, \
                 ROW_NUMBER() OVER (PARTITION BY g ORDER BY v) AS i, COUNT(*) OVER (PARTITION BY g) AS n FROM \
                 (SELECT {group} AS g, {value} AS v{head}) s WHERE v IS NOT NULL) t GROUP BY g"
            );
            for (group, count, sum, median, p90, max) in self.figures::<SpreadRow>(sql, query).await? {
                let [median, p90, max] = [median, p90, max].map(i128::from);
                found.push(Spread { group, count, sum: whole(&sum)?, median, p90, max });
            }
        }
        Ok(found)
    }

    /// How many records of a population have each value of a field, the most frequent first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn distribution(
        &self,
        lens: Lens<'_>,
        of: &Population,
        field: &str,
    ) -> Result<Vec<(String, i64)>, StoreError> {
        let mut found = Vec::new();
        for kind in kinds(lens, of) {
            let mut query = Query::new(self.backend(), lens);
            let (head, source) = query.from(&kind, of, None);
            let value = query.text(&source, field);
            let sql = format!(
                "SELECT v, COUNT(*) FROM (SELECT {value} AS v{head}) s WHERE v IS NOT NULL GROUP BY v ORDER BY 2 DESC, 1"
            );
            found.extend(self.figures::<(String, i64)>(sql, query).await?);
        }
        Ok(found)
    }

    /// A page of the records of a population that meet conditions, the newest first, of each kind; each record with its
    /// state as of the end of the period.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn population(
        &self,
        lens: Lens<'_>,
        of: &Population,
        that: &[Condition],
        page: Page<'_>,
    ) -> Result<Vec<(Record, String)>, StoreError> {
        let mut found = Vec::new();
        for kind in kinds(lens, of) {
            let mut query = Query::new(self.backend(), lens);
            let (head, source) = query.from(&kind, of, None);
            let state = query.state_at(&source);
            let hit = query.all(&source, that);
            let before = page.before.map(|id| format!("AND r.id < {} ", query.text_bind(id)));
            let (before, limit) = (before.unwrap_or_default(), query.int(page.limit));
            let sql = format!("SELECT {COLUMNS}, {state}{head} AND {hit} {before}ORDER BY r.id DESC LIMIT {limit}");
            for row in self.figures::<ListRow>(sql, query).await? {
                let (a, b, c, d, e, f, g, h, i, j, k, l, m, state) = row;
                let row: Row = (a, b, c, d, e, f, g, h, i, j, k, l, m);
                found.push((record(row)?, state));
            }
        }
        Ok(found)
    }

    async fn figures<T>(&self, sql: String, query: Query<'_>) -> Result<Vec<T>, StoreError>
    where
        T: for<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow> + for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow>,
        T: Send + Unpin,
    {
        let mut tx = self.read().await?;
        Ok(fetch_built::<T>(&mut tx, sql, query.into_binds()).await?)
    }
}

fn kinds(lens: Lens<'_>, of: &Population) -> Vec<std::sync::Arc<Kind>> {
    of.kinds.iter().filter_map(|prefix| lens.kinds.by_prefix(prefix).cloned()).collect()
}

fn whole(text: &str) -> Result<i128, StoreError> {
    text.parse().map_err(|e| StoreError::corrupt("a sum", e))
}

/// A millisecond count as a placeholder's value.
fn millis(at: Instant) -> Bind {
    Bind::Int(at.0)
}
