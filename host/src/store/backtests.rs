//! Dry runs: the decisions they replay, and what came of each.

use super::listing::{Filter, Query};
use super::tx::{Bind, execute, fetch_all, fetch_built};
use super::unit::insert_rows;
use super::{Backend, Store, StoreError, Tx};
use crate::domain::Instant;
use crate::domain::backtest::Sort;

/// Which stored decisions a dry run replays.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Selection {
    /// Process, by its slug.
    pub process: String,
    /// Of records whose number starts with this prefix.
    pub prefix: Option<String>,
    /// Of records that point to this one, or of the record itself.
    pub about: Option<String>,
    /// Taken at this moment or later, in milliseconds.
    pub from: Option<i64>,
    /// Taken before this moment, in milliseconds.
    pub to: Option<i64>,
    /// Only the newest decision of each record.
    pub latest: bool,
    /// Of records of this kind that pass these filters, as they are now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<(String, Vec<Filter>)>,
    /// No newer than this decision: what comes while the dry run goes on is not part of it.
    pub until: String,
}

impl Selection {
    /// Whether it is about a part of the organisation only.
    pub fn is_partial(&self) -> bool {
        self.prefix.is_some() || self.about.is_some() || self.records.is_some()
    }
}

/// A stored decision as a dry run needs it.
#[derive(Clone, Copy, Debug)]
pub struct Replayed<'t> {
    /// Identifier.
    pub id: &'t str,
    /// Record.
    pub number: &'t str,
    /// When it was taken.
    pub at: Instant,
    /// Request, as canonical JSON.
    pub input: &'t str,
    /// Answer, as canonical JSON.
    pub output: &'t str,
    /// Fuel it took.
    pub fuel: i64,
    /// Microseconds it took.
    pub took_us: i64,
    /// What was looked up, as canonical JSON; empty for nothing.
    pub lookups: &'t str,
}

/// Some stored decisions, as the database hands them over.
///
/// Handing a row over costs more than reading it, so many come as one text. Identifiers, numbers and canonical JSON hold no
/// control characters, so that ASCII's own separators part them.
#[derive(Clone, Debug)]
pub struct Block(String);

/// Between the values of a decision, and between decisions.
const UNIT: char = '\u{1f}';
const RECORD: char = '\u{1e}';
/// Decisions of a block: few enough that of the largest requests it is none that a database refuses, and of ordinary ones
/// it stays in the processor's cache.
const BLOCK: i64 = 50;

impl Block {
    fn rows(&self) -> impl Iterator<Item = &str> {
        self.0.split(RECORD).filter(|row| !row.is_empty())
    }

    /// The decision that comes last by its identifier.
    pub fn last(&self) -> Option<&str> {
        self.rows().filter_map(|row| row.split(UNIT).next()).max()
    }

    /// Its decisions, oldest first. What cannot be read of one is empty, and a dry run passes over it.
    pub fn decisions(&self) -> Vec<Replayed<'_>> {
        let whole = |text: &str| text.parse().unwrap_or_default();
        let read = |row| {
            let mut values = str::splitn(row, 8, UNIT);
            let mut text = || values.next().unwrap_or_default();
            let (id, number, at, input, output) = (text(), text(), text(), text(), text());
            let (fuel, took_us, lookups) = (text(), text(), text());
            let (at, fuel, took_us) = (Instant(whole(at)), whole(fuel), whole(took_us));
            Replayed { id, number, at, input, output, fuel, took_us, lookups }
        };
        let mut found: Vec<Replayed<'_>> = self.rows().map(read).collect();
        // What a database puts together into one text comes in no promised order.
        found.sort_unstable_by_key(|decision| decision.id);
        found
    }
}

/// A decision that does not come out the same.
#[derive(Clone, Debug)]
pub struct Compared {
    /// The stored decision.
    pub decision: String,
    /// Its record.
    pub number: String,
    /// When it was taken.
    pub at: Instant,
    /// How it compares.
    pub sort: Sort,
    /// What changed, in words.
    pub group: String,
    /// By how much its main amount is higher, as [`crate::domain::backtest::Money`] is stored.
    pub money: Option<String>,
    /// What differs, as JSON.
    pub differences: String,
    /// What the candidate said, as JSON; only where the verdict turned or the candidate failed.
    pub output: Option<String>,
    /// The decision that was stored in its place; empty where nothing was.
    pub decided: String,
}

