//! Following the impact of a change through the relations of configuration items and services (guide, P21).
//!
//! Relations are read level by level, one question for all items of a level.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::facts::criticality;
use crate::domain::change::{Impact, Reach};
use crate::domain::policy::ChangePolicy;
use crate::domain::record::Record;
use crate::store::{Store, StoreError};

/// Relations by which an item is touched when the item that it names is: it depends on that one, runs on it, is a
/// part of it.
const CARRIES: [&str; 3] = ["depends-on", "runs-on", "part-of"];
/// States of an item or service that nothing happens to any more.
const GONE: [&str; 3] = ["retired", "disposed", "rejected"];

/// What is reached from the affected items.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// The affected items and every item that depends on them.
    pub(super) above: Reach,
    /// Services that depend on these, by number.
    pub(super) services: BTreeMap<String, Record>,
    /// Numbers of the change's own services, then of the affected items' own.
    pub(super) direct: Vec<String>,
    /// The sum of it.
    pub(super) impact: Impact,
}

/// Follows the relations from the affected items upwards, to whatever depends on them, and from there to services.
pub(super) async fn follow(
    store: &Store,
    org: &str,
    policy: &ChangePolicy,
    affected: &[Record],
    own_services: Vec<Record>,
) -> Result<Walk, StoreError> {
    let most = usize::try_from(policy.impact_items).unwrap_or(usize::MAX);
    let mut walk = Walk { above: Reach::from_items(affected.iter().map(|i| i.number.as_str())), ..Walk::default() };
    let mut named: Vec<String> = own_services.iter().map(|s| s.number.clone()).collect();
    named.extend(affected.iter().flat_map(services));
    let mut seen = BTreeSet::new();
    named.retain(|number| seen.insert(number.clone()));
    walk.direct.clone_from(&named);

    let mut level: Vec<String> = affected.iter().map(|i| i.number.clone()).collect();
    for step in 0.. {
        let links = store.links_to(org, &level, &CARRIES).await?;
        let new: BTreeSet<&String> =
            links.iter().map(|l| &l.source).filter(|s| is_item(s) && !walk.above.contains(s)).collect();
        let mut new: Vec<String> = new.into_iter().cloned().collect();
        let room = most.saturating_sub(walk.above.len());
        if !new.is_empty() && (step >= policy.impact_steps || new.len() > room) {
            walk.impact.cut_off = true;
            new.truncate(if step >= policy.impact_steps { 0 } else { room });
        }
        let items: BTreeMap<String, Record> =
            store.records(org, &new).await?.into_iter().filter(is_there).map(|r| (r.number.clone(), r)).collect();
        let steps = links.iter().filter(|l| items.contains_key(&l.source));
        level = walk.above.step(steps.map(|l| (l.target.as_str(), l.source.as_str())));
        if level.is_empty() {
            break;
        }
        for item in items.values() {
            walk.impact.criticality = walk.impact.criticality.max(criticality(item));
            named.extend(services(item));
        }
    }
    walk.impact.items = count(walk.above.len() - affected.len());
    reach_services(store, org, policy, &mut walk, named).await?;
    Ok(walk)
}

/// The named services and every service that depends on one of them.
async fn reach_services(
    store: &Store,
    org: &str,
    policy: &ChangePolicy,
    walk: &mut Walk,
    mut level: Vec<String>,
) -> Result<(), StoreError> {
    for step in 0.. {
        level.sort_unstable();
        level.dedup();
        level.retain(|number| !walk.services.contains_key(number));
        if level.is_empty() {
            break;
        }
        if step > policy.impact_steps {
            walk.impact.cut_off = true;
            break;
        }
        let found = store.records(org, &level).await?;
        let found: Vec<Record> = found.into_iter().filter(|r| r.kind == "service" && is_there(r)).collect();
        let numbers: Vec<String> = found.iter().map(|r| r.number.clone()).collect();
        walk.services.extend(found.into_iter().map(|r| (r.number.clone(), r)));
        let links = store.links_to(org, &numbers, &["depends_on"]).await?;
        level = links.into_iter().map(|link| link.source).collect();
    }
    walk.impact.services = count(walk.services.len());
    Ok(())
}

/// The items beneath these: what they depend on, directly or by others.
pub(super) async fn beneath(
    store: &Store,
    org: &str,
    policy: &ChangePolicy,
    items: &[String],
) -> Result<Reach, StoreError> {
    let most = usize::try_from(policy.impact_items).unwrap_or(usize::MAX);
    let mut reach = Reach::from_items(items.iter().map(String::as_str));
    let mut level = items.to_vec();
    for _ in 0..policy.impact_steps {
        if level.is_empty() || reach.len() >= most {
            break;
        }
        let links = store.links_from(org, &level, &CARRIES).await?;
        let steps = links.iter().filter(|l| is_item(&l.target));
        level = reach.step(steps.map(|l| (l.source.as_str(), l.target.as_str())));
    }
    Ok(reach)
}

fn is_item(number: &str) -> bool {
    number.starts_with("CI-")
}

fn is_there(record: &Record) -> bool {
    !GONE.contains(&record.state.as_str())
}

/// The services that an item is a component of.
fn services(item: &Record) -> Vec<String> {
    let list = item.data.get("services").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
