//! What was promised, and where that is written.

use mortise_sdk::prelude::Refusal;
use mortise_sdk::types::sla::Targets;

use crate::settings::{Profile, Settings};

/// The calendar and targets of the baseline profile (guide, section 3.1).
const BASELINE: Promise<'static> = Promise { response_s: 1800, resolution_s: 14_400, calendar: "24x7" };

/// The largest target, that of the contract's integers.
const LARGEST_S: u64 = 1 << 53;

/// What was promised for a priority.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Promise<'a> {
    pub(crate) response_s: u64,
    pub(crate) resolution_s: u64,
    pub(crate) calendar: &'a str,
}

/// Finds the promise for a priority: in the request, else in the settings.
pub(crate) struct Promises<'a> {
    pub(crate) targets: Option<&'a Targets>,
    pub(crate) settings: &'a Settings,
}

impl<'a> Promises<'a> {
    pub(crate) fn get(&self, priority: &str) -> Result<Promise<'a>, Refusal> {
        let promise = match self.targets {
            Some(targets) => targets.get(priority).map(|target| Promise {
                response_s: target.response_s,
                resolution_s: target.resolution_s,
                calendar: &target.calendar,
            }),
            None if self.settings.profile == Profile::Baseline => Some(BASELINE),
            None => self.settings.targets.get(priority).map(|target| Promise {
                response_s: target.response_s,
                resolution_s: target.resolution_s,
                calendar: &target.calendar,
            }),
        };
        let promise = promise
            .ok_or_else(|| Refusal::invalid_request("no-target", format!("there is no target for {priority}")))?;
        if promise.response_s.max(promise.resolution_s) > LARGEST_S {
            return Err(Refusal::invalid_request("invalid-target", format!("the target for {priority} is too large")));
        }
        Ok(promise)
    }
}
