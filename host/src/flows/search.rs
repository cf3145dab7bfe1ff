//! Full-text search over every record that the caller may read.

use std::collections::{BTreeMap, HashMap};

use super::{Desk, FlowError};
use crate::domain::access::{self, Action, Scope};
use crate::domain::record::Record;
use crate::domain::refusal::{Refusal, rule};
use crate::domain::search::{self, Part, Query, Token, tokens};
use crate::domain::{Actor, Kind, Kinds};
use crate::store::search::Wanted;
use crate::store::words::TextQuery;

/// Records a page when the caller does not say.
pub const DEFAULT_LIMIT: usize = 20;
/// Records a page at most.
pub const MAX_LIMIT: usize = 100;
/// Records looked at for one page, at most; a page may be short where few of them are what is looked for.
const MOST_LOOKED_AT: usize = 20_000;
/// Records taken from the index at once, at most.
const CHUNK: usize = 500;
/// Records read beyond those that will do if as many are found among them as before.
const SPARE: usize = 4;
/// Fields of a record that are shown.
const FIELDS: usize = 3;

/// What the caller asks for.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// What to look for.
    pub q: String,
    /// Slug of a kind.
    pub kind: Option<String>,
    /// States, any of them; none for all.
    pub states: Vec<String>,
    /// Key of the last record of the page before.
    pub after: Option<i64>,
    /// Records a page.
    pub limit: Option<usize>,
}

/// A record that was found.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The record.
    pub record: Record,
    /// Fields in which the words stand, with an excerpt of each; `comment` for a comment, `attachment`
    /// for the name of a file.
    pub matches: Vec<(String, Vec<Part>)>,
}

/// A page of what was found, newest first.
#[derive(Clone, Debug)]
pub struct Found {
    /// Records.
    pub hits: Vec<Hit>,
    /// Where the next page begins.
    pub next: Option<i64>,
}

/// A page of the records that the words of a query stand in and that the actor may read.
///
/// # Errors
/// A query without words; an unknown kind, or one that the actor may not read; the database's errors.
pub async fn run(desk: &Desk, actor: &Actor, ask: Ask) -> Result<Found, FlowError> {
    let limit = ask.limit.unwrap_or(DEFAULT_LIMIT);
    if limit == 0 || limit > MAX_LIMIT {
        return Err(Refusal::invalid(rule::RANGE, "limit", format!("limit must be between 1 and {MAX_LIMIT}")).into());
    }
    let kinds = desk.kinds(&actor.org);
    let finder = Finder::new(&ask.q, actor)?;
    let sight = Sight::of(&kinds, actor, ask.kind.as_deref())?;
    let Some(sight) = sight else { return Ok(Found { hits: Vec::new(), next: None }) };
    let query = finder.in_index(ask.kind.clone(), sight.own_only.then(|| actor.user.clone()));
    let wanted = Wanted { kinds: sight.kinds.keys().cloned().collect(), all_kinds: sight.all, states: ask.states };
    let (mut hits, mut before, mut looked_at) = (Vec::new(), ask.after, 0);
    let mut size = limit + 1;
    loop {
        let chunk = desk.store.find(&actor.org, &query, &wanted, before, size).await?;
        looked_at += size;
        let before_chunk = hits.len();
        let beside = finder.beside(desk, actor, chunk.found.iter().map(|(_, record)| record)).await?;
        for (key, record) in chunk.found {
            let Some(kind) = sight.kinds.get(&record.kind) else { continue };
            if (!kind.all && !access::may(kind.kind, actor, Action::Read, Some(&record)))
                || !finder.holds(kind.kind, &record, beside.get(&record.number))
            {
                continue;
            }
            if hits.len() == limit {
                return Ok(Found { hits, next: before });
            }
            before = Some(key);
            let matches = finder.matches(kind.kind, &record, beside.get(&record.number));
            hits.push(Hit { record, matches });
        }
        match chunk.last {
            None => return Ok(Found { hits, next: None }),
            Some(last) => before = Some(last),
        }
        if looked_at >= MOST_LOOKED_AT {
            return Ok(Found { hits, next: before });
        }
        // What is missing is often little, and each that is read costs: as many as the rate so far says, and a few more.
        // Where a chunk had nothing, they may be far apart.
        let missing = limit + 1 - hits.len();
        let next = if hits.len() == before_chunk { 2 * size } else { missing * looked_at / hits.len() + SPARE };
        size = next.clamp(2 * SPARE, CHUNK);
    }
}

