//! Breaches of contract: each is told to those who follow the supplier, and a confirmed one suggests a review.

use serde_json::json;

use crate::flows::FlowError;
use crate::flows::working::{Cause, Working};

pub(super) async fn run(working: &mut Working<'_>) -> Result<(), FlowError> {
    let kind = match &working.cause {
        Cause::Create => "breach.recorded",
        Cause::Transition { from, to } if from != to && to == "confirmed" => "supplier.review.suggested",
        _ => return Ok(()),
    };
    let Some(number) = working.text("contract") else { return Ok(()) };
    let contract = working.desk.store.record(&working.record.org, number).await?;
    let supplier = contract.as_ref().and_then(|contract| contract.text("party"));
    let Some(supplier) = supplier.filter(|party| party.starts_with("SPL-")).map(str::to_owned) else {
        return Ok(());
    };
    let data = json!({
        "breach": working.record.number,
        "contract": number,
        "grade": working.field("grade"),
        "on": working.field("on"),
    });
    working.event_about(&supplier, kind, data);
    Ok(())
}
