//! Saved views.

use serde_json::{Map, Value, json};

use super::list_records::{self, Ask};
use super::{Desk, FlowError};
use crate::domain::refusal::{Refusal, rule};
use crate::domain::view::View;
use crate::domain::{Actor, Kind, Role};
use crate::store::StoreError;
use crate::store::listing::{Cursor, Page};
use crate::store::unit::{AuditDraft, Unit};
use crate::store::work::WorkChange;

/// What is said of a view; a member that is not there stays as it is, or is empty in a new one.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Name.
    pub name: Option<String>,
    /// Field and condition.
    pub filter: Option<Map<String, Value>>,
    /// Field to sort by; an inner none takes the sort away.
    pub sort: Option<Option<String>>,
    /// Fields to show.
    pub columns: Option<Vec<String>>,
    /// Codes of the roles it is shared with.
    pub shared: Option<Vec<String>>,
}

/// Keeps a view for the actor.
///
/// # Errors
/// What the list itself refuses (a role that reads none of the kind's records, a condition that does not fit); unknown
/// columns or roles; `view-exists`; the database's errors.
pub async fn add(desk: &Desk, actor: &Actor, kind: &Kind, wish: Wish) -> Result<View, FlowError> {
    let now = desk.clock.now();
    let mut view = View {
        id: desk.clock.id(),
        org: actor.org.clone(),
        owner: actor.user.clone(),
        name: String::new(),
        kind: kind.slug.clone(),
        filter: Map::new(),
        sort: None,
        columns: Vec::new(),
        shared: Default::default(),
        revision: 1,
        created_at: now,
        updated_at: now,
    };
    change(&mut view, wish)?;
    check(desk, actor, kind, &view).await?;
    commit(desk, actor, "view:create", json!({}), &view, WorkChange::View(view.clone(), None)).await?;
    Ok(view)
}

/// A view that the actor sees: his own, one that is shared with one of his roles; an administrator sees all.
///
/// # Errors
/// Not found; the database's errors.
pub async fn read(desk: &Desk, actor: &Actor, id: &str) -> Result<View, FlowError> {
    let view = desk.store.view(&actor.org, id).await?.filter(|view| view.is_seen_by(actor));
    Ok(view.ok_or_else(|| Refusal::not_found(format!("there is no view {id}")))?)
}

/// Changes a view. Its owner may, and an administrator.
///
/// # Errors
/// As [`add`]; not found, not allowed, a stale revision.
pub async fn update(
    desk: &Desk,
    actor: &Actor,
    id: &str,
    wish: Wish,
    expected: Option<i64>,
) -> Result<View, FlowError> {
    let before = own(desk, actor, id).await?;
    if let Some(revision) = expected.filter(|revision| *revision != before.revision) {
        let message = format!("view {id} is at revision {}, you worked from {revision}", before.revision);
        return Err(Refusal::stale(message).into());
    }
    let mut view = before.clone();
    change(&mut view, wish)?;
    let kinds = desk.kinds(&actor.org);
    let kind = kinds.get(&view.kind).ok_or_else(|| gone(&view))?;
    check(desk, actor, kind, &view).await?;
    if view == before {
        return Ok(view);
    }
    view.revision += 1;
    view.updated_at = desk.clock.now();
    let was = Some(before.revision);
    commit(desk, actor, "view:update", before.to_json(), &view, WorkChange::View(view.clone(), was)).await?;
    Ok(view)
}

/// Removes a view. Its owner may, and an administrator.
///
/// # Errors
/// Not found, not allowed; the database's errors.
pub async fn remove(desk: &Desk, actor: &Actor, id: &str) -> Result<(), FlowError> {
    let view = own(desk, actor, id).await?;
    commit(desk, actor, "view:delete", view.to_json(), &view, WorkChange::DropView(id.to_owned())).await
}

/// A page of the records of a view, as the actor may read them: a view grants nothing.
///
/// # Errors
/// As [`list_records::run`]; `unknown-kind` when its kind is gone.
pub async fn records(
    desk: &Desk,
    actor: &Actor,
    view: &View,
    after: Option<Cursor>,
    limit: Option<usize>,
) -> Result<Page, FlowError> {
    let kinds = desk.kinds(&actor.org);
    let kind = kinds.get(&view.kind).ok_or_else(|| gone(view))?;
    let ask = Ask { after, limit, ..ask(view) };
    list_records::run(desk, actor, kind, ask).await
}

fn gone(view: &View) -> Refusal {
    Refusal::conflict(rule::UNKNOWN_KIND, format!("there is no record kind '{}' any more", view.kind))
}

fn ask(view: &View) -> Ask {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let filters = view.filter.iter().map(|(name, value)| (name.clone(), text(value))).collect();
    Ask { filters, sort: view.sort.clone(), ..Ask::default() }
}

async fn own(desk: &Desk, actor: &Actor, id: &str) -> Result<View, FlowError> {
    let view = read(desk, actor, id).await?;
    if view.owner != actor.user && !actor.has(Role::Adm) {
        let message = "a view is changed by its owner, or by the role ADM (administrator)";
        return Err(Refusal::forbidden(rule::OWN, message).into());
    }
    Ok(view)
}

fn change(view: &mut View, wish: Wish) -> Result<(), Refusal> {
    let Wish { name, filter, sort, columns, shared } = wish;
    if let Some(name) = name {
        name.trim().clone_into(&mut view.name);
    }
    if let Some(filter) = filter {
        view.filter = filter;
    }
    if let Some(sort) = sort {
        view.sort = sort;
    }
    if let Some(columns) = columns {
        view.columns = columns;
    }
    if let Some(shared) = shared {
        let role = |code: &String| code.parse::<Role>();
        view.shared = shared
            .iter()
            .map(role)
            .collect::<Result<_, _>>()
            .map_err(|error| Refusal::invalid(rule::ENUM, "shared", error.to_string()))?;
    }
    Ok(())
}

/// A view that cannot be run is not kept: its first record is asked for.
async fn check(desk: &Desk, actor: &Actor, kind: &Kind, view: &View) -> Result<(), FlowError> {
    view.check(kind)?;
    let ask = Ask { limit: Some(1), ..ask(view) };
    match list_records::run(desk, actor, kind, ask).await {
        Ok(_) => Ok(()),
        Err(FlowError::Refused(refusal)) => {
            let field = refusal.field.clone().filter(|field| field != "sort");
            let inside = field.map(|field| format!("filter.{field}"));
            Err(match inside {
                Some(field) => Refusal { field: Some(field), details: Vec::new(), ..refusal },
                None => refusal,
            }
            .into())
        }
        Err(error) => Err(error),
    }
}

async fn commit(
    desk: &Desk,
    actor: &Actor,
    action: &str,
    before: Value,
    view: &View,
    change: WorkChange,
) -> Result<(), FlowError> {
    let after = if matches!(change, WorkChange::DropView(_)) { json!({}) } else { view.to_json() };
    let audit = AuditDraft {
        at: desk.clock.now(),
        number: view.id.clone(),
        actor: actor.user.clone(),
        role: actor.staff_role().unwrap_or(Role::Cus).to_string(),
        action: action.to_owned(),
        before,
        after,
        reason: String::new(),
    };
    let unit = Unit { org: actor.org.clone(), audit: vec![audit], work: vec![change], ..Unit::default() };
    match desk.store.commit(unit).await {
        Err(StoreError::Exists(_)) => {
            let message = format!("{} has another view called '{}'", view.owner, view.name);
            Err(Refusal::conflict("view-exists", message).about("name").into())
        }
        other => Ok(other?),
    }
}
