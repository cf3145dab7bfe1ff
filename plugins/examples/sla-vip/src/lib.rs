//! A partner's variant of the standard service level rules: VIP customers have
//! targets of their own. Who is one says an attribute of the request.

use std::collections::BTreeMap;

use mortise_sdk::prelude::*;
use mortise_sdk::types::sla::{ClockOutcome, ClockRequest, Target as Promise};
use mortise_sdk::types::{Value, sla};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sla_standard::settings::{Settings as Base, Target};

/// The settings of the standard rules, and what is different for VIPs.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct VipSettings {
    /// The attribute that is true for a VIP customer.
    pub attribute: String,
    /// Priority → what is promised to a VIP, whatever the request's own targets are.
    pub targets: BTreeMap<String, Target>,
    /// Settings of the standard rules, for everybody else and everything else.
    pub standard: Base,
}

impl Default for VipSettings {
    fn default() -> Self {
        let target = |(priority, response_min, resolution_min): (&str, u64, u64)| {
            let (response_s, resolution_s) = (response_min * 60, resolution_min * 60);
            (
                priority.to_owned(),
                Target {
                    response_s,
                    resolution_s,
                    calendar: "24x7".to_owned(),
                },
            )
        };
        Self {
            attribute: "customer.vip".to_owned(),
            targets: [
                ("P1", 5, 60),
                ("P2", 10, 120),
                ("P3", 15, 240),
                ("P4", 30, 480),
                ("P5", 60, 960),
            ]
            .map(target)
            .into(),
            standard: Base::default(),
        }
    }
}

impl Settings for VipSettings {
    fn check(&self) -> Vec<Problem> {
        let below =
            |problem: Problem| Problem::new(format!("/standard{}", problem.path), problem.message);
        let mut problems: Vec<Problem> = self.standard.check().into_iter().map(below).collect();
        if self.attribute.is_empty() {
            problems.push(Problem::new("/attribute", "the attribute needs a name"));
        }
        problems
    }
}

/// The variant.
#[derive(Debug)]
pub struct Vip;

impl SlaPolicy for Vip {
    type Settings = VipSettings;

    fn clock(
        request: &ClockRequest,
        settings: &VipSettings,
    ) -> Result<Decided<ClockOutcome>, Refusal> {
        if request.attributes.get(&settings.attribute) != Some(&Value::Flag(true)) {
            return sla_standard::rules::clock(request, &settings.standard);
        }
        let promise = |(priority, target): (&String, &Target)| {
            let Target {
                response_s,
                resolution_s,
                calendar,
            } = target.clone();
            (
                priority.clone(),
                Promise {
                    response_s,
                    resolution_s,
                    calendar,
                },
            )
        };
        let mut request = request.clone();
        request.targets = Some(settings.targets.iter().map(promise).collect());
        let mut decided = sla_standard::rules::clock(&request, &settings.standard)?;
        let why = Reason::new("vip", "The customer is a VIP and has targets of its own.");
        decided
            .reasons
            .insert(0, why.with("attribute", &settings.attribute));
        Ok(decided)
    }

    fn priority(
        request: &sla::PriorityRequest,
        settings: &VipSettings,
    ) -> Result<Decided<sla::PriorityOutcome>, Refusal> {
        sla_standard::rules::priority(request, &settings.standard)
    }
}

mortise_sdk::export_sla!(Vip);
