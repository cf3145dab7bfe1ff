//! Records of every kind.

pub(super) mod accesses;
pub(super) mod bulk;
pub(super) mod create;
pub(super) mod export;
pub(super) mod forecast;
pub(super) mod history;
pub(super) mod import;
pub(super) mod list;
pub(super) mod read;
pub(super) mod timers;
pub(super) mod transition;
pub(super) mod transitions;
pub(super) mod triage;
pub(super) mod update;

use super::table::{Parameter, Value};

/// The reason of a change, for the audit trail.
pub(in crate::http) const REASON: Parameter =
    Parameter::query("reason", Value::Text, "Why, for the audit trail. Some transitions need it.");

/// Optimistic locking.
pub(in crate::http) const IF_MATCH: Parameter = Parameter::header(
    "If-Match",
    Value::Text,
    "The entity tag that was read, for example `\"7\"`. If the record has another revision by now, the answer is \
     412 and nothing changes. Without it, or with `*`, the change is applied to whatever is there.",
);
