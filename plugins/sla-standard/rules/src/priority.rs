//! Which priority do impact and urgency give?

use std::collections::BTreeMap;

use mortise_sdk::prelude::*;
use mortise_sdk::types::sla::{Matrix, PriorityOutcome, PriorityRequest};

use crate::settings::Settings;

/// Looks the priority up in the request's matrix, else in that of the settings.
///
/// # Errors
/// `unknown-priority` if the matrix has no such cell.
pub(crate) fn priority(request: &PriorityRequest, settings: &Settings) -> Answer<PriorityOutcome> {
    let matrix = request.matrix.as_ref().unwrap_or(&settings.matrix);
    let priority = lookup(matrix, request.impact, request.urgency)?;
    let reason = reason(priority, request.impact, request.urgency);
    Ok(Decided::new(PriorityOutcome { priority: priority.to_owned() }, vec![reason]))
}

/// The cell of a matrix.
pub(crate) fn lookup(matrix: &Matrix, impact: u32, urgency: u32) -> Result<&str, Refusal> {
    let cell = matrix.get(&impact).and_then(|row: &BTreeMap<_, _>| row.get(&urgency));
    cell.map(String::as_str).ok_or_else(|| {
        Refusal::invalid_request(
            "unknown-priority",
            format!("the matrix has no priority for impact {impact} and urgency {urgency}"),
        )
    })
}

pub(crate) fn reason(priority: &str, impact: u32, urgency: u32) -> Reason {
    Reason::new("priority", "Impact and urgency give the priority.")
        .with("priority", priority)
        .with("impact", impact)
        .with("urgency", urgency)
}
