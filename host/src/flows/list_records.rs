//! Lists of records.
//!
//! A filter is `FIELD=VALUE` on an indexed field or a common column. `a,b` means one of them, `!a,b` none of them,
//! `from..to` a range (from inclusive, to exclusive, either end may be missing), an empty value that the field has none,
//! and `!` that it has one. Dates and moments may be said in words ([`crate::domain::when`]); a day or a longer time by
//! itself is the range of it. `me` is the caller, where a field names a user. `q` names words to look for, `tz` the zone
//! in which days begin.

use super::search::Finder;
use super::{Desk, FlowError};
use crate::domain::access::{self, Action, Branch, Scope};
use crate::domain::field::{FieldType, encode_text};
use crate::domain::record::Record;
use crate::domain::refusal::{Refusal, rule};
use crate::domain::when::{Wall, When};
use crate::domain::{Actor, Kind};
use crate::store::index::COLUMNS;
use crate::store::listing::{Cursor, Filter, ListQuery, OneOf, Only, Page, SortKey, Subject, Test};

/// Records a page when the caller does not say.
pub const DEFAULT_LIMIT: usize = 50;
/// Records a page at most.
pub const MAX_LIMIT: usize = 500;

/// What the caller asks for, in his words.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// Field and condition, in order.
    pub filters: Vec<(String, String)>,
    /// Field to sort by, with a `-` before it for descending; default `-created_at`.
    pub sort: Option<String>,
    /// Where the page before ended.
    pub after: Option<Cursor>,
    /// Records a page.
    pub limit: Option<usize>,
}

/// A page of the records of `kind` that the actor may read.
///
/// # Errors
/// Not allowed; a field that is not indexed; a value that does not fit the field; the database's errors.
pub async fn run(desk: &Desk, actor: &Actor, kind: &Kind, ask: Ask) -> Result<Page, FlowError> {
    let scope = access::read_scope(kind, actor);
    let own_only = scope.is_own();
    let only = match scope {
        Scope::All => None,
        Scope::Some(branches) => Some(only(kind, actor, branches)),
        Scope::Nothing => {
            access::permit(kind, actor, Action::Read, None)?;
            None
        }
    };
    let limit = ask.limit.unwrap_or(DEFAULT_LIMIT);
    if limit == 0 || limit > MAX_LIMIT {
        let message = format!("limit must be between 1 and {MAX_LIMIT}");
        return Err(Refusal::invalid(rule::RANGE, "limit", message).into());
    }
    // Beside the fields, a condition may name words to look for, and the zone in which days begin.
    let words = named(&ask.filters, WORDS);
    let finder = words.map(|q| Finder::new(q, actor)).transpose()?;
    let fields: Vec<_> = ask.filters.iter().filter(|(name, _)| name != WORDS).cloned().collect();
    let filters = filters(desk, actor, kind, &fields)?;
    let (descending, sort) = sort(kind, ask.sort.as_deref().unwrap_or("-created_at"))?;
    let user = own_only.then(|| actor.user.clone());
    let text = finder.as_ref().map(|finder| finder.in_index(Some(kind.slug.clone()), user));
    let query = ListQuery {
        org: actor.org.clone(),
        kind: kind.slug.clone(),
        filters,
        sort,
        descending,
        after: ask.after,
        limit,
        only,
        text,
    };
    match finder.filter(|finder| !finder.is_exact()) {
        Some(finder) => look_at(desk, actor, kind, &finder, query).await,
        None => Ok(desk.store.list(&query).await?),
    }
}

/// Reads conditions on fields, in the words of a list; days begin in the zone that one of them may name.
///
/// # Errors
/// A field that is not indexed; a value that does not fit the field; an unknown zone.
pub(in crate::flows) fn filters(
    desk: &Desk,
    actor: &Actor,
    kind: &Kind,
    conditions: &[(String, String)],
) -> Result<Vec<Filter>, Refusal> {
    let zone = named(conditions, ZONE).unwrap_or("UTC");
    let wall = Wall::new(desk.clock.now(), zone).map_err(|e| Refusal::invalid(rule::FORMAT, ZONE, e.to_string()))?;
    let reader = Reader { kind, user: &actor.user, wall };
    let fields = conditions.iter().filter(|(name, _)| name != ZONE);
    fields.map(|(name, condition)| reader.filter(name, condition)).collect()
}

