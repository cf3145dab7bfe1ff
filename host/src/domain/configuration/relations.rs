//! The relations of one configuration item or service.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::domain::record::Record;
use crate::domain::refusal::{FieldProblem, Refusal};

/// Rules of relations.
pub mod rule {
    /// A record has no relation to itself.
    pub const SELF: &str = "self-relation";
    /// An item has one relation of a type to another item.
    pub const DUPLICATE: &str = "duplicate-relation";
    /// Dependencies lead in no circle (guide, P21).
    pub const CIRCLE: &str = "relation-cycle";
    /// The dependencies reach too far to be searched for a circle.
    pub const TOO_FAR: &str = "relations-too-far";
}

/// The relation type that leads in no circle, as items name it.
pub const DEPENDS_ON: &str = "depends-on";

/// Field and relation in which records of a kind say what they depend on; `None` for kinds that do not. Relations of
/// that name lead in no circle: services are items too.
pub fn dependency(kind: &str) -> Option<(&'static str, &'static str)> {
    match kind {
        "configuration-item" => Some(("relations", DEPENDS_ON)),
        "service" => Some(("depends_on", "depends_on")),
        _ => None,
    }
}

/// What a record depends on, each with the path of the value that says so, as `relations[2].ci`.
pub fn dependencies(record: &Record) -> Vec<(String, String)> {
    let Some((field, _)) = dependency(&record.kind) else { return Vec::new() };
    let list = record.data.get(field).and_then(Value::as_array).into_iter().flatten().enumerate();
    let target = |(index, value): (usize, &Value)| match value {
        Value::String(number) => Some((format!("{field}[{index}]"), number.clone())),
        value if value["type"] == DEPENDS_ON => {
            Some((format!("{field}[{index}].ci"), value["ci"].as_str()?.to_owned()))
        }
        _ => None,
    };
    list.filter_map(target).collect()
}

/// Refuses relations of a record to itself, and those that are there twice.
///
/// # Errors
/// `self-relation` and `duplicate-relation`, each naming the relation.
pub fn check(record: &Record) -> Result<(), Refusal> {
    let mut problems = Vec::new();
    for (field, number) in dependencies(record) {
        if number == record.number {
            problems.push(FieldProblem::new(field, rule::SELF, format!("{number} cannot depend on itself")));
        }
    }
    let mut seen = BTreeSet::new();
    let relations = record.data.get("relations").and_then(Value::as_array).into_iter().flatten().enumerate();
    for (index, relation) in relations {
        let (Some(sort), Some(ci)) = (relation["type"].as_str(), relation["ci"].as_str()) else { continue };
        if ci == record.number && sort != DEPENDS_ON {
            let message = format!("{ci} cannot have a relation to itself");
            problems.push(FieldProblem::new(format!("relations[{index}].ci"), rule::SELF, message));
        }
        if !seen.insert((sort, ci)) {
            let message = format!("{} has the relation {sort} to {ci} already", record.number);
            problems.push(FieldProblem::new(format!("relations[{index}]"), rule::DUPLICATE, message));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Refusal::fields(problems)) }
}

/// The refusal of a dependency that closes a circle: `way` leads from the record back to itself.
pub fn circle(field: &str, way: &[String]) -> Refusal {
    let message = match way {
        [first, rest @ ..] => {
            let rest = rest.join(", which depends on ");
            format!("the dependencies would lead in a circle: {first} depends on {rest}")
        }
        [] => "the dependencies would lead in a circle".to_owned(),
    };
    Refusal::invalid(rule::CIRCLE, field, message)
}
