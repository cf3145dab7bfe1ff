//! What things cost: changes, services, forecasts, other currencies.

use std::collections::BTreeMap;

use mortise_sdk::prelude::*;
use mortise_sdk::types::budget::{
    ChangeCostOutcome, ChangeCostRequest, ConvertOutcome, ConvertRequest, CostLine, RunRateOutcome, RunRateRequest,
    ServiceCostOutcome, ServiceCostPart, ServiceCostRequest,
};
use mortise_sdk::types::money::{self, Currency, Decimal};

use super::control::shares;
use super::reading::{WHOLE_BP, amount, at, currency, decimal, exact, product, quantity, sum};
use crate::settings::StandardSettings;

/// Adds up what a change costs.
///
/// # Errors
/// `no-contingency` where neither contingency nor risk band is given,
/// `months-out-of-range` for more than 12 months, `negative-quantity`; text
/// that is no number.
pub fn change_cost(
    request: &ChangeCostRequest,
    settings: &StandardSettings,
) -> Result<Decided<ChangeCostOutcome>, Refusal> {
    let currency = currency(&request.currency, settings)?;
    if request.months_in_year > 12 {
        return Err(Refusal::invalid_request(
            "months-out-of-range",
            format!("months_in_year: {} is not within 0 to 12", request.months_in_year),
        ));
    }
    let mut lines = Vec::with_capacity(request.labour.len() + request.items.len());
    for (index, labour) in request.labour.iter().enumerate() {
        let hours = quantity(format_args!("labour/{index}/hours"), &labour.hours)?;
        let rate = decimal(format_args!("labour/{index}/rate"), &labour.rate)?;
        lines.push((format!("labour:{}", labour.role), priced(&currency, hours, rate)?));
    }
    for (index, item) in request.items.iter().enumerate() {
        let count = quantity(format_args!("items/{index}/quantity"), &item.quantity)?;
        let price = decimal(format_args!("items/{index}/unit_price"), &item.unit_price)?;
        let id = format!("{}:{}", item.cost_type, item.name);
        lines.push((id, priced(&currency, count, price)?));
    }
    let mut subtotal = 0;
    for (_, minor) in &lines {
        subtotal = sum([subtotal, *minor])?;
    }
    let contingency_bp = match (request.contingency_bp, request.risk_band) {
        (Some(given), _) => given,
        (None, Some(band)) => settings.contingency_bp.of(band),
        (None, None) => {
            return Err(Refusal::invalid_request("no-contingency", "contingency_bp or risk_band is needed"));
        }
    };
    let contingency = money::half_even_div(product(subtotal, i128::from(contingency_bp))?, WHOLE_BP).map_err(exact)?;
    let one_off = sum([subtotal, contingency])?;
    let monthly = amount(&currency, "recurring_monthly", &request.recurring_monthly)?;
    let recurring = product(monthly, i128::from(request.months_in_year))?;

    let line = |(id, minor): (String, i128)| CostLine { id, amount: currency.format(minor) };
    let outcome = ChangeCostOutcome {
        lines: lines.into_iter().map(line).collect(),
        subtotal: currency.format(subtotal),
        contingency: currency.format(contingency),
        one_off: currency.format(one_off),
        recurring_this_year: currency.format(recurring),
        total_this_year: currency.format(sum([one_off, recurring])?),
    };
    let mut reason = Reason::new(
        "contingency",
        if request.contingency_bp.is_some() {
            "The request states the contingency."
        } else {
            "The risk band of the change gives the contingency."
        },
    );
    if let (None, Some(band)) = (request.contingency_bp, request.risk_band) {
        reason = reason.with("risk_band", band.as_str());
    }
    let reasons = vec![
        reason.with("contingency_bp", contingency_bp).with("contingency", &outcome.contingency),
        Reason::new("recurring", "The change costs this much in each remaining month.")
            .with("monthly", currency.format(monthly))
            .with("months", request.months_in_year),
    ];
    Ok(Decided::new(outcome, reasons))
}

/// A quantity at a price, in minor units, rounded once.
fn priced(currency: &Currency, quantity: Decimal, price: Decimal) -> Result<i128, Refusal> {
    quantity.times_half_even(price, currency.decimals()).map_err(exact)
}