fn named<'c>(conditions: &'c [(String, String)], name: &str) -> Option<&'c str> {
    conditions.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
}

/// Parameter of words to look for.
const WORDS: &str = "q";
/// Parameter of the zone in which days begin.
const ZONE: &str = "tz";
/// Pages read for one page, at most, where the index of words does not know all about what is looked for.
const PAGES: usize = 40;

/// A page of records that hold what is looked for; it may be short where few of those that the index finds do.
async fn look_at(
    desk: &Desk,
    actor: &Actor,
    kind: &Kind,
    finder: &Finder,
    mut query: ListQuery,
) -> Result<Page, FlowError> {
    let limit = query.limit;
    let mut found = Page { records: Vec::new(), next: None };
    for _ in 0..PAGES {
        query.limit = limit - found.records.len();
        let page = desk.store.list(&query).await?;
        let beside = finder.beside(desk, actor, page.records.iter()).await?;
        let held = |record: &Record| finder.holds(kind, record, beside.get(&record.number));
        found.records.extend(page.records.into_iter().filter(held));
        found.next = page.next;
        if found.records.len() == limit || found.next.is_none() {
            break;
        }
        query.after.clone_from(&found.next);
    }
    Ok(found)
}

/// What a list is narrowed to for an actor who reads some records of the kind.
fn only(kind: &Kind, actor: &Actor, branches: Vec<Branch>) -> Only {
    let mut all = Vec::new();
    for branch in branches {
        match branch {
            // A user's name is its own sortable form.
            Branch::Own => {
                let fields = kind.owner_fields.iter().filter(|name| kind.indexed(name).is_some());
                let paths = ["owner", "created_by"].into_iter().chain(fields.map(String::as_str));
                all.extend(paths.map(|path| vec![one_of(path.to_owned(), vec![actor.user.clone()])]));
            }
            Branch::Where(tests) => all.push(tests.into_iter().map(|(path, values)| one_of(path, values)).collect()),
        }
    }
    Only(all)
}

fn one_of(path: String, values: Vec<String>) -> OneOf {
    OneOf { path, values }
}

fn sort(kind: &Kind, text: &str) -> Result<(bool, SortKey), Refusal> {
    let (descending, name) = match text.strip_prefix('-') {
        Some(name) => (true, name),
        None => (false, text),
    };
    let key = match name {
        "created_at" => SortKey::Created,
        column if COLUMNS.contains(&column) => SortKey::Path(column.to_owned()),
        path => match kind.indexed(path) {
            // A record with several values would be listed several times.
            Some(_) if !several(kind, path) => SortKey::Path(path.to_owned()),
            _ => return Err(not_indexed(kind, "sort", path)),
        },
    };
    Ok((descending, key))
}

/// Reads the filters of one caller.
struct Reader<'r> {
    kind: &'r Kind,
    user: &'r str,
    wall: Wall,
}

impl Reader<'_> {
    /// What a filter's text is compared with.
    fn subject(&self, name: &str) -> Result<(Subject, FieldType), Refusal> {
        let ty = match name {
            "created_at" => return Ok((Subject::Created, FieldType::Instant)),
            "updated_at" => FieldType::Instant,
            "owner" | "created_by" => FieldType::User,
            "state" | "number" => FieldType::Str,
            path => match self.kind.indexed(path) {
                Some(ty) => ty.clone(),
                None => return Err(not_indexed(self.kind, name, path)),
            },
        };
        Ok((Subject::Path(name.to_owned(), several(self.kind, name)), ty))
    }

    fn filter(&self, name: &str, condition: &str) -> Result<Filter, Refusal> {
        let (subject, ty) = self.subject(name)?;
        let value = Value { reader: self, name, ty: &ty, millis: subject == Subject::Created };
        let test = if let Some((from, to)) = condition.split_once("..") {
            let end = |text: &str| if text.is_empty() { Ok(None) } else { value.one(text).map(Some) };
            Test::Between(end(from)?, end(to)?)
        } else if let Some(list) = condition.strip_prefix('!') {
            Test::NoneOf(value.each(list)?)
        } else if let Some((from, to)) = value.days(condition.trim()) {
            Test::Between(Some(from), Some(to))
        } else {
            Test::AnyOf(value.each(condition)?)
        };
        Ok(Filter { subject, test })
    }
}

