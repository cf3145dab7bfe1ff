//! Figures of assets, repairs and stock counts.

use axum::extract::State;
use axum::response::Response;

use crate::domain::refusal::{Refusal, rule};
use crate::domain::time::parse_date;
use crate::flows::asset;
use crate::http::caller::Caller;
use crate::http::input::{Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation, Parameter, Value};

pub(super) static VALUATION: Operation = Operation {
    id: "valueAsset",
    group: Group::Assets,
    summary: "The book value of an asset",
    text: "Straight line over the useful months, on the share of the cost above the residual. A month counts when it \
           is over. What has been written off is rounded half to even as a whole, so that no month's rounding is lost.",
    parameters: &[Parameter::query("on", Value::Text, "Day, as 2026-03-31; today (UTC) unless told otherwise.")],
    answers: &[Answer::json(200, "Valuation", "The value.")],
    problems: &[400, 401, 403, 404, 409, 422],
    ..Operation::PLAIN
};

pub(super) static REPAIR: Operation = Operation {
    id: "readRepairFigures",
    group: Group::Assets,
    summary: "Whether a repair is worth it",
    text: "As of today: the vendor repairs an asset in warranty; without one it is replaced when the repair costs too \
           large a share of the book value, when it was repaired too often lately, or when it is beyond its useful \
           life. The limits are settings. People decide.",
    answers: &[Answer::json(200, "RepairFigures", "The figures, and what they recommend.")],
    problems: &[400, 401, 403, 404, 409],
    ..Operation::PLAIN
};

pub(super) static COUNT: Operation = Operation {
    id: "readStockCountResult",
    group: Group::Assets,
    summary: "What a stock count says",
    text: "The share of the booked assets that was found. Below the limit, a setting, what is missing is investigated.",
    answers: &[Answer::json(200, "StockCountResult", "The result.")],
    problems: &[400, 401, 403, 404, 409],
    ..Operation::PLAIN
};

pub(super) async fn valuation(
    State(site): State<Site>,
    caller: Caller,
    Place(number): Place<String>,
    mut params: Params,
) -> Result<Response, Problem> {
    let on = params.take("on")?;
    params.done()?;
    let day = |text: String| {
        let wrong =
            || Refusal::invalid(rule::FORMAT, "on", format!("on has to be a day like 2026-03-31, not '{text}'"));
        parse_date(&text).ok_or_else(wrong)
    };
    let on = on.map(day).transpose()?;
    Ok(reply::ok(&asset::valuation(&site.desk, &caller, &number, on).await?))
}

pub(super) async fn repair(
    State(site): State<Site>,
    caller: Caller,
    Place(number): Place<String>,
    params: Params,
) -> Result<Response, Problem> {
    params.done()?;
    Ok(reply::ok(&asset::repair(&site.desk, &caller, &number).await?))
}

pub(super) async fn count(
    State(site): State<Site>,
    caller: Caller,
    Place(number): Place<String>,
    params: Params,
) -> Result<Response, Problem> {
    params.done()?;
    Ok(reply::ok(&asset::stock_count(&site.desk, &caller, &number).await?))
}
