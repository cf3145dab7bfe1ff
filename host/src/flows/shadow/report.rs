//! What a candidate came to so far.

use serde_json::{Value, json};

use crate::domain::Actor;
use crate::domain::backtest::{Sort, Summary, Tally};
use crate::domain::component::Activation;
use crate::domain::refusal::Refusal;
use crate::flows::{Desk, FlowError, backtest};
use crate::store::shadow::Part;

/// A candidate and its running figures.
#[derive(Clone, Debug)]
pub struct Report {
    /// The candidate.
    pub activation: Activation,
    /// Its figures beside each activation that decided meanwhile.
    pub parts: Vec<Part>,
}

impl Report {
    /// The report as the interface shows it: sums over everything, and beside each activation that decided.
    pub fn to_json(&self) -> Value {
        let against = |part: &Part| {
            let mut shown = figures(std::slice::from_ref(part));
            shown["activation"] = part.against.as_str().into();
            shown
        };
        json!({
            "activation": self.activation.to_json(),
            "figures": figures(&self.parts),
            "against": self.parts.iter().map(against).collect::<Vec<_>>(),
        })
    }
}

/// Sums of parts, in the words of dry runs.
fn figures(parts: &[Part]) -> Value {
    let count = |value: i64| u64::try_from(value).unwrap_or(0);
    let mut sum = Summary::default();
    let mut dropped = 0;
    for part in parts {
        let groups =
            part.groups.iter().map(|(group, n)| (group.clone(), Tally { count: count(*n), ..Tally::default() }));
        sum.join(&Summary {
            decisions: count(part.same + part.differs + part.flips + part.fails),
            same: count(part.same),
            differs: count(part.differs),
            flips: count(part.flips),
            fails: count(part.fails),
            skipped: 0,
            groups: groups.collect(),
            fuel: (count(part.fuel.0), count(part.fuel.1)),
            took_us: (count(part.took_us.0), count(part.took_us.1)),
        });
        dropped += part.dropped;
    }
    let mut shown = sum.to_json();
    shown["dropped"] = dropped.into();
    shown["from"] = json!(parts.iter().filter_map(|part| part.first_at).min().map(|at| at.to_string()));
    shown["to"] = json!(parts.iter().filter_map(|part| part.last_at).max().map(|at| at.to_string()));
    if let Value::Object(map) = &mut shown {
        map.remove("skipped");
    }
    shown
}

/// The figures of an activation in shadow, live or ended.
///
/// # Errors
/// Not found; the database's errors.
pub async fn report(desk: &Desk, actor: &Actor, id: &str) -> Result<Report, FlowError> {
    let missing = || Refusal::not_found(format!("there is no activation {id}"));
    let activation = desk.store.activation(&actor.org, id).await?.ok_or_else(missing)?;
    let parts = desk.store.shadow_figures(&actor.org, id).await?;
    Ok(Report { activation, parts })
}

/// A page of the decisions that come out otherwise, the newest first.
///
/// # Errors
/// The database's.
pub async fn decisions(
    desk: &Desk,
    actor: &Actor,
    id: &str,
    sort: Option<Sort>,
    before: Option<&str>,
    limit: i64,
) -> Result<Vec<Value>, FlowError> {
    let found = desk.store.shadow_decisions(&actor.org, id, sort, before, limit).await?;
    let mut shown = Vec::with_capacity(found.len());
    for compared in found {
        let stored = desk.store.decision(&actor.org, &compared.decision).await?.map(|decision| decision.output);
        shown.push(backtest::compared_json(&compared, stored.as_deref())?);
    }
    Ok(shown)
}