/// A part of a dry run, written as a whole.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Organisation.
    pub org: String,
    /// The job.
    pub job: String,
    /// Which part, from 1.
    pub n: i64,
    /// The last decision it looked at.
    pub last: String,
    /// Its sums, as JSON.
    pub summary: String,
    /// What did not come out the same.
    pub decisions: Vec<Compared>,
}

pub(super) async fn insert(tx: &mut Tx, batch: &Batch) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO backtest_batches (org, job, n, last, summary) VALUES ($1, $2, $3, $4, $5)",
        &batch.org,
        &batch.job,
        batch.n,
        &batch.last,
        &batch.summary
    )?;
    // A missing value is written as an empty text and read back as none: neither column holds empty texts.
    let text = |value: &str| Bind::Text(value.to_owned());
    let rows = batch.decisions.iter().map(|c| {
        [
            text(&batch.org),
            text(&batch.job),
            text(&c.decision),
            text(&c.number),
            Bind::Int(c.at.0),
            text(c.sort.as_str()),
            text(&c.group),
            text(c.money.as_deref().unwrap_or_default()),
            text(&c.differences),
            text(c.output.as_deref().unwrap_or_default()),
            text(&c.decided),
        ]
    });
    let head = "INSERT INTO backtest_decisions
                    (org, job, decision, number, at, sort, change_group, money, differences, output,
                     decided)
                VALUES ";
    insert_rows(tx, head, rows.collect()).await?;
    Ok(())
}

/// Conditions of a selection; `$1` is the organisation, `$2` the process.
fn conditions(backend: Backend, org: &str, selection: &Selection) -> (String, Vec<Bind>) {
    let mut binds = vec![Bind::Text(org.to_owned()), Bind::Text(selection.process.clone())];
    let mut sql = "d.org = $1 AND d.process = $2 AND d.status <> 'failed'".to_owned();
    let mut add = |text: &str, bind: Bind| {
        binds.push(bind);
        sql.push_str(&text.replace('?', &format!("${}", binds.len())));
    };
    add(" AND d.id <= ?", Bind::Text(selection.until.clone()));
    if let Some(prefix) = &selection.prefix {
        let length = prefix.len() + 1;
        add(&format!(" AND substr(d.number, 1, {length}) = ?"), Bind::Text(format!("{prefix}-")));
    }
    if let Some(about) = &selection.about {
        add(
            " AND (d.number = ? OR EXISTS (SELECT 1 FROM links l WHERE l.org = $1 AND l.source = d.number AND l.target = ?))",
            Bind::Text(about.clone()),
        );
    }
    if let Some(from) = selection.from {
        add(" AND d.at >= ?", Bind::Int(from));
    }
    if let Some(to) = selection.to {
        add(" AND d.at < ?", Bind::Int(to));
    }
    if selection.latest {
        sql.push_str(
            " AND NOT EXISTS (SELECT 1 FROM decisions n WHERE n.org = $1 AND n.number = d.number AND n.process = $2 \
             AND n.id > d.id AND n.id <= $3 AND n.status <> 'failed')",
        );
    }
    let Some((kind, filters)) = &selection.records else { return (sql, binds) };
    let mut q = Query::new(backend, org, kind);
    q.binds = binds;
    sql.push_str(
        " AND EXISTS (SELECT 1 FROM (SELECT r.key AS record FROM records r WHERE r.org = $1 AND r.number = d.number) f",
    );
    sql.push_str(q.with_facets());
    for filter in filters {
        sql.push_str(" AND ");
        sql.push_str(&q.passes(filter));
    }
    sql.push(')');
    (sql, q.binds)
}

type ComparedRow = (String, String, i64, String, String, Option<String>, String, Option<String>, String);

