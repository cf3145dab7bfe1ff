//! Outcomes of budget accounting (guide, section 3.3): totals are the sums of
//! their entries, to the last minor unit.

use mortise_types::budget::{
    AllocateOutcome, AllocateRequest, ChangeCostOutcome, CloseOutcome, CloseRequest, CommitOutcome, CommitRequest,
    CommitVerdict, LineOutcome, LineRequest, Outcome, PostOutcome, PostRequest, Request, ServiceCostOutcome,
    ServiceCostRequest,
};
use mortise_types::money::Decimal;

use super::{OTHER_OPERATION, ensure};

pub(super) fn check(request: &Request, outcome: &Outcome) -> Result<(), String> {
    match (request, outcome) {
        (Request::Allocate(request), Outcome::Allocate(outcome)) => allocate(request, outcome),
        (Request::Line(request), Outcome::Line(outcome)) => line(request, outcome),
        (Request::Commit(request), Outcome::Commit(outcome)) => commit(request, outcome),
        (Request::ChangeCost(_), Outcome::ChangeCost(outcome)) => change_cost(outcome),
        (Request::ServiceCost(request), Outcome::ServiceCost(outcome)) => service_cost(request, outcome),
        (Request::Close(request), Outcome::Close(outcome)) => close(request, outcome),
        (Request::Post(request), Outcome::Post(outcome)) => post(request, outcome),
        (Request::RunRate(request), Outcome::RunRate(outcome)) => {
            Sum::default().plus(&request.budget).minus(&outcome.run_rate_eac).is("variance", &outcome.variance)
        }
        (Request::Convert(request), Outcome::Convert(outcome)) => {
            number("amount", &outcome.amount)?;
            ensure(outcome.currency == request.to_currency, || {
                format!("`currency` is {:?}, wanted was {:?}", outcome.currency, request.to_currency)
            })
        }
        _ => Err(OTHER_OPERATION.to_owned()),
    }
}

fn allocate(request: &AllocateRequest, outcome: &AllocateOutcome) -> Result<(), String> {
    let keys = request.keys.iter().map(|key| &key.id);
    ensure(keys.eq(outcome.parts.iter().map(|part| &part.id)), || {
        "`parts` are not those of the keys, in their order".to_owned()
    })?;
    let parts = outcome.parts.iter().map(|part| &part.amount);
    Sum::default().plus_all(parts).is("total", &outcome.total)?;
    Sum::default().plus(&request.amount).is("total", &outcome.total)
}

fn line(request: &LineRequest, outcome: &LineOutcome) -> Result<(), String> {
    Sum::default().plus_all(&request.actuals).is("actual", &outcome.actual)?;
    Sum::default()
        .plus(&request.budget)
        .minus(&outcome.actual)
        .minus(&outcome.open_commitments)
        .is("available", &outcome.available)?;
    Sum::default()
        .plus(&outcome.actual)
        .plus(&outcome.open_commitments)
        .plus(&request.forecast_to_go)
        .is("estimate_at_completion", &outcome.estimate_at_completion)?;
    Sum::default().plus(&request.budget).minus(&outcome.estimate_at_completion).is("variance", &outcome.variance)?;
    let no_budget = number("budget", &request.budget)? == Decimal::ZERO;
    ensure(outcome.variance_bp.is_none() == no_budget, || {
        "`variance_bp` is given if and only if there is a budget".to_owned()
    })
}

fn commit(request: &CommitRequest, outcome: &CommitOutcome) -> Result<(), String> {
    Sum::default()
        .plus(&request.budget)
        .minus(&request.actual)
        .minus(&request.open_commitments)
        .is("available_before", &outcome.available_before)?;
    Sum::default()
        .plus(&outcome.available_before)
        .minus(&request.request)
        .is("available_after", &outcome.available_after)?;
    number("tolerance", &outcome.tolerance)?;
    let fits = !number("available_after", &outcome.available_after)?.is_negative();
    ensure(outcome.verdict != CommitVerdict::Approved || fits, || {
        "`decision` is `approved` although the line does not have the money".to_owned()
    })?;
    if fits {
        Sum::default().is("shortfall", &outcome.shortfall)
    } else {
        Sum::default().minus(&outcome.available_after).is("shortfall", &outcome.shortfall)
    }
}

fn change_cost(outcome: &ChangeCostOutcome) -> Result<(), String> {
    let lines = outcome.lines.iter().map(|line| &line.amount);
    Sum::default().plus_all(lines).is("subtotal", &outcome.subtotal)?;
    Sum::default().plus(&outcome.subtotal).plus(&outcome.contingency).is("one_off", &outcome.one_off)?;
    Sum::default()
        .plus(&outcome.one_off)
        .plus(&outcome.recurring_this_year)
        .is("total_this_year", &outcome.total_this_year)
}

