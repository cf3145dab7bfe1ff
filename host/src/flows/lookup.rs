//! Records as components look them up: what lists give, in the host's own name. What a component may see of them is
//! decided before, by its grant.

use std::sync::Arc;

use super::list_records::{self, Ask};
use super::{Desk, FlowError};
use crate::catalog::Sources;
use crate::domain::lookup::{Comparison, Filter, LookupGrant, Query, Row};
use crate::domain::refusal::Refusal;
use crate::domain::role::HOST_USER;
use crate::domain::{Actor, Class, Role};
use crate::engine::{Found, Source, SourceError};
use crate::store::index::COLUMNS;

impl Sources for Desk {
    fn of(&self, org: &str) -> Arc<dyn Source> {
        Arc::new(OfOrganisation { desk: self.clone(), actor: Actor::user(org, HOST_USER, Role::ALL) })
    }
}

struct OfOrganisation {
    desk: Desk,
    actor: Actor,
}

impl Source for OfOrganisation {
    fn select(&self, query: Query) -> Found<'_> {
        Box::pin(async move {
            match select(&self.desk, &self.actor, &query).await {
                Ok(rows) => Ok(rows),
                Err(FlowError::Refused(refusal)) if matches!(refusal.class, Class::Invalid | Class::NotFound) => {
                    Err(SourceError::Invalid(refusal.message))
                }
                Err(error) => Err(SourceError::Failed(error.to_string())),
            }
        })
    }
}

async fn select(desk: &Desk, actor: &Actor, query: &Query) -> Result<Vec<Row>, FlowError> {
    let kinds = desk.kinds(&actor.org);
    let unknown = || Refusal::not_found(format!("there is no record kind '{}'", query.kind));
    let kind = kinds.get(&query.kind).filter(|kind| kind.view.is_none()).ok_or_else(unknown)?;
    if query.limit == 0 {
        return Ok(Vec::new());
    }
    let filters = query.filters.iter().map(condition).collect::<Result<_, _>>()?;
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX).min(list_records::MAX_LIMIT);
    let page = list_records::run(desk, actor, kind, Ask { filters, limit: Some(limit), ..Ask::default() }).await?;
    let row = |record: crate::domain::Record| Row {
        values: query.fields.iter().map(|field| record.get(field).unwrap_or_default()).collect(),
        number: record.number,
    };
    Ok(page.records.into_iter().map(row).collect())
}

/// The condition as lists write it. What would mean something else there is refused.
fn condition(filter: &Filter) -> Result<(String, String), Refusal> {
    let Filter { field, comparison, value } = filter;
    let special =
        value.is_empty() || value == "me" || value.starts_with('!') || value.contains(',') || value.contains("..");
    if special {
        let message = format!("{field}: a lookup does not compare with '{value}'");
        return Err(Refusal::invalid("format", field.clone(), message));
    }
    let text = match comparison {
        Comparison::Equal => value.clone(),
        Comparison::AtLeast => format!("{value}.."),
        Comparison::Below => format!("..{value}"),
    };
    Ok((field.clone(), text))
}

/// Checks that what is granted is there.
///
/// # Errors
/// The kind or the field that is not.
pub fn check(desk: &Desk, org: &str, grant: &LookupGrant) -> Result<(), Refusal> {
    let kinds = desk.kinds(org);
    for (slug, fields) in &grant.kinds {
        let refuse = |what: String| Err(Refusal::invalid("reference", "lookup", what));
        let Some(kind) = kinds.get(slug).filter(|kind| kind.view.is_none()) else {
            return refuse(format!("there is no record kind '{slug}' to look up"));
        };
        let known = |name: &str| kind.field(name).is_some() || COLUMNS.contains(&name);
        if let Some(field) = fields.iter().find(|field| !known(field)) {
            return refuse(format!("{slug} has no field '{field}'"));
        }
    }
    Ok(())
}