/// How the values of one filter are read.
struct Value<'v> {
    reader: &'v Reader<'v>,
    name: &'v str,
    ty: &'v FieldType,
    /// Compared with milliseconds, not with the index's text of an instant.
    millis: bool,
}

impl Value<'_> {
    fn each(&self, list: &str) -> Result<Vec<String>, Refusal> {
        list.split(',').map(|text| self.one(text)).collect()
    }

    /// A value in the index's sortable form. Days stand for their beginning.
    fn one(&self, text: &str) -> Result<String, Refusal> {
        let (text, wall) = (text.trim(), &self.reader.wall);
        if text.is_empty() && !self.millis {
            return Ok(String::new());
        }
        match self.ty {
            FieldType::Instant => match wall.read(text) {
                Some(when) if self.millis => Ok(wall.moment(when).0.to_string()),
                Some(when) => Ok(wall.moment(when).sortable()),
                None => Err(self.no_time(text)),
            },
            FieldType::Date => match wall.read(text) {
                Some(when) => Ok(wall.date(when).to_string()),
                None => Err(self.no_time(text)),
            },
            FieldType::User if text == ME => Ok(self.reader.user.to_owned()),
            ty => {
                if self.name == "state" && self.reader.kind.state(text).is_none() {
                    return Err(no_state(self.reader.kind, text));
                }
                encode_text(self.name, ty, text)
            }
        }
    }

    /// The days that a word stands for, as a range; none for a single value of a field of days.
    fn days(&self, text: &str) -> Option<(String, String)> {
        let wall = &self.reader.wall;
        let range = |form: &dyn Fn(When) -> String| match wall.read(text)? {
            When::Days(first, end) => Some((form(When::Days(first, end)), form(When::Days(end, end)))),
            When::Moment(_) => None,
        };
        match self.ty {
            FieldType::Instant if self.millis => range(&|when| wall.moment(when).0.to_string()),
            FieldType::Instant => range(&|when| wall.moment(when).sortable()),
            FieldType::Date => range(&|when| wall.date(when).to_string()),
            _ => None,
        }
    }

    fn no_time(&self, text: &str) -> Refusal {
        let message = format!(
            "{}: '{text}' is neither a moment (2026-03-31T09:30:00Z), nor a day (2026-03-31), nor a word like now-7d, \
             today or last-month",
            self.name
        );
        Refusal::invalid(rule::TYPE, self.name, message)
    }
}

/// The caller, in a filter on a field that names users.
const ME: &str = "me";

fn no_state(kind: &Kind, unknown: &str) -> Refusal {
    let names: Vec<&str> = kind.states.iter().map(|s| s.name.as_str()).collect();
    let message = format!("'{unknown}' is not a state of {}; its states are {}", kind.slug, names.join(", "));
    Refusal::invalid(rule::ENUM, "state", message)
}

fn several(kind: &Kind, path: &str) -> bool {
    kind.field(path).is_some_and(|field| matches!(field.ty, FieldType::List(_)))
}

fn not_indexed(kind: &Kind, field: &str, path: &str) -> Refusal {
    let mut known: Vec<&str> = vec!["created_at"];
    known.extend(COLUMNS);
    known.extend(kind.indexed_paths().map(|(path, _)| path));
    let message = format!("{} lists cannot use '{path}'; they can use {}", kind.slug, known.join(", "));
    Refusal::invalid(rule::NOT_INDEXED, field, message)
}
