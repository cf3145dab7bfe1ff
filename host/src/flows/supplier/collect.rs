//! What the records know about a supplier in a period: breaches, measured service levels, cost against contract.

use std::collections::BTreeSet;

use jiff::civil::Date;
use mortise_types::supplier::{Breaches, CostMeasure, ServiceLevelMeasure};
use serde_json::{Value, json};

use super::MOST;
use crate::domain::ledger::{self, Amount};
use crate::domain::record::Record;
use crate::domain::time::{Instant, local_date, parse_date, start_of_day};
use crate::flows::FlowError;
use crate::flows::working::Working;
use crate::store::listing::{Filter, ListQuery, SortKey, Subject, Test};

/// Records read at once.
const PAGE: usize = 500;

/// What was found, and where.
pub(super) struct Collected {
    pub(super) breaches: Breaches,
    pub(super) service_level: Option<ServiceLevelMeasure>,
    pub(super) cost: Option<CostMeasure>,
    /// Numbers of the supplier's contracts.
    pub(super) contracts: Vec<String>,
    /// The records that the figures rest on, for whoever checks them.
    pub(super) evidence: Value,
}

/// Collects what records say about `supplier` from the day `from` to the day `to`.
pub(super) async fn collect(
    working: &mut Working<'_>,
    supplier: &Record,
    from: Date,
    to: Date,
) -> Result<Collected, FlowError> {
    let contracts = of(working, "contract", "party", &supplier.number).await?;
    for contract in &contracts {
        working.held.push((contract.number.clone(), contract.revision));
    }
    let (breaches, breached) = breaches(working, &contracts, from, to).await?;
    let (service_level, incidents) = service_level(working, supplier, &contracts, from, to).await?;
    let (cost, costs) = cost(working, &contracts, to).await?;
    let numbers: Vec<String> = contracts.into_iter().map(|contract| contract.number).collect();
    let evidence = json!({
        "from": from.to_string(),
        "to": to.to_string(),
        "contracts": numbers,
        "breaches": breached,
        "incidents": incidents,
        "cost_entries": costs,
        "counted": { "breaches": breaches, "service_level": service_level, "cost": cost },
    });
    Ok(Collected { breaches, service_level, cost, contracts: numbers, evidence })
}

/// Breaches that were confirmed: those of the period, and earlier ones that are still open.
async fn breaches(
    working: &mut Working<'_>,
    contracts: &[Record],
    from: Date,
    to: Date,
) -> Result<(Breaches, Vec<String>), FlowError> {
    let mut counted = Breaches { minor: 0, major_remedied: 0, major_open: 0, material: false };
    let mut numbers = Vec::new();
    for contract in contracts {
        for breach in of(working, "breach", "contract", &contract.number).await? {
            let Some(on) = breach.text("on").and_then(parse_date).filter(|on| *on <= to) else { continue };
            let (open, remedied) = (breach.state == "confirmed", breach.state == "remedied");
            let within = from <= on;
            let counts = match breach.text("grade") {
                Some("minor") if within && (open || remedied) => {
                    counted.minor += 1;
                    true
                }
                Some("major") if open => {
                    counted.major_open += 1;
                    true
                }
                Some("major") if within && remedied => {
                    counted.major_remedied += 1;
                    true
                }
                Some("material") if open || (within && remedied) => {
                    counted.material = true;
                    true
                }
                _ => false,
            };
            if counts {
                working.held.push((breach.number.clone(), breach.revision));
                numbers.push(breach.number);
            }
        }
    }
    Ok((counted, numbers))
}

