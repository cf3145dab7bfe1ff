//! Which process looks at which change of a record.
//!
//! A kind file names the processes that decide something about its records; each process has one file here. Nothing
//! else in the host is written for one kind.

use mortise_types::Process;

use super::working::{Cause, Working};
use super::{FlowError, sla};
use crate::domain::record::Record;
use crate::domain::TransitionContext;
use crate::domain::kind::Trigger;

/// Runs every process that the record's kind names for this change.
pub(super) async fn run(working: &mut Working<'_>) -> Result<(), FlowError> {
    for process in asked(working) {
        match process {
            Process::Sla => sla::run(working).await?,
            Process::ChangeRisk | Process::Budget | Process::Supplier => {}
        }
    }
    Ok(())
}

fn asked(working: &Working<'_>) -> Vec<Process> {
    let decides = |trigger| working.kind.decides(&trigger).collect();
    match &working.cause {
        Cause::Create => decides(Trigger::Create),
        Cause::Update => decides(Trigger::Update),
        Cause::Transition { to, .. } => {
            let mut processes: Vec<Process> = decides(Trigger::Transition);
            processes.extend(working.kind.decides(&Trigger::Entered(to.clone())));
            processes.dedup();
            processes
        }
        // A timer's name starts with the process that set it.
        Cause::Timer(name) => {
            let slug = name.split('.').next().unwrap_or_default();
            working.kind.decisions.iter().map(|hook| hook.process).filter(|p| p.slug() == slug).collect()
        }
    }
}

/// What a transition needs to know beside the record: the approvers that a decision named, and the actor's reason.
pub(super) fn transition_context<'a>(record: &'a Record, reason: &'a str) -> TransitionContext<'a> {
    let _ = record;
    TransitionContext { route: &[], route_auto: false, reason: Some(reason).filter(|r| !r.is_empty()) }
}
