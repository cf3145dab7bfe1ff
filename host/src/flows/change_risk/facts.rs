//! What the host finds out about a change: items and services, model, history, money, time, other changes.

use std::collections::BTreeSet;

use mortise_types::change_risk::{AffectedItem, DependentService, History, Timing};
use mortise_types::money::Currency;
use serde_json::Value;

use super::impact::{self, Walk};
use super::timing;
use crate::domain::change::{Colliding, Impact, Reach, Relation};
use crate::domain::record::Record;
use crate::domain::refusal::{Refusal, rule};
use crate::domain::time::Instant;
use crate::flows::FlowError;
use crate::flows::working::Working;
use crate::store::changes::During;

/// States in which a change takes part in what happens at its time.
const UNDER_WAY: [&str; 5] = ["submitted", "assessed", "approved", "scheduled", "implementing"];
/// A criticality that nobody has stated counts as the worst.
const WORST_CRITICALITY: u32 = 4;
/// Integers in a request lie within this.
const MOST_MINOR: i64 = 1 << 53;

/// What was found out.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) affected: Vec<AffectedItem>,
    /// Types of the affected items.
    pub(super) classes: Vec<String>,
    pub(super) dependents: Vec<DependentService>,
    /// The change's own services and those of the affected items.
    pub(super) direct_services: Vec<String>,
    pub(super) impact: Impact,
    pub(super) model: Option<Model>,
    pub(super) history: Option<History>,
    pub(super) timing: Option<Timing>,
    pub(super) blackouts: Vec<String>,
    pub(super) collisions: Vec<Colliding>,
    pub(super) cost_minor: Option<i64>,
    pub(super) budget_available_minor: Option<i64>,
}

/// The change's model.
#[derive(Debug)]
pub(super) struct Model {
    /// Approved and not expired.
    pub(super) in_force: bool,
    pub(super) infosec_assessed: bool,
    pub(super) max_score: Option<u32>,
}

pub(super) async fn gather(working: &mut Working<'_>) -> Result<Facts, FlowError> {
    let (store, org) = (working.desk.store.clone(), working.record.org.clone());
    let (cis, services) = (numbers(working, "cis"), numbers(working, "services"));
    let model = working.text("model").map(str::to_owned);
    let line = working.text("budget_line").map(str::to_owned);
    let named: BTreeSet<String> = cis.iter().chain(&services).chain(&model).chain(&line).cloned().collect();
    let records = store.records(&org, &named.into_iter().collect::<Vec<_>>()).await?;
    for record in &records {
        working.held.push((record.number.clone(), record.revision));
    }
    let find = |number: &Option<String>| records.iter().find(|r| number.as_ref() == Some(&r.number));
    let (model, line) = (find(&model), find(&line));
    let of =
        |list: &[String]| -> Vec<Record> { records.iter().filter(|r| list.contains(&r.number)).cloned().collect() };
    let (items, own_services) = (of(&cis), of(&services));
    let walk = impact::follow(&store, &org, &working.desk.policy.change, &items, own_services).await?;

    let classes: BTreeSet<&str> = items.iter().filter_map(|item| item.text("type")).collect();
    let classes: Vec<String> = classes.into_iter().map(str::to_owned).collect();
    let history = match model {
        Some(model) => past(working, "model", std::slice::from_ref(&model.number)).await?,
        None => past(working, "ci_classes", &classes).await?,
    };
    let (cost_minor, budget_available_minor) = money(working, line)?;
    let mut facts = Facts {
        affected: cis
            .iter()
            .map(|ci| {
                let item = items.iter().find(|item| item.number == *ci);
                AffectedItem { ci: ci.clone(), criticality: item.map_or(WORST_CRITICALITY, criticality) }
            })
            .collect(),
        classes,
        dependents: walk
            .services
            .values()
            .map(|s| DependentService { service: s.number.clone(), criticality: criticality(s) })
            .collect(),
        direct_services: walk.direct.clone(),
        impact: walk.impact,
        model: model.map(|model| Model {
            in_force: in_force(model, working.now),
            infosec_assessed: model.data.get("infosec_assessed") == Some(&Value::Bool(true)),
            max_score: model.data.get("max_score").and_then(Value::as_u64).and_then(|score| u32::try_from(score).ok()),
        }),
        history,
        cost_minor,
        budget_available_minor,
        ..Facts::default()
    };
    if let Some(window) = window(working) {
        facts.blackouts = timing::blackouts(working, &walk, &services, window).await?;
        facts.timing = match working.field("timing") {
            _ if !facts.blackouts.is_empty() => Some(Timing::Blackout),
            Some(said) => serde_json::from_value(said.clone()).ok(),
            None => timing::hours(working, &walk, window).await?,
        };
        facts.collisions = collisions(working, &walk, &cis, window).await?;
    }
    Ok(facts)
}

/// The criticality of an item or service, 1 to 4.
pub(super) fn criticality(record: &Record) -> u32 {
    let stated = record.data.get("criticality").and_then(Value::as_u64).and_then(|c| u32::try_from(c).ok());
    stated.unwrap_or(WORST_CRITICALITY)
}

