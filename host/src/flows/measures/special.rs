//! Measures that are no sum over records: availability, retention, and the work of components.

use std::collections::BTreeMap;

use mortise_types::{Interval, Outcome, Request, sla};
use serde_json::Value;

use super::compute::{Ask, Readings};
use super::forecast;
use crate::domain::component::Subject;
use crate::domain::kind::Label;
use crate::domain::measure::{Dimension, Exact, Lies, Population, Reading, Reason, Special};
use crate::domain::record::Record;
use crate::domain::time::{self, Instant, add_months, parse_date};
use crate::engine::Verdict;
use crate::flows::FlowError;
use crate::flows::sla as levels;
use crate::store::figures::Page;

/// More records of one kind than this are not looked at.
pub(super) const MOST: i64 = 10_000;

pub(super) async fn readings(ask: Ask<'_>, name: Special, by: Option<Dimension>) -> Result<Readings, FlowError> {
    let whole = |reading: Option<Reading>| reading.map(|reading| (None, reading)).into_iter().collect();
    match name {
        Special::Availability | Special::BetweenFailures => availability(ask, name, by).await,
        Special::OverdueDisposals => Ok(whole(disposals(ask).await?)),
        Special::CapacityForecast => forecast::capacity(ask).await,
        Special::DemandForecast => forecast::demand(ask, by).await,
        Special::FailedDecisions | Special::Fallbacks | Special::DecisionTime => {
            let figures = ask.desk.store.decision_figures(ask.lens(None)).await?;
            if figures.all == 0 {
                return Ok(Readings::new());
            }
            let all = i128::from(figures.all);
            let reading = match name {
                Special::FailedDecisions => ask.reading(
                    Exact::new(i128::from(figures.failed), 1),
                    figures.failed.to_string(),
                    None,
                    figures.all,
                ),
                Special::Fallbacks => ask.reading(
                    Exact::new(i128::from(figures.waited), all).and_then(|share| share.times(100)),
                    figures.waited.to_string(),
                    Some(figures.all.to_string()),
                    figures.all,
                ),
                _ => {
                    let took = i128::from(figures.took_us);
                    let shown = Exact::new(took, 1000).and_then(|v| v.decimal(3)).unwrap_or_default();
                    ask.reading(Exact::new(took, all * 1000), shown, Some(figures.all.to_string()), figures.all)
                }
            };
            Ok(whole(Some(reading)))
        }
    }
}

pub(super) fn nothing(name: Option<Special>) -> Label {
    let (en, zh) = match name {
        Some(Special::Availability) => {
            ("no service has an availability requirement or agreement in force", "没有生效的可用性需求或服务级别协议")
        }
        Some(Special::BetweenFailures) => ("no unplanned outage in the period", "期间没有计划外中断"),
        Some(Special::OverdueDisposals) => ("no retention rule in force", "没有生效的保存期限规则"),
        Some(Special::CapacityForecast) => ("no resource with three samples or more", "没有至少三个样本的资源"),
        Some(Special::DemandForecast) => {
            ("no demand of the period that a forecast was made for", "期间没有已作预测的需求记录")
        }
        Some(Special::FailedDecisions | Special::Fallbacks | Special::DecisionTime) => {
            ("no decision in the period", "期间没有决策")
        }
        None => ("nothing to compute it from", "没有可计算的数据"),
    };
    Label { en: en.to_owned(), zh: zh.to_owned() }
}

/// What was promised of a service: the calendar and the target.
struct Promise {
    calendar: Option<String>,
    target_milli_pct: u32,
}

/// Seconds agreed, seconds down, and failures.
#[derive(Clone, Copy, Default)]
struct Up {
    agreed: u64,
    down: u64,
    failures: u32,
}

/// Agreed service time less outages, by the component that decides about service levels (guide, section 3.1).
async fn availability(ask: Ask<'_>, name: Special, by: Option<Dimension>) -> Result<Readings, FlowError> {
    let promises = promises(ask).await?;
    let outages = outages(ask).await?;
    let mut services: BTreeMap<Option<String>, Up> = BTreeMap::new();
    for (service, promise) in &promises {
        let of_service: Vec<&Record> =
            outages.iter().filter(|outage| outage.text("service") == Some(service)).collect();
        let Some(up) = service_up(ask, service, promise, &of_service).await? else {
            let missing = Label {
                en: "the component for service levels is not active, or could not say".into(),
                zh: "服务级别组件未启用或无法计算".into(),
            };
            return Ok(BTreeMap::from([(None, Reading::none(Reason::NoComponent, missing))]));
        };
        let sum = services.entry(by.map(|_| service.clone())).or_default();
        sum.agreed += up.agreed;
        sum.down += up.down;
        sum.failures += up.failures;
    }
    let reading = |up: Up| {
        let (agreed, time_up) = (i128::from(up.agreed), i128::from(up.agreed.saturating_sub(up.down)));
        match name {
            Special::Availability if agreed > 0 => Some(ask.reading(
                Exact::new(time_up, agreed).and_then(|share| share.times(100)),
                time_up.to_string(),
                Some(agreed.to_string()),
                i64::from(up.failures),
            )),
            Special::BetweenFailures if up.failures > 0 => Some(ask.reading(
                Exact::new(time_up, i128::from(up.failures) * 3600),
                time_up.to_string(),
                Some(up.failures.to_string()),
                i64::from(up.failures),
            )),
            _ => None,
        }
    };
    Ok(services.into_iter().filter_map(|(group, up)| Some((group, reading(up)?))).collect())
}

