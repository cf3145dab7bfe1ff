//! A configuration audit: what is registered compared with a file of what was discovered (guide, P21 and section 4).
//!
//! The differences become entries of the audit, and an action item each. The same file again gives the same audit:
//! action items that are still open are kept, and those of differences that are gone are done. An audit below the limit
//! is assessed with a nonconformity.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;

use serde_json::{Map, Value, json};

use super::discovery::{self, Form, Mapping};
use crate::domain::access::{self, Action};
use crate::domain::configuration::audit::{Comparison, Difference, Finding, Findings, Registered};
use crate::domain::record::Record;
use crate::domain::refusal::{Refusal, rule};
use crate::domain::time::{add_days, local_date};
use crate::domain::{Actor, Kind};
use crate::flows::update_record::{commit, hold_revision};
use crate::flows::working::{Also, Cause, Working};
use crate::flows::{Desk, FlowError, automatic, hooks, read_record, retry};

/// Slug of the kind.
const AUDIT: &str = "configuration-audit";
/// States in which a discovery is taken in.
const OPEN: [&str; 2] = ["planned", "collected"];
/// States of an item in which it is expected to be found.
const EXPECTED: [&str; 2] = ["live", "in_change"];

/// Which items are audited, and how the file is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    /// Form of the file.
    pub form: Form,
    /// Its columns.
    pub mapping: Mapping,
    /// Fields of an item, each with the value that puts it into the scope: `type`, `location`, `support_group` or
    /// `services`. None of them: every item.
    pub scope: Vec<(String, String)>,
}

/// Compares a file with the register and writes what came out to the audit: `registered`, `discovered`, `differences`
/// and, where not all are listed, `unlisted`. The kind works out accuracy and verdict from them.
///
/// # Errors
/// Not found, not allowed, an audit that is assessed already; a file that cannot be read, naming the row; a mapping to
/// a field that items do not have; the database's errors.
pub async fn run(
    desk: &Desk,
    actor: &Actor,
    number: &str,
    discovery: Discovery,
    file: Box<dyn Read + Send>,
    expected: Option<i64>,
) -> Result<Record, FlowError> {
    let kinds = desk.kinds(&actor.org);
    let missing = || Refusal::not_found("this installation keeps no configuration audits");
    let kind = kinds.get(AUDIT).ok_or_else(missing)?;
    open(kind, actor, &read_record::find(desk, &actor.org, kind, number).await?)?;
    let items = super::item_kind(desk, &actor.org)?;
    for (field, _) in &discovery.mapping.columns {
        let known = field.starts_with("attributes.") || items.fields.iter().any(|f| f.name == *field);
        if !known {
            let message = format!("configuration items have no field '{field}'");
            return Err(Refusal::invalid(rule::UNKNOWN_FIELD, "map", message).into());
        }
    }
    let most = usize::try_from(desk.policy.configuration.audit_differences).unwrap_or(usize::MAX);
    let mut comparison = register(desk, &items, &discovery, Comparison::new(most), &actor.org).await?;
    let (form, mapping) = (discovery.form, discovery.mapping);
    let reading = tokio::task::spawn_blocking(move || {
        discovery::read(file, form, &mapping, &mut comparison)?;
        Ok::<_, Refusal>(comparison.finish())
    });
    let findings = reading.await.map_err(|_| Refusal::unavailable("busy", "the server is shutting down"))??;
    retry::until_won(|| attempt(desk, actor, kind, number, &findings, expected)).await
}

/// Refuses who may not edit the audit, and an audit that is past its collection.
fn open(kind: &Kind, actor: &Actor, audit: &Record) -> Result<(), Refusal> {
    access::permit(kind, actor, Action::Update, Some(audit))?;
    if OPEN.contains(&audit.state.as_str()) {
        return Ok(());
    }
    let message =
        format!("{} is {}: a discovery is taken in while it is planned or collected", audit.number, audit.state);
    Err(Refusal::conflict("audit-assessed", message))
}

