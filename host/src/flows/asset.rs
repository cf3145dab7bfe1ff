//! Figures of assets, repairs and stock counts (guide, P19 and P20). Nothing is written.

use jiff::civil::Date;
use serde_json::{Value, json};

use super::{Desk, FlowError, read_record};
use crate::domain::asset::{self, Fault, Limits, Valuation};
use crate::domain::ledger::Amount;
use crate::domain::record::Record;
use crate::domain::refusal::{Refusal, rule};
use crate::domain::time::{add_months, local_date, parse_date, start_of_day};
use crate::domain::{Actor, Kind};

/// Repairs of one asset that are looked at.
const MOST: i64 = 10_000;

/// The book value of an asset on a day; today when none is given.
///
/// # Errors
/// Not found, not allowed; an asset without cost, day of purchase, useful life or residual, or a day before its
/// purchase; the database's errors.
pub async fn valuation(desk: &Desk, actor: &Actor, number: &str, on: Option<Date>) -> Result<Value, FlowError> {
    let asset = read(desk, actor, "asset", number).await?;
    let on = on.map_or_else(|| today(desk), Ok)?;
    let (cost, valuation) = worth(&asset, on)?;
    let money = |minor: i128| Amount { minor, currency: cost.currency.clone() }.to_value();
    Ok(json!({
        "asset": asset.number,
        "on": on.to_string(),
        "cost": cost.to_value(),
        "purchased_on": asset.data.get("purchased_on"),
        "useful_months": asset.data.get("useful_months"),
        "months": valuation.months,
        "residual": money(valuation.residual),
        "depreciated": money(valuation.depreciated),
        "book_value": money(valuation.book_value),
    }))
}

/// What speaks for repairing an asset and what for replacing it, as of today; people decide.
///
/// # Errors
/// As [`valuation`], of the asset that the repair is about.
pub async fn repair(desk: &Desk, actor: &Actor, number: &str) -> Result<Value, FlowError> {
    let repair = read(desk, actor, "repair", number).await?;
    let asset = repair.text("asset").unwrap_or_default();
    let asset = read(desk, actor, "asset", asset).await?;
    let on = today(desk)?;
    let (cost, valuation) = worth(&asset, on)?;
    let estimate = Amount::of(&repair, "cost");
    if estimate.as_ref().is_some_and(|estimate| estimate.currency != cost.currency) {
        let message = format!("{} and {} are in different currencies", repair.number, asset.number);
        return Err(Refusal::conflict("currency", message).about("cost").into());
    }
    let months = constant(desk, "repair_count_months")?;
    let since = add_months(on, i32::try_from(-months).unwrap_or(i32::MIN));
    let since = start_of_day("UTC", since).map_err(|zone| Refusal::not_found(zone.to_string()))?;
    let repairs = desk.store.records_by_field(&actor.org, "repair", "asset", &asset.number, MOST).await?;
    let earlier = repairs.iter().filter(|r| r.number != repair.number && r.created_at >= since).count();
    let fault = Fault {
        in_warranty: date(&asset, "warranty_until").is_some_and(|until| until >= on),
        cost: estimate.as_ref().map(|estimate| estimate.minor),
        book_value: valuation.book_value,
        earlier: i64::try_from(earlier).unwrap_or(i64::MAX),
        outlived: whole(&asset, "useful_months").is_some_and(|useful| valuation.months >= useful),
    };
    let limits = Limits {
        cost_percent: constant(desk, "repair_cost_limit_pct")?,
        repairs: constant(desk, "repair_count_limit")?,
    };
    let (route, reasons) = asset::repair_or_replace(&fault, limits);
    let share = fault.cost.filter(|_| fault.book_value > 0);
    let share =
        share.and_then(|cost| mortise_types::money::half_up_div(cost.checked_mul(1000)?, fault.book_value).ok());
    Ok(json!({
        "repair": repair.number,
        "asset": asset.number,
        "on": on.to_string(),
        "in_warranty": fault.in_warranty,
        "cost": estimate.map(|estimate| estimate.to_value()),
        "book_value": Amount { minor: fault.book_value, currency: cost.currency }.to_value(),
        "cost_share_tenths_pct": share.and_then(|share| i64::try_from(share).ok()),
        "earlier_repairs": fault.earlier,
        "beyond_useful_life": fault.outlived,
        "recommended": route.as_str(),
        "reasons": reasons,
    }))
}

/// What a stock count says.
///
/// # Errors
/// Not found, not allowed; a count without figures; the database's errors.
pub async fn stock_count(desk: &Desk, actor: &Actor, number: &str) -> Result<Value, FlowError> {
    let count = read(desk, actor, "stock-count", number).await?;
    let figure = |name: &'static str| {
        let missing = || Refusal::conflict(rule::REQUIRED, format!("{number} has no {name} yet")).about(name);
        count.data.get(name).and_then(Value::as_i64).ok_or_else(missing)
    };
    let (booked, found) = (figure("booked")?, figure("found")?);
    let counted = asset::count(booked, found, constant(desk, "stock_count_target_pct")?);
    Ok(json!({
        "stock_count": count.number,
        "booked": booked,
        "found": found,
        "accuracy_tenths_pct": counted.accuracy_tenths,
        "verdict": if counted.investigate.is_some() { "investigate" } else { "accept" },
        "investigate": counted.investigate.unwrap_or_default(),
        "surplus": counted.surplus,
    }))
}

/// What an asset cost, and what it is worth on a day.
fn worth(asset: &Record, on: Date) -> Result<(Amount, Valuation), Refusal> {
    let missing = |field: &'static str| {
        Refusal::conflict(rule::REQUIRED, format!("{} has no {field}, so that it cannot be valued", asset.number))
            .about(field)
    };
    let cost = Amount::of(asset, "cost").ok_or_else(|| missing("cost"))?;
    let bought = date(asset, "purchased_on").ok_or_else(|| missing("purchased_on"))?;
    let useful = whole(asset, "useful_months").filter(|useful| *useful > 0).ok_or_else(|| missing("useful_months"))?;
    let residual = whole(asset, "residual_bp").ok_or_else(|| missing("residual_bp"))?;
    let early = || {
        let message = format!("on has to be {bought}, when {} was bought, or later", asset.number);
        Refusal::invalid(rule::RANGE, "on", message)
    };
    let months = asset::whole_months(bought, on).ok_or_else(early)?;
    let valuation = asset::value(cost.minor, residual, useful, months)
        .map_err(|error| Refusal::conflict("ledger", error.to_string()).about("cost"))?;
    Ok((cost, valuation))
}

async fn read(desk: &Desk, actor: &Actor, slug: &str, number: &str) -> Result<Record, FlowError> {
    let kinds = desk.kinds(&actor.org);
    let kind: &Kind = match kinds.get(slug) {
        Some(kind) => kind,
        None => return Err(Refusal::not_found(format!("this installation keeps no records of the kind {slug}")).into()),
    };
    read_record::run(desk, actor, kind, number).await
}

fn today(desk: &Desk) -> Result<Date, Refusal> {
    local_date("UTC", desk.clock.now()).map_err(|zone| Refusal::not_found(zone.to_string()))
}

fn date(record: &Record, field: &str) -> Option<Date> {
    parse_date(record.text(field)?)
}

fn whole(record: &Record, field: &str) -> Option<u32> {
    record.data.get(field)?.as_u64().and_then(|value| u32::try_from(value).ok())
}

fn constant(desk: &Desk, name: &'static str) -> Result<i64, Refusal> {
    let missing = || Refusal::not_found(format!("this installation does not know the constant {name}"));
    desk.policy.constants.get(name).ok_or_else(missing)
}
