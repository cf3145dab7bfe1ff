//! Saved views.

pub(super) mod add;
pub(super) mod list;
pub(super) mod read;
pub(super) mod records;
pub(super) mod remove;
pub(super) mod update;

use serde_json::Value;

use super::input::Members;
use crate::domain::refusal::rule;
use crate::flows::views::Wish;

/// Takes what is said of a view.
fn wish(members: &mut Members) -> Wish {
    let name = members.text("name");
    let filter = members.object("filter");
    for (name, value) in filter.iter().flatten() {
        if !matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_)) {
            members.refuse(&format!("filter.{name}"), rule::TYPE, "must be a condition as in lists, a text");
        }
    }
    let sort = members.text("sort").map(|sort| Some(sort).filter(|sort| !sort.is_empty()));
    let columns = members.texts("columns");
    let shared = members.texts("shared");
    Wish { name, filter, sort, columns, shared }
}
