//! One stored decision through a candidate: the question, then the comparison of its answer.

use mortise_types::{Process, Request};
use serde_json::Value;

use crate::catalog::Candidate;
use crate::domain::backtest::{Comparison, Cost, compare};
use crate::engine::{Cause, Lookups};
use crate::flows::decide::stored_output;

/// What came of one decision.
#[derive(Clone, Debug)]
pub struct Judged {
    /// How it compares.
    pub comparison: Comparison,
    /// What the candidate said, as canonical JSON.
    pub output: String,
    /// What that cost.
    pub cost: Cost,
    /// Why the candidate gave no answer.
    pub cause: Option<Cause>,
    /// The candidate does not have this operation: where there is a wider scope, whoever decides there would be asked.
    pub left_out: bool,
}

/// Asks the candidate what it would have decided, its lookups answered so; `None` when the stored texts cannot be read.
pub async fn judge(
    candidate: &Candidate,
    process: Process,
    input: &str,
    output: &str,
    lookups: Lookups,
) -> Option<Judged> {
    let request = Request::from_text(process, input).ok()?;
    let evaluation = candidate.evaluate(&request, lookups).await;
    let (_, text) = stored_output(&evaluation);
    let cost = Cost { fuel: evaluation.fuel, took_us: u64::try_from(evaluation.took.as_micros()).unwrap_or(u64::MAX) };
    let cause = evaluation.result.as_ref().err().map(|failure| failure.cause);
    // Equal texts need no second look: that is what most decisions come to.
    let comparison = if text == output {
        Comparison::same()
    } else {
        let (old, new): (Value, Value) = (serde_json::from_str(output).ok()?, serde_json::from_str(&text).ok()?);
        compare(process, request.currency(), &old, &new)
    };
    Some(Judged { comparison, output: text, cost, cause, left_out: evaluation.leaves_out() })
}
