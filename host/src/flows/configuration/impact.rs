//! What depends on a record, and what it depends on.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use super::graphs::{self, Followed};
use crate::domain::Actor;
use crate::domain::access::{self, Action, Scope};
use crate::domain::configuration::graph::{Graph, NODES, prefix};
use crate::domain::configuration::spread::{Direction, Effect, Spread, Step};
use crate::domain::record::Record;
use crate::domain::refusal::Refusal;
use crate::flows::{Desk, FlowError};

/// What is asked about a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImpactQuery {
    /// What depends on it.
    pub up: bool,
    /// What it depends on.
    pub down: bool,
    /// Steps that relations are followed; the policy's when not given.
    pub depth: Option<u32>,
    /// Records that are listed in each direction.
    pub limit: usize,
    /// Shortest ways told of each.
    pub paths: usize,
    /// Only records of this kind are listed.
    pub kind: Option<String>,
}

/// One direction, as it came out of the graph.
#[derive(Default)]
struct Found {
    listed: Vec<Item>,
    /// Everything within the depth, by prefix.
    counts: HashMap<String, usize>,
    total: usize,
    /// How many of them are lost; known upwards only, since downwards each is a question of its own.
    full: Option<usize>,
    /// More lies beyond the depth.
    beyond: bool,
    tickets: HashMap<String, usize>,
}

struct Item {
    number: String,
    distance: u32,
    effect: Effect,
    ways: Vec<Vec<Value>>,
}

/// What depends on a configuration item, service, agreement, customer, contract or asset, and what it depends on, each
/// with its distance, its shortest ways, and whether it is lost with the record or only degraded.
///
/// Up, that is what the loss of the record does to each; down, what the loss of each does to the record.
///
/// # Errors
/// Not found, a record that no impact is known of, not allowed to read all configuration items; the database's errors.
pub async fn run(desk: &Desk, actor: &Actor, number: &str, query: &ImpactQuery) -> Result<Value, FlowError> {
    let items = super::item_kind(desk, &actor.org)?;
    let record = desk.store.record(&actor.org, number).await?;
    let record = record.ok_or_else(|| Refusal::not_found(format!("there is no record {number}")))?;
    let kinds = desk.kinds(&actor.org);
    if let Some(kind) = kinds.get(&record.kind) {
        access::permit(kind, actor, Action::Read, Some(&record))?;
    }
    // Ways lead over records of others, so that it takes the right to read them all.
    access::permit(&items, actor, Action::Read, None)?;
    if access::read_scope(&items, actor) != Scope::All {
        let message = "the impact of a record is told to those who may read every configuration item";
        return Err(Refusal::forbidden(crate::domain::refusal::rule::OWN, message).into());
    }
    let depth = query.depth.unwrap_or(desk.policy.configuration.impact_depth);
    let followed = graphs::current(desk, &actor.org).await?;
    let number = number.to_owned();
    let asked = query.clone();
    let prefix = match &query.kind {
        Some(slug) => Some(kinds.get(slug).map(|k| k.prefix.clone()).ok_or_else(|| {
            let message = format!("there is no record kind '{slug}'");
            Refusal::invalid(crate::domain::refusal::rule::UNKNOWN_KIND, "kind", message)
        })?),
        None => None,
    };
    // A walk over a whole organisation takes milliseconds, which other requests need not wait for.
    let walk = move || walk(&followed, &number, &asked, prefix.as_deref(), depth);
    let found = tokio::task::spawn_blocking(walk).await;
    let found = found.map_err(|_| Refusal::unavailable("busy", "the server is shutting down"))?;
    let Some((up, down)) = found else {
        let message =
            format!("{} is nothing that others depend on: {} records have no impact", record.number, record.kind);
        return Err(Refusal::not_found(message).into());
    };
    let mut answer = json!({ "number": record.number, "depth": depth });
    for (name, found) in [("up", up), ("down", down)] {
        if let Some(found) = found {
            answer[name] = show(desk, actor, found).await?;
        }
    }
    Ok(answer)
}

type Both = (Option<Found>, Option<Found>);

