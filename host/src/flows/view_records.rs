//! Kinds whose records are a view: decisions, and components. Nothing is kept of them beside what they are a view of.

use std::collections::BTreeSet;

use serde_json::json;

use crate::domain::access::{self, Action};
use crate::domain::decision::{DecisionRecord, Went};
use crate::domain::kind::View;
use crate::domain::record::Record;
use crate::domain::refusal::{Refusal, rule};
use crate::domain::role::HOST_USER;
use crate::domain::{Actor, Instant, Kind};
use crate::flows::list_records::DEFAULT_LIMIT;
use crate::flows::sight::{Sight, permit_component_reading};
use crate::flows::{Desk, FlowError, move_component, read_record};
use crate::store::decisions::{DecisionColumn, DecisionQuery};

/// The record of any kind with this number, if the actor may read it.
///
/// # Errors
/// Not found, not allowed; the database's errors.
pub async fn record(desk: &Desk, actor: &Actor, kind: &Kind, number: &str) -> Result<Record, FlowError> {
    let missing = || Refusal::not_found(format!("there is no {} {number}", kind.slug));
    let store = &desk.store;
    match kind.view {
        None => read_record::run(desk, actor, kind, number).await,
        Some(View::Components) => {
            permit_component_reading(actor)?;
            access::permit(kind, actor, Action::Read, None)?;
            let found = store.component_numbered(&actor.org, number).await?.ok_or_else(missing)?;
            Ok(move_component::as_record(kind, &found))
        }
        Some(View::Decisions) => {
            let found = store.decision_numbered(&actor.org, number).await?;
            let seen = Sight::new(desk, actor).of(found.into_iter().collect()).await?;
            Ok(seen.first().map(|one| decision(kind, one)).ok_or_else(missing)?)
        }
    }
}

/// What a list of such records is asked for.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// Field and values.
    pub filters: Vec<(String, String)>,
    /// `created_at` or `number`, with a `-` before it for the newest first, which is the default.
    pub sort: Option<String>,
    /// Records a page.
    pub limit: Option<usize>,
    /// Where the page before ended.
    pub after: Option<String>,
}

/// A page of such records, and where it ends unless it is the last one. Decisions that the actor does not see are left
/// out of their page.
///
/// # Errors
/// Not allowed; a field or a condition that this list does not know; the database's errors.
pub async fn list(
    desk: &Desk,
    actor: &Actor,
    kind: &Kind,
    view: View,
    ask: Ask,
) -> Result<(Vec<Record>, Option<String>), FlowError> {
    let oldest_first = match ask.sort.as_deref() {
        None | Some("-created_at" | "-number") => false,
        Some("created_at" | "number") => true,
        Some(other) => return Err(not_indexed("sort", other, &["created_at"]).into()),
    };
    let limit = ask.limit.unwrap_or(DEFAULT_LIMIT);
    let after = ask.after;
    let (records, last) = match view {
        View::Decisions => {
            let mut query = DecisionQuery { oldest_first, after, ..DecisionQuery::default() };
            query.limit = i64::try_from(limit + 1).unwrap_or(i64::MAX);
            for (name, value) in &ask.filters {
                filter(&mut query, name, value)?;
            }
            let mut found = desk.store.decisions_by(&actor.org, &query).await?;
            let more = found.len() > limit;
            found.truncate(limit);
            let last = found.last().filter(|_| more).map(|last| last.id.clone());
            let seen = Sight::new(desk, actor).of(found).await?;
            (seen.iter().map(|one| decision(kind, one)).collect(), last)
        }
        View::Components => {
            permit_component_reading(actor)?;
            access::permit(kind, actor, Action::Read, None)?;
            let mut records: Vec<Record> = desk
                .store
                .components(&actor.org)
                .await?
                .iter()
                .map(|row| move_component::as_record(kind, row))
                .collect();
            for (name, value) in &ask.filters {
                let known = ["state", "number", "owner", "created_by", "interface", "version", "sha256", "publisher"];
                if !known.contains(&name.as_str()) {
                    return Err(not_indexed(name, name, &known).into());
                }
                let values: BTreeSet<&str> = value.split(',').map(str::trim).collect();
                records.retain(|record| record.text(name).is_some_and(|text| values.contains(text)));
            }
            records.sort_by(|a, b| a.number.cmp(&b.number));
            if !oldest_first {
                records.reverse();
            }
            if let Some(after) = after {
                records.retain(|r| if oldest_first { r.number > after } else { r.number < after });
            }
            let more = records.len() > limit;
            records.truncate(limit);
            let last = records.last().filter(|_| more).map(|last| last.number.clone());
            (records, last)
        }
    };
    Ok((records, last))
}

