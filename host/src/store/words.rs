//! The index of words.
//!
//! SQLite keeps it in an FTS5 table that walks the records of a word by their keys, newest first, as far as they are
//! asked for. PostgreSQL keeps a list of terms for each record under a GIN index, which finds all records of a term or
//! none; there every term begins with the time in which its record was made, and a search asks for one time after
//! another, newest first, until it has enough. So neither reads what a page does not need.

use sha2::{Digest as _, Sha256};

use super::tx::{Bind, Tx, execute, execute_built, fetch_all, fetch_built, fetch_optional, values_list};
use super::{Backend, StoreError};
use crate::domain::record::Record;
use crate::domain::search::{Content, Want};

/// Bits of a key that lie within one time: 2^26 milliseconds, about nineteen hours, above the count. Of a time, all
/// records with a word are read, however many a page has.
const TIME_BITS: u32 = 46;
/// Times asked for at once, at most.
const TIMES: i64 = 512;
/// New records a statement.
const ROWS: usize = 64;

/// Who may see a word, or what else a term says.
#[derive(Clone, Copy)]
enum Class {
    /// A word for everybody who may read the record.
    Word,
    /// A word of what only staff may read.
    Internal,
    /// The kind of the record.
    Kind,
    /// A user whose own the record is.
    User,
}

/// What is looked for in the index.
#[derive(Clone, Debug)]
pub struct TextQuery {
    /// Each must be there.
    pub all: Vec<Want>,
    /// None may be there.
    pub none: Vec<Want>,
    /// Words of what only staff may read count as well.
    pub internal: bool,
    /// Records of this kind.
    pub kind: Option<String>,
    /// Records that are this user's own.
    pub user: Option<String>,
}

/// What terms of an organisation, and of a time, begin with.
struct Prefix(String);

impl Prefix {
    fn of(backend: Backend, org: &str, key: i64) -> Self {
        let mut text = short(org, 2);
        if backend == Backend::Postgres {
            text.push_str(&time_text(key >> TIME_BITS));
        }
        Self(text)
    }

    fn term(&self, class: Class, word: &str) -> String {
        let (letter, word) = match class {
            Class::Word => ('w', word.to_owned()),
            Class::Internal => ('i', word.to_owned()),
            // Slugs and names may hold signs that are no letters.
            Class::Kind => ('k', short(word, 10)),
            Class::User => ('u', short(word, 10)),
        };
        format!("{}{letter}{word}", self.0)
    }
}

const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Some letters that stand for a text.
fn short(text: &str, letters: usize) -> String {
    let digest = Sha256::digest(text);
    digest.iter().take(letters).map(|byte| char::from(DIGITS[usize::from(byte & 31)])).collect()
}

/// A time in four letters.
fn time_text(time: i64) -> String {
    (0..4)
        .rev()
        .map(|place| char::from(DIGITS[usize::try_from(time >> (5 * place) & 31).unwrap_or_default()]))
        .collect()
}

/// All terms of a record, in one text.
fn terms(backend: Backend, record: &Record, key: i64, content: &Content) -> String {
    let prefix = Prefix::of(backend, &record.org, key);
    let mut all = vec![prefix.term(Class::Kind, &record.kind)];
    all.extend(content.users.iter().map(|user| prefix.term(Class::User, user)));
    all.extend(content.words.iter().map(|word| prefix.term(Class::Word, word)));
    all.extend(content.internal.difference(&content.words).map(|word| prefix.term(Class::Internal, word)));
    all.join(" ")
}

/// Writes the terms of new records.
pub(super) async fn insert(tx: &mut Tx, backend: Backend, rows: &[(i64, &Record, &Content)]) -> Result<(), StoreError> {
    let mut rows: Vec<&(i64, &Record, &Content)> = rows.iter().collect();
    // In the order of the keys: FTS5 begins a new segment whenever it goes back.
    rows.sort_by_key(|(key, ..)| *key);
    for chunk in rows.chunks(ROWS) {
        let sql = match backend {
            Backend::Sqlite => format!("INSERT INTO words (rowid, terms) VALUES {}", values_list(tx, chunk.len(), 2)),
            Backend::Postgres => {
                let rows = (0..chunk.len()).map(|i| format!("(${}::bigint, ${})", 2 * i + 1, 2 * i + 2));
                format!(
                    "INSERT INTO words (record, terms)
                     SELECT v.record, array_to_tsvector(string_to_array(v.terms, ' '))
                     FROM (VALUES {}) v (record, terms)",
                    rows.collect::<Vec<_>>().join(", ")
                )
            }
        };
        let binds = chunk
            .iter()
            .flat_map(|(key, record, content)| [Bind::Int(*key), Bind::Text(terms(backend, record, *key, content))]);
        execute_built(tx, sql, binds.collect()).await?;
    }
    Ok(())
}