/// Every registered item in scope.
async fn register(
    desk: &Desk,
    items: &Kind,
    discovery: &Discovery,
    mut comparison: Comparison,
    org: &str,
) -> Result<Comparison, FlowError> {
    const PAGE: i64 = 2_000;
    let mut after = String::new();
    loop {
        let page = desk.store.page_of_kind(org, &items.slug, &after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(comparison) };
        after.clone_from(&last.id);
        for item in page.iter().filter(|item| in_scope(item, &discovery.scope)) {
            let Some(key) = item.text("unique_id").map(str::trim).filter(|key| !key.is_empty()) else { continue };
            let expected = EXPECTED.contains(&item.state.as_str());
            let registered = Registered {
                number: item.number.clone(),
                not_expected: (!expected).then(|| item.state.clone()),
                values: discovery.mapping.registered(&item.data).collect::<BTreeMap<_, _>>(),
            };
            comparison.register(key.to_owned(), registered);
        }
    }
}

fn in_scope(item: &Record, scope: &[(String, String)]) -> bool {
    scope.iter().all(|(field, wanted)| match item.data.get(field) {
        Some(Value::Array(list)) => list.iter().any(|value| value == wanted.as_str()),
        Some(value) => value == wanted.as_str(),
        None => false,
    })
}

async fn attempt(
    desk: &Desk,
    actor: &Actor,
    kind: &Kind,
    number: &str,
    findings: &Findings,
    expected: Option<i64>,
) -> Result<Record, FlowError> {
    let before = read_record::find(desk, &actor.org, kind, number).await?;
    open(kind, actor, &before)?;
    hold_revision(&before, expected)?;
    let now = desk.clock.now();
    let mut working = Working::new(desk, kind, actor, Cause::Update, now, Some(before.clone()), before);
    "discovery".clone_into(&mut working.reason);
    let actions = act(&mut working, findings).await?;
    let shape = kind.fields.iter().find(|f| f.name == "differences").and_then(|f| f.shape.as_ref());
    let has = |name: &str| shape.is_none_or(|shape| shape.iter().any(|(key, _)| key == name));
    let entry = |finding: &Finding| {
        let mut entry = Map::new();
        let mut put = |name: &str, value: Option<&str>| {
            if let Some(value) = value.filter(|_| has(name)) {
                entry.insert(name.to_owned(), value.into());
            }
        };
        put("kind", Some(finding.difference.as_str()));
        put("unique_id", Some(&finding.key));
        put("ci", finding.number.as_deref());
        put("what", Some(&finding.what));
        put("action", actions.get(&title(finding)).map(String::as_str));
        Value::Object(entry)
    };
    let differences: Vec<Value> = findings.differences.iter().map(entry).collect();
    working.set("registered", findings.registered.into());
    working.set("discovered", findings.discovered.into());
    working.set("differences", if differences.is_empty() { Value::Null } else { differences.into() });
    let listed = |difference| {
        let of = findings.differences.iter().filter(|f| f.difference == difference).count();
        u64::try_from(of).unwrap_or(u64::MAX)
    };
    let [not_found, not_registered, mismatched] = [
        findings.not_found - listed(Difference::NotFound),
        findings.not_registered - listed(Difference::NotRegistered),
        findings.mismatched - listed(Difference::Mismatch),
    ];
    let all_listed = not_found + not_registered + mismatched == 0;
    let unlisted = json!({ "not_found": not_found, "not_registered": not_registered, "mismatched": mismatched });
    working.set("unlisted", if all_listed { Value::Null } else { unlisted });
    hooks::run(&mut working).await?;
    commit(desk, working).await
}

/// What an action item of a difference is called; by this it is found again.
fn title(finding: &Finding) -> String {
    format!("{}: {}", finding.difference.as_str(), finding.key)
}

