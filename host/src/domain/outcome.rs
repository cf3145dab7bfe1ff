//! Whether an outcome can be true: what must hold of it whatever the policy of
//! the component that gave it (design, invariant 6: a guest proposes, the domain
//! validates).
//!
//! A policy is free in its targets, weights, thresholds and tables. It is not
//! free in arithmetic that the contract spells out, in contradicting itself or
//! its request, or in letting a change pass without approval. Sources: the WIT
//! packages and the domain guide, sections 3.1 to 3.4.

mod budget;
mod change_risk;
mod sla;
mod supplier;
#[cfg(test)]
mod tests;

use mortise_types::{Decision, Instant, Outcome, Refusal, Request};

/// Checks all of a decision: its outcome, and the milestones that become timers.
///
/// # Errors
/// The first thing that cannot be true, in one sentence.
pub fn check_decision(request: &Request, decision: &Decision) -> Result<(), String> {
    check(request, &decision.outcome)?;
    ensure(decision.milestones.len() <= MOST_MILESTONES, || {
        format!("{} milestones, {MOST_MILESTONES} are allowed", decision.milestones.len())
    })?;
    for (i, milestone) in decision.milestones.iter().enumerate() {
        let name = &milestone.name;
        let fresh = decision.milestones[..i].iter().all(|earlier| earlier.name != *name);
        ensure(!name.is_empty() && name.len() <= MOST_CODE && fresh, || {
            format!("`milestones[{i}].name` is empty, too long or used twice")
        })?;
        ensure(writable(milestone.at), || format!("`milestones[{i}].at` lies outside the years 0 to 9999"))?;
    }
    Ok(())
}

/// Checks an outcome against itself and against the request that it answers.
///
/// # Errors
/// The first thing that cannot be true, in one sentence.
pub fn check(request: &Request, outcome: &Outcome) -> Result<(), String> {
    match (request, outcome) {
        (Request::Sla(request), Outcome::Sla(outcome)) => sla::check(request, outcome),
        (Request::ChangeRisk(request), Outcome::ChangeRisk(outcome)) => change_risk::check(request, outcome),
        (Request::Budget(request), Outcome::Budget(outcome)) => budget::check(request, outcome),
        (Request::Supplier(request), Outcome::Supplier(outcome)) => supplier::check(request, outcome),
        _ => Err(OTHER_OPERATION.to_owned()),
    }
}

/// Checks a refusal: its code has the form that callers rely on.
///
/// # Errors
/// What is wrong with the code, in one sentence.
pub fn check_refusal(refusal: &Refusal) -> Result<(), String> {
    let code = refusal.code.as_str();
    let well_formed = !code.is_empty()
        && code.len() <= MOST_CODE
        && code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !code.starts_with('-')
        && !code.ends_with('-');
    ensure(well_formed, || {
        format!(
            "a refusal's code is lower case with hyphens, 1 to {MOST_CODE} characters; this one is {:?}",
            code.chars().take(MOST_CODE).collect::<String>()
        )
    })
}

/// Characters of a refusal's code or a milestone's name at the most.
const MOST_CODE: usize = 64;

/// Milestones of one decision at the most.
const MOST_MILESTONES: usize = 32;

/// Whether an instant can be written down (RFC 3339): it lies in the years 0 to 9999.
fn writable(instant: Instant) -> bool {
    (-62_167_219_200..=253_402_300_799).contains(&instant.0)
}

/// Said where an outcome belongs to another operation than the request.
const OTHER_OPERATION: &str = "the outcome is of another operation than the request";

/// `Ok` if it holds, else what is wrong.
fn ensure(holds: bool, wrong: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(wrong()) }
}
