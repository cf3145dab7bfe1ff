//! Everything that happened to a record, from every table that knows of it, the newest first.
//!
//! Each table is asked by itself, on its own index, for what comes behind the page before; the pages are put together
//! here. A place in the whole is a time, a sort of row and the row's key.

use super::comments::places;
use super::events::{Event, event};
use super::records::{AUDIT_COLUMNS, AuditRow, audit_entry};
use super::tx::{Bind, fetch_built};
use super::{Store, StoreError, Tx};
use crate::domain::Instant;
use crate::domain::attachment::Attachment;
use crate::domain::audit::AuditEntry;
use crate::domain::work::Comment;

/// A row of a time line.
#[derive(Clone, Debug, PartialEq)]
pub enum Moment {
    /// A file was attached.
    Attachment(Attachment),
    /// The record was changed, or something beside it.
    Audit(AuditEntry),
    /// A comment was written.
    Comment(Comment),
    /// A component decided.
    Decision(Decided),
    /// Something happened that is no change: a clock warned, a reminder came.
    Event(Event),
    /// Something will happen.
    Timer(Waiting),
}

/// A decision, in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Identifier.
    pub id: String,
    /// When.
    pub at: Instant,
    /// Process that was asked.
    pub process: String,
    /// What it was asked on.
    pub event: String,
    /// How it ended.
    pub status: String,
    /// Name of the component.
    pub component: String,
}

/// A timer that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Identifier.
    pub id: String,
    /// Its name, for example `sla.resolution.due`.
    pub name: String,
    /// When it fires.
    pub due_at: Instant,
}

/// A place in a time line: what stands there has been seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// When.
    pub at: i64,
    /// Sort of row.
    pub sort: String,
    /// Key of the row.
    pub key: String,
}

impl Moment {
    /// Its place.
    pub fn place(&self) -> Place {
        let seq = |seq: i64| format!("{seq:020}");
        let (at, key) = match self {
            Self::Attachment(a) => (a.at, a.id.clone()),
            Self::Audit(a) => (a.at, seq(a.seq)),
            Self::Comment(c) => (c.at, c.id.clone()),
            Self::Decision(d) => (d.at, d.id.clone()),
            Self::Event(e) => (e.at, seq(e.seq)),
            Self::Timer(t) => (t.due_at, t.id.clone()),
        };
        Place { at: at.0, sort: self.sort().to_owned(), key }
    }

    /// Its sort, in the alphabetical order of which rows of one moment stand.
    pub fn sort(&self) -> &'static str {
        match self {
            Self::Attachment(_) => "attachment",
            Self::Audit(_) => "audit",
            Self::Comment(_) => "comment",
            Self::Decision(_) => "decision",
            Self::Event(_) => "event",
            Self::Timer(_) => "timer",
        }
    }
}

/// Which part of whose time line.
#[derive(Clone, Debug)]
pub struct TimelineQuery {
    /// Organisation.
    pub org: String,
    /// The record.
    pub number: String,
    /// The record, and those that were merged into it: their comments and files are part of it.
    pub numbers: Vec<String>,
    /// Leave out internal comments and files.
    pub public_only: bool,
    /// Where the page before ended.
    pub before: Option<Place>,
    /// At most so many rows of each sort.
    pub limit: i64,
}

/// The query of one table under construction.
struct Part<'q> {
    query: &'q TimelineQuery,
    binds: Vec<Bind>,
}

impl<'q> Part<'q> {
    fn new(query: &'q TimelineQuery) -> Self {
        Self { query, binds: vec![Bind::Text(query.org.clone()), Bind::Text(query.number.clone())] }
    }

    fn bind(&mut self, bind: Bind) -> String {
        self.binds.push(bind);
        format!("${}", self.binds.len())
    }

    /// What comes behind the page before, in order, at most a page.
    fn rest(&mut self, sort: &str, at: &str, key: (&str, bool)) -> String {
        let (column, number) = key;
        let mut sql = String::new();
        if let Some(before) = &self.query.before {
            let moment = self.bind(Bind::Int(before.at));
            let condition = match sort.cmp(before.sort.as_str()) {
                std::cmp::Ordering::Less => format!("{at} <= {moment}"),
                std::cmp::Ordering::Greater => format!("{at} < {moment}"),
                std::cmp::Ordering::Equal => {
                    let key = match before.key.parse::<i64>() {
                        Ok(seq) if number => self.bind(Bind::Int(seq)),
                        _ => self.bind(Bind::Text(before.key.clone())),
                    };
                    format!("({at} < {moment} OR ({at} = {moment} AND {column} < {key}))")
                }
            };
            sql.push_str(&format!(" AND {condition}"));
        }
        let limit = self.bind(Bind::Int(self.query.limit));
        sql.push_str(&format!(" ORDER BY {at} DESC, {column} DESC LIMIT {limit}"));
        sql
    }
}

