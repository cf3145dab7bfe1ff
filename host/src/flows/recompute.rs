//! Deciding open records again, after another component or other settings have become responsible.
//!
//! A job over the open records that an activation decides about. Without `apply` it says, record by record, what was
//! decided beside what would be; with it, each record goes through its process's own code in a unit of its own and has
//! a new decision. Closed records are not looked at: their decisions stay with the version that judged them. Results
//! are kept and read like those of a dry run.

use std::sync::Arc;

use mortise_types::{Process, Request};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::backtest::summary;
use super::jobs::{self, Order, Run};
use super::list_records::{self, Ask, MAX_LIMIT};
use super::working::{Cause, Why, Working};
use super::{Desk, FlowError, bulk, hooks, retry};
use crate::domain::backtest::{Comparison, Cost, Sort, Summary, compare};
use crate::domain::component::Scope;
use crate::domain::decision::{DecisionRecord, Status};
use crate::domain::refusal::{Refusal, rule};
use crate::domain::{Actor, Job, JobItem, Kind, Outcome, Role};
use crate::store::backtests::{Batch, Compared};
use crate::store::unit::Unit;
use crate::store::work::WorkChange;

/// The sort of job.
pub const WHAT: &str = "recompute";

/// Roles that have records decided again: whoever answers for how a process decides, and administrators.
const STARTERS: [Role; 6] = [Role::Adm, Role::Po, Role::Slm, Role::Cm, Role::Sup, Role::Bud];
/// Records that are settled at once while nothing is applied.
const BATCH: usize = 50;

/// What the job works from.
#[derive(Debug, Serialize, Deserialize)]
struct Plan {
    activation: String,
    process: Process,
    numbers: Vec<String>,
    apply: bool,
    reason: String,
}

/// Starts the job; the set of records is fixed now.
///
/// # Errors
/// Not allowed; no such activation, or one that decides no more; a scope whose records are not decided again; no open
/// record, or more than a job may concern; the database's errors.
pub async fn start(desk: &Desk, actor: &Actor, id: &str, apply: bool, reason: &str) -> Result<Job, FlowError> {
    if !STARTERS.iter().any(|role| actor.has(*role)) {
        let roles = STARTERS.map(Role::code).join(", ");
        let message = format!("to have records decided again takes one of the roles {roles}");
        return Err(Refusal::forbidden(rule::ROLE, message).into());
    }
    let all = desk.store.activations(&actor.org, None).await?;
    let missing = || Refusal::not_found(format!("there is no activation {id}"));
    let activation = all.into_iter().find(|activation| activation.id == id).ok_or_else(missing)?;
    if activation.ended_generation.is_some() {
        let message = "the activation has ended: records are decided again by what decides now";
        return Err(Refusal::conflict("activation-ended", message).into());
    }
    if !activation.mode.decides() {
        let message = format!("the activation is {}: it decides about no record", activation.mode.as_str());
        return Err(Refusal::conflict("nothing-active", message).into());
    }
    let process = activation.process;
    let kinds = desk.kinds(&actor.org);
    let of_process = |kind: &&Arc<Kind>| kind.decisions.iter().any(|hook| hook.process == process);
    let wanted = |kind: &&Arc<Kind>| match &activation.scope {
        Scope::Kind(slug) => kind.slug == *slug,
        _ => true,
    };
    let again = |kind: &&Arc<Kind>| decides_again(process, kind);
    let kinds: Vec<Arc<Kind>> = kinds.iter().filter(of_process).filter(wanted).filter(again).cloned().collect();
    if kinds.is_empty() {
        let what = activation.scope.value();
        let message =
            format!("{process} decides about {what} records once: what it decides is a booking, or carried out");
        return Err(Refusal::conflict("not-decided-again", message).into());
    }
    let mut numbers = Vec::new();
    for kind in &kinds {
        open(desk, &actor.org, kind, &mut numbers).await?;
    }
    if numbers.is_empty() {
        let message = format!("no record that {process} decides about is open");
        return Err(Refusal::conflict("nothing-to-recompute", message).into());
    }
    if numbers.len() > bulk::MOST {
        let message = format!("a job may concern {} records at most; more are open", bulk::MOST);
        return Err(Refusal::invalid(rule::RANGE, "activation", message).into());
    }
    let total = i64::try_from(numbers.len()).unwrap_or(i64::MAX);
    let input = json!({
        "activation": activation.id,
        "process": process.slug(),
        "component": activation.digest,
        "scope": { "kind": activation.scope.kind(), "value": activation.scope.value() },
        "apply": apply,
        "records": total,
        "reason": reason,
    });
    let plan = Plan { activation: activation.id, process, numbers, apply, reason: reason.to_owned() };
    jobs::start(desk, actor, Order { what: WHAT, total: Some(total), input, plan: json!(plan) }).await
}

