//! What a dry run has come to so far; or a job that decides records again, whose results are kept alike.

use serde_json::{Value, json};

use crate::domain::backtest::{Money, Sort, Summary};
use crate::domain::refusal::Refusal;
use crate::domain::{Actor, Job, Role};
use crate::flows::{Desk, FlowError};
use crate::store::StoreError;
use crate::store::backtests::Compared;
use crate::store::jobs::JobFilter;

/// Roles that read every dry run of their organisation; whoever started one reads his own.
const READERS: [Role; 9] =
    [Role::Adm, Role::Po, Role::Slm, Role::Cm, Role::Sup, Role::Bud, Role::Sec, Role::Aud, Role::Mr];

/// A dry run and its sums.
#[derive(Clone, Debug)]
pub struct Report {
    /// The job.
    pub job: Job,
    /// The sums of what was looked at so far.
    pub summary: Summary,
}

impl Report {
    /// The report as the interface shows it.
    pub fn to_json(&self) -> Value {
        let mut shown = self.job.to_json();
        if let Value::Object(map) = &mut shown {
            map.remove("result");
            map.remove("what");
            map.insert("summary".to_owned(), self.summary.to_json());
        }
        shown
    }
}

/// The dry runs, or other jobs of the sort `what` with results of this form, that the actor may see, newest first, older
/// than `before`.
///
/// # Errors
/// The database's.
pub async fn reports(
    desk: &Desk,
    actor: &Actor,
    what: &str,
    before: Option<String>,
    limit: i64,
) -> Result<Vec<Report>, FlowError> {
    let own = Some(actor.user.clone()).filter(|_| !reads_all(actor));
    let filter = JobFilter { actor: own, state: None, what: Some(what.to_owned()), before, limit };
    let mut found = Vec::new();
    for job in desk.store.jobs(&actor.org, &filter).await? {
        let summary = summary(desk, &actor.org, &job.id).await?;
        found.push(Report { job, summary });
    }
    Ok(found)
}

/// One dry run.
///
/// # Errors
/// Not found; the database's errors.
pub async fn read(desk: &Desk, actor: &Actor, what: &str, id: &str) -> Result<Report, FlowError> {
    let job = desk.store.job(&actor.org, id).await?.filter(|job| job.what == what);
    let job = job.filter(|job| job.actor == actor.user || reads_all(actor));
    let job = job.ok_or_else(|| Refusal::not_found(format!("there is no {what} {id}")))?;
    let summary = summary(desk, &actor.org, id).await?;
    Ok(Report { job, summary })
}

/// A page of the decisions that did not come out the same, oldest first: the stored answer, the candidate's, and what
/// differs.
///
/// # Errors
/// Not found; the database's errors.
#[allow(clippy::too_many_arguments)]
pub async fn decisions(
    desk: &Desk,
    actor: &Actor,
    what: &str,
    id: &str,
    sort: Option<Sort>,
    group: Option<&str>,
    after: &str,
    limit: i64,
) -> Result<Vec<Value>, FlowError> {
    read(desk, actor, what, id).await?;
    let found = desk.store.backtest_decisions(&actor.org, id, sort, group, after, limit).await?;
    let mut shown = Vec::with_capacity(found.len());
    for compared in found {
        let stored = match &compared.output {
            Some(_) => desk.store.decision(&actor.org, &compared.decision).await?.map(|decision| decision.output),
            None => None,
        };
        shown.push(compared_json(&compared, stored.as_deref())?);
    }
    Ok(shown)
}

/// A decision that comes out otherwise as the interface shows it.
pub(in crate::flows) fn compared_json(compared: &Compared, stored: Option<&str>) -> Result<Value, StoreError> {
    let what = || format!("dry run of decision {}", compared.decision);
    let parse = |text: &str| {
        serde_json::from_str::<Value>(text).map_err(|e| StoreError::Corrupt { what: what(), why: e.to_string() })
    };
    Ok(json!({
        "decision": compared.decision,
        "record": compared.number,
        "at": compared.at.to_string(),
        "sort": compared.sort,
        "group": compared.group,
        "money": compared.money.as_deref().and_then(Money::parse).map(|by| by.to_json()),
        "differences": parse(&compared.differences)?,
        "old": stored.map(parse).transpose()?,
        "new": compared.output.as_deref().map(parse).transpose()?,
        "decided": (!compared.decided.is_empty()).then_some(&compared.decided),
    }))
}

pub(in crate::flows) async fn summary(desk: &Desk, org: &str, id: &str) -> Result<Summary, FlowError> {
    let mut all = Summary::default();
    for (_, part) in desk.store.backtest_batches(org, id).await? {
        let part: Summary = serde_json::from_str(&part)
            .map_err(|e| StoreError::Corrupt { what: format!("dry run {id}"), why: e.to_string() })?;
        all.join(&part);
    }
    Ok(all)
}

fn reads_all(actor: &Actor) -> bool {
    READERS.iter().any(|role| actor.has(*role))
}