fn not_indexed(field: &str, name: &str, known: &[&str]) -> Refusal {
    let message = format!("this list knows no '{name}'; it knows {}", known.join(", "));
    Refusal::invalid(rule::NOT_INDEXED, field, message)
}

fn filter(query: &mut DecisionQuery, name: &str, value: &str) -> Result<(), Refusal> {
    let values = || value.split(',').map(|one| one.trim().to_owned()).collect::<Vec<_>>();
    let column = match name {
        "subject" => DecisionColumn::Subject,
        "event" => DecisionColumn::Event,
        "plugin_sha256" => DecisionColumn::Component,
        "config_hash" => DecisionColumn::Settings,
        "status" => {
            for one in values() {
                let went = Went::ALL.into_iter().find(|went| went.as_str() == one);
                let words = Went::ALL.map(Went::as_str).join(", ");
                let wrong = || Refusal::invalid(rule::ENUM, "status", format!("status must be one of {words}"));
                query.went.push(went.ok_or_else(wrong)?);
            }
            return Ok(());
        }
        "created_at" => {
            let (from, to) = value.split_once("..").ok_or_else(moment)?;
            let read = |text: &str| match text.trim() {
                "" => Ok(None),
                text => text.parse::<Instant>().map(Some).map_err(|_| moment()),
            };
            (query.from, query.to) = (read(from)?, read(to)?);
            return Ok(());
        }
        name => {
            let known = ["subject", "event", "plugin_sha256", "config_hash", "status", "created_at"];
            return Err(not_indexed(name, name, &known));
        }
    };
    query.any.push((column, values()));
    Ok(())
}

fn moment() -> Refusal {
    let message = "created_at is a range of moments like 2026-03-01T00:00:00Z..2026-04-01T00:00:00Z";
    Refusal::invalid(rule::TYPE, "created_at", message)
}

/// A decision as a record of its kind.
fn decision(kind: &Kind, one: &DecisionRecord) -> Record {
    let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap_or_default();
    let named = (one.component_name.as_str(), "");
    let (plugin, version) =
        if one.is_by_person() { named } else { one.component_name.rsplit_once('@').unwrap_or(named) };
    let went = one.went();
    let data = json!({
        "subject": one.number,
        "event": one.event,
        "plugin": plugin,
        "plugin_version": version,
        "plugin_sha256": one.component,
        "config_hash": one.settings_hash,
        "input": parse(&one.input),
        "output": parse(&one.output),
        "status": went.as_str(),
        "fallback": one.fallback || went != Went::Ok,
        "duration_ms": (one.took_us + 999) / 1000,
        "fuel": one.fuel,
        "confidentiality": "internal",
    });
    Record {
        id: one.id.clone(),
        org: one.org.clone(),
        kind: kind.slug.clone(),
        number: one.decision_number.clone(),
        title: format!("{}: {} of {}", one.process, one.event, one.number),
        state: kind.initial.clone(),
        owner: HOST_USER.to_owned(),
        revision: 1,
        created_at: one.at,
        created_by: HOST_USER.to_owned(),
        updated_at: one.at,
        kind_version: kind.version,
        data: data.as_object().cloned().unwrap_or_default(),
    }
}
