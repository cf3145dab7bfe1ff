//! Whether a version of a kind can be: its file, what it keeps of the built-in kind, and how it stands to the others.

use std::sync::Arc;

use super::wish::{Next, file, unknown, wrong};
use crate::domain::Kinds;
use crate::domain::kind::{
    Document, Kind, Part, Shaped, is_known, line_of_field, of_references, parse, unreachable_states,
};
use crate::domain::refusal::{FieldProblem, Refusal};

/// The most kinds that an organisation may shape.
const MOST: usize = 500;

/// What is known about the organisation's kinds.
pub(super) struct Ground<'g> {
    /// The kinds in force.
    pub(super) kinds: &'g Kinds,
    /// The organisation's own versions in force, of the other kinds.
    pub(super) others: Vec<Shaped>,
    /// Number of the version to be.
    pub(super) version: i64,
    /// The prefix that earlier versions of the kind had.
    pub(super) prefix: Option<&'g str>,
}

/// Judges a change; gives the kind as it would be, none when a kind of the organisation's own is given up.
///
/// # Errors
/// What is wrong with it: rule `kind-file` with file and line, or another rule and what it is about.
pub(super) fn judge(slug: &str, next: &Next, ground: Ground<'_>) -> Result<Option<Arc<Kind>>, Refusal> {
    let generation = ground.kinds.generation() + 1;
    let mut versions = ground.others;
    if let Next::Version { body, .. } = next {
        let kind = parse(body, &file(slug)).map_err(|error| wrong(&error))?;
        named(slug, &kind, ground.prefix)?;
        against_builtin(slug, body, &kind)?;
        versions.push(Shaped { slug: slug.to_owned(), version: ground.version, body: body.clone() });
        if versions.len() > MOST {
            let message = format!("an organisation shapes {MOST} kinds at most");
            return Err(Refusal::conflict("too-many-kinds", message));
        }
    }
    let kinds = Kinds::shaped(generation, &versions).map_err(|error| wrong(&error))?;
    let kind = kinds.get(slug).cloned();
    // A circle that the built-in kinds have among themselves is not of this change.
    let before = Kinds::builtin().get(slug).and_then(|kind| of_references(Kinds::builtin(), kind));
    if let Some(kind) = kind.as_ref().filter(|_| *next != Next::BuiltIn && before.is_none())
        && let Some(circle) = of_references(&kinds, kind)
    {
        let (first, field) = circle.first().and_then(|first| first.split_once('.')).unwrap_or_default();
        let line = kinds.text(slug).and_then(|text| line_of_field(text, field));
        let message = format!(
            "{}:{}: the required references {} → {first} go round in a circle; no record of these kinds could ever be \
             completed before another",
            file(slug),
            line.unwrap_or(1),
            circle.join(" → "),
        );
        return Err(Refusal::invalid("kind-circle", circle.first().cloned().unwrap_or_default(), message));
    }
    if kind.is_none() && ground.kinds.get(slug).is_none() {
        return Err(unknown(slug));
    }
    Ok(kind)
}

/// A kind keeps its slug and its prefix for ever: numbers are never used again (guide, section 0).
fn named(slug: &str, kind: &Kind, prefix: Option<&str>) -> Result<(), Refusal> {
    if kind.slug != slug {
        let message = format!("{}: the slug is '{}', but this is the kind '{slug}'", file(slug), kind.slug);
        return Err(Refusal::invalid("kind-name", "slug", message));
    }
    match prefix {
        Some(prefix) if kind.prefix != prefix => {
            let message = format!("the records of {slug} are numbered {prefix}; that stays as it is");
            Err(Refusal::invalid("kind-name", "prefix", message))
        }
        _ => Ok(()),
    }
}

fn against_builtin(slug: &str, body: &str, kind: &Kind) -> Result<(), Refusal> {
    let mut problems = Vec::new();
    let read = |text: &str| Document::read(text, &file(slug)).map_err(|error| wrong(&error));
    let document = read(body)?;
    let mut states: Vec<&str> = unreachable_states(kind);
    match Kinds::builtin().text(slug) {
        Some(base) => {
            let base = read(base)?;
            problems.extend(document.lost(&base));
            let known = base.names(Part::State);
            states.retain(|state| !known.iter().any(|name| name == state));
        }
        None => {
            if is_known(&kind.prefix) {
                let message = format!("the prefix {} belongs to a record type of the guide", kind.prefix);
                return Err(Refusal::invalid("kind-name", "prefix", message));
            }
            for process in document.names(Part::Decision) {
                let message = format!("the process {process} decides about built-in kinds only");
                problems.push(FieldProblem::new(format!("decision {process}"), "kind-built-in", message));
            }
        }
    }
    problems.extend(states.into_iter().map(|state| {
        let message = format!(
            "no transition leads to the state {state}; add it together with the transitions that reach and leave it: \
             {{\"name\": \"{state}\", …, \"transitions\": [{{\"from\": …}}, {{\"to\": …}}]}}"
        );
        FieldProblem::new(format!("state {state}"), "unreachable-state", message)
    }));
    if problems.is_empty() { Ok(()) } else { Err(Refusal::fields(problems)) }
}
