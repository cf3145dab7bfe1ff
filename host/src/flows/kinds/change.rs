//! Changing a kind: a version is judged, existing records are checked and fitted, then it is put in force.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::judge::{Ground, judge};
use super::wish::{Edit, Next, Wish, file, unknown};
use super::{lease, publish};
use crate::domain::kind::{Document, Happening, Kind, Part, Passage, Shaped};
use crate::domain::record::Record;
use crate::domain::refusal::{FieldProblem, Refusal};
use crate::domain::{Actor, Kinds, Role};
use crate::flows::{Desk, FlowError, retry, rules};
use crate::store::StoreError;
use crate::store::kind_versions::{KindVersion, Lease};

/// Records that are named when a change would break them; the others are counted.
const NAMED: usize = 100;
/// Records that are looked at in one go.
pub(super) const BATCH: i64 = 500;

/// A record that could not live under the new version, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Break {
    /// Its number.
    pub number: String,
    /// What of it.
    #[serde(flatten)]
    pub problem: FieldProblem,
}

/// What a change of a kind did, or would do.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// Slug of the kind.
    pub kind: String,
    /// The version in force from now on; 0 is the built-in kind, or none for a kind of the organisation's own.
    pub version: i64,
    /// The version in force before.
    pub was: i64,
    /// True when nothing was changed because nothing was to be.
    pub dry_run: bool,
    /// Records that were looked at.
    pub records: u64,
    /// Paths that lists can filter and sort by from now on.
    pub indexed: Vec<String>,
    /// Paths that they no longer can.
    pub no_longer_indexed: Vec<String>,
    /// Fields that are gone, with how many records keep a value of them.
    pub left_behind: BTreeMap<String, u64>,
    /// How many records the version would break.
    pub broken: u64,
    /// The first of them.
    pub breaks: Vec<Break>,
    /// The kind as it is now, or would be.
    #[serde(skip)]
    pub shape: Option<Arc<Kind>>,
}

/// Changes a kind.
///
/// # Errors
/// Not an administrator; a stale version; a file that is refused, with its line; records that would break, which are
/// listed (rule `kind-breaks-records`); the database's errors. Nothing is changed then.
pub async fn run(desk: &Desk, actor: &Actor, wish: &Wish) -> Result<Outcome, FlowError> {
    if !actor.has(Role::Adm) && !actor.auto {
        return Err(Refusal::forbidden("role", "shaping a kind needs the role ADM (administrator)").into());
    }
    retry::until_won(|| attempt(desk, actor, wish)).await
}

async fn attempt(desk: &Desk, actor: &Actor, wish: &Wish) -> Result<Outcome, FlowError> {
    if wish.dry_run {
        return change(desk, actor, wish, None).await;
    }
    let lease = lease::take(desk, &actor.org).await?;
    let done = change(desk, actor, wish, Some(&lease)).await;
    if let Err(error) = desk.store.give_back(&lease).await {
        tracing::warn!(%error, "the right to change kinds was not given back; it ends by itself");
    }
    done
}

/// Judges and checks; with a lease also changes.
async fn change(desk: &Desk, actor: &Actor, wish: &Wish, lease: Option<&Lease>) -> Result<Outcome, FlowError> {
    desk.kinds.refresh(&desk.store).await?;
    let (org, slug) = (actor.org.as_str(), wish.slug.as_str());
    let kinds = desk.kinds(org);
    let versions = desk.store.kind_versions(org, slug).await?;
    let old = kinds.get(slug).cloned();
    let current = versions.iter().find(|version| version.ended_at.is_none()).map_or(0, |version| version.version);
    if old.as_ref().is_some_and(|kind| kind.version != current) {
        return Err(StoreError::KindsMoved(org.to_owned()).into());
    }
    hold(wish, old.as_deref(), current)?;
    let next = wish.next(&kinds, &versions)?;
    let new = judge(slug, &next, ground(desk, org, wish, &kinds, &versions, &next).await?)?;
    let mut outcome = Outcome {
        kind: slug.to_owned(),
        version: 0,
        was: current,
        dry_run: wish.dry_run,
        records: 0,
        indexed: Vec::new(),
        no_longer_indexed: Vec::new(),
        left_behind: BTreeMap::new(),
        broken: 0,
        breaks: Vec::new(),
        shape: new.clone(),
    };
    let Some(new) = new else {
        none_left(desk, org, slug).await?;
        if let Some(lease) = lease {
            publish::given_up(desk, actor, wish, &kinds, current, lease).await?;
        }
        return Ok(outcome);
    };
    outcome.version = new.version;
    // What is taken back leaves its values: they were written under another version, and stay what they are.
    let keep_values = wish.keep_values || matches!(wish.edit, Edit::Back(_));
    let passage = Passage::between(old.as_deref(), &new, &earlier_fields(&versions), keep_values);
    if let Some(path) = passage.reordered() {
        let message = format!(
            "{path} is indexed and would be ordered otherwise as {}; remove the field, then add it with the other type",
            new.indexed(path).map(ToString::to_string).unwrap_or_default()
        );
        return Err(Refusal::invalid("kind-retyped", path, message).into());
    }
    outcome.indexed = passage.indexed().to_vec();
    outcome.no_longer_indexed = passage.dropped().to_vec();
    let passage = Arc::new(passage);
    // Read first: what is written from now on is looked at again before the version is in force.
    let (fitted_to, _) = desk.store.audit_head(org).await?.ok_or_else(|| nowhere(org))?;
    // What is taken back was good before: a rule that comes with it stops nobody.
    let ruled = passage.ruled().filter(|_| !matches!(wish.edit, Edit::Back(_)));
    look(desk, actor, &passage, ruled.as_ref(), &mut outcome).await?;
    let Some(lease) = lease else { return Ok(outcome) };
    if outcome.broken > 0 {
        return Err(refuse(&outcome).into());
    }
    let ready = publish::Ready { kinds: &kinds, next, new, passage, fitted_to, was: current, lease };
    publish::run(desk, actor, wish, ready).await?;
    Ok(outcome)
}