/// Incidents restored in the period whose target was met, of those that name the supplier, one of its contracts or
/// one of its underpinning contracts, and of those under an agreement that these underpin.
async fn service_level(
    working: &Working<'_>,
    supplier: &Record,
    contracts: &[Record],
    from: Date,
    to: Date,
) -> Result<(Option<ServiceLevelMeasure>, Vec<String>), FlowError> {
    let (org, store) = (&working.record.org, &working.desk.store);
    let mut targets = vec![supplier.number.clone()];
    let mut agreements = BTreeSet::new();
    for contract in contracts {
        targets.push(contract.number.clone());
        for underpinning in of(working, "underpinning-contract", "contract", &contract.number).await? {
            let list = underpinning.data.get("sla").and_then(Value::as_array).into_iter().flatten();
            agreements.extend(list.filter_map(|number| number.as_str().map(str::to_owned)));
            targets.push(underpinning.number);
        }
    }
    let links = store.links_to(org, &targets, &[]).await?;
    let mut linked: Vec<String> = links.into_iter().map(|link| link.source).collect();
    linked.sort();
    linked.dedup();
    linked.retain(|number| number.starts_with("INC-"));
    let mut incidents = store.records(org, &linked).await?;
    let agreements: Vec<String> = agreements.into_iter().collect();
    let mut services = BTreeSet::new();
    for agreement in store.records(org, &agreements).await? {
        services.extend(agreement.text("service").map(str::to_owned));
    }
    for service in services {
        let under = |incident: &Record| {
            let agreement = incident.at("sla.agreement").and_then(Value::as_str);
            agreement.is_some_and(|number| agreements.iter().any(|known| known == number))
        };
        let of_service = incidents_since(working, &service, from).await?;
        incidents.extend(of_service.into_iter().filter(under));
    }
    incidents.sort_by(|a, b| a.number.cmp(&b.number));
    incidents.dedup_by(|a, b| a.number == b.number);
    let (mut met, mut measured, mut numbers) = (0, 0, Vec::new());
    for incident in incidents {
        let restored = incident.text("restored_at").and_then(|at| at.parse::<Instant>().ok());
        let day = restored.and_then(|at| local_date("UTC", at).ok());
        let kept = incident.at("sla.resolution.met").and_then(Value::as_bool);
        if let (Some(kept), true) = (kept, day.is_some_and(|day| from <= day && day <= to)) {
            measured += 1;
            met += u32::from(kept);
            numbers.push(incident.number);
        }
    }
    Ok(((measured > 0).then_some(ServiceLevelMeasure { met, measured }), numbers))
}

/// Incidents of a service that changed since the day: what was restored since then is among them.
async fn incidents_since(working: &Working<'_>, service: &str, from: Date) -> Result<Vec<Record>, FlowError> {
    let start = start_of_day("UTC", from).map_or_else(|_| String::new(), Instant::sortable);
    let filter = |subject, test| Filter { subject, test };
    let mut query = ListQuery {
        org: working.record.org.clone(),
        kind: "incident".to_owned(),
        filters: vec![
            filter(Subject::Path("service".to_owned(), false), Test::AnyOf(vec![service.to_owned()])),
            filter(Subject::Path("updated_at".to_owned(), false), Test::Between(Some(start), None)),
        ],
        sort: SortKey::Created,
        descending: false,
        after: None,
        limit: PAGE,
        only: None,
        text: None,
    };
    let mut found = Vec::new();
    loop {
        let page = working.desk.store.list(&query).await?;
        found.extend(page.records);
        match page.next {
            Some(next) => query.after = Some(next),
            None => return Ok(found),
        }
    }
}

/// What was invoiced under the contracts up to the end of the period, against what they are worth; none unless
/// invoices name commitments for a contract, all in one currency.
async fn cost(
    working: &Working<'_>,
    contracts: &[Record],
    to: Date,
) -> Result<(Option<CostMeasure>, Vec<String>), FlowError> {
    let mut numbers = Vec::new();
    let mut sums: Option<(Amount, i128)> = None;
    for contract in contracts {
        let Some(value) = Amount::of(contract, "value") else { continue };
        let mut entries = Vec::new();
        for commitment in of(working, "commitment", "source", &contract.number).await? {
            let named = of(working, "cost-entry", "commitment", &commitment.number).await?;
            let counts = |entry: &Record| {
                let on = entry.text("on").and_then(parse_date);
                entry.state == ledger::POSTED && on.is_some_and(|on| on <= to)
            };
            entries.extend(named.into_iter().filter(counts));
        }
        if entries.is_empty() {
            continue;
        }
        let (mut contracted, mut invoiced) = sums.unwrap_or((Amount::zero(&value.currency), 0));
        let add = |sum: &mut i128, amount: &Amount| {
            let next = (amount.currency == value.currency).then(|| sum.checked_add(amount.minor)).flatten();
            next.map(|next| *sum = next)
        };
        let one_currency = contracted.currency == value.currency && add(&mut contracted.minor, &value).is_some();
        let mut amounts = entries.iter().map(|entry| Amount::of(entry, "amount"));
        let whole = amounts.all(|amount| amount.and_then(|amount| add(&mut invoiced, &amount)).is_some());
        if !one_currency || !whole {
            return Ok((None, Vec::new()));
        }
        numbers.extend(entries.into_iter().map(|entry| entry.number));
        sums = Some((contracted, invoiced));
    }
    let measure = sums.filter(|(_, invoiced)| *invoiced >= 0).map(|(contracted, invoiced)| CostMeasure {
        currency: contracted.currency.code().to_owned(),
        invoiced: contracted.currency.format(invoiced),
        contracted: contracted.text(),
    });
    Ok((measure, numbers))
}

async fn of(working: &Working<'_>, kind: &str, path: &str, value: &str) -> Result<Vec<Record>, FlowError> {
    let (org, store) = (&working.record.org, &working.desk.store);
    Ok(store.records_by_field(org, kind, path, value, MOST).await?)
}
