//! Lists of records.
//!
//! A filter is `FIELD=VALUE` on an indexed field or a common column. `a,b` means one of them, `!a,b` none of them,
//! `from..to` a range (from inclusive, to exclusive, either end may be missing), and an empty value means that the
//! field has none.

use super::{Desk, FlowError};
use crate::domain::access::{self, Action, Scope};
use crate::domain::field::{FieldType, encode_text};
use crate::domain::refusal::{Refusal, rule};
use crate::domain::{Actor, Instant, Kind};
use crate::store::listing::{Cursor, Filter, ListQuery, Own, Page, SortKey, Subject, Test};

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
    let own = match access::read_scope(kind, actor) {
        Scope::All => None,
        Scope::Own => Some(own(kind, actor)?),
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
    let mut filters = Vec::with_capacity(ask.filters.len());
    for (name, condition) in &ask.filters {
        filters.push(filter(kind, name, condition)?);
    }
    let (descending, sort) = sort(kind, ask.sort.as_deref().unwrap_or("-created_at"))?;
    let query = ListQuery {
        org: actor.org.clone(),
        kind: kind.slug.clone(),
        filters,
        sort,
        descending,
        after: ask.after,
        limit,
        own,
    };
    Ok(desk.store.list(&query).await?)
}

fn own(kind: &Kind, actor: &Actor) -> Result<Own, Refusal> {
    let indexed = |name: &&String| kind.indexed(name).is_some();
    let paths = kind.owner_fields.iter().filter(indexed).cloned().collect();
    Ok(Own { user: actor.user.clone(), value: encode_text("owner", &FieldType::User, &actor.user)?, paths })
}

fn sort(kind: &Kind, text: &str) -> Result<(bool, SortKey), Refusal> {
    let (descending, name) = match text.strip_prefix('-') {
        Some(name) => (true, name),
        None => (false, text),
    };
    let key = match name {
        "created_at" | "number" => SortKey::Created,
        "updated_at" => SortKey::Updated,
        path => match kind.indexed(path) {
            // A record with several values would be listed several times.
            Some(_) if !several(kind, path) => SortKey::Path(path.to_owned()),
            _ => return Err(not_indexed(kind, "sort", path)),
        },
    };
    Ok((descending, key))
}

/// What a filter's text is compared with.
fn subject(kind: &Kind, name: &str) -> Result<(Subject, FieldType), Refusal> {
    Ok(match name {
        "state" => (Subject::Column("state"), FieldType::Str),
        "owner" => (Subject::Column("owner"), FieldType::Str),
        "number" => (Subject::Column("number"), FieldType::Str),
        "created_by" => (Subject::Column("created_by"), FieldType::Str),
        "created_at" => (Subject::Time("created_at"), FieldType::Instant),
        "updated_at" => (Subject::Time("updated_at"), FieldType::Instant),
        path => match kind.indexed(path) {
            Some(ty) => (Subject::Path(path.to_owned(), several(kind, path)), ty.clone()),
            None => return Err(not_indexed(kind, name, path)),
        },
    })
}

fn filter(kind: &Kind, name: &str, condition: &str) -> Result<Filter, Refusal> {
    let (subject, ty) = subject(kind, name)?;
    if name == "state" {
        let words = condition.trim_start_matches('!').split(',').map(str::trim);
        if let Some(unknown) = words.filter(|w| !w.is_empty()).find(|w| kind.state(w).is_none()) {
            let names: Vec<&str> = kind.states.iter().map(|s| s.name.as_str()).collect();
            let message = format!("'{unknown}' is not a state of {}; its states are {}", kind.slug, names.join(", "));
            return Err(Refusal::invalid(rule::ENUM, "state", message));
        }
    }
    let value = |text: &str| -> Result<String, Refusal> {
        let text = text.trim();
        match &subject {
            Subject::Time(_) => moment(name, text),
            Subject::Column(_) => Ok(text.to_owned()),
            Subject::Path(..) if text.is_empty() => Ok(String::new()),
            Subject::Path(..) => encode_text(name, &ty, text),
        }
    };
    let values = |list: &str| list.split(',').map(value).collect::<Result<Vec<_>, _>>();
    let test = if let Some((from, to)) = condition.split_once("..") {
        let end = |text: &str| if text.is_empty() { Ok(None) } else { value(text).map(Some) };
        Test::Between(end(from)?, end(to)?)
    } else if let Some(list) = condition.strip_prefix('!') {
        Test::NoneOf(values(list)?)
    } else {
        Test::AnyOf(values(condition)?)
    };
    Ok(Filter { subject, test })
}

/// A moment, or the start of a day in UTC, in milliseconds.
fn moment(name: &str, text: &str) -> Result<String, Refusal> {
    let at: Result<Instant, _> = text.parse().or_else(|_| format!("{text}T00:00:00Z").parse());
    at.map(|at| at.0.to_string()).map_err(|_| {
        let message = format!("{name}: '{text}' is neither a moment (2026-03-31T09:30:00Z) nor a day (2026-03-31)");
        Refusal::invalid(rule::TYPE, name, message)
    })
}

fn several(kind: &Kind, path: &str) -> bool {
    kind.field(path).is_some_and(|field| matches!(field.ty, FieldType::List(_)))
}

fn not_indexed(kind: &Kind, field: &str, path: &str) -> Refusal {
    let mut known: Vec<&str> = vec!["state", "owner", "number", "created_by", "created_at", "updated_at"];
    known.extend(kind.indexed_paths().map(|(path, _)| path));
    let message = format!("{} lists cannot use '{path}'; they can use {}", kind.slug, known.join(", "));
    Refusal::invalid(rule::NOT_INDEXED, field, message)
}