/// Writes the terms of a record anew, with the words of its comments and the names of its files.
pub(super) async fn update(
    tx: &mut Tx,
    backend: Backend,
    record: &Record,
    key: i64,
    content: &Content,
) -> Result<(), StoreError> {
    let mut content = content.clone();
    let beside = fetch_all!(
        &mut *tx,
        (String, String),
        "SELECT body, visibility FROM comments WHERE org = $1 AND number = $2 AND retracted_at IS NULL
         UNION ALL
         SELECT name, visibility FROM attachments WHERE org = $1 AND number = $2 AND retracted_at IS NULL",
        &record.org,
        &record.number
    )?;
    for (text, visibility) in &beside {
        content.add(text, visibility != "public");
    }
    match backend {
        Backend::Sqlite => execute!(&mut *tx, "DELETE FROM words WHERE rowid = $1", key)?,
        Backend::Postgres => execute!(&mut *tx, "DELETE FROM words WHERE record = $1", key)?,
    };
    insert(tx, backend, &[(key, record, &content)]).await
}

/// The keys of records that the index finds, newest first, at most `limit`, older than `before`. Keys of another
/// organisation may be among them.
pub(super) async fn keys(
    tx: &mut Tx,
    backend: Backend,
    org: &str,
    query: &TextQuery,
    before: Option<i64>,
    limit: usize,
) -> Result<Vec<i64>, StoreError> {
    let before = before.unwrap_or(i64::MAX);
    match backend {
        Backend::Sqlite => {
            let expression = fts5(&Prefix::of(backend, org, 0), query);
            let sql = format!(
                "SELECT rowid FROM words WHERE words MATCH $1 AND rowid < $2 ORDER BY rowid DESC LIMIT {limit}"
            );
            let rows = fetch_built::<(i64,)>(tx, sql, vec![Bind::Text(expression), Bind::Int(before)]).await?;
            Ok(rows.into_iter().map(|(key,)| key).collect())
        }
        Backend::Postgres => {
            let span = "SELECT COALESCE(MIN(record), 0), COALESCE(MAX(record), -1) FROM words";
            let (oldest, newest) = fetch_optional!(&mut *tx, (i64, i64), span)?.unwrap_or((0, -1));
            let mut time = newest.min(before) >> TIME_BITS;
            let last = oldest >> TIME_BITS;
            let (mut found, mut times) = (Vec::new(), 1);
            while time >= last && found.len() < limit {
                let first = (time - times + 1).max(last);
                found.extend(within(tx, org, query, (first..=time).rev(), before, limit - found.len()).await?);
                time = first - 1;
                times = (times * 2).min(TIMES);
            }
            Ok(found)
        }
    }
}

/// The keys that PostgreSQL finds in some times.
async fn within(
    tx: &mut Tx,
    org: &str,
    query: &TextQuery,
    times: impl Iterator<Item = i64>,
    before: i64,
    limit: usize,
) -> Result<Vec<i64>, StoreError> {
    let each = times.map(|time| tsquery(&Prefix::of(Backend::Postgres, org, time << TIME_BITS), query));
    let expression = each.collect::<Vec<_>>().join(" | ");
    // The planner is left no way but the index of terms, and then to sort.
    let sql = format!(
        "WITH found AS MATERIALIZED (SELECT record FROM words WHERE terms @@ $1::text::tsquery AND record + 0 < $2)
         SELECT record FROM found ORDER BY record DESC LIMIT {limit}"
    );
    let rows = fetch_built::<(i64,)>(tx, sql, vec![Bind::Text(expression), Bind::Int(before)]).await?;
    Ok(rows.into_iter().map(|(key,)| key).collect())
}

/// Which of these records the index finds.
pub(super) async fn among(
    tx: &mut Tx,
    backend: Backend,
    org: &str,
    query: &TextQuery,
    keys: &[i64],
) -> Result<Vec<i64>, StoreError> {
    let mut found = Vec::new();
    for chunk in keys.chunks(ROWS) {
        let places = |from: usize| (from..from + chunk.len()).map(|i| format!("${i}")).collect::<Vec<_>>().join(", ");
        let (sql, expression) = match backend {
            Backend::Sqlite => (
                format!("SELECT rowid FROM words WHERE words MATCH $1 AND rowid IN ({})", places(2)),
                fts5(&Prefix::of(backend, org, 0), query),
            ),
            Backend::Postgres => {
                let mut times: Vec<i64> = chunk.iter().map(|key| key >> TIME_BITS).collect();
                times.sort_unstable();
                times.dedup();
                let each = times.into_iter().map(|time| tsquery(&Prefix::of(backend, org, time << TIME_BITS), query));
                (
                    format!("SELECT record FROM words WHERE record IN ({}) AND terms @@ $1::text::tsquery", places(2)),
                    each.collect::<Vec<_>>().join(" | "),
                )
            }
        };
        let mut binds = vec![Bind::Text(expression)];
        binds.extend(chunk.iter().copied().map(Bind::Int));
        found.extend(fetch_built::<(i64,)>(tx, sql, binds).await?.into_iter().map(|(key,)| key));
    }
    Ok(found)
}