/// Opens an action item for each difference that has none, and marks those done whose difference is gone; gives the
/// numbers of the open ones by their titles.
async fn act(working: &mut Working<'_>, findings: &Findings) -> Result<HashMap<String, String>, FlowError> {
    let kinds = std::sync::Arc::clone(&working.kinds);
    let Some(kind) = kinds.get("action-item") else { return Ok(HashMap::new()) };
    let (desk, org, audit) = (working.desk, working.record.org.clone(), working.record.number.clone());
    let today = local_date("UTC", working.now).ok();
    let known = desk.store.records_by_field(&org, &kind.slug, "source", &audit, i64::MAX).await?;
    let mut open: HashMap<String, Record> =
        known.into_iter().filter(|action| action.state == kind.initial).map(|a| (a.title.clone(), a)).collect();
    let mut actions = HashMap::new();
    for finding in &findings.differences {
        let title = title(finding);
        if let Some(action) = open.remove(&title) {
            actions.insert(title, action.number);
            continue;
        }
        let due = today.map(|day| {
            add_days(day, i32::try_from(desk.policy.configuration.correction_days).unwrap_or(i32::MAX)).to_string()
        });
        let mut input = Map::from_iter([
            ("title".to_owned(), json!(title)),
            ("text".to_owned(), json!(format!("{}: {}", finding.key, finding.what))),
            ("source".to_owned(), json!(audit)),
            ("due".to_owned(), json!(due)),
            ("owner".to_owned(), json!(working.record.owner)),
        ]);
        if let Some(ci) = &finding.number {
            input.insert("cis".to_owned(), json!([ci]));
        }
        match automatic::build(working, kind, input).await? {
            Ok(action) => {
                actions.insert(title, action.number.clone());
                working.made(action);
            }
            // An organisation may ask for more than is known here; the difference stands in the audit all the same.
            Err(refusal) => tracing::warn!(%audit, rule = %refusal.rule, %refusal, "no action item was made"),
        }
    }
    let mut gone: Vec<Record> = open.into_values().collect();
    gone.sort_by(|a, b| a.number.cmp(&b.number));
    for before in gone {
        let mut after = Record { state: "done".to_owned(), ..before.clone() };
        after.data.insert("done_on".to_owned(), json!(today.map(|day| day.to_string())));
        after.data.insert("result".to_owned(), json!(format!("no difference in a later discovery of {audit}")));
        let data = json!({ "kind": kind.slug, "state": "done", "actor": working.actor.user });
        working.event_about(&before.number, "record.act.done", data);
        working.also.push(Also { before: Some(before), after, action: "transition:done".to_owned() });
    }
    Ok(actions)
}

/// An audit that is assessed below the limit becomes a nonconformity, if somebody has not raised it already.
pub(super) async fn conclude(working: &mut Working<'_>) -> Result<(), FlowError> {
    let assessed = matches!(&working.cause, Cause::Transition { to, .. } if to == "assessed");
    if working.kind.slug != AUDIT || !assessed || working.text("verdict") != Some("nonconformity") {
        return Ok(());
    }
    let kinds = std::sync::Arc::clone(&working.kinds);
    let names = working.kind.fields.iter().any(|field| field.name == "nonconformity");
    let Some(kind) = kinds.by_prefix("NCR").filter(|_| names && working.field("nonconformity").is_none()) else {
        return Ok(());
    };
    let audit = &working.record;
    let accuracy = audit.data.get("accuracy").and_then(Value::as_str).unwrap_or("?");
    let input = Map::from_iter([
        ("title".to_owned(), json!(format!("Accuracy of the configuration register: {accuracy} %"))),
        ("source".to_owned(), json!(audit.number)),
        ("clause".to_owned(), json!(working.kind.clause)),
        ("grade".to_owned(), json!("minor")),
        (
            "correction".to_owned(),
            json!(format!("the differences listed in {}, each with its action item", audit.number)),
        ),
        ("owner".to_owned(), json!(audit.owner)),
    ]);
    match automatic::build(working, kind, input).await? {
        Ok(record) => {
            working.set("nonconformity", record.number.clone().into());
            working.made(record);
        }
        Err(refusal) => {
            tracing::warn!(audit = %working.record.number, rule = %refusal.rule, %refusal, "no nonconformity was made");
        }
    }
    Ok(())
}
