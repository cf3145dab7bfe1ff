//! Changing or moving many records in one go: a job, in which each record goes through the ordinary flow.
//!
//! The set is fixed when the job is started. Each record is changed as a whole or not at all, in a unit of its own;
//! access, rules and decisions hold as if its number had been given in a request of its own.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::jobs::{self, Order, Run};
use super::list_records::{self, Ask, MAX_LIMIT};
use super::read_record::find;
use super::transition_record::{self, Step};
use super::{Desk, FlowError, update_record};
use crate::domain::access::{self, Action};
use crate::domain::refusal::{FieldProblem, Refusal, rule};
use crate::domain::{Actor, Job, JobItem, Kind, Outcome, record};

/// The sort of these jobs.
pub(super) const WHAT: &str = "bulk";
/// Records that one job may concern.
pub const MOST: usize = 100_000;

/// What somebody wants to do to many records.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Field and condition, as in lists; none where numbers are given.
    pub filter: Option<Vec<(String, String)>>,
    /// The records by number; none where a filter is given.
    pub numbers: Option<Vec<String>>,
    /// Fields to change.
    pub set: Map<String, Value>,
    /// The transition to take.
    pub transition: Option<Move>,
    /// Why, for the audit trail.
    pub reason: String,
    /// Whether only to say what would happen.
    pub dry_run: bool,
}

/// A transition that every record is to take.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Move {
    /// Its name from the record's present state.
    pub name: String,
    /// Fields to set on the way.
    pub fields: Map<String, Value>,
    /// Why; some transitions ask for it. Where it is empty, the wish's own reason counts.
    pub reason: String,
}

/// What the job works from.
#[derive(Debug, Serialize, Deserialize)]
struct Plan {
    kind: String,
    numbers: Vec<String>,
    set: Map<String, Value>,
    transition: Option<Move>,
    reason: String,
    dry_run: bool,
}

/// Checks what can be checked before any record is looked at, fixes the set, and starts the job.
///
/// # Errors
/// Neither or both of filter and numbers; nothing to do; fields, values or a transition that the kind does not have;
/// more than [`MOST`] records; a role that may change none of the kind's records.
pub async fn start(desk: &Desk, actor: &Actor, kind: &Kind, wish: Wish) -> Result<Job, FlowError> {
    check(actor, kind, &wish)?;
    let Wish { filter, numbers, set, transition, reason, dry_run } = wish;
    let mut input =
        json!({ "kind": kind.slug, "set": set, "transition": transition, "reason": reason, "dry_run": dry_run });
    let numbers = match (filter, numbers) {
        (Some(filter), None) => {
            input["filter"] =
                filter.iter().map(|(name, text)| (name.clone(), json!(text))).collect::<Map<_, _>>().into();
            matching(desk, actor, kind, filter).await?
        }
        (None, Some(numbers)) => {
            input["numbers"] = json!(numbers.len());
            distinct(numbers)
        }
        _ => {
            let message = "either filter or numbers says which records are meant, and only one of them";
            return Err(Refusal::invalid(rule::REQUIRED, "filter", message).into());
        }
    };
    if numbers.len() > MOST {
        let message = format!("a job may concern {MOST} records at most; narrow the set");
        return Err(Refusal::invalid(rule::RANGE, "numbers", message).into());
    }
    let total = i64::try_from(numbers.len()).unwrap_or(i64::MAX);
    let plan = json!({
        "kind": kind.slug,
        "numbers": numbers,
        "set": set,
        "transition": transition,
        "reason": reason,
        "dry_run": dry_run,
    });
    jobs::start(desk, actor, Order { what: WHAT, total: Some(total), input, plan }).await
}

fn check(actor: &Actor, kind: &Kind, wish: &Wish) -> Result<(), Refusal> {
    if wish.set.is_empty() && wish.transition.is_none() {
        return Err(Refusal::invalid(rule::REQUIRED, "set", "set or transition says what is to be done"));
    }
    let mut problems = Vec::new();
    let mut look = |within: &str, fields: &Map<String, Value>| {
        if let Err(refusal) = record::accept(kind, fields) {
            let inside = |p: FieldProblem| FieldProblem { field: format!("{within}.{}", p.field), ..p };
            problems.extend(refusal.details.into_iter().map(inside));
        }
    };
    look("set", &wish.set);
    if let Some(step) = &wish.transition {
        look("transition.fields", &step.fields);
        for name in step.fields.keys().filter(|name| wish.set.contains_key(*name)) {
            let message = format!("{name} is in set as well");
            problems.push(FieldProblem::new(format!("transition.fields.{name}"), rule::FORMAT, message));
        }
        if !kind.transitions.iter().any(|known| known.name == step.name) {
            let names: BTreeSet<&str> = kind.transitions.iter().map(|known| known.name.as_str()).collect();
            let names = names.into_iter().collect::<Vec<_>>().join(", ");
            let message = format!("{} has no transition '{}'; it has {names}", kind.slug, step.name);
            problems.push(FieldProblem::new("transition.name", rule::UNKNOWN_TRANSITION, message));
        }
    }
    if !problems.is_empty() {
        return Err(Refusal::fields(problems));
    }
    if !wish.set.is_empty() {
        access::permit(kind, actor, Action::Update, None)?;
    }
    Ok(())
}

