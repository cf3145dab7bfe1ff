//! Saved views: a list that somebody wants to see again, perhaps together with others.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::field::COLUMNS;
use super::kind::Kind;
use super::refusal::{FieldProblem, Refusal, rule};
use super::role::{Actor, Role};
use super::time::Instant;

/// Characters that the name of a view may have.
const NAME: usize = 200;
/// Columns that a view may show.
const MOST: usize = 50;

/// A saved view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Identifier (UUIDv7).
    pub id: String,
    /// Organisation.
    pub org: String,
    /// Whose it is.
    pub owner: String,
    /// What he calls it; he has no other view of that name.
    pub name: String,
    /// Slug of the kind it lists.
    pub kind: String,
    /// Field and condition, as in lists.
    pub filter: Map<String, Value>,
    /// Field to sort by, with `-` before it for descending.
    pub sort: Option<String>,
    /// Fields it shows beside the number; none for all.
    pub columns: Vec<String>,
    /// Whoever has one of these roles sees the view; the records in it he sees as far as he may read them.
    pub shared: BTreeSet<Role>,
    /// Counts the changes, from 1.
    pub revision: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was changed last.
    pub updated_at: Instant,
}

impl View {
    /// Whether somebody sees the view.
    pub fn is_seen_by(&self, actor: &Actor) -> bool {
        self.owner == actor.user || self.shared.iter().any(|role| actor.has(*role)) || actor.has(Role::Adm)
    }

    /// Checks what does not depend on any record.
    ///
    /// # Errors
    ///
    /// Every field that is wrong.
    pub fn check(&self, kind: &Kind) -> Result<(), Refusal> {
        let mut problems = Vec::new();
        if self.name.trim().is_empty() {
            problems.push(FieldProblem::new("name", rule::REQUIRED, "name must not be empty"));
        }
        if self.name.chars().count() > NAME || self.name.chars().any(char::is_control) {
            let message = format!("name must be one line of {NAME} characters at most");
            problems.push(FieldProblem::new("name", rule::RANGE, message));
        }
        if self.columns.len() > MOST {
            let message = format!("a view shows {MOST} columns at most");
            problems.push(FieldProblem::new("columns", rule::RANGE, message));
        }
        for name in &self.columns {
            let known = kind.field(name).is_some() || (COLUMNS.contains(&name.as_str()) && name != "org");
            if !known {
                let message = format!("{} has no field '{name}'", kind.slug);
                problems.push(FieldProblem::new("columns", rule::UNKNOWN_FIELD, message));
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(Refusal::fields(problems)) }
    }

    /// The view as it is shown.
    pub fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "owner": self.owner,
            "name": self.name,
            "kind": self.kind,
            "filter": self.filter,
            "sort": self.sort,
            "columns": self.columns,
            "shared": self.shared,
            "revision": self.revision,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        })
    }
}
