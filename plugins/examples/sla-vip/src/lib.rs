//! A partner's variant of the standard service level rules: VIP customers have
//! targets of their own. An attribute of the request says who is one.

use std::collections::BTreeMap;

use mortise_sdk::prelude::*;
use mortise_sdk::types::{Value, sla};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sla_rules::{Settings as Base, Standard, Target};

/// The settings of the standard rules, and what is different for a VIP.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct VipSettings {
    /// The attribute that is true for a VIP.
    pub attribute: String,
    /// Priority → what is promised to a VIP, whatever targets the request carries.
    pub targets: BTreeMap<String, Target>,
    /// For everybody else.
    pub standard: Base,
}

impl Default for VipSettings {
    fn default() -> Self {
        let target = |priority: u64| {
            let target = Target::minutes(5 * priority, 60 * priority, "24x7");
            (format!("P{priority}"), target)
        };
        Self { attribute: "customer.vip".to_owned(), targets: (1..=5).map(target).collect(), standard: Base::default() }
    }
}

impl Settings for VipSettings {
    fn check(&self) -> Vec<Problem> {
        let problems = self.standard.check().into_iter();
        problems.map(|problem| problem.under("/standard")).collect()
    }
}

/// The variant.
#[derive(Debug)]
pub struct Vip;

impl SlaPolicy for Vip {
    type Settings = VipSettings;

    fn clock(request: &sla::ClockRequest, settings: &VipSettings) -> Answer<sla::ClockOutcome> {
        if request.attributes.get(&settings.attribute) != Some(&Value::Flag(true)) {
            return Standard::clock(request, &settings.standard);
        }
        let targets = settings.targets.iter();
        let targets = targets.map(|(priority, target)| (priority.clone(), target.into()));
        let mut request = request.clone();
        request.targets = Some(targets.collect());
        let mut decided = Standard::clock(&request, &settings.standard)?;
        decided.reasons.insert(0, Reason::new("vip", "The customer is a VIP."));
        Ok(decided)
    }

    fn availability(request: &sla::AvailabilityRequest, settings: &VipSettings) -> Answer<sla::AvailabilityOutcome> {
        Standard::availability(request, &settings.standard)
    }

    fn service_time(request: &sla::ServiceTimeRequest, settings: &VipSettings) -> Answer<sla::ServiceTimeOutcome> {
        Standard::service_time(request, &settings.standard)
    }

    fn chain(request: &sla::ChainRequest, settings: &VipSettings) -> Answer<sla::ChainOutcome> {
        Standard::chain(request, &settings.standard)
    }

    fn priority(request: &sla::PriorityRequest, settings: &VipSettings) -> Answer<sla::PriorityOutcome> {
        Standard::priority(request, &settings.standard)
    }
}

mortise_sdk::export_sla!(Vip);
