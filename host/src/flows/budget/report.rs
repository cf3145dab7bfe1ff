//! The figures of a budget: its lines, their sums, where the costs lead, and what its services cost. Nothing is written.

use std::collections::BTreeMap;

use mortise_types::budget::{
    self, AllocationKey, ConvertRequest, DirectCost, IndirectPool, RunRateRequest, ServiceCostRequest,
};
use mortise_types::money::Currency;
use mortise_types::{Outcome, Request};
use serde_json::{Value, json};

use super::{plan, rule, subject};
use crate::domain::Actor;
use crate::domain::ledger::{self, Amount, Totals, Unbalanced};
use crate::domain::period;
use crate::domain::record::Record;
use crate::domain::refusal::{Refusal, rule as general};
use crate::domain::time::local_date;
use crate::engine::Verdict;
use crate::flows::{Desk, FlowError, read_record};

/// More lines, bookings or runs than this are not looked at.
const MOST: i64 = 100_000;

/// What the figures are asked in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FiguresQuery {
    /// Also in this currency, ISO 4217, at so many units of it per unit of the budget's, a decimal.
    pub convert: Option<(String, String)>,
}

/// The figures of the budget with this number: planned, actual, committed and available by line and in all, costs by
/// period, the run rate of the periods that are over, and what each service costs.
///
/// The sums are the host's; run rate, service cost and conversion are worked out by the component that is live, and are
/// null where it cannot say. Nothing is stored.
///
/// # Errors
/// Not found, not allowed to read budgets, an unknown currency; the database's errors.
pub async fn figures(desk: &Desk, actor: &Actor, number: &str, query: &FiguresQuery) -> Result<Value, FlowError> {
    let kinds = desk.kinds(&actor.org);
    let Some(kind) = kinds.get("budget") else {
        return Err(Refusal::not_found("this installation keeps no budgets").into());
    };
    // Whoever reads budgets reads what is booked on them (guide, section 2).
    let budget = read_record::run(desk, actor, kind, number).await?;
    let report = Report::read(desk, &budget).await?;
    let totals = report.totals()?;
    Ok(json!({
        "budget": budget.number,
        "state": budget.state,
        "currency": report.currency.code(),
        "total": budget.data.get("total"),
        "periods": plan::periods(&budget),
        "closed_periods": plan::closed_periods(&budget),
        "totals": totals,
        "by_period": report.by_period()?,
        "lines": report.lines.iter().map(|line| report.line(line)).collect::<Result<Vec<_>, _>>()?,
        "run_rate": report.run_rate().await?,
        "service_cost": report.service_cost().await?,
        "converted": report.converted(&totals, query).await?,
    }))
}

struct Report<'d> {
    desk: &'d Desk,
    budget: Record,
    currency: Currency,
    lines: Vec<Record>,
    /// By line.
    books: BTreeMap<String, Totals>,
    entries: Vec<Record>,
    runs: Vec<Record>,
}

impl<'d> Report<'d> {
    async fn read(desk: &'d Desk, budget: &Record) -> Result<Self, FlowError> {
        let org = &budget.org;
        let of = |kind: &'static str, path: &'static str, value: String| async move {
            desk.store.records_by_field(org, kind, path, &value, MOST).await
        };
        let code = budget.text("currency").unwrap_or_default();
        let currency = Currency::iso(code);
        let currency = currency.map_err(|error| Refusal::conflict(rule::CURRENCY, error.to_string()))?;
        let lines = of("budget-line", "budget", budget.number.clone()).await?;
        let (mut books, mut all) = (BTreeMap::new(), Vec::new());
        for line in &lines {
            let entries = of("cost-entry", "line", line.number.clone()).await?;
            let commitments = of("commitment", "line", line.number.clone()).await?;
            let totals = Totals::of(&currency, &entries, &commitments).map_err(unbalanced)?;
            books.insert(line.number.clone(), totals);
            all.extend(entries.into_iter().filter(|entry| entry.state == ledger::POSTED));
        }
        let runs = of("allocation", "budget", budget.number.clone()).await?;
        let runs = runs.into_iter().filter(|run| run.state == "posted").collect();
        Ok(Self { desk, budget: budget.clone(), currency, lines, books, entries: all, runs })
    }