/// Whether records of the kind are decided again. Money that was booked stays booked: only what is asked for, or
/// planned, can come out otherwise.
fn decides_again(process: Process, kind: &Kind) -> bool {
    match process {
        Process::Sla | Process::ChangeRisk => true,
        Process::Budget => ["commitment", "change"].contains(&kind.slug.as_str()),
        Process::Supplier => kind.slug == "supplier-evaluation",
    }
}

/// Adds the numbers of the kind's open records, oldest first.
async fn open(desk: &Desk, org: &str, kind: &Kind, numbers: &mut Vec<String>) -> Result<(), FlowError> {
    let states: Vec<&str> = kind.states.iter().filter(|s| !s.closed).map(|s| s.name.as_str()).collect();
    let filters = vec![("state".to_owned(), states.join(","))];
    let host = Actor::host(org);
    let mut after = None;
    loop {
        let ask = Ask { filters: filters.clone(), sort: Some("created_at".to_owned()), after, limit: Some(MAX_LIMIT) };
        let page = list_records::run(desk, &host, kind, ask).await?;
        numbers.extend(page.records.into_iter().map(|record| record.number));
        after = page.next;
        if after.is_none() || numbers.len() > bulk::MOST {
            return Ok(());
        }
    }
}

/// Does the job's records: several at once while nothing is applied, else one by one.
pub(super) async fn work(run: &mut Run) -> Result<Value, FlowError> {
    let plan: Plan = serde_json::from_value(run.job().plan.clone())
        .map_err(|e| Refusal::conflict("unknown-job", format!("the job's plan cannot be read: {e}")))?;
    let (org, id) = (run.job().org.clone(), run.job().id.clone());
    let at_once = if plan.apply { 1 } else { BATCH };
    while run.goes_on().await? {
        let start = usize::try_from(run.place()).unwrap_or(usize::MAX);
        let numbers = plan.numbers.get(start..).unwrap_or_default();
        let Some(numbers) = numbers.chunks(at_once).next() else { break };
        if let ([number], true) = (numbers, plan.apply) {
            retry::until_won(|| apply(run, &plan, number)).await?;
        } else {
            compare_all(run, &plan, numbers).await?;
        }
    }
    Ok(summary(run.plain_desk(), &org, &id).await?.to_json())
}

async fn compare_all(run: &Run, plan: &Plan, numbers: &[String]) -> Result<(), FlowError> {
    let mut results = Vec::with_capacity(numbers.len());
    for number in numbers {
        let (found, _) = again(run, plan, number).await?;
        results.push(found);
    }
    let unit = Unit { org: run.job().org.clone(), ..Unit::default() };
    Ok(run.plain_desk().store.commit(settled(run, unit, results)).await?)
}

/// Decides one record again and writes it, whole or not at all.
async fn apply(run: &Run, plan: &Plan, number: &str) -> Result<(), FlowError> {
    let (mut found, unit) = again(run, plan, number).await?;
    let unit = match unit {
        Some(unit) => {
            let own = unit.decisions.iter().rfind(|d| d.number == number && d.process == plan.process);
            found.decided = own.map(|decision| decision.id.clone()).unwrap_or_default();
            unit
        }
        None => Unit { org: run.job().org.clone(), ..Unit::default() },
    };
    run.plain_desk().commit(settled(run, unit, vec![found])).await
}

/// The unit with its results and the items they settle.
fn settled(run: &Run, mut unit: Unit, results: Vec<Found>) -> Unit {
    let mut items = Vec::with_capacity(results.len());
    let mut batch = Batch {
        org: unit.org.clone(),
        job: run.job().id.clone(),
        n: run.place() + 1,
        last: String::new(),
        summary: String::new(),
        decisions: Vec::new(),
    };
    let mut summary = Summary::default();
    for (index, found) in results.into_iter().enumerate() {
        let n = run.place() + 1 + i64::try_from(index).unwrap_or(i64::MAX);
        batch.last.clone_from(&found.item.number);
        match found.compared {
            Some((comparison, old, new)) => {
                summary.add(&comparison, cost(&old), cost(&new));
                if comparison.sort != Sort::Same {
                    batch.decisions.push(row(comparison, old, new, found.decided));
                }
            }
            None => summary.skipped += 1,
        }
        items.push(JobItem { n, ..found.item });
    }
    batch.summary = serde_json::to_string(&summary).unwrap_or_default();
    unit.work.push(WorkChange::Backtest(batch));
    unit.work.push(WorkChange::Items(run.mark(items)));
    unit
}