/// When the change is carried out: `[from, to)`.
pub(super) fn window(working: &Working<'_>) -> Option<(Instant, Instant)> {
    let at = |name: &str| working.text(name)?.parse::<Instant>().ok();
    Some((at("window_from")?, at("window_to")?))
}

/// The numbers in a list of references, each once, in the order of the record.
pub(super) fn numbers(working: &Working<'_>, name: &str) -> Vec<String> {
    let list = working.field(name).and_then(Value::as_array);
    let mut seen = BTreeSet::new();
    let texts = list.into_iter().flatten().filter_map(Value::as_str);
    texts.filter(|number| seen.insert(*number)).map(str::to_owned).collect()
}

/// A model covers a change while it is approved, up to and including its last day (in UTC).
fn in_force(model: &Record, now: Instant) -> bool {
    let today = now.to_string();
    model.state == "approved" && model.text("valid_to").is_some_and(|last| today.get(..10) <= Some(last))
}

/// How earlier changes went; none without anything to compare by.
async fn past(working: &Working<'_>, path: &str, values: &[String]) -> Result<Option<History>, FlowError> {
    if values.is_empty() {
        return Ok(None);
    }
    let limit = i64::from(working.desk.policy.change.history_changes);
    let past = working.desk.store.past_changes(&working.record.org, path, values, limit).await?;
    let count = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    Ok(Some(History { total: count(past.total), failed: count(past.failed) }))
}

/// The cost, and what is left in the budget line, in minor units of one currency. Of a line that is not open, or whose
/// figures are not known, nothing is available.
fn money(working: &Working<'_>, line: Option<&Record>) -> Result<(Option<i64>, Option<i64>), Refusal> {
    let cost = working.field("cost");
    let part = |money: Option<&Value>, key: &str| money?.get(key)?.as_str().map(str::to_owned);
    let minor = |amount: &str, currency: &str| -> Option<i64> {
        let minor = Currency::iso(currency).ok()?.parse(amount).ok()?;
        i64::try_from(minor).ok().filter(|minor| (-MOST_MINOR..=MOST_MINOR).contains(minor))
    };
    let cost = part(cost, "amount").zip(part(cost, "currency"));
    let cost_minor =
        match &cost {
            None => None,
            Some((amount, currency)) => Some(minor(amount, currency).ok_or_else(|| {
                Refusal::invalid(rule::RANGE, "cost", "cost is more than can be compared with a budget")
            })?),
        };
    let Some(line) = line else { return Ok((cost_minor, None)) };
    let currency = part(line.data.get("amount"), "currency");
    if let (Some((_, cost)), Some(kept)) = (&cost, &currency)
        && cost != kept
    {
        let message = format!("cost is in {cost}, but the budget line {} is kept in {kept}", line.number);
        return Err(Refusal::invalid("currency", "cost.currency", message));
    }
    let available = line.at("figures.available").filter(|_| line.state == "open");
    let available = match available {
        Some(Value::String(amount)) => currency.and_then(|currency| minor(amount, &currency)),
        Some(money) => part(Some(money), "amount").zip(part(Some(money), "currency")).and_then(|(a, c)| minor(&a, &c)),
        None => None,
    };
    Ok((cost_minor, Some(available.unwrap_or(0))))
}

/// Every item in which another change at the same time meets this one, with the way to it.
async fn collisions(
    working: &Working<'_>,
    walk: &Walk,
    cis: &[String],
    (from, to): (Instant, Instant),
) -> Result<Vec<Colliding>, FlowError> {
    let asked = During {
        kind: "change",
        span: ("window_from", "window_to"),
        states: &UNDER_WAY,
        from: &from.sortable(),
        to: &to.sortable(),
        rel: "cis",
    };
    let mut others = working.desk.store.during(&working.record.org, &asked).await?;
    others.retain(|(change, _)| *change != working.record.number);
    if others.is_empty() || cis.is_empty() {
        return Ok(Vec::new());
    }
    // An item that ours depend on: when it is changed, ours are touched.
    let policy = &working.desk.policy.change;
    let below = impact::beneath(&working.desk.store, &working.record.org, policy, cis).await?;
    let found = others.into_iter().filter_map(|(change, ci)| meeting(change, ci?, cis, &walk.above, &below));
    let mut found: Vec<Colliding> = found.collect();
    found.sort();
    Ok(found)
}

fn meeting(change: String, ci: String, cis: &[String], above: &Reach, below: &Reach) -> Option<Colliding> {
    let (relation, path) = if cis.contains(&ci) {
        (Relation::SameCi, vec![ci.clone()])
    } else if above.contains(&ci) {
        (Relation::RelatedCi, above.path(&ci))
    } else if below.contains(&ci) {
        (Relation::RelatedCi, below.path(&ci))
    } else {
        return None;
    };
    Some(Colliding { change, ci, relation, path })
}