impl Store {
    /// The newest decision of a process; `None` while there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn newest_decision(&self, org: &str, process: &str) -> Result<Option<String>, StoreError> {
        let mut tx = self.read().await?;
        let rows = fetch_all!(
            &mut tx,
            (String,),
            "SELECT id FROM decisions WHERE org = $1 AND process = $2 ORDER BY id DESC LIMIT 1",
            org,
            process
        )?;
        Ok(rows.into_iter().next().map(|(id,)| id))
    }

    /// How many decisions a selection has.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_selected(&self, org: &str, selection: &Selection) -> Result<i64, StoreError> {
        let (conditions, binds) = conditions(self.backend(), org, selection);
        let mut tx = self.read().await?;
        let sql = format!("SELECT COUNT(*) FROM decisions d WHERE {conditions}");
        let rows = fetch_built::<(i64,)>(&mut tx, sql, binds).await?;
        Ok(rows.first().map_or(0, |(count,)| *count))
    }

    /// The next decisions of a selection, oldest first, at most `limit` of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn selected(
        &self,
        org: &str,
        selection: &Selection,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Block>, StoreError> {
        let (conditions, mut binds) = conditions(self.backend(), org, selection);
        let n = binds.len();
        let sql = format!(
            "SELECT string_agg(
                 concat_ws(${unit}, d.id, d.number, d.at, d.input, d.output, d.fuel, d.took_us, d.lookups), ${record})
             FROM (SELECT d.id, d.number, d.at, d.input, d.output, d.fuel, d.took_us, d.lookups FROM decisions d
                   WHERE {conditions} AND d.id > ${after} ORDER BY d.id LIMIT ${limit}) d",
            after = n + 1,
            limit = n + 2,
            unit = n + 3,
            record = n + 4,
        );
        binds.extend([
            Bind::Text(after.to_owned()),
            Bind::Int(0),
            Bind::Text(UNIT.to_string()),
            Bind::Text(RECORD.to_string()),
        ]);
        let mut tx = self.read().await?;
        let mut found: Vec<Block> = Vec::new();
        let mut missing = limit;
        while missing > 0 {
            if let Some(last) = found.last().and_then(Block::last) {
                binds[n] = Bind::Text(last.to_owned());
            }
            binds[n + 1] = Bind::Int(missing.min(BLOCK));
            let rows = fetch_built::<(Option<String>,)>(&mut tx, sql.clone(), binds.clone()).await?;
            let Some((Some(text),)) = rows.into_iter().next() else { break };
            found.push(Block(text));
            missing -= BLOCK;
        }
        Ok(found)
    }

    /// The parts of a dry run so far, in order: the last decision of each, and its sums.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn backtest_batches(&self, org: &str, job: &str) -> Result<Vec<(String, String)>, StoreError> {
        let mut tx = self.read().await?;
        Ok(fetch_all!(
            &mut tx,
            (String, String),
            "SELECT last, summary FROM backtest_batches WHERE org = $1 AND job = $2 ORDER BY n",
            org,
            job
        )?)
    }

    /// What did not come out the same, oldest decision first: after a decision, of one group or all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn backtest_decisions(
        &self,
        org: &str,
        job: &str,
        sort: Option<Sort>,
        group: Option<&str>,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Compared>, StoreError> {
        let mut sql = "SELECT decision, number, at, sort, change_group, money, differences, output,
                decided
             FROM backtest_decisions WHERE org = $1 AND job = $2 AND decision > $3"
            .to_owned();
        let mut binds = vec![Bind::Text(org.to_owned()), Bind::Text(job.to_owned()), Bind::Text(after.to_owned())];
        for (column, value) in [("sort", sort.map(Sort::as_str)), ("change_group", group)] {
            if let Some(value) = value {
                binds.push(Bind::Text(value.to_owned()));
                sql.push_str(&format!(" AND {column} = ${}", binds.len()));
            }
        }
        binds.push(Bind::Int(limit));
        sql.push_str(&format!(" ORDER BY decision LIMIT ${}", binds.len()));
        let mut tx = self.read().await?;
        let rows = fetch_built::<ComparedRow>(&mut tx, sql, binds).await?;
        let known = |text: Option<String>| text.filter(|text| !text.is_empty());
        rows.into_iter()
            .map(|(decision, number, at, sort, group, money, differences, output, decided)| {
                let unknown = || StoreError::corrupt(format!("dry run {job}"), format!("sort '{sort}'"));
                Ok(Compared {
                    sort: Sort::parse(&sort).ok_or_else(unknown)?,
                    decision,
                    number,
                    at: Instant(at),
                    group,
                    money: known(money),
                    differences,
                    output: known(output),
                    decided,
                })
            })
            .collect()
    }
}