impl Store {
    /// A page of everything that happened to a record and what is ahead of it, the newest first: up to `limit` rows
    /// of each sort, in one order; the caller takes the first of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn timeline(&self, query: &TimelineQuery) -> Result<Vec<Moment>, StoreError> {
        let mut tx = self.read().await?;
        let mut all = audit(&mut tx, query).await?;
        all.extend(events(&mut tx, query).await?);
        all.extend(decisions(&mut tx, query).await?);
        all.extend(timers(&mut tx, query).await?);
        all.extend(comments(&mut tx, query).await?);
        all.extend(attachments(&mut tx, query).await?);
        all.sort_by_cached_key(|moment| std::cmp::Reverse(moment.place()));
        Ok(all)
    }
}

/// Comments, files and decisions stand in the time line as themselves.
async fn audit(tx: &mut Tx, query: &TimelineQuery) -> Result<Vec<Moment>, StoreError> {
    let mut part = Part::new(query);
    let rest = part.rest("audit", "at", ("seq", true));
    let sql = format!(
        "SELECT {AUDIT_COLUMNS} FROM audit
         WHERE org = $1 AND number = $2 AND action NOT IN ('comment', 'attach', 'decided'){rest}"
    );
    let rows = fetch_built::<AuditRow>(tx, sql, part.binds).await?;
    rows.into_iter().map(|row| audit_entry(row).map(Moment::Audit)).collect()
}

/// What is said of records as such is in the audit trail already.
async fn events(tx: &mut Tx, query: &TimelineQuery) -> Result<Vec<Moment>, StoreError> {
    let mut part = Part::new(query);
    let rest = part.rest("event", "at", ("seq", true));
    let sql = format!(
        "SELECT seq, at, type, number, data FROM events
         WHERE org = $1 AND number = $2 AND type NOT LIKE 'record.%'{rest}"
    );
    let rows = fetch_built(tx, sql, part.binds).await?;
    rows.into_iter().map(|row| event(row).map(Moment::Event)).collect()
}

async fn decisions(tx: &mut Tx, query: &TimelineQuery) -> Result<Vec<Moment>, StoreError> {
    let mut part = Part::new(query);
    let rest = part.rest("decision", "at", ("id", false));
    let sql = format!(
        "SELECT id, at, process, event, status, component_name FROM decisions WHERE org = $1 AND number = $2{rest}"
    );
    let rows = fetch_built::<(String, i64, String, String, String, String)>(tx, sql, part.binds).await?;
    let decided = |(id, at, process, event, status, component)| {
        Moment::Decision(Decided { id, at: Instant(at), process, event, status, component })
    };
    Ok(rows.into_iter().map(decided).collect())
}

async fn timers(tx: &mut Tx, query: &TimelineQuery) -> Result<Vec<Moment>, StoreError> {
    let mut part = Part::new(query);
    let rest = part.rest("timer", "due_at", ("id", false));
    let sql = format!("SELECT id, name, due_at FROM timers WHERE org = $1 AND number = $2{rest}");
    let rows = fetch_built::<(String, String, i64)>(tx, sql, part.binds).await?;
    let waiting = |(id, name, due_at)| Moment::Timer(Waiting { id, name, due_at: Instant(due_at) });
    Ok(rows.into_iter().map(waiting).collect())
}

/// The organisation, the records by number, and who sees it; the record's own number is one of them.
fn written(part: &mut Part<'_>) -> String {
    let numbers = places(&mut part.binds, &part.query.numbers);
    let public = if part.query.public_only { " AND visibility = 'public'" } else { "" };
    // $2 is bound for every part and has to be named.
    format!("org = $1 AND (number = $2 OR number IN ({numbers})){public}")
}

async fn comments(tx: &mut Tx, query: &TimelineQuery) -> Result<Vec<Moment>, StoreError> {
    let mut part = Part::new(query);
    let whose = written(&mut part);
    let rest = part.rest("comment", "at", ("id", false));
    let sql = format!("SELECT {} FROM comments WHERE {whose}{rest}", super::comments::COLUMNS);
    let rows = fetch_built(tx, sql, part.binds).await?;
    rows.into_iter().map(|row| super::comments::comment(row).map(Moment::Comment)).collect()
}

async fn attachments(tx: &mut Tx, query: &TimelineQuery) -> Result<Vec<Moment>, StoreError> {
    let mut part = Part::new(query);
    let whose = written(&mut part);
    let rest = part.rest("attachment", "at", ("id", false));
    let sql = format!("SELECT {} FROM attachments WHERE {whose}{rest}", super::attachments::COLUMNS);
    let rows = fetch_built(tx, sql, part.binds).await?;
    rows.into_iter().map(|row| super::attachments::attachment(row).map(Moment::Attachment)).collect()
}
