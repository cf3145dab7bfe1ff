//! What a person must decide because a component could not.

pub(super) mod decide;
pub(super) mod list;
pub(super) mod read;
pub(super) mod retry;

use serde_json::{Value as Json, json};

use crate::http::table::{Parameter, Value};
use crate::store::manual::Waiting;

const IF_MATCH: Parameter = Parameter::header(
    "If-Match",
    Value::Text,
    "The record's entity tag as you read it. Without it, whatever is there.",
);

/// An entry as it is shown.
fn shown(waiting: &Waiting) -> Json {
    let parse = |text: &Option<String>| text.as_deref().and_then(|text| serde_json::from_str::<Json>(text).ok());
    let Waiting { entry, request, failure, resolved_at, resolved_by } = waiting;
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    json!({
        "id": entry.id,
        "record": entry.number,
        "process": entry.process,
        "reason": entry.reason,
        "decision": entry.decision,
        "step": some(&entry.step),
        "at": entry.at,
        "request": parse(request),
        "failure": parse(failure),
        "resolved_at": resolved_at,
        "resolved_by": some(resolved_by),
    })
}