/// How a database writes a search.
struct Syntax {
    and: &'static str,
    or: &'static str,
    word: fn(&str) -> String,
    prefix: fn(&str) -> String,
}

// Terms are letters and digits only, so that quoting them is enough.
const FTS5: Syntax =
    Syntax { and: " AND ", or: " OR ", word: |term| format!("\"{term}\""), prefix: |term| format!("\"{term}\" *") };
const TSQUERY: Syntax =
    Syntax { and: " & ", or: " | ", word: |term| format!("'{term}'"), prefix: |term| format!("'{term}':*") };

fn fts5(prefix: &Prefix, query: &TextQuery) -> String {
    let (all, none) = both(&FTS5, prefix, query);
    match none {
        Some(none) => format!("{all} NOT {none}"),
        None => all,
    }
}

fn tsquery(prefix: &Prefix, query: &TextQuery) -> String {
    let (all, none) = both(&TSQUERY, prefix, query);
    match none {
        Some(none) => format!("({all} & !{none})"),
        None => all,
    }
}

fn both(syntax: &Syntax, prefix: &Prefix, query: &TextQuery) -> (String, Option<String>) {
    let said = |class: Class, text: &String| (syntax.word)(&prefix.term(class, text));
    let words = query.all.iter().map(|want| render(syntax, prefix, query.internal, want));
    let kind = query.kind.iter().map(|kind| said(Class::Kind, kind));
    let user = query.user.iter().map(|user| said(Class::User, user));
    let all = format!("({})", words.chain(kind).chain(user).collect::<Vec<_>>().join(syntax.and));
    let none: Vec<String> = query.none.iter().map(|want| render(syntax, prefix, query.internal, want)).collect();
    (all, (!none.is_empty()).then(|| format!("({})", none.join(syntax.or))))
}

fn render(syntax: &Syntax, prefix: &Prefix, internal: bool, want: &Want) -> String {
    let classes: &[Class] = if internal { &[Class::Word, Class::Internal] } else { &[Class::Word] };
    let term = |word: &str, form: fn(&str) -> String| {
        let each = classes.iter().map(|class| form(&prefix.term(*class, word)));
        format!("({})", each.collect::<Vec<_>>().join(syntax.or))
    };
    let inner = |wants: &[Want]| wants.iter().map(|want| render(syntax, prefix, internal, want)).collect::<Vec<_>>();
    match want {
        Want::Word(word) => term(word, syntax.word),
        Want::Prefix(word) => term(word, syntax.prefix),
        Want::All(wants) => format!("({})", inner(wants).join(syntax.and)),
        Want::Any(wants) => format!("({})", inner(wants).join(syntax.or)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(all: Vec<Want>, none: Vec<Want>, internal: bool) -> TextQuery {
        TextQuery { all, none, internal, kind: None, user: None }
    }

    #[test]
    fn searches_are_written_for_both_databases() {
        let prefix = Prefix("p".to_owned());
        let word = |text: &str| Want::Word(text.to_owned());
        let either = Want::Any(vec![word("ab"), Want::All(vec![word("a"), Want::Prefix("b".to_owned())])]);
        let asked = query(vec![word("x"), either], vec![word("y")], false);
        assert_eq!(fts5(&prefix, &asked), r#"(("pwx") AND (("pwab") OR (("pwa") AND ("pwb" *)))) NOT (("pwy"))"#);
        assert_eq!(tsquery(&prefix, &asked), "((('pwx') & (('pwab') | (('pwa') & ('pwb':*)))) & !(('pwy')))");
        assert_eq!(fts5(&prefix, &query(vec![word("x")], vec![], true)), r#"(("pwx" OR "pix"))"#);
    }

    #[test]
    fn terms_of_a_time_begin_alike() {
        let (early, late) = (1_000_000_i64 << TIME_BITS >> TIME_BITS, 7);
        assert_ne!(time_text(early & 0xfff), time_text(late));
        let one = Prefix::of(Backend::Postgres, "o", 5 << TIME_BITS);
        let same = Prefix::of(Backend::Postgres, "o", (5 << TIME_BITS) + 99);
        let next = Prefix::of(Backend::Postgres, "o", 6 << TIME_BITS);
        assert_eq!(one.0, same.0);
        assert_ne!(one.0, next.0);
        assert_eq!(Prefix::of(Backend::Sqlite, "o", 5).0.len(), 2);
    }
}