    fn line(&self, line: &Record) -> Result<Value, Refusal> {
        let mut figures = line.data.get("figures").cloned().unwrap_or_else(|| json!({}));
        if let Some(totals) = self.books.get(&line.number) {
            let planned = Amount::of(line, "amount").map_or(0, |amount| amount.minor);
            let available = minus(planned, totals)?;
            figures["actual"] = json!(totals.actual());
            figures["open_commitments"] = json!(totals.open_commitments());
            figures["available"] = json!(self.currency.format(available));
        }
        Ok(json!({
            "number": line.number,
            "title": line.title,
            "state": line.state,
            "service": line.data.get("service"),
            "cost_type": line.data.get("cost_type"),
            "nature": line.data.get("nature"),
            "amount": line.data.get("amount"),
            "figures": figures,
        }))
    }

    fn totals(&self) -> Result<Value, Refusal> {
        let (mut planned, mut actual, mut open) = (0_i128, 0_i128, 0_i128);
        for line in &self.lines {
            let Some(totals) = self.books.get(&line.number) else { continue };
            let amount = Amount::of(line, "amount").map_or(0, |amount| amount.minor);
            planned = add(planned, amount)?;
            actual = add(actual, totals.actual_minor().map_err(unbalanced)?)?;
            open = add(open, totals.open_minor().map_err(unbalanced)?)?;
        }
        let available = planned.checked_sub(actual).and_then(|left| left.checked_sub(open));
        let available = available.ok_or_else(|| unbalanced(Unbalanced::Overflow))?;
        let text = |minor| self.currency.format(minor);
        Ok(json!({
            "planned": text(planned),
            "actual": text(actual),
            "open_commitments": text(open),
            "available": text(available),
        }))
    }

    fn sums_by_period(&self) -> Result<BTreeMap<&str, i128>, Refusal> {
        let mut sums = BTreeMap::new();
        for (period, minor) in self.books.values().flat_map(|totals| &totals.by_period) {
            let sum = sums.entry(period.as_str()).or_insert(0);
            *sum = add(*sum, *minor)?;
        }
        Ok(sums)
    }

    fn by_period(&self) -> Result<BTreeMap<&str, String>, Refusal> {
        Ok(self.sums_by_period()?.into_iter().map(|(period, minor)| (period, self.currency.format(minor))).collect())
    }

    /// Where the costs of the periods that are over lead; none while no period is over.
    async fn run_rate(&self) -> Result<Option<Value>, FlowError> {
        let periods = plan::periods(&self.budget);
        let today = local_date("UTC", self.desk.clock.now()).ok();
        let over = |period: &&String| today.zip(period::last_day(period)).is_some_and(|(today, last)| last < today);
        let elapsed: Vec<&String> = periods.iter().filter(over).collect();
        let counts = (u32::try_from(elapsed.len()).ok(), u32::try_from(periods.len()).ok());
        let (Some(periods_elapsed @ 1..), Some(periods_total)) = counts else { return Ok(None) };
        let mut to_date = 0;
        for (period, minor) in self.sums_by_period()? {
            if elapsed.iter().any(|known| *known == period) {
                to_date = add(to_date, minor)?;
            }
        }
        let mut planned = 0;
        for line in &self.lines {
            planned = add(planned, Amount::of(line, "amount").map_or(0, |amount| amount.minor))?;
        }
        let request = RunRateRequest {
            currency: self.currency.code().to_owned(),
            actual_to_date: self.currency.format(to_date),
            periods_elapsed,
            periods_total,
            budget: self.currency.format(planned),
            attributes: mortise_types::Attributes::new(),
        };
        Ok(self.ask(budget::Request::RunRate(request)).await)
    }

