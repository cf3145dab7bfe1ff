//! What an agreement with a customer may promise: nothing looser than the baseline without the customer's consent, and
//! whether the agreements under it can keep it (domain guide, P25 and section 3.1, chain).

use mortise_types::sla::{self, ChainElement, ChainRequest, ChainSla, Coverage};
use mortise_types::{Attributes, Outcome, Process, Request};
use serde_json::{Value, json};

use crate::domain::component::Subject;
use crate::domain::record::Record;
use crate::domain::refusal::{FieldProblem, Refusal};
use crate::domain::role::Role;
use crate::flows::FlowError;
use crate::flows::decide::Answer;
use crate::flows::working::{Cause, Working};

/// The rule that keeps targets to the baseline.
const BASELINE: &str = "baseline-deviation";
/// The calendar that is always there.
const ALWAYS: &str = "24x7";
/// More agreements under one than this are not looked at.
const MOST: i64 = 1_000;
/// States in which an agreement under this one counts.
const IN_FORCE: [&str; 2] = ["agreed", "active"];

/// Looks at an agreement that both sides have signed.
pub(super) async fn run(working: &mut Working<'_>) -> Result<(), FlowError> {
    match &working.cause {
        Cause::Transition { from, to } if from != to && to == "agreed" => {}
        Cause::Again { .. } if IN_FORCE.contains(&working.record.state.as_str()) => {
            let targets = targets(working).await?;
            return chain(working, &targets).await;
        }
        Cause::Again { .. } => return Err(working.not_again()),
        _ => return Ok(()),
    }
    let targets = targets(working).await?;
    keep_to_baseline(working, &targets)?;
    chain(working, &targets).await
}

/// A target, and whether its clock never rests.
struct Promise {
    priority: String,
    response_s: i64,
    resolution_s: i64,
    coverage: Coverage,
}

async fn targets(working: &Working<'_>) -> Result<Vec<Promise>, FlowError> {
    let own = working.text("calendar").unwrap_or(ALWAYS);
    let list = working.field("targets").and_then(Value::as_array).cloned().unwrap_or_default();
    let calendar = |target: &Value| target["calendar"].as_str().unwrap_or(own).to_owned();
    let mut named: Vec<String> = list.iter().map(calendar).filter(|number| number != ALWAYS).collect();
    named.sort();
    named.dedup();
    let calendars = working.desk.store.records(&working.record.org, &named).await?;
    let never_rests = |number: &str| {
        let mode = calendars.iter().find(|calendar| calendar.number == number).and_then(|c| c.text("mode"));
        number == ALWAYS || mode == Some(ALWAYS)
    };
    Ok(list
        .iter()
        .filter_map(|target| {
            Some(Promise {
                priority: target["priority"].as_str()?.to_owned(),
                response_s: target["response_s"].as_i64()?,
                resolution_s: target["resolution_s"].as_i64()?,
                coverage: if never_rests(&calendar(target)) { Coverage::Continuous } else { Coverage::Business },
            })
        })
        .collect())
}

/// A target looser than the baseline needs the deviation to be declared and the customer's signature on it.
fn keep_to_baseline(working: &Working<'_>, targets: &[Promise]) -> Result<(), Refusal> {
    let policy = &working.desk.policy.service_level;
    let looser = targets.iter().filter(|target| {
        target.response_s > policy.baseline_response_s
            || target.resolution_s > policy.baseline_resolution_s
            || target.coverage != Coverage::Continuous
    });
    let looser: Vec<&str> = looser.map(|target| target.priority.as_str()).collect();
    let declared = working.field("baseline_deviation") == Some(&Value::Bool(true));
    if looser.is_empty() || (declared && signed_by_customer(&working.record)) {
        return Ok(());
    }
    let (response, resolution) = (policy.baseline_response_s / 60, policy.baseline_resolution_s / 3600);
    let message = format!(
        "targets for {} are looser than the baseline ({response} minutes, {resolution} hours, around the clock): \
         baseline_deviation has to be true and the customer has to sign",
        looser.join(", ")
    );
    let problem = FieldProblem::new("baseline_deviation", BASELINE, message);
    Err(Refusal::fields(vec![problem]))
}

fn signed_by_customer(record: &Record) -> bool {
    let signatures = record.data.get("signatures").and_then(Value::as_array).into_iter().flatten();
    let by = |signature: &Value| signature["role"].as_str() == Some(Role::Cus.code()) && signature["for"] == "agreed";
    signatures.into_iter().any(by)
}

/// Asks whether the strictest promise can be kept with the agreements under it. That it cannot is said, not refused:
/// both sides have signed.
async fn chain(working: &mut Working<'_>, targets: &[Promise]) -> Result<(), FlowError> {
    let Some(strictest) = targets.iter().min_by_key(|target| target.resolution_s) else { return Ok(()) };
    let mut elements = elements(working, "ola", "OLA").await?;
    elements.extend(self::elements(working, "underpinning-contract", "UC").await?);
    if elements.is_empty() {
        working.set("chain", Value::Null);
        return Ok(());
    }
    let whole = |name: &str| working.field(name).and_then(Value::as_u64);
    let request = ChainRequest {
        sla: ChainSla {
            target_s: u64::try_from(strictest.resolution_s).unwrap_or_default(),
            coverage: strictest.coverage,
        },
        handover_s: whole("handover_s").unwrap_or_default(),
        elements,
        attributes: Attributes::new(),
    };
    let subject = Subject {
        kind: working.kind.slug.clone(),
        services: working.text("service").map(str::to_owned).into_iter().collect(),
        customer: working.text("customer").map(str::to_owned),
        contract: Some(working.record.number.clone()),
    };
    match working.ask(&subject, &Request::Sla(sla::Request::Chain(request))).await {
        Answer::Decided(decision, id) => {
            if let Outcome::Sla(sla::Outcome::Chain(outcome)) = decision.outcome {
                let mut kept = json!(outcome);
                kept["priority"] = json!(strictest.priority);
                kept["decision"] = json!(id);
                working.mark_fallback(&id, &mut kept);
                if !outcome.feasible {
                    working.event("sla.chain.infeasible", kept.clone());
                }
                working.set("chain", kept);
            }
        }
        Answer::Refused { code, message, decision } => {
            working.needs_a_person(Process::Sla, &format!("refused: {code}: {message}"), &decision);
        }
        Answer::Failed => {}
    }
    Ok(())
}

async fn elements(working: &mut Working<'_>, slug: &str, kind: &str) -> Result<Vec<ChainElement>, FlowError> {
    let (org, store) = (working.record.org.clone(), working.desk.store.clone());
    let under = store.records_by_field(&org, slug, "sla", &working.record.number, MOST).await?;
    let mut elements = Vec::new();
    for record in under.iter().filter(|record| IN_FORCE.contains(&record.state.as_str())) {
        let whole = |name: &str| record.data.get(name).and_then(Value::as_u64);
        let (Some(stage), Some(target_s)) = (whole("stage").and_then(|n| u32::try_from(n).ok()), whole("target_s"))
        else {
            continue;
        };
        working.held.push((record.number.clone(), record.revision));
        elements.push(ChainElement {
            id: record.number.clone(),
            kind: kind.to_owned(),
            stage,
            target_s,
            coverage: if record.text("coverage") == Some(ALWAYS) { Coverage::Continuous } else { Coverage::Business },
        });
    }
    Ok(elements)
}
