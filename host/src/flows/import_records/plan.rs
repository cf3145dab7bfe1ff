//! What each column of a file means for a kind.

use serde_json::{Map, Value};

use super::Ask;
use super::spool::Heading;
use crate::domain::field::FieldType;
use crate::domain::kind::Kind;
use crate::domain::nearest::nearest;
use crate::domain::refusal::{FieldProblem, Refusal, rule};
use crate::domain::table::{self, Clock, Column, ColumnRole, From, Mapping, Target};

/// What a column is for.
#[derive(Clone, Debug)]
pub(super) enum Use {
    /// Nothing.
    Skip,
    /// The record's number.
    Number,
    /// The record's state.
    State,
    /// The revision that the row was written at.
    Revision,
    /// A field.
    Field { name: String, ty: FieldType, target: Target, clock: Clock },
}

/// The meaning of every column.
pub(super) struct Plan {
    pub(super) uses: Vec<Use>,
    /// Headings, in the same order.
    pub(super) headings: Vec<String>,
    /// Headings of columns that the host keeps.
    pub(super) ignored: Vec<String>,
    pub(super) mapping: Mapping,
    pub(super) constants: Map<String, Value>,
    /// A spreadsheet's dates have no form.
    pub(super) clock: Clock,
}

impl Plan {
    /// Resolves the columns.
    pub(super) fn new(kind: &Kind, headings: &[Heading], ask: &Ask) -> Result<Self, Refusal> {
        let mapping = &ask.mapping;
        let clock = Clock::new(mapping.time_zone.as_deref(), mapping.date.as_deref(), mapping.moment.as_deref())?;
        let all = Column::all(kind);
        for heading in mapping.columns.keys() {
            if !headings.is_empty() && !headings.iter().any(|known| known.text == *heading) {
                let names: Vec<&str> = headings.iter().map(|h| h.text.as_str()).collect();
                let message =
                    format!("{}: the mapping names a column '{heading}'; the file has {}", ask.name, names.join(", "));
                return Err(Refusal::invalid("columns", heading.as_str(), message));
            }
        }
        let mut problems = Vec::new();
        let (mut uses, mut ignored): (Vec<Use>, Vec<String>) = (Vec::new(), Vec::new());
        let mut meant: Vec<(String, &Heading)> = Vec::new();
        for heading in headings {
            let target = mapping.columns.get(&heading.text).map(From::target);
            let column = match &target {
                Some(target) if target.ignore => None,
                Some(target) => Some(mapped(kind, &all, heading, target)?),
                None if heading.text.is_empty() => None,
                None => match recognised(kind, &all, heading) {
                    Ok(column) => Some(column),
                    Err(why) => {
                        problems.push(problem(&ask.name, heading, &why));
                        None
                    }
                },
            };
            let Some(column) = column else {
                uses.push(Use::Skip);
                continue;
            };
            if let Some((_, other)) = meant.iter().find(|(name, _)| *name == column.name) {
                problems.push(problem(
                    &ask.name,
                    heading,
                    &format!("it means {}, as does '{}'", column.name, other.text),
                ));
            }
            meant.push((column.name.clone(), heading));
            uses.push(match column.role {
                ColumnRole::Number => Use::Number,
                ColumnRole::State => Use::State,
                ColumnRole::Revision => Use::Revision,
                ColumnRole::Kept => {
                    ignored.push(heading.text.clone());
                    Use::Skip
                }
                ColumnRole::Field => {
                    let target = target.unwrap_or_default();
                    let clock = clock.with(target.date.as_deref(), target.moment.as_deref());
                    Use::Field { name: column.name, ty: column.ty, target, clock }
                }
            });
        }
        if !problems.is_empty() {
            return Err(Refusal::fields(problems));
        }
        let constants = constants(kind, mapping)?;
        let has = |name: &str| meant.iter().any(|(known, _)| known == name) || constants.contains_key(name);
        if let Some(key) = &ask.key {
            keyed(kind, key)?;
            // A file of JSON Lines without a row has no names either.
            if !headings.is_empty() && !has(key) {
                let message = format!("{}: the rows are to be found by {key}, but no column is {key}", ask.name);
                return Err(Refusal::invalid("columns", "key", message));
            }
        }
        Ok(Self {
            uses,
            headings: headings.iter().map(|heading| heading.text.clone()).collect(),
            ignored,
            mapping: mapping.clone(),
            constants,
            clock: Clock::new(mapping.time_zone.as_deref(), None, None)?,
        })
    }
}

