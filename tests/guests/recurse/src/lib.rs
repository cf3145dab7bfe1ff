//! Calls itself until the call stack is exhausted.

use mortise_sdk::prelude::*;
use mortise_sdk::types::sla::{ClockOutcome, ClockRequest};

/// Recurses in `clock`.
pub struct Recurse;

/// More calls than any stack holds.
const DEPTH: u64 = 1 << 30;

/// Ackermann's function: no compiler turns it into a loop, and it nests at least as deep as `n`.
fn ackermann(m: u64, n: u64) -> u64 {
    match (m, n) {
        (0, n) => n + 1,
        (m, 0) => ackermann(m - 1, 1),
        (m, n) => ackermann(m - 1, ackermann(m, n - 1)),
    }
}

impl SlaPolicy for Recurse {
    type Settings = NoSettings;

    fn clock(request: &ClockRequest, _: &NoSettings) -> Result<Decided<ClockOutcome>, Refusal> {
        let depth = ackermann(2, DEPTH + request.ticket.history.len() as u64);
        Err(Refusal::other("came-back", depth.to_string()))
    }
}

mortise_sdk::export_sla!(Recurse);
