//! What somebody wants to do to a kind, and the text that it makes of the kind's file.

use serde_json::{Map, Value};

use crate::domain::Kinds;
use crate::domain::kind::{AddError, Document, KindError, Part};
use crate::domain::refusal::{Class, FieldProblem, Refusal, rule};
use crate::store::kind_versions::KindVersion;

/// A change of a kind that somebody asks for.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The kind's slug.
    pub slug: String,
    /// What is to be done to it.
    pub edit: Edit,
    /// The version the caller worked from (If-Match); without it, whatever is there.
    pub expected: Option<i64>,
    /// Why, for the audit trail.
    pub reason: String,
    /// Whether values of fields that go may stay behind in the records.
    pub keep_values: bool,
    /// Whether only to say what would happen.
    pub dry_run: bool,
}

/// What is to be done to a kind.
#[derive(Clone, Debug)]
pub enum Edit {
    /// Its file is replaced by this text, or a kind is made of it.
    File(String),
    /// The same, given in JSON.
    Json(Map<String, Value>),
    /// A part is added.
    Add(Part, Map<String, Value>),
    /// A part is removed.
    Remove(Part, String),
    /// An earlier version comes back: this one, or the one that the present one is a change of.
    Back(Option<i64>),
}

/// The file that a change makes, or the end of the organisation's own versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A new version: its text, and the version that a rollback from it leads to.
    Version { body: String, base: i64 },
    /// Back to the built-in kind; for a kind of the organisation's own, to none.
    BuiltIn,
}

/// The rule for what is wrong in a kind's file.
pub(super) const FILE: &str = "kind-file";

/// The refusal for what is wrong in a kind's file.
pub fn wrong(error: &KindError) -> Refusal {
    let mut refusal = Refusal::invalid(FILE, format!("line {}", error.line), error.to_string());
    refusal.details.push(FieldProblem::new(format!("line {}", error.line), FILE, error.to_string()));
    refusal
}

/// How the file of a kind is called where something is wrong in it.
pub(super) fn file(slug: &str) -> String {
    format!("{slug}.toml")
}

impl Wish {
    /// What the wish makes of the kind as it is now.
    pub(super) fn next(&self, kinds: &Kinds, versions: &[KindVersion]) -> Result<Next, Refusal> {
        let current = versions.iter().find(|version| version.ended_at.is_none());
        let base = current.map_or(0, |version| version.version);
        let text = || kinds.text(&self.slug).ok_or_else(|| unknown(&self.slug));
        let file = file(&self.slug);
        let body = match &self.edit {
            Edit::File(text) => text.clone(),
            Edit::Json(map) => {
                let document =
                    Document::of_json(map).map_err(|message| Refusal::invalid(rule::TYPE, "body", message))?;
                document.text()
            }
            Edit::Add(Part::State, map) if map.contains_key(STEPS) => with_steps(text()?, &file, map)?,
            Edit::Add(part, map) => add(text()?, &file, *part, map)?,
            Edit::Remove(part, name) => {
                let mut document = Document::read(text()?, &file).map_err(|error| wrong(&error))?;
                match document.remove(*part, name) {
                    1 => document.text(),
                    0 => {
                        let has = document.names(*part).join(", ");
                        let message = format!("{} has no {} '{name}'; it has {has}", self.slug, part.key());
                        return Err(Refusal::not_found(message));
                    }
                    _ => {
                        let message = format!("several transitions are called '{name}'; say which one: FROM>{name}");
                        return Err(Refusal::conflict("ambiguous", message));
                    }
                }
            }
            Edit::Back(to) => return self.back(*to, current, versions),
        };
        Ok(Next::Version { body, base })
    }

    fn back(&self, to: Option<i64>, current: Option<&KindVersion>, versions: &[KindVersion]) -> Result<Next, Refusal> {
        let Some(current) = current else {
            let message = format!("{} is not shaped by your organisation: there is nothing to take back", self.slug);
            return Err(Refusal::conflict("nothing-to-roll-back", message));
        };
        match to.unwrap_or(current.base) {
            0 => Ok(Next::BuiltIn),
            to => {
                let version = versions.iter().find(|version| version.version == to);
                let missing =
                    || Refusal::new(Class::NotFound, rule::NOT_FOUND, format!("{} has no version {to}", self.slug));
                let version = version.ok_or_else(missing)?;
                Ok(Next::Version { body: version.body.clone(), base: version.base })
            }
        }
    }
}

/// The key of a state's transitions, where it is added together with them.
const STEPS: &str = "transitions";

fn add(text: &str, file: &str, part: Part, map: &Map<String, Value>) -> Result<String, Refusal> {
    Document::add(text, file, part, map).map_err(|error| match error {
        AddError::Value(message) => Refusal::invalid(rule::TYPE, "body", message),
        AddError::File(error) => wrong(&error),
    })
}

/// Adds a state and the transitions that reach and leave it: either end that is not said is the state.
fn with_steps(text: &str, file: &str, map: &Map<String, Value>) -> Result<String, Refusal> {
    let mut state = map.clone();
    let steps = state.remove(STEPS).unwrap_or_default();
    let name = state.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut body = add(text, file, Part::State, &state)?;
    let wrong = |place: String, why: &str| Refusal::invalid(rule::TYPE, place, why);
    let list = || wrong(STEPS.to_owned(), "transitions is a list of transitions, each an object with from or to");
    for (place, step) in steps.as_array().ok_or_else(list)?.iter().enumerate() {
        let mut step = step.as_object().cloned().ok_or_else(list)?;
        if !step.contains_key("from") && !step.contains_key("to") {
            return Err(list());
        }
        for end in ["from", "to"] {
            step.entry(end).or_insert_with(|| name.as_str().into());
        }
        if !["from", "to"].iter().any(|end| step.get(*end).and_then(Value::as_str) == Some(name.as_str())) {
            let why = "a transition that is added with a state reaches it or leaves it";
            return Err(wrong(format!("{STEPS}[{place}]"), why));
        }
        body = add(&body, file, Part::Transition, &step)?;
    }
    Ok(body)
}

/// The refusal for a kind that is not there.
pub(super) fn unknown(slug: &str) -> Refusal {
    let message = format!("there is no record kind '{slug}'; GET /api/v1/kinds lists them");
    Refusal::new(Class::NotFound, rule::UNKNOWN_KIND, message).about("kind")
}
