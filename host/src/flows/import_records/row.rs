//! A row, understood.

use serde_json::{Map, Value};

use super::plan::{Plan, Use};
use super::spool::{Cell, Raw};
use crate::domain::field::FieldType;
use crate::domain::refusal::{FieldProblem, rule};
use crate::domain::table::{self, Clock, Target};

/// What a row says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Read {
    pub(super) number: Option<String>,
    pub(super) state: Option<String>,
    pub(super) revision: Option<i64>,
    /// Fields by name; null removes a value.
    pub(super) fields: Map<String, Value>,
}

impl Plan {
    /// Understands a row; everything that is wrong with it is told at once.
    pub(super) fn read(&self, raw: &Raw) -> Result<Read, Vec<FieldProblem>> {
        let mut read = Read::default();
        let mut problems = Vec::new();
        for (place, meaning) in self.uses.iter().enumerate() {
            let cell = raw.cells.iter().find(|(at, _)| *at == place).map(|(_, cell)| cell);
            let cell = cell.filter(|cell| !self.is_missing(cell));
            match meaning {
                Use::Skip => {}
                Use::Number => read.number = cell.map(plain),
                Use::State => read.state = cell.map(plain),
                Use::Revision => match cell.map(|cell| plain(cell).parse::<i64>()) {
                    None => {}
                    Some(Ok(revision)) => read.revision = Some(revision),
                    Some(Err(_)) => {
                        let message = format!("{}: a revision is a whole number", self.headings[place]);
                        problems.push(FieldProblem::new("revision", rule::TYPE, message));
                    }
                },
                Use::Field { name, ty, target, clock } => match self.value(ty, target, clock, cell) {
                    Ok(None) => {}
                    Ok(Some(value)) => {
                        read.fields.insert(name.clone(), value);
                    }
                    Err((rule, why)) => {
                        let heading = &self.headings[place];
                        let said = if heading == name { String::new() } else { format!(" (column '{heading}')") };
                        problems.push(FieldProblem::new(name.as_str(), rule, format!("{name}{said}: {why}")));
                    }
                },
            }
        }
        for (name, value) in &self.constants {
            read.fields.entry(name.as_str()).or_insert_with(|| value.clone());
        }
        if problems.is_empty() { Ok(read) } else { Err(problems) }
    }

    fn is_missing(&self, cell: &Cell) -> bool {
        match cell {
            Cell::Text(text) => text.trim().is_empty() || self.mapping.missing.iter().any(|m| m == text.trim()),
            Cell::Wall(_) | Cell::Json(_) => false,
        }
    }

    /// The field's value; none leaves it as it is, null removes it.
    fn value(
        &self,
        ty: &FieldType,
        target: &Target,
        clock: &Clock,
        cell: Option<&Cell>,
    ) -> Result<Option<Value>, (&'static str, String)> {
        let Some(cell) = cell else {
            return Ok(target.default.clone().or_else(|| self.mapping.clear.then_some(Value::Null)));
        };
        if let Some(values) = &target.values {
            let text = plain(cell);
            let known = values.get(text.trim()).cloned();
            return known.map(Some).ok_or_else(|| (rule::ENUM, format!("the mapping has no value for '{text}'")));
        }
        let text = match cell {
            Cell::Json(Value::String(text)) if matches!(ty, FieldType::Date | FieldType::Instant) => text.clone(),
            Cell::Json(value) if target.prefix.is_empty() => return Ok(Some(value.clone())),
            Cell::Wall(wall) => {
                let value = table::read(ty, wall, &self.clock);
                return value.map(Some).map_err(|why| (rule::TYPE, why));
            }
            Cell::Text(text) => format!("{}{text}", target.prefix),
            cell => format!("{}{}", target.prefix, plain(cell)),
        };
        table::read(ty, &text, clock).map(Some).map_err(|why| (rule::TYPE, why))
    }
}

fn plain(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) | Cell::Wall(text) => text.trim().to_owned(),
        Cell::Json(Value::String(text)) => text.trim().to_owned(),
        Cell::Json(value) => value.to_string(),
    }
}
