//! Lists of records: filters and sort by indexed fields, pages by keyset.
//!
//! Every filter and every sort runs on an index, whatever the kind; a page at depth costs what the first one does.

use super::records::{COLUMNS, Row, record};
use super::tx::{Bind, fetch_built};
use super::{Store, StoreError};
use crate::domain::record::Record;

/// Which records of a kind, and in which order. Field names are checked by the caller; values are in the index's
/// sortable form.
#[derive(Clone, Debug)]
pub struct ListQuery {
    /// Organisation.
    pub org: String,
    /// Kind's slug.
    pub kind: String,
    /// All must hold.
    pub filters: Vec<Filter>,
    /// Order.
    pub sort: SortKey,
    /// True for the greatest first.
    pub descending: bool,
    /// Where the page before ended.
    pub after: Option<Cursor>,
    /// Records a page.
    pub limit: usize,
    /// Only records whose owner, maker or one of these indexed fields is this user.
    pub own: Option<Own>,
}

/// The restriction to one's own records.
#[derive(Clone, Debug)]
pub struct Own {
    /// User.
    pub user: String,
    /// The user in the index's sortable form.
    pub value: String,
    /// Indexed fields that name a user who counts as owner.
    pub paths: Vec<String>,
}

/// What a filter looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A text column every record has: `state`, `owner`, `number`, `title`, `created_by`.
    Column(&'static str),
    /// A time column every record has: `created_at`, `updated_at` (milliseconds).
    Time(&'static str),
    /// An indexed path of the kind; true when a record may have several values.
    Path(String, bool),
}

/// A condition on one subject.
#[derive(Clone, Debug)]
pub struct Filter {
    /// What it looks at.
    pub subject: Subject,
    /// Which values pass.
    pub test: Test,
}

/// Which values pass.
#[derive(Clone, Debug)]
pub enum Test {
    /// One of these.
    AnyOf(Vec<String>),
    /// None of these.
    NoneOf(Vec<String>),
    /// From the first, inclusive, to the second, exclusive.
    Between(Option<String>, Option<String>),
}

/// What the list is ordered by; the record's identifier breaks ties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SortKey {
    /// When the record was made.
    Created,
    /// When the record was last changed.
    Updated,
    /// An indexed path.
    Path(String),
}

/// The last row of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Its sort value (empty for [`SortKey::Created`]).
    pub value: String,
    /// Its identifier.
    pub id: String,
}

/// A page of records.
#[derive(Clone, Debug)]
pub struct Page {
    /// The records.
    pub records: Vec<Record>,
    /// Where the next page starts; none on the last.
    pub next: Option<Cursor>,
}

/// Builds the query text; only constants, placeholders and numbers go into it.
struct Builder {
    joins: String,
    conditions: Vec<String>,
    binds: Vec<Bind>,
    aliases: usize,
    /// The column that stands for the record's identifier: the first index that is walked.
    id: String,
}

impl Builder {
    fn text(&mut self, value: &str) -> String {
        self.binds.push(Bind::Text(value.to_owned()));
        format!("${}", self.binds.len())
    }

    fn int(&mut self, value: i64) -> String {
        self.binds.push(Bind::Int(value));
        format!("${}", self.binds.len())
    }

    fn join(&mut self, path: &str) -> String {
        let alias = format!("f{}", self.aliases);
        self.aliases += 1;
        let place = self.text(path);
        self.joins.push_str(&format!(
            " JOIN field_index {alias} ON {alias}.record_id = r.id AND {alias}.org = $1 AND {alias}.kind = $2 \
             AND {alias}.path = {place}"
        ));
        alias
    }

    fn test(&mut self, column: &str, test: &Test, time: bool) -> String {
        let mut bind = |value: &String| match (time, value.parse::<i64>()) {
            (true, Ok(millis)) => self.int(millis),
            _ => self.text(value),
        };
        match test {
            Test::AnyOf(values) | Test::NoneOf(values) if values.is_empty() => {
                if matches!(test, Test::AnyOf(_)) { "1 = 0" } else { "1 = 1" }.to_owned()
            }
            Test::AnyOf(values) => {
                if let [one] = values.as_slice() {
                    return format!("{column} = {}", bind(one));
                }
                let places: Vec<String> = values.iter().map(bind).collect();
                format!("{column} IN ({})", places.join(", "))
            }
            Test::NoneOf(values) => {
                let places: Vec<String> = values.iter().map(bind).collect();
                format!("{column} NOT IN ({})", places.join(", "))
            }
            Test::Between(from, to) => {
                let mut parts = Vec::new();
                if let Some(from) = from {
                    parts.push(format!("{column} >= {}", bind(from)));
                }
                if let Some(to) = to {
                    parts.push(format!("{column} < {}", bind(to)));
                }
                if parts.is_empty() { "1 = 1".to_owned() } else { parts.join(" AND ") }
            }
        }
    }