fn service_cost(request: &ServiceCostRequest, outcome: &ServiceCostOutcome) -> Result<(), String> {
    for part in &outcome.services {
        let total = Sum::default().plus(&part.direct).plus(&part.indirect);
        total.is(&format!("total of `{}`", part.id), &part.total)?;
        if let Some(unit_cost) = &part.unit_cost {
            number("unit_cost", unit_cost)?;
        }
    }
    let totals = outcome.services.iter().map(|part| &part.total);
    Sum::default().plus_all(totals).is("grand_total", &outcome.grand_total)?;
    // Nothing gets lost on the way from the costs to the services.
    Sum::default()
        .plus_all(request.direct.iter().map(|cost| &cost.amount))
        .plus_all(request.indirect.iter().map(|pool| &pool.amount))
        .is("grand_total", &outcome.grand_total)
}

fn close(request: &CloseRequest, outcome: &CloseOutcome) -> Result<(), String> {
    let figures = match outcome {
        CloseOutcome::Blocked(reasons) => {
            return ensure(!reasons.is_empty(), || "the period is blocked without a reason".to_owned());
        }
        CloseOutcome::Closed(figures) => figures,
    };
    ensure(request.pending.is_empty(), || "the period is closed although something is pending".to_owned())?;
    let received = request.received_not_invoiced.iter().map(|order| &order.amount);
    Sum::default().plus_all(received).is("accruals", &figures.accruals)?;
    Sum::default().minus(&figures.accruals).is("reversals_next_period", &figures.reversals_next_period)?;
    Sum::default().plus_all(&request.actuals).plus(&figures.accruals).is("period_cost", &figures.period_cost)?;
    Sum::default().plus(&request.budget).minus(&figures.period_cost).is("unspent", &figures.unspent)?;
    let open = request.open_commitments.iter().map(|order| &order.amount);
    Sum::default().plus_all(open).is("commitments_carried", &figures.commitments_carried)?;
    for (name, amount) in [("budget_carried", &figures.budget_carried), ("budget_lapsed", &figures.budget_lapsed)] {
        let negative = number(name, amount)?.is_negative();
        ensure(!negative, || format!("`{name}` is negative"))?;
    }
    // What is carried and what lapses is what was left, and nothing if it was overspent.
    let rest = Sum::default().plus(&figures.budget_carried);
    if number("unspent", &figures.unspent)?.is_negative() {
        rest.plus(&figures.budget_lapsed).is("unspent", "0")
    } else {
        rest.plus(&figures.budget_lapsed).is("unspent", &figures.unspent)
    }
}

fn post(request: &PostRequest, outcome: &PostOutcome) -> Result<(), String> {
    let (year, month, _) = request.date.civil();
    let own = format!("{year:04}-{month:02}");
    let posted = &outcome.posted_period;
    let well_formed = posted.len() == own.len()
        && posted.bytes().enumerate().all(|(i, b)| if i == 4 { b == b'-' } else { b.is_ascii_digit() })
        && ("01"..="12").contains(&&posted[5..]);
    ensure(well_formed, || format!("`posted_period` is {posted:?}, not a month"))?;
    ensure(!request.closed.contains(posted), || format!("`posted_period` is {posted}, which is closed"))?;
    ensure(*posted >= own, || format!("`posted_period` is {posted}, before {own}"))?;
    ensure(outcome.prior_period == (*posted != own), || {
        "`prior_period` is true if and only if the cost moved to a later period".to_owned()
    })
}

fn number(name: &str, text: &str) -> Result<Decimal, String> {
    text.parse().map_err(|error| format!("`{name}`: {error}"))
}

/// An exact sum of amounts written as decimals.
#[derive(Default)]
struct Sum<'a>(Vec<(bool, &'a str)>);

impl<'a> Sum<'a> {
    fn plus(mut self, amount: &'a str) -> Self {
        self.0.push((true, amount));
        self
    }

    fn minus(mut self, amount: &'a str) -> Self {
        self.0.push((false, amount));
        self
    }

    fn plus_all(mut self, amounts: impl IntoIterator<Item = &'a String>) -> Self {
        self.0.extend(amounts.into_iter().map(|amount| (true, amount.as_str())));
        self
    }

    /// The sum is the amount stated under this name.
    fn is(self, name: &str, stated: &str) -> Result<(), String> {
        let stated_value = number(name, stated)?;
        let terms = self
            .0
            .into_iter()
            .map(|(positive, text)| Ok((positive, number(name, text)?)))
            .collect::<Result<Vec<_>, String>>()?;
        let scale = terms.iter().map(|(_, term)| term.scale()).fold(stated_value.scale(), u32::max);
        let too_large = || format!("`{name}` is too large to be checked");
        let mut sum = 0_i128;
        for (positive, term) in terms {
            let term = term.at_scale(scale).map_err(|_| too_large())?;
            let next = if positive { sum.checked_add(term) } else { sum.checked_sub(term) };
            sum = next.ok_or_else(too_large)?;
        }
        let stated_value = stated_value.at_scale(scale).map_err(|_| too_large())?;
        ensure(sum == stated_value, || format!("`{name}` is {stated}, which is not the sum of its parts"))
    }
}