fn nowhere(org: &str) -> Refusal {
    Refusal::not_found(format!(
        "there is no organisation '{org}' in this database; `mortise serve` or `mortise token create` makes it"
    ))
}

/// Refuses what cannot be done to the kind as it is.
fn hold(wish: &Wish, old: Option<&Kind>, current: i64) -> Result<(), Refusal> {
    let new = matches!(wish.edit, Edit::File(_) | Edit::Json(_));
    match (old, wish.expected) {
        (None, _) if !new => Err(unknown(&wish.slug)),
        (_, Some(version)) if version != current => Err(Refusal::stale(format!(
            "{} is at version {current}, you worked from {version}; read it again",
            wish.slug
        ))),
        _ => Ok(()),
    }
}

async fn ground<'g>(
    desk: &Desk,
    org: &str,
    wish: &Wish,
    kinds: &'g Kinds,
    versions: &'g [KindVersion],
    next: &Next,
) -> Result<Ground<'g>, FlowError> {
    if let Next::Version { body, .. } = next
        && versions.is_empty()
        && let Ok(document) = Document::read(body, &file(&wish.slug))
        && let Some(prefix) = document.head("prefix")
        && let Some(slug) = desk.store.kind_of_prefix(org, prefix).await?
    {
        let message = format!("the prefix {prefix} was given to the kind '{slug}'; numbers are never used again");
        return Err(Refusal::invalid("kind-name", "prefix", message).into());
    }
    let others = desk.store.current_kinds(org).await?.into_iter().filter(|version| version.slug != wish.slug);
    Ok(Ground {
        kinds,
        others: others.map(|v| Shaped { slug: v.slug, version: v.version, body: v.body }).collect(),
        version: versions.last().map_or(0, |last| last.version) + 1,
        prefix: versions.first().map(|first| first.prefix.as_str()),
    })
}

fn earlier_fields(versions: &[KindVersion]) -> BTreeSet<String> {
    let documents = versions.iter().filter_map(|version| Document::read(&version.body, &file(&version.slug)).ok());
    documents.flat_map(|document| document.names(Part::Field)).collect()
}

/// A kind of the organisation's own is given up only when it has no records.
async fn none_left(desk: &Desk, org: &str, slug: &str) -> Result<(), FlowError> {
    match desk.store.records_after(org, slug, "", 1).await?.first() {
        None => Ok(()),
        Some(record) => {
            let message = format!("there are records of the kind {slug}, for example {}", record.number);
            Err(Refusal::conflict("kind-in-use", message).into())
        }
    }
}

/// Looks at every record of the kind; `ruled` has the rules that they were never held to.
async fn look(
    desk: &Desk,
    actor: &Actor,
    passage: &Passage,
    ruled: Option<&Kind>,
    outcome: &mut Outcome,
) -> Result<(), FlowError> {
    if passage.is_free() {
        return Ok(());
    }
    let mut last = String::new();
    loop {
        let records = desk.store.records_after(&actor.org, &outcome.kind, &last, BATCH).await?;
        let Some(end) = records.last() else { return Ok(()) };
        last.clone_from(&end.id);
        for record in &records {
            let mut problems = passage.breaks(record);
            // A closed record is never written again.
            let is_open = |kind: &&Kind| kind.state(&record.state).is_some_and(|state| !state.closed);
            if let Some(kind) = ruled.filter(is_open) {
                problems.extend(against_rules(desk, actor, kind, record).await?);
            }
            note(passage, record, problems, outcome);
        }
    }
}

/// What the rules of the kind say against a record as it is.
async fn against_rules(
    desk: &Desk,
    actor: &Actor,
    kind: &Kind,
    record: &Record,
) -> Result<Vec<FieldProblem>, FlowError> {
    let seen = rules::Seen { desk, kind, actor, before: Some(record), record, now: desk.clock.now() };
    let answer = rules::look(&seen, Happening::Update, &mut Vec::new()).await?;
    Ok(answer.err().map_or_else(Vec::new, |refusal| refusal.details))
}

fn note(passage: &Passage, record: &Record, problems: Vec<FieldProblem>, outcome: &mut Outcome) {
    outcome.records += 1;
    for name in passage.left_behind(record) {
        *outcome.left_behind.entry(name.to_owned()).or_default() += 1;
    }
    outcome.broken += u64::from(!problems.is_empty());
    for problem in problems {
        if outcome.breaks.len() < NAMED {
            outcome.breaks.push(Break { number: record.number.clone(), problem });
        }
    }
}

fn refuse(outcome: &Outcome) -> Refusal {
    let (kind, broken) = (&outcome.kind, outcome.broken);
    let message = match broken {
        1 => format!("one record of {kind} could not live under this version; nothing was changed"),
        _ => format!("{broken} records of {kind} could not live under this version; nothing was changed"),
    };
    let details = outcome.breaks.iter().map(|Break { number, problem }| FieldProblem {
        field: format!("{number}.{}", problem.field),
        ..problem.clone()
    });
    Refusal { details: details.collect(), ..Refusal::conflict("kind-breaks-records", message) }
}
