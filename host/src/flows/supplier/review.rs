//! A supplier's next review: when its day comes, the next evaluation is opened.

use serde_json::{Map, json};

use super::{REVIEW, evaluated, evaluations};
use crate::domain::number;
use crate::domain::record::{self, Stamp};
use crate::domain::role::Actor;
use crate::domain::time::local_date;
use crate::flows::FlowError;
use crate::flows::working::{Cause, Working};

/// States in which a supplier is not reviewed.
const NOT_REVIEWED: [&str; 3] = ["candidate", "rejected", "ended"];
/// States of an evaluation that is still to be made.
const UNDER_WAY: [&str; 2] = ["due", "collected"];

pub(super) async fn run(working: &mut Working<'_>) -> Result<(), FlowError> {
    match working.cause.clone() {
        Cause::Timer(name) if name == REVIEW => open(working).await,
        Cause::Transition { from, to } if from != to && NOT_REVIEWED.contains(&to.as_str()) => {
            working.clear_timers(REVIEW);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Opens the next evaluation, unless one is under way already.
async fn open(working: &mut Working<'_>) -> Result<(), FlowError> {
    if NOT_REVIEWED.contains(&working.record.state.as_str()) {
        return Ok(());
    }
    let supplier = working.record.number.clone();
    let under_way = evaluations(working, &supplier).await?;
    let under_way = under_way.into_iter().find(|e| UNDER_WAY.contains(&e.state.as_str()));
    let evaluation = match under_way {
        Some(evaluation) => evaluation.number,
        None => match make(working).await? {
            Some(number) => number,
            None => return Ok(()),
        },
    };
    let data = json!({ "evaluation": evaluation, "next_review": working.field("next_review") });
    working.event("supplier.review.due", data);
    Ok(())
}

async fn make(working: &mut Working<'_>) -> Result<Option<String>, FlowError> {
    let desk = working.desk;
    let Some(kind) = working.kinds.get("supplier-evaluation").cloned() else { return Ok(None) };
    let supplier = working.record.clone();
    let last = evaluated(working, &supplier.number).await?;
    let since = last.last().and_then(|last| last.text("evaluated_on").map(str::to_owned));
    let day = |at| local_date("UTC", at).map(|day| day.to_string()).unwrap_or_default();
    let from = since.unwrap_or_else(|| day(supplier.created_at));
    let mut input = Map::new();
    input.insert("title".to_owned(), json!(format!("Evaluation of {}", supplier.title)));
    input.insert("supplier".to_owned(), json!(supplier.number));
    input.insert("period".to_owned(), json!(format!("{from}/{}", day(working.now))));
    if let Some(manager) = supplier.text("contract_manager") {
        input.insert("owner".to_owned(), json!(manager));
    }
    let year = working.now.year();
    let counter = desk.store.next_number(&supplier.org, &kind.prefix, i64::from(year)).await?;
    let stamp = Stamp {
        id: desk.clock.id(),
        number: number::format(&kind.prefix, year, counter.unsigned_abs()),
        now: working.now,
    };
    let evaluation = record::create(&kind, &Actor::host(supplier.org), input, stamp)?;
    let number = evaluation.number.clone();
    // Two nodes cannot open it twice: the timer belongs to one of them.
    working.made(evaluation);
    Ok(Some(number))
}