fn problem(file: &str, heading: &Heading, why: &str) -> FieldProblem {
    let place = match heading.column {
        0 => format!("line {}", heading.line),
        column => format!("line {}, column {column}", heading.line),
    };
    FieldProblem::new(heading.text.as_str(), "columns", format!("{file}: {place}: '{}': {why}", heading.text))
}

/// The column that a heading means by itself.
fn recognised(kind: &Kind, all: &[Column], heading: &Heading) -> Result<Column, String> {
    match table::recognise(all, &heading.text).as_slice() {
        [column] => return Ok((*column).clone()),
        [] => {}
        several => {
            let names: Vec<&str> = several.iter().map(|column| column.name.as_str()).collect();
            return Err(format!("the heading may mean any of {}", names.join(", ")));
        }
    }
    // A path inside a map field is shown by exports and kept by the host.
    if let Some((field, rest)) = heading.text.split_once('.')
        && let [map] = table::recognise(all, field).as_slice()
        && let Ok(columns) = table::columns(kind, Some(&[format!("{}.{rest}", map.name)]))
        && let Some(column) = columns.into_iter().next()
    {
        return Ok(column);
    }
    let said = heading.text.to_lowercase();
    let words = all.iter().flat_map(|column| column.words().into_iter().map(move |word| (word.to_lowercase(), column)));
    let words: Vec<(String, &Column)> = words.collect();
    let near = nearest(&said, words.iter().map(|(word, _)| word.as_str()));
    let near = near.and_then(|near| words.iter().find(|(word, _)| word == near));
    let hint = near.map_or_else(String::new, |(_, column)| format!("; did you mean '{}'?", column.name));
    Err(format!("{} has no such field{hint}", kind.slug))
}

/// The column that a mapping says a heading is.
fn mapped(kind: &Kind, all: &[Column], heading: &Heading, target: &Target) -> Result<Column, Refusal> {
    let name = target.field.as_deref().unwrap_or_default();
    let refused = |why: String| Refusal::invalid("mapping", format!("columns.{}", heading.text), why);
    let Some(column) = all.iter().find(|column| column.name == name) else {
        let hint = nearest(name, all.iter().map(|column| column.name.as_str()));
        let hint = hint.map_or_else(String::new, |near| format!("; did you mean '{near}'?"));
        return Err(refused(format!("{} has no field '{name}'{hint}", kind.slug)));
    };
    if column.role == ColumnRole::Kept {
        return Err(refused(format!("{name} is kept by the host and cannot be imported")));
    }
    Ok(column.clone())
}

fn constants(kind: &Kind, mapping: &Mapping) -> Result<Map<String, Value>, Refusal> {
    for name in mapping.constants.keys() {
        if kind.field(name).is_none_or(|field| field.computed) {
            let message = format!("{} has no field '{name}' that can be set", kind.slug);
            return Err(Refusal::invalid("mapping", format!("constants.{name}"), message));
        }
    }
    Ok(mapping.constants.clone())
}

/// Refuses a key by which records cannot be found.
fn keyed(kind: &Kind, key: &str) -> Result<(), Refusal> {
    let usable = kind.field(key).filter(|field| field.indexed && !field.computed && field.ty.is_sortable());
    if usable.is_some() || key == "number" {
        return Ok(());
    }
    let usable = kind.all_fields().filter(|field| field.indexed && !field.computed && field.ty.is_sortable());
    let names: Vec<&str> = usable.map(|field| field.name.as_str()).collect();
    let message = format!("rows cannot be found by '{key}'; they can be by number or {}", names.join(", "));
    Err(Refusal::invalid(rule::NOT_INDEXED, "key", message))
}