/// The numbers of what the filter finds now, oldest first; one more than [`MOST`] where there are too many.
async fn matching(
    desk: &Desk,
    actor: &Actor,
    kind: &Kind,
    filters: Vec<(String, String)>,
) -> Result<Vec<String>, FlowError> {
    let mut numbers = Vec::new();
    let mut after = None;
    loop {
        let ask = Ask { filters: filters.clone(), sort: Some("created_at".to_owned()), after, limit: Some(MAX_LIMIT) };
        let page = list_records::run(desk, actor, kind, ask).await?;
        numbers.extend(page.records.into_iter().map(|record| record.number));
        after = page.next;
        if after.is_none() || numbers.len() > MOST {
            return Ok(numbers);
        }
    }
}

/// The numbers in their order, each once.
fn distinct(numbers: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    numbers.into_iter().filter(|number| seen.insert(number.clone())).collect()
}

/// Does the job's records, one after the other.
pub(super) async fn work(run: &mut Run) -> Result<Value, FlowError> {
    let plan: Plan = serde_json::from_value(run.job().plan.clone())
        .map_err(|e| Refusal::conflict("unknown-job", format!("the job's plan cannot be read: {e}")))?;
    let kind = run.plain_desk().kinds(&run.job().org).get(&plan.kind).cloned();
    let kind = kind.ok_or_else(|| {
        Refusal::conflict(rule::UNKNOWN_KIND, format!("there is no record kind '{}' any more", plan.kind))
    })?;
    let next = |run: &Run| plan.numbers.get(usize::try_from(run.place()).unwrap_or(usize::MAX));
    while let Some(number) = next(run) {
        if !run.goes_on().await? {
            break;
        }
        if plan.dry_run {
            let item = preview(run, &kind, number, &plan).await?;
            run.note(vec![item]).await?;
        } else {
            let desk = run.desk(number);
            let result = one(&desk, &run.actor(), &kind, number, &plan).await;
            run.settle(number, result).await?;
        }
    }
    Ok(json!({}))
}

async fn one(desk: &Desk, actor: &Actor, kind: &Kind, number: &str, plan: &Plan) -> Result<(), FlowError> {
    match step(plan) {
        Some(step) => {
            permit(desk, actor, kind, number, plan).await?;
            transition_record::run(desk, actor, kind, number, step).await?;
        }
        None => {
            update_record::run(desk, actor, kind, number, plan.set.clone(), None, &plan.reason).await?;
        }
    }
    Ok(())
}

/// What would become of a record.
async fn preview(run: &Run, kind: &Kind, number: &str, plan: &Plan) -> Result<JobItem, FlowError> {
    let (desk, actor) = (run.plain_desk(), run.actor());
    let result = match step(plan) {
        Some(step) => match permit(desk, &actor, kind, number, plan).await {
            Ok(()) => transition_record::preview(desk, &actor, kind, number, &step).await,
            Err(error) => Err(error),
        },
        None => update_record::preview(desk, &actor, kind, number, &plan.set, &plan.reason).await,
    };
    Ok(match result {
        Ok((before, after)) if before == after => {
            run.item(number, Outcome::Skipped, "", "there would be nothing to change")
        }
        Ok((before, after)) => run.item(number, Outcome::Ok, "", &differences(&before, &after)),
        Err(error) => run.outcome(number, error)?,
    })
}

/// Fields that go along with a transition are set in the same step, so that a record is never left half-way; the
/// right to change them is asked for all the same.
async fn permit(desk: &Desk, actor: &Actor, kind: &Kind, number: &str, plan: &Plan) -> Result<(), FlowError> {
    if !plan.set.is_empty() {
        let record = find(desk, &actor.org, kind, number).await?;
        access::permit(kind, actor, Action::Update, Some(&record))?;
    }
    Ok(())
}

fn step(plan: &Plan) -> Option<Step<'_>> {
    let step = plan.transition.as_ref()?;
    let mut input = plan.set.clone();
    input.extend(step.fields.clone());
    let reason = if step.reason.is_empty() { &plan.reason } else { &step.reason };
    Some(Step { name: &step.name, input, expected: None, reason })
}

/// `impact 3 → 2; state new → assigned`, at a length that fits into a list.
fn differences(before: &Map<String, Value>, after: &Map<String, Value>) -> String {
    const LONGEST: usize = 60;
    let shown = |value: Option<&Value>| {
        let text = match value {
            None => "nothing".to_owned(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        match text.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    };
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let parts =
        names.into_iter().map(|name| format!("{name} {} → {}", shown(before.get(name)), shown(after.get(name))));
    parts.collect::<Vec<_>>().join("; ")
}