fn row(comparison: Comparison, old: DecisionRecord, new: DecisionRecord, decided: String) -> Compared {
    Compared {
        decision: old.id,
        number: old.number,
        at: old.at,
        sort: comparison.sort,
        money: comparison.money.map(|by| by.to_string()),
        differences: serde_json::to_string(&comparison.differences).unwrap_or_else(|_| "[]".to_owned()),
        group: comparison.group,
        output: Some(new.output),
        decided,
    }
}

fn cost(decision: &DecisionRecord) -> Cost {
    let number = |value: i64| u64::try_from(value).unwrap_or(0);
    Cost { fuel: number(decision.fuel), took_us: number(decision.took_us) }
}

/// What came of one record.
struct Found {
    item: JobItem,
    /// How the decisions compare, the stored one, and the new one.
    compared: Option<(Comparison, DecisionRecord, DecisionRecord)>,
    /// The new decision, where it is stored.
    decided: String,
}

/// Has the process decide about the record as it is; gives what would be written of it, where it decided.
async fn again(run: &Run, plan: &Plan, number: &str) -> Result<(Found, Option<Unit>), FlowError> {
    let (desk, actor) = (run.plain_desk(), run.actor());
    let skipped = |rule: &str, message: &str| {
        let item = run.item(number, Outcome::Skipped, rule, message);
        Ok((Found { item, compared: None, decided: String::new() }, None))
    };
    let record = desk.store.record(&actor.org, number).await?;
    let kinds = desk.kinds(&actor.org);
    let Some((kind, record)) = record.and_then(|record| Some((kinds.get(&record.kind)?, record))) else {
        return skipped(rule::NOT_FOUND, "the record is not there any more");
    };
    if kind.state(&record.state).is_some_and(|state| state.closed) {
        return skipped(rule::CLOSED, "it was closed meanwhile: its decisions stay");
    }
    let cause = Cause::Again { process: plan.process, why: Why::Recompute };
    let mut working = Working::new(desk, kind, &actor, cause, desk.clock.now(), Some(record.clone()), record);
    working.reason.clone_from(&plan.reason);
    working.only = Some((plan.process, plan.activation.clone()));
    let went = hooks::run(&mut working).await;
    if working.elsewhere {
        return skipped("", "another activation decides about it");
    }
    match went {
        Err(FlowError::Refused(refusal)) if refusal.rule == "not-decided-again" => {
            return skipped(&refusal.rule, &refusal.message);
        }
        Err(error) => {
            let item = run.outcome(number, error)?;
            return Ok((Found { item, compared: None, decided: String::new() }, None));
        }
        Ok(()) => {}
    }
    let own = |d: &&DecisionRecord| d.number == number && d.process == plan.process;
    let Some(new) = working.decisions.iter().rfind(own).cloned() else {
        return skipped("", "there is nothing to decide about it yet");
    };
    let old = desk.store.last_valid_decision(&actor.org, number, plan.process.slug()).await?;
    let compared = old.and_then(|old| Some((compared(plan.process, &old, &new)?, old, new.clone())));
    let words = match &compared {
        Some((comparison, ..)) if comparison.sort == Sort::Same => "as before".to_owned(),
        Some((comparison, ..)) => comparison.group.clone(),
        None => "it had no valid decision before".to_owned(),
    };
    let (outcome, rule) = match new.status {
        Status::Ok => (Outcome::Ok, ""),
        Status::Refused => (Outcome::Refused, "component-refused"),
        Status::Failed => (Outcome::Failed, "component-failed"),
    };
    let item = run.item(number, outcome, rule, &words);
    // What it could not decide changes nothing: the last valid decision stands.
    let unit = (plan.apply && new.status == Status::Ok).then(|| working.into_unit());
    Ok((Found { item, compared, decided: String::new() }, unit))
}

fn compared(process: Process, old: &DecisionRecord, new: &DecisionRecord) -> Option<Comparison> {
    if old.output == new.output {
        return Some(Comparison::same());
    }
    let parse = |text: &str| serde_json::from_str::<Value>(text).ok();
    let request = Request::from_text(process, &new.input).ok();
    let currency = request.as_ref().and_then(Request::currency);
    Some(compare(process, currency, &parse(&old.output)?, &parse(&new.output)?))
}
