//! Baselines: items as they were at a moment, compared with what they are now or were in another one (guide, P21).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::domain::Actor;
use crate::domain::access::{self, Scope};
use crate::domain::canonical;
use crate::domain::configuration::baseline::{FieldChange, compare};
use crate::domain::record::Record;
use crate::domain::refusal::{FieldProblem, Refusal, rule};
use crate::flows::working::{Cause, Working};
use crate::flows::{Desk, FlowError, read_record};
use crate::store::baselines::Frozen;

/// Slug of the kind.
const BASELINE: &str = "baseline";
/// States of an item that is not in operation any more.
const GONE: [&str; 2] = ["retired", "disposed"];

/// Freezes the items that a new baseline names: their content is kept beside it, in the same unit, and the entries say
/// which revision that was. What anybody wrote into the entries beside the item's number is replaced.
pub(super) async fn freeze(working: &mut Working<'_>) -> Result<(), FlowError> {
    if working.kind.slug != BASELINE || working.cause != Cause::Create {
        return Ok(());
    }
    let entries = working.field("cis").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut numbers = Vec::new();
    let mut seen = BTreeSet::new();
    let mut problems = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let field = format!("cis[{index}].ci");
        match entry["ci"].as_str() {
            None => problems.push(FieldProblem::new(&field, rule::REQUIRED, format!("{field} is required"))),
            Some(ci) if !seen.insert(ci) => {
                let message = format!("{ci} is in the baseline already");
                problems.push(FieldProblem::new(field, "item-twice", message));
            }
            Some(ci) => numbers.push(ci.to_owned()),
        }
    }
    if !problems.is_empty() {
        return Err(Refusal::fields(problems).into());
    }
    let found = working.desk.store.records(&working.record.org, &numbers).await?;
    let found: BTreeMap<String, Record> = found.into_iter().map(|item| (item.number.clone(), item)).collect();
    let shape = working.kind.fields.iter().find(|f| f.name == "cis").and_then(|f| f.shape.as_ref());
    let has = |name: &str| shape.is_none_or(|shape| shape.iter().any(|(key, _)| key == name));
    let mut frozen = Vec::new();
    let mut written = Vec::new();
    // References were checked, so each of them is there.
    for item in numbers.iter().filter_map(|number| found.get(number)) {
        let content = item.to_json();
        let mut entry = Map::from_iter([("ci".to_owned(), json!(item.number))]);
        let values = [
            ("revision", Some(json!(item.revision))),
            ("state", Some(json!(item.state))),
            ("version", item.data.get("version").cloned()),
            ("sha256", Some(json!(canonical::digest(&content)))),
        ];
        for (name, value) in values {
            entry.extend(value.filter(|_| has(name)).map(|value| (name.to_owned(), value)));
        }
        written.push(Value::Object(entry));
        frozen.push(Frozen { baseline: working.record.number.clone(), number: item.number.clone(), content });
        // An item that is edited meanwhile: the baseline starts over, and is of one moment.
        working.held.push((item.number.clone(), item.revision));
    }
    working.set("cis", written.into());
    working.set("taken_at", working.now.to_string().into());
    working.frozen = frozen;
    Ok(())
}

/// What differs between a baseline and another one, or what its items are now.
///
/// # Errors
/// Not found, not allowed to read baselines or all configuration items; the database's errors.
pub async fn against(desk: &Desk, actor: &Actor, number: &str, with: Option<&str>) -> Result<Value, FlowError> {
    let kinds = desk.kinds(&actor.org);
    let missing = || Refusal::not_found("this installation keeps no baselines");
    let kind = kinds.get(BASELINE).ok_or_else(missing)?;
    let items = super::item_kind(desk, &actor.org)?;
    let baseline = read_record::run(desk, actor, kind, number).await?;
    if access::read_scope(&items, actor) != Scope::All {
        let message = "baselines are compared by those who may read every configuration item";
        return Err(Refusal::forbidden(rule::OWN, message).into());
    }
    let mut altered = BTreeSet::new();
    let was = content(desk, &baseline, &mut altered).await?;
    let (is, other) = match with {
        Some(other) => {
            let other = read_record::run(desk, actor, kind, other).await?;
            (content(desk, &other, &mut altered).await?, Some(other))
        }
        None => {
            let numbers: Vec<String> = was.keys().cloned().collect();
            let now = desk.store.records(&actor.org, &numbers).await?;
            let there = now.into_iter().filter(|item| !GONE.contains(&item.state.as_str()));
            (there.map(|item| (item.number.clone(), item.to_json())).collect(), None)
        }
    };
    let compared = compare(was, is);
    let field = |c: FieldChange| json!({ "field": c.field, "was": c.was, "is": c.is });
    let changed: Vec<Value> = compared
        .changed
        .into_iter()
        .map(|(number, fields)| json!({ "ci": number, "fields": fields.into_iter().map(field).collect::<Vec<_>>() }))
        .collect();
    Ok(json!({
        "baseline": baseline.number,
        "taken_at": baseline.data.get("taken_at"),
        "with": other.map(|other| other.number),
        "added": compared.added,
        "removed": compared.removed,
        "changed": changed,
        "same": compared.same,
        "altered": altered,
    }))
}

/// What a baseline keeps; notes what is not what its record says, or is lost.
async fn content(
    desk: &Desk,
    baseline: &Record,
    altered: &mut BTreeSet<String>,
) -> Result<BTreeMap<String, Value>, FlowError> {
    let kept = desk.store.frozen(&baseline.org, &baseline.number).await?;
    let kept: BTreeMap<String, Value> = kept.into_iter().map(|f| (f.number, f.content)).collect();
    let entries = baseline.data.get("cis").and_then(Value::as_array).into_iter().flatten();
    for entry in entries {
        let (Some(ci), Some(digest)) = (entry["ci"].as_str(), entry["sha256"].as_str()) else { continue };
        if kept.get(ci).is_none_or(|content| canonical::digest(content) != digest) {
            altered.insert(ci.to_owned());
        }
    }
    Ok(kept)
}