/// The services whose availability somebody asked for: requirements (AVR) first, else agreements (SLA).
async fn promises(ask: Ask<'_>) -> Result<BTreeMap<String, Promise>, FlowError> {
    let mut found = BTreeMap::new();
    for (prefix, target) in [("SLA", "availability_milli_pct"), ("AVR", "target_milli_pct")] {
        let of = standing(prefix, &["active"]);
        for (record, _) in ask.desk.store.population(ask.lens(None), &of, &[], Page::first(MOST)).await? {
            let (Some(service), Some(milli)) =
                (record.text("service"), record.data.get(target).and_then(Value::as_u64))
            else {
                continue;
            };
            let promise = Promise {
                calendar: record.text("calendar").map(str::to_owned),
                target_milli_pct: u32::try_from(milli).unwrap_or(u32::MAX),
            };
            found.insert(service.to_owned(), promise);
        }
    }
    Ok(found)
}

async fn outages(ask: Ask<'_>) -> Result<Vec<Record>, FlowError> {
    let all = ask.desk.store.population(ask.lens(None), &standing("OUT", &[]), &[], Page::first(MOST)).await?;
    Ok(all.into_iter().map(|(record, _)| record).collect())
}

pub(super) fn standing(prefix: &str, states: &[&str]) -> Population {
    let states = states.iter().map(|state| (*state).to_owned()).collect();
    Population { kinds: vec![prefix.to_owned()], lies: Lies::Standing, states, that: Vec::new() }
}

async fn service_up(
    ask: Ask<'_>,
    service: &str,
    promise: &Promise,
    outages: &[&Record],
) -> Result<Option<Up>, FlowError> {
    let until = ask.span.at(ask.now);
    let interval = |from: Instant, to: Instant| Interval {
        from: mortise_types::Instant(from.seconds()),
        to: mortise_types::Instant(to.seconds()),
    };
    let moment = |record: &Record, field: &str| record.text(field)?.parse::<Instant>().ok();
    let (mut down, mut planned) = (Vec::new(), Vec::new());
    for outage in outages {
        let Some(from) = moment(outage, "from") else { continue };
        let (from, to) = (from.max(ask.span.from), moment(outage, "to").unwrap_or(until).min(until));
        if from < to {
            let list = if outage.data.get("planned") == Some(&Value::Bool(true)) { &mut planned } else { &mut down };
            list.push(interval(from, to));
        }
    }
    let calendar = match &promise.calendar {
        Some(number) => ask.desk.store.record(ask.org, number).await?,
        None => None,
    };
    let calendar = levels::period_calendar(calendar.as_ref(), ask.span.from, until);
    let request = sla::AvailabilityRequest {
        calendar: "agreed".to_owned(),
        calendars: BTreeMap::from([("agreed".to_owned(), calendar)]),
        target_milli_pct: promise.target_milli_pct,
        period: interval(ask.span.from, until),
        planned_maintenance: planned,
        outages: down,
        attributes: mortise_types::Attributes::new(),
    };
    let subject =
        Subject { kind: "service".to_owned(), services: vec![service.to_owned()], customer: None, contract: None };
    let request = Request::Sla(sla::Request::Availability(request));
    let Some(evaluation) = ask.desk.catalog.consult(ask.org, &subject, &request, ask.desk).await else {
        return Ok(None);
    };
    match evaluation.result {
        Ok(Verdict::Decided(decision)) => match decision.outcome {
            Outcome::Sla(sla::Outcome::Availability(found)) => {
                Ok(Some(Up { agreed: found.agreed_s, down: found.down_s, failures: found.outage_count }))
            }
            _ => Ok(None),
        },
        Ok(Verdict::Refused(refusal)) => {
            tracing::warn!(service, code = %refusal.code, message = %refusal.message, "availability was refused");
            Ok(None)
        }
        Err(failure) => {
            tracing::warn!(service, cause = %failure.cause, "availability was not worked out");
            Ok(None)
        }
    }
}

/// Records in a state that nothing leaves, kept longer than their retention rule says. A rule names a kind, by its
/// prefix or its name; under a legal hold nothing is overdue.
async fn disposals(ask: Ask<'_>) -> Result<Option<Reading>, FlowError> {
    let rules =
        ask.desk.store.population(ask.lens(None), &standing("RET", &["active"]), &[], Page::first(MOST)).await?;
    if rules.is_empty() {
        return Ok(None);
    }
    let until = ask.span.at(ask.now);
    let today = time::local_date(&ask.span.zone, until).ok().or_else(|| parse_date("1970-01-01"));
    let mut overdue = 0_i64;
    for (rule, _) in &rules {
        let held = rule.data.get("hold") == Some(&Value::Bool(true));
        let class = rule.text("record_class").unwrap_or_default();
        let kind = ask.kinds.by_prefix(class).or_else(|| ask.kinds.get(class));
        let years = rule.data.get("years").and_then(Value::as_i64).and_then(|years| i32::try_from(years * 12).ok());
        let (Some(kind), Some(months), Some(today), false) = (kind, years, today, held) else { continue };
        let before = time::start_of_day(&ask.span.zone, add_months(today, -months)).unwrap_or(Instant(0));
        let ends = kind.states.iter().filter(|state| kind.transitions_from(&state.name).next().is_none());
        for state in ends {
            overdue += ask.desk.store.resting(ask.org, &kind.slug, &state.name, before.0).await?;
        }
    }
    let sample = i64::try_from(rules.len()).unwrap_or(i64::MAX);
    Ok(Some(ask.reading(Exact::new(i128::from(overdue), 1), overdue.to_string(), None, sample)))
}
