//! Dry runs: what a candidate would have decided.

pub(super) mod decisions;
pub(super) mod export;
pub(super) mod list;
pub(super) mod read;
pub(super) mod start;

use crate::domain::backtest::Sort;
use crate::domain::refusal::{Refusal, rule};
use crate::http::input::Params;
use crate::http::problem::Problem;

/// What decisions of a dry run can be.
pub(super) const SORTS: &[&str] = &["flips", "differs", "fails"];

/// The sort that a parameter asks for.
pub(super) fn sort(params: &mut Params) -> Result<Option<Sort>, Problem> {
    let Some(text) = params.take("sort")? else { return Ok(None) };
    match Sort::parse(&text).filter(|sort| *sort != Sort::Same) {
        Some(sort) => Ok(Some(sort)),
        None => {
            let message = format!("sort has to be one of {}, not '{text}'", SORTS.join(", "));
            Err(Refusal::invalid(rule::ENUM, "sort", message).into())
        }
    }
}