/// A kind whose records may be read.
struct Readable<'k> {
    kind: &'k Kind,
    /// All of them.
    all: bool,
}

/// What an actor may read.
struct Sight<'k> {
    kinds: BTreeMap<String, Readable<'k>>,
    /// Every kind that is asked about may be read.
    all: bool,
    /// Nothing but one's own may be read.
    own_only: bool,
}

impl<'k> Sight<'k> {
    fn of(kinds: &'k Kinds, actor: &Actor, wanted: Option<&str>) -> Result<Option<Self>, Refusal> {
        let asked: Vec<&Kind> = match wanted {
            Some(slug) => {
                let kind = kinds.get(slug).map(AsRef::as_ref);
                let message = || format!("there is no record kind '{slug}'");
                let kind: &Kind = kind.ok_or_else(|| Refusal::invalid(rule::UNKNOWN_KIND, "kind", message()))?;
                access::permit(kind, actor, Action::Read, None)?;
                vec![kind]
            }
            None => kinds.iter().map(AsRef::as_ref).filter(|kind: &&Kind| kind.view.is_none()).collect(),
        };
        let (mut readable, mut own_only) = (BTreeMap::new(), true);
        for kind in &asked {
            let scope = access::read_scope(kind, actor);
            if scope != Scope::Nothing {
                own_only &= scope.is_own();
                readable.insert(kind.slug.clone(), Readable { kind, all: scope == Scope::All });
            }
        }
        let all = readable.len() == asked.len();
        Ok((!readable.is_empty()).then_some(Self { kinds: readable, all, own_only }))
    }
}

/// Comments of one record, in full, and the names of its files: `comment` or `attachment`, and the text.
type Beside = Vec<(String, String)>;

/// A query on behalf of somebody.
pub(super) struct Finder {
    query: Query,
    /// Words of what only staff may read count as well.
    internal: bool,
}

impl Finder {
    pub(super) fn new(q: &str, actor: &Actor) -> Result<Self, Refusal> {
        Ok(Self { query: Query::parse(q)?, internal: actor.auto || actor.staff_role().is_some() })
    }

    /// What the index of words is asked.
    pub(super) fn in_index(&self, kind: Option<String>, user: Option<String>) -> TextQuery {
        let (all, none) = self.query.wants();
        TextQuery { all, none, internal: self.internal, kind, user }
    }

    /// Whether what the index finds is what is looked for.
    pub(super) fn is_exact(&self) -> bool {
        self.query.is_exact()
    }

    /// The comments and names of files of these records that the actor may read, by number.
    pub(super) async fn beside<'r>(
        &self,
        desk: &Desk,
        actor: &Actor,
        records: impl Iterator<Item = &'r Record>,
    ) -> Result<HashMap<String, Beside>, FlowError> {
        let numbers: Vec<String> = records.map(|record| record.number.clone()).collect();
        let mut found: HashMap<String, Beside> = HashMap::new();
        for (number, what, text) in desk.store.texts_beside(&actor.org, &numbers, self.internal).await? {
            found.entry(number).or_default().push((what, text));
        }
        Ok(found)
    }

    /// Whether a record that the index found holds what is looked for.
    pub(super) fn holds(&self, kind: &Kind, record: &Record, beside: Option<&Beside>) -> bool {
        if self.query.is_exact() {
            return true;
        }
        let fields = search::texts(kind, record).into_iter().map(|(_, text)| text);
        let beside = beside.into_iter().flatten().map(|(_, text)| text.as_str());
        let texts: Vec<Vec<Token>> = fields.chain(beside).map(tokens).collect();
        self.query.holds(&texts)
    }

    fn matches(&self, kind: &Kind, record: &Record, beside: Option<&Beside>) -> Vec<(String, Vec<Part>)> {
        let fields = search::texts(kind, record).into_iter();
        let beside = beside.into_iter().flatten().map(|(what, text)| (what.as_str(), text.as_str()));
        let all = fields.chain(beside);
        all.filter_map(|(field, text)| Some((field.to_owned(), search::excerpt(&self.query, text)?)))
            .take(FIELDS)
            .collect()
    }
}
