//! Can an SLA be kept with the agreements under it?

use std::collections::BTreeMap;

use mortise_sdk::prelude::*;
use mortise_sdk::types::sla::{ChainOutcome, ChainRequest, Coverage};

/// Checks an SLA against its OLAs and underpinning contracts.
///
/// Committed is the hand-over plus the longest target of each stage, since the
/// elements of one stage work in parallel.
///
/// # Errors
/// `invalid-target` if the figures are beyond what an integer of the contract holds.
pub(crate) fn chain(request: &ChainRequest) -> Answer<ChainOutcome> {
    let sla = request.sla;
    let mut stages = BTreeMap::<u32, u64>::new();
    let mut findings = Vec::new();
    for element in &request.elements {
        let longest = stages.entry(element.stage).or_default();
        *longest = element.target_s.max(*longest);
        if element.target_s > sla.target_s {
            findings.push(["target-exceeds-sla:", &element.id].concat());
        }
        if sla.coverage == Coverage::Continuous && element.coverage != Coverage::Continuous {
            findings.push(["coverage-gap:", &element.id].concat());
        }
    }
    let figures = || {
        let committed = stages.values().try_fold(request.handover_s, |sum, longest| sum.checked_add(*longest))?;
        let slack = i64::try_from(sla.target_s).ok()? - i64::try_from(committed).ok()?;
        Some((committed, slack))
    };
    let (committed_s, slack_s) =
        figures().ok_or_else(|| Refusal::invalid_request("invalid-target", "the targets are too large to be added"))?;
    if slack_s < 0 {
        findings.push("negative-slack".to_owned());
    }
    findings.sort_unstable();

    let mut reasons = vec![
        Reason::new("committed", "Hand-over plus the longest target of each stage.")
            .with("handover_s", request.handover_s)
            .with("stages", stages.len())
            .with("committed_s", committed_s),
    ];
    reasons.extend(findings.iter().map(|finding| {
        let (code, element) = finding.split_once(':').unwrap_or((finding, ""));
        let reason = Reason::new(code, meaning(code));
        if element.is_empty() { reason.with("slack_s", slack_s) } else { reason.with("element", element) }
    }));
    let feasible = findings.is_empty();
    Ok(Decided::new(ChainOutcome { committed_s, slack_s, feasible, findings }, reasons))
}

fn meaning(code: &str) -> &'static str {
    match code {
        "coverage-gap" => "The SLA holds at all times, this element only in business hours.",
        "target-exceeds-sla" => "This element alone may take longer than the SLA allows.",
        _ => "The elements together may take longer than the SLA allows.",
    }
}
