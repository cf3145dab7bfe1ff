//! Which process looks at which change of a record.
//!
//! A kind file names the processes that decide something about its records; each process has one file here. What else is
//! written for one kind are the few rules of the guide that look at many records at once.

use mortise_types::Process;
use serde_json::Value;

use super::working::{Cause, Working};
use super::{
    FlowError, approval_route, automatic, budget, change_risk, configuration, measures, recurrence, rules, sla,
    supplier,
};
use crate::domain::kind::Trigger;
use crate::domain::record::Record;
use crate::domain::{Kind, Role, TransitionContext};

/// Runs every process that the record's kind names for this change, and for each step that the host takes by itself
/// after it.
pub(super) async fn run(working: &mut Working<'_>) -> Result<(), FlowError> {
    configuration::check(working).await?;
    automatic::fire(working).await?;
    approval_route::run(working)?;
    measures::follow(working).await?;
    stage(working).await?;
    while automatic::follow(working).await? {
        stage(working).await?;
    }
    recurrence::run(working).await?;
    wait_no_longer(working);
    automatic::schedule(working).await
}

/// What is closed waits for nobody.
fn wait_no_longer(working: &mut Working<'_>) {
    let waits = working.field("manual").is_some_and(|manual| manual == true);
    if waits && working.kind.state(&working.record.state).is_some_and(|state| state.closed) {
        working.set("manual", Value::Bool(false));
        let number = working.record.number.clone();
        let hooks = working.kind.decisions.iter();
        working.resolved.extend(hooks.map(|hook| (number.clone(), hook.process.slug().to_owned())));
        working.manual.retain(|entry| entry.number != number);
    }
}

/// Everything that belongs to one change: what is worked out, what is decided, what the kind's rules say of it, and what
/// follows for other records.
async fn stage(working: &mut Working<'_>) -> Result<(), FlowError> {
    rules::formulas(working).await?;
    if !asked(working).is_empty() {
        let known = working.record.data.clone();
        decide(working).await?;
        // What was decided may be what a formula reads.
        rules::formulas_again(working, &known).await?;
    }
    rules::check(working).await?;
    automatic::replace(working).await?;
    automatic::wake(working).await?;
    automatic::make(working).await
}

async fn decide(working: &mut Working<'_>) -> Result<(), FlowError> {
    for process in asked(working) {
        match process {
            Process::Sla => sla::run(working).await?,
            Process::ChangeRisk => change_risk::run(working).await?,
            Process::Budget => budget::run(working).await?,
            Process::Supplier => supplier::run(working).await?,
        }
        if let Some(refusal) = working.unavailable.take() {
            return Err(refusal.into());
        }
    }
    Ok(())
}

fn asked(working: &Working<'_>) -> Vec<Process> {
    let decides = |trigger| working.kind.decides(&trigger).collect();
    match &working.cause {
        Cause::Create => decides(Trigger::Create),
        Cause::Update => decides(Trigger::Update),
        // Also those that are asked on every transition.
        Cause::Transition { to, .. } => decides(Trigger::Entered(to.clone())),
        // A timer's name starts with the process that set it.
        Cause::Timer(name) => {
            let slug = name.split('.').next().unwrap_or_default();
            working.kind.decisions.iter().map(|hook| hook.process).filter(|p| p.slug() == slug).collect()
        }
        // Another process may rest on what this one decides: it looks as it does at every change.
        Cause::Again { process, .. } => {
            let on_update: Vec<Process> = decides(Trigger::Update);
            let hooks = working.kind.decisions.iter().map(|hook| hook.process);
            hooks.filter(|p| p == process || on_update.contains(p)).collect()
        }
    }
}

/// The approvers that a record's decision or formula named (`route` transitions).
#[derive(Debug, Default)]
pub(super) struct Route {
    roles: Vec<Role>,
    auto: bool,
    also: &'static [Role],
}

/// Who the record's decision, or its own formula, says may approve it.
pub(super) fn route(kind: &Kind, record: &Record) -> Route {
    let also = budget::approvers(record);
    if !kind.decisions.iter().any(|hook| hook.process == Process::ChangeRisk) {
        return Route { roles: approval_route::approvers(kind, record), also, ..Route::default() };
    }
    let (roles, auto) = change_risk::approvers(record);
    Route { roles, auto, also }
}

/// What a transition needs to know beside the record: the approvers that a decision named, and the actor's reason.
pub(super) fn transition_context<'a>(route: &'a Route, reason: &'a str) -> TransitionContext<'a> {
    TransitionContext {
        route: &route.roles,
        route_auto: route.auto,
        also: route.also,
        reason: Some(reason).filter(|r| !r.is_empty()),
    }
}