    fn filter(&mut self, filter: &Filter) {
        match &filter.subject {
            Subject::Column(name) => {
                let condition = self.test(&format!("r.{name}"), &filter.test, false);
                self.conditions.push(condition);
            }
            Subject::Time(name) => {
                let condition = self.test(&format!("r.{name}"), &filter.test, true);
                self.conditions.push(condition);
            }
            // Several values a record: a join would list the record several times.
            Subject::Path(path, true) => {
                let (not, test) = match &filter.test {
                    Test::NoneOf(values) => ("NOT ", &Test::AnyOf(values.clone())),
                    test => ("", test),
                };
                let place = self.text(path);
                let condition = self.test("f.value", test, false);
                self.conditions.push(format!(
                    "{not}EXISTS (SELECT 1 FROM field_index f WHERE f.org = $1 AND f.kind = $2 AND f.path = {place} \
                     AND f.record_id = r.id AND {condition})"
                ));
            }
            Subject::Path(path, false) => {
                let alias = self.join(path);
                let condition = self.test(&format!("{alias}.value"), &filter.test, false);
                if self.id == "r.id" && matches!(&filter.test, Test::AnyOf(values) if values.len() == 1) {
                    self.id = format!("{alias}.record_id");
                }
                self.conditions.push(condition);
            }
        }
    }

    fn own(&mut self, own: &Own) {
        let user = self.text(&own.user);
        let mut ways = vec![format!("r.owner = {user}"), format!("r.created_by = {user}")];
        if !own.paths.is_empty() {
            let value = self.text(&own.value);
            let places: Vec<String> = own.paths.iter().map(|p| self.text(p)).collect();
            ways.push(format!(
                "EXISTS (SELECT 1 FROM field_index f WHERE f.record_id = r.id AND f.org = $1 AND f.kind = $2 \
                 AND f.path IN ({}) AND f.value = {value})",
                places.join(", ")
            ));
        }
        self.conditions.push(format!("({})", ways.join(" OR ")));
    }
}

type SortedRow = (String, String, String, String, String, String, String, i64, i64, String, i64, String, String);

impl Store {
    /// A page of records.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list(&self, query: &ListQuery) -> Result<Page, StoreError> {
        let mut b = Builder {
            joins: String::new(),
            conditions: vec!["r.org = $1".to_owned(), "r.kind = $2".to_owned()],
            binds: vec![Bind::Text(query.org.clone()), Bind::Text(query.kind.clone())],
            aliases: 0,
            id: "r.id".to_owned(),
        };
        for filter in &query.filters {
            b.filter(filter);
        }
        if let Some(own) = &query.own {
            b.own(own);
        }
        let (sort, selected) = match &query.sort {
            SortKey::Created => (None, "''".to_owned()),
            SortKey::Updated => (Some("r.updated_at".to_owned()), "CAST(r.updated_at AS TEXT)".to_owned()),
            SortKey::Path(path) => {
                let alias = b.join(path);
                (Some(format!("{alias}.value")), format!("{alias}.value"))
            }
        };
        let (direction, beyond) = if query.descending { ("DESC", "<") } else { ("ASC", ">") };
        if let Some(after) = &query.after {
            let id = b.text(&after.id);
            let condition = match &sort {
                None => format!("{} {beyond} {id}", b.id),
                Some(column) => {
                    let value = match (&query.sort, after.value.parse::<i64>()) {
                        (SortKey::Updated, Ok(millis)) => b.int(millis),
                        _ => b.text(&after.value),
                    };
                    format!("({column}, {}) {beyond} ({value}, {id})", b.id)
                }
            };
            b.conditions.push(condition);
        }
        let order = match &sort {
            None => format!("{} {direction}", b.id),
            Some(column) => format!("{column} {direction}, {} {direction}", b.id),
        };
        let limit = b.int(i64::try_from(query.limit + 1).unwrap_or(i64::MAX));
        let sql = format!(
            "SELECT {COLUMNS}, {selected} FROM records r{} WHERE {} ORDER BY {order} LIMIT {limit}",
            b.joins,
            b.conditions.join(" AND ")
        );
        let mut tx = self.read().await?;
        let mut rows = fetch_built::<SortedRow>(&mut tx, sql, b.binds).await?;
        let more = rows.len() > query.limit;
        rows.truncate(query.limit);
        let next = match rows.last() {
            Some(last) if more => Some(Cursor { value: last.12.clone(), id: last.0.clone() }),
            _ => None,
        };
        let records = rows.into_iter().map(split).collect::<Result<_, _>>()?;
        Ok(Page { records, next })
    }
}

fn split(row: SortedRow) -> Result<Record, StoreError> {
    let (a, b, c, d, e, f, g, h, i, j, k, l, _) = row;
    let row: Row = (a, b, c, d, e, f, g, h, i, j, k, l);
    record(row)
}
