//! `GET /budgets/{number}/figures`: where a budget stands.

use axum::extract::State;
use axum::response::Response;

use crate::domain::refusal::{Refusal, rule};
use crate::flows::budget::{self, FiguresQuery};
use crate::http::caller::Caller;
use crate::http::input::{Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation, Parameter, Value};

pub(super) static FIGURES: Operation = Operation {
    id: "readBudgetFigures",
    group: Group::Budgets,
    summary: "Where a budget stands",
    text: "Planned, actual, committed and available, by line and in all; costs by period; the run rate of the periods \
           that are over; what each service costs. Sums are always the sums of posted entries and open commitments. \
           Figures that the active component works out are null where it cannot say.",
    parameters: &[
        Parameter::query("currency", Value::Text, "Also in this currency (ISO 4217); needs `rate`."),
        Parameter::query("rate", Value::Text, "Units of that currency per unit of the budget's, a decimal."),
    ],
    answers: &[Answer::json(200, "BudgetFigures", "The figures.")],
    problems: &[400, 401, 403, 404, 409, 422],
    ..Operation::PLAIN
};

pub(super) async fn figures(
    State(site): State<Site>,
    caller: Caller,
    Place(number): Place<String>,
    mut params: Params,
) -> Result<Response, Problem> {
    let convert = match (params.take("currency")?, params.take("rate")?) {
        (Some(currency), Some(rate)) => Some((currency, rate)),
        (None, None) => None,
        (None, Some(_)) => return Err(missing("currency", "rate")),
        (Some(_), None) => return Err(missing("rate", "currency")),
    };
    params.done()?;
    let figures = budget::figures(&site.desk, &caller, &number, &FiguresQuery { convert }).await?;
    Ok(reply::ok(&figures))
}

fn missing(name: &'static str, given: &str) -> Problem {
    Refusal::invalid(rule::REQUIRED, name, format!("{name} is required with {given}")).into()
}
