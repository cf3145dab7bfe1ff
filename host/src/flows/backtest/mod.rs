//! Dry runs: stored requests through a candidate, beside what was decided then. Nothing on any record changes.
//!
//! A dry run is a job. Its candidate is fixed when it starts (component, settings, and which decisions it looks at), so
//! that it gives the same report however often a node takes it up again.

mod judge;
mod report;
mod work;

use std::collections::BTreeMap;

use mortise_types::Process;
use serde_json::{Value, json};

use super::activate::{self, settings_text};
use super::jobs::{self, Order};
use super::{Desk, FlowError, list_records};
use crate::domain::component::Scope;
use crate::domain::refusal::{FieldProblem, Refusal};
use crate::domain::{Actor, Job, Role};
use crate::store::backtests::Selection;

pub use judge::{Judged, judge};
pub use report::{Report, decisions, read, reports};
pub(super) use report::{compared_json, summary};
pub(super) use work::work;

/// The sort of job.
pub const WHAT: &str = "backtest";

/// Roles that start dry runs: whoever answers for how a process decides, and administrators.
const STARTERS: [Role; 6] = [Role::Adm, Role::Po, Role::Slm, Role::Cm, Role::Sup, Role::Bud];

/// What shall be tried.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Process.
    pub process: Process,
    /// Digest of the candidate; without it, the component that is live for the scope, else for the organisation.
    pub component: Option<String>,
    /// Its settings; without them, those that are live with it, else its defaults.
    pub settings: Option<Value>,
    /// Only decisions about this.
    pub scope: Scope,
    /// Taken from this moment on, in milliseconds.
    pub from: Option<i64>,
    /// Taken before this moment, in milliseconds.
    pub to: Option<i64>,
    /// Only the newest decision of each record.
    pub latest: bool,
    /// Only about records that meet these conditions now, in the words of a list; they take a scope that is a kind.
    pub filter: Vec<(String, String)>,
}

/// Starts a dry run.
///
/// # Errors
/// Not allowed; no such component, process or settings; nothing to replay; the database's errors.
pub async fn start(desk: &Desk, actor: &Actor, wish: Wish) -> Result<Job, FlowError> {
    if !STARTERS.iter().any(|role| actor.has(*role)) {
        let roles = STARTERS.map(Role::code).join(", ");
        return Err(Refusal::forbidden("role", format!("to start a dry run takes one of the roles {roles}")).into());
    }
    let process = wish.process;
    let snapshot = desk.catalog.snapshot();
    let live = snapshot.active(&actor.org, process, &wish.scope).or_else(|| snapshot.organisation(&actor.org, process));
    let digest = wish.component.clone().or_else(|| live.as_ref().map(|live| live.activation.digest.clone()));
    let digest = digest.ok_or_else(|| {
        let message = format!("nothing is active for {process}: say which component is the candidate");
        Refusal::invalid("required", "component", message)
    })?;
    let missing = || Refusal::invalid("reference", "component", format!("there is no component {digest}"));
    let component = desk.store.component(&actor.org, &digest).await?.ok_or_else(missing)?;
    if wish.component.is_some() {
        activate::may_be_tried(desk, &component).await?;
    }
    if component.process != process.slug() {
        let message = format!("{} decides for {}, not for {process}", component.name, component.process);
        return Err(Refusal::invalid("wrong-process", "component", message).into());
    }
    let settings = match (&wish.settings, live.filter(|live| live.activation.digest == digest)) {
        (Some(settings), _) => settings_text(settings)?,
        (None, Some(live)) => live.settings.to_string(),
        (None, None) => settings_text(&json!({}))?,
    };
    if let Err(refused) = desk.catalog.check_settings(&actor.org, &digest, &settings).await? {
        let problem =
            |p: crate::engine::SettingsProblem| FieldProblem::new(format!("settings{}", p.path), "settings", p.message);
        return Err(Refusal::fields(refused.problems.into_iter().map(problem).collect()).into());
    }
    let selection = select(desk, actor, process, &wish).await?;
    let count = desk.store.count_selected(&actor.org, &selection).await?;
    if count == 0 {
        let message = format!("no stored decision of {process} fits: there is nothing to replay");
        return Err(Refusal::conflict("nothing-to-replay", message).into());
    }
    let batch = work::batch(count);
    let parsed: Value = serde_json::from_str(&settings).unwrap_or(Value::Null);
    let order = Order {
        what: WHAT,
        total: Some((count + batch - 1) / batch),
        input: json!({
            "process": process.slug(),
            "component": digest,
            "component_name": format!("{}@{}", component.name, component.version),
            "settings": parsed,
            "scope": { "kind": wish.scope.kind(), "value": wish.scope.value() },
            "from": wish.from.map(|at| crate::domain::Instant(at).to_string()),
            "to": wish.to.map(|at| crate::domain::Instant(at).to_string()),
            "latest": wish.latest,
            "filter": wish.filter.iter().cloned().collect::<BTreeMap<_, _>>(),
            "decisions": count,
        }),
        plan: json!({ "digest": digest, "settings": settings, "selection": selection, "batch": batch }),
    };
    jobs::start(desk, actor, order).await
}

/// A refused condition, by where it stands in the wish.
fn of_filter(refusal: Refusal) -> Refusal {
    let field = format!("filter.{}", refusal.field.as_deref().unwrap_or_default());
    Refusal { field: Some(field), ..refusal }
}

async fn select(desk: &Desk, actor: &Actor, process: Process, wish: &Wish) -> Result<Selection, FlowError> {
    let (mut prefix, mut about, mut records) = (None, None, None);
    if let (Some(from), Some(to)) = (wish.from, wish.to)
        && from >= to
    {
        return Err(
            Refusal::invalid("range", "to", "to has to be later than from: a period ends after it begins").into()
        );
    }
    if !wish.filter.is_empty() && !matches!(wish.scope, Scope::Kind(_)) {
        let message = "conditions on records need a scope that is a kind: {\"kind\":\"kind\",\"value\":\"incident\"}";
        return Err(Refusal::invalid("required", "scope", message).into());
    }
    match &wish.scope {
        Scope::Organisation => {}
        Scope::Kind(slug) => {
            let kinds = desk.kinds(&actor.org);
            let kind = kinds.get(slug).ok_or_else(|| {
                Refusal::invalid("unknown-kind", "scope.value", format!("there is no record kind '{slug}'"))
            })?;
            prefix = Some(kind.prefix.clone());
            if !wish.filter.is_empty() {
                let filters = list_records::filters(desk, actor, kind, &wish.filter).map_err(of_filter)?;
                records = Some((slug.clone(), filters));
            }
        }
        scope => about = Some(scope.value().to_owned()),
    }
    let until = desk.store.newest_decision(&actor.org, process.slug()).await?.unwrap_or_default();
    Ok(Selection {
        process: process.slug().to_owned(),
        prefix,
        about,
        from: wish.from,
        to: wish.to,
        latest: wish.latest,
        records,
        until,
    })
}