/// Gives each service its direct and indirect cost.
///
/// # Errors
/// `no-allocation-basis` for a pool whose weights are negative or all 0; text
/// that is no number.
pub fn service_cost(
    request: &ServiceCostRequest,
    settings: &StandardSettings,
) -> Result<Decided<ServiceCostOutcome>, Refusal> {
    let currency = currency(&request.currency, settings)?;
    let mut services = Services::default();
    for (index, cost) in request.direct.iter().enumerate() {
        let minor = amount(&currency, format_args!("direct/{index}/amount"), &cost.amount)?;
        let service = services.named(&cost.id);
        service.direct = sum([service.direct, minor])?;
    }
    let mut reasons = Vec::with_capacity(request.indirect.len());
    for (index, pool) in request.indirect.iter().enumerate() {
        let minor = amount(&currency, format_args!("indirect/{index}/amount"), &pool.amount)?;
        let parts = shares(&format!("indirect/{index}/keys"), minor, &pool.keys)?;
        for (key, part) in pool.keys.iter().zip(parts) {
            let service = services.named(&key.id);
            service.indirect = sum([service.indirect, part])?;
        }
        reasons.push(
            Reason::new("pool-allocated", "An indirect cost is shared by its basis.")
                .with("pool", &pool.pool)
                .with("basis", &pool.basis)
                .with("amount", currency.format(minor)),
        );
    }

    let mut parts = Vec::with_capacity(services.costs.len());
    let mut grand_total = 0;
    for (id, cost) in services.costs {
        let total = sum([cost.direct, cost.indirect])?;
        grand_total = sum([grand_total, total])?;
        let units = request.units.get(id).copied().filter(|units| *units > 0);
        let unit_cost = units.map(|units| money::half_even_div(total, i128::from(units))).transpose().map_err(exact)?;
        parts.push(ServiceCostPart {
            id: id.to_owned(),
            direct: currency.format(cost.direct),
            indirect: currency.format(cost.indirect),
            total: currency.format(total),
            unit_cost: unit_cost.map(|minor| currency.format(minor)),
        });
    }
    let outcome = ServiceCostOutcome { services: parts, grand_total: currency.format(grand_total) };
    Ok(Decided::new(outcome, reasons))
}

/// The costs of services, in order of first mention.
#[derive(Default)]
struct Services<'a> {
    costs: Vec<(&'a str, ServiceCost)>,
    places: BTreeMap<&'a str, usize>,
}

/// One service's cost in minor units.
#[derive(Default)]
struct ServiceCost {
    direct: i128,
    indirect: i128,
}

impl<'a> Services<'a> {
    /// The cost of a service, which is 0 at its first mention.
    fn named(&mut self, id: &'a str) -> &mut ServiceCost {
        let place = *self.places.entry(id).or_insert_with(|| {
            self.costs.push((id, ServiceCost::default()));
            self.costs.len() - 1
        });
        &mut self.costs[place].1
    }
}

/// Projects the costs so far over all periods.
///
/// # Errors
/// `no-elapsed-periods`, `periods-out-of-range` where fewer periods there are
/// in all than elapsed; text that is no amount.
pub fn run_rate(request: &RunRateRequest, settings: &StandardSettings) -> Result<Decided<RunRateOutcome>, Refusal> {
    let currency = currency(&request.currency, settings)?;
    if request.periods_elapsed == 0 {
        return Err(Refusal::invalid_request(
            "no-elapsed-periods",
            "periods_elapsed: nothing can be projected before the first period has elapsed",
        ));
    }
    if request.periods_total < request.periods_elapsed {
        return Err(Refusal::invalid_request(
            "periods-out-of-range",
            format!(
                "periods_total: {} is less than the {} periods elapsed",
                request.periods_total, request.periods_elapsed
            ),
        ));
    }
    let actual = amount(&currency, "actual_to_date", &request.actual_to_date)?;
    let budget = amount(&currency, "budget", &request.budget)?;
    let estimate =
        money::half_even_div(product(actual, i128::from(request.periods_total))?, i128::from(request.periods_elapsed))
            .map_err(exact)?;
    let outcome = RunRateOutcome {
        run_rate_eac: currency.format(estimate),
        variance: currency.format(sum([budget, -estimate])?),
    };
    let reason = Reason::new("run-rate", "The costs so far go on at the same rate.")
        .with("periods_elapsed", request.periods_elapsed)
        .with("periods_total", request.periods_total);
    Ok(Decided::new(outcome, vec![reason]))
}

/// Expresses an amount in another currency.
///
/// # Errors
/// `rate-not-positive`; text that is no number.
pub fn convert(request: &ConvertRequest, settings: &StandardSettings) -> Result<Decided<ConvertOutcome>, Refusal> {
    let from = currency(&request.from_currency, settings)?;
    let to = currency(&request.to_currency, settings)?;
    // Read as an amount first: one with too many decimals is refused.
    amount(&from, "amount", &request.amount)?;
    let value = decimal("amount", &request.amount)?;
    let rate = decimal("rate", &request.rate)?;
    if rate.mantissa() <= 0 {
        return Err(Refusal::invalid_request("rate-not-positive", format!("rate: {rate} is not above 0")));
    }
    let minor = value.times_half_even(rate, to.decimals()).map_err(|error| at("rate", &error))?;
    let outcome = ConvertOutcome { amount: to.format(minor), currency: request.to_currency.clone() };
    let reason = Reason::new("converted", "The amount is multiplied by the stored rate.")
        .with("from", &request.from_currency)
        .with("rate", rate);
    Ok(Decided::new(outcome, vec![reason]))
}
