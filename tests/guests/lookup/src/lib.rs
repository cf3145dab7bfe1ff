//! Looks records up while it decides: properly, or in the way its settings name.

use mortise_sdk::lookup::{self, Comparison, Error, Query, Value};
use mortise_sdk::prelude::*;
use mortise_sdk::types::sla::{ClockOutcome, ClockRequest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sla_rules::Standard;

/// How it behaves.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// Reads all it finds, and says so.
    #[default]
    Proper,
    /// Never stops asking.
    Flood,
    /// Keeps every handle.
    Hoard,
}

/// Settings of the guest.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LookupSettings {
    /// How it behaves.
    pub way: Way,
    /// Kind to look up.
    pub kind: String,
    /// State to look for.
    pub state: String,
    /// Field to read.
    pub field: String,
}

impl Default for LookupSettings {
    fn default() -> Self {
        let text = str::to_owned;
        Self { way: Way::Proper, kind: text("action-item"), state: text("open"), field: text("title") }
    }
}

impl Settings for LookupSettings {}

/// The guest.
pub struct Lookup;

impl SlaPolicy for Lookup {
    type Settings = LookupSettings;

    fn clock(request: &ClockRequest, settings: &LookupSettings) -> Answer<ClockOutcome> {
        let query = Query::of(&settings.kind)
            .filter("state", Comparison::Equal, &settings.state)
            .fields(["number", settings.field.as_str()])
            .limit(100);
        let mut kept = Vec::new();
        loop {
            let mut found = match lookup::select(&query) {
                Ok(found) => found,
                Err(Error::NotGranted(what)) => return Err(Refusal::invalid_request("not-granted", what)),
                Err(Error::Invalid(why)) => return Err(Refusal::invalid_request("invalid-lookup", why)),
            };
            match settings.way {
                Way::Proper => {
                    // In pages, as a component with many rows would.
                    let mut rows = Vec::new();
                    loop {
                        let page = found.next(2);
                        if page.is_empty() {
                            break;
                        }
                        rows.extend(page);
                    }
                    let first = rows.first().map(|row| match &row.values[1] {
                        Value::Text(text) | Value::Json(text) => text.clone(),
                        Value::Int(number) => number.to_string(),
                        Value::Flag(flag) => flag.to_string(),
                        Value::Absent => "nothing".to_owned(),
                    });
                    let reason = Reason::new("found", "Others are waiting.")
                        .with("rows", i64::try_from(rows.len()).unwrap_or(i64::MAX))
                        .with("first", first.unwrap_or_default());
                    let mut decided = Standard::clock(request, &sla_rules::Settings::default())?;
                    decided.reasons.push(reason);
                    return Ok(decided);
                }
                Way::Flood => {
                    found.next(1);
                }
                Way::Hoard => kept.push(found),
            }
        }
    }
}

mortise_sdk::export_sla!(Lookup);