    /// What each service costs: its direct costs, and its shares of the pools that were shared out. What an allocation
    /// run booked on a service's line is one of the shares, so it is no direct cost.
    async fn service_cost(&self) -> Result<Option<Value>, FlowError> {
        let service_of = |line: &str| {
            let line = self.lines.iter().find(|known| known.number == line)?;
            line.text("service").filter(|_| line.text("nature") == Some("direct")).map(str::to_owned)
        };
        let own = self.entries.iter().filter(|entry| entry.text("allocation").is_none());
        let direct: Vec<DirectCost> = own
            .filter_map(|entry| {
                let amount = Amount::of(entry, "amount")?.text();
                Some(DirectCost { id: service_of(entry.text("line")?)?, amount })
            })
            .collect();
        let indirect: Vec<IndirectPool> = self.runs.iter().filter_map(pool).collect();
        if direct.is_empty() && indirect.is_empty() {
            return Ok(None);
        }
        let request = ServiceCostRequest {
            currency: self.currency.code().to_owned(),
            direct,
            indirect,
            units: BTreeMap::new(),
            attributes: mortise_types::Attributes::new(),
        };
        Ok(self.ask(budget::Request::ServiceCost(request)).await)
    }

    /// The totals in another currency.
    async fn converted(&self, totals: &Value, query: &FiguresQuery) -> Result<Option<Value>, FlowError> {
        let Some((currency, rate)) = &query.convert else { return Ok(None) };
        Currency::iso(currency)
            .map_err(|error| Refusal::invalid(general::FORMAT, "currency", format!("currency: {error}")))?;
        let mut converted = json!({ "currency": currency, "rate": rate });
        for name in ["planned", "actual", "open_commitments", "available"] {
            let request = ConvertRequest {
                amount: totals[name].as_str().unwrap_or_default().to_owned(),
                from_currency: self.currency.code().to_owned(),
                to_currency: currency.clone(),
                rate: rate.clone(),
                attributes: mortise_types::Attributes::new(),
            };
            let answer = self.answer(budget::Request::Convert(request)).await;
            match answer {
                Some(Verdict::Decided(decision)) => converted[name] = decision.outcome.to_json()["amount"].take(),
                Some(Verdict::Refused(refusal)) => {
                    return Err(Refusal::invalid(refusal.code, "rate", refusal.message).into());
                }
                None => return Ok(None),
            }
        }
        Ok(Some(converted))
    }

    async fn ask(&self, request: budget::Request) -> Option<Value> {
        match self.answer(request).await? {
            Verdict::Decided(decision) => match decision.outcome {
                Outcome::Budget(outcome) => Some(json!(outcome)),
                _ => None,
            },
            Verdict::Refused(refusal) => {
                tracing::info!(budget = %self.budget.number, code = %refusal.code, "a figure was refused");
                None
            }
        }
    }

    async fn answer(&self, request: budget::Request) -> Option<Verdict> {
        let subject = subject("budget", None, None);
        let request = Request::Budget(request);
        match self.desk.catalog.consult(&self.budget.org, &subject, &request, self.desk).await?.result {
            Ok(verdict) => Some(verdict),
            Err(failure) => {
                tracing::warn!(budget = %self.budget.number, cause = %failure.cause, "a figure was not worked out");
                None
            }
        }
    }
}

fn pool(run: &Record) -> Option<IndirectPool> {
    let list = run.data.get("keys")?.as_array()?;
    let key = |key: &Value| {
        Some(AllocationKey { id: key["id"].as_str()?.to_owned(), weight: key["weight"].as_str()?.to_owned() })
    };
    Some(IndirectPool {
        pool: run.text("pool")?.to_owned(),
        basis: run.text("basis")?.to_owned(),
        amount: Amount::of(run, "amount")?.text(),
        keys: list.iter().filter_map(key).collect(),
    })
}

fn minus(planned: i128, totals: &Totals) -> Result<i128, Refusal> {
    let spent = totals.actual_minor().map_err(unbalanced)?;
    let bound = totals.open_minor().map_err(unbalanced)?;
    let left = planned.checked_sub(spent).and_then(|left| left.checked_sub(bound));
    left.ok_or_else(|| unbalanced(Unbalanced::Overflow))
}

fn add(sum: i128, amount: i128) -> Result<i128, Refusal> {
    sum.checked_add(amount).ok_or_else(|| unbalanced(Unbalanced::Overflow))
}

fn unbalanced(error: Unbalanced) -> Refusal {
    super::book::unbalanced(error)
}