fn walk(followed: &Followed, number: &str, query: &ImpactQuery, kind: Option<&str>, depth: u32) -> Option<Both> {
    let graph = &followed.graph;
    let start = graph.find(number).filter(|_| NODES.contains(&prefix(number)))?;
    let up = query.up.then(|| {
        let spread = Spread::from(graph, start, Direction::Up);
        let mut effects = spread.effects();
        effects.lose(start);
        let mut found = gather(graph, &spread, query, kind, depth, |at| effects.of(at));
        let within = spread.reached().iter().take_while(|at| spread.distance(**at) <= depth);
        found.full = Some(within.filter(|at| effects.of(**at) == Effect::Full).count());
        found
    });
    let down = query.down.then(|| {
        let spread = Spread::from(graph, start, Direction::Down);
        let mut effects = spread.effects();
        gather(graph, &spread, query, kind, depth, |at| {
            effects.lose(at);
            effects.of(start)
        })
    });
    Some((up, down))
}

fn gather(
    graph: &Graph,
    spread: &Spread<'_>,
    query: &ImpactQuery,
    kind: Option<&str>,
    depth: u32,
    mut effect: impl FnMut(u32) -> Effect,
) -> Found {
    let mut found = Found::default();
    let within: Vec<u32> = spread.reached().iter().copied().take_while(|at| spread.distance(*at) <= depth).collect();
    found.total = within.len();
    found.beyond = within.len() < spread.reached().len();
    let mut tickets = BTreeSet::new();
    for at in within.iter().copied().chain([spread.start()]) {
        tickets.extend(graph.tickets(at));
    }
    for ticket in tickets {
        *found.tickets.entry(prefix(graph.number(ticket)).to_owned()).or_default() += 1;
    }
    for at in &within {
        *found.counts.entry(prefix(graph.number(*at)).to_owned()).or_default() += 1;
    }
    let mut listed: Vec<u32> =
        within.into_iter().filter(|at| kind.is_none_or(|kind| prefix(graph.number(*at)) == kind)).collect();
    listed.sort_by_key(|at| (spread.distance(*at), graph.number(*at)));
    listed.truncate(query.limit);
    let name = |at: u32| graph.number(at).to_owned();
    let step = |s: Step| json!({ "from": name(s.from), "to": name(s.to), "relation": s.relation.as_str() });
    let item = |at: u32| Item {
        number: name(at),
        distance: spread.distance(at),
        effect: effect(at),
        ways: spread.ways(at, query.paths).into_iter().map(|way| way.into_iter().map(step).collect()).collect(),
    };
    found.listed = listed.into_iter().map(item).collect();
    found
}

/// Adds what the records themselves say, where the actor may read them.
async fn show(desk: &Desk, actor: &Actor, found: Found) -> Result<Value, FlowError> {
    let numbers: Vec<String> = found.listed.iter().map(|item| item.number.clone()).collect();
    let records = desk.store.records(&actor.org, &numbers).await?;
    let records: HashMap<&str, &Record> = records.iter().map(|r| (r.number.as_str(), r)).collect();
    let kinds = desk.kinds(&actor.org);
    let reads = |record: &Record| {
        kinds.get(&record.kind).is_some_and(|kind| access::may(kind, actor, Action::Read, Some(record)))
    };
    let mut items = Vec::with_capacity(found.listed.len());
    for item in found.listed {
        let mut line = json!({
            "number": item.number,
            "distance": item.distance,
            "impact": item.effect.as_str(),
            "paths": item.ways,
        });
        if let Some(record) = records.get(item.number.as_str()).filter(|record| reads(record)) {
            line["kind"] = json!(record.kind);
            line["title"] = json!(record.title);
            line["state"] = json!(record.state);
            if let Some(criticality) = record.data.get("criticality") {
                line["criticality"] = criticality.clone();
            }
        }
        items.push(line);
    }
    let count = |prefixes: &[&str]| -> usize { prefixes.iter().filter_map(|p| found.counts.get(*p)).sum() };
    let ticket = |prefix: &str| found.tickets.get(prefix).copied().unwrap_or_default();
    let mut answer = json!({
        "items": items,
        "total": found.total,
        "beyond_depth": found.beyond,
        "configuration_items": count(&["CI"]),
        "services": count(&["SVC"]),
        "agreements": count(&["SLA", "OLA", "UC"]),
        "customers": count(&["CST"]),
        "contracts": count(&["CON"]),
        "assets": count(&["AST"]),
        "open_incidents": ticket("INC"),
        "open_changes": ticket("CHG"),
    });
    if let Some(full) = found.full {
        answer["full"] = json!(full);
        answer["degraded"] = json!(found.total - full);
    }
    Ok(answer)
}
