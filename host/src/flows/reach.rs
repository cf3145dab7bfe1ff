//! Whose user somebody is: the customers that he belongs to, and their services (guide, section 2: "own services").

use super::list_records::MAX_LIMIT;
use super::{Desk, FlowError};
use crate::domain::access;
use crate::domain::role::Reach;
use crate::domain::{Actor, Record};
use crate::store::listing::{Filter, ListQuery, SortKey, Subject, Test};

/// Pages of customers, agreements or services that are read, at most: beyond some thousands, records are nobody's own.
const PAGES: usize = 8;

/// The actor with what he belongs to, where a grant asks for it: nothing is read for anybody else.
///
/// A user belongs to the active customers that have him among their `members`. Their services are those that have one
/// of them among their `customers`, and those of the active agreements with them.
///
/// # Errors
/// When the database fails.
pub async fn look_up(desk: &Desk, actor: &Actor) -> Result<Option<Actor>, FlowError> {
    let kinds = desk.kinds(&actor.org);
    if !access::asks_reach(kinds.iter().map(AsRef::as_ref), actor) {
        return Ok(None);
    }
    let (user, active) = (std::slice::from_ref(&actor.user), ["active".to_owned()]);
    let named = all(desk, &actor.org, "customer", &[("members", user), ("state", &active)]).await?;
    let customers: Vec<String> = named.into_iter().map(|customer| customer.number).collect();
    let mut reach = Reach::default();
    if !customers.is_empty() {
        let theirs = all(desk, &actor.org, "service", &[("customers", &customers)]).await?;
        reach.services.extend(theirs.into_iter().map(|service| service.number));
        let agreements = all(desk, &actor.org, "sla", &[("customer", &customers), ("state", &active)]).await?;
        reach.services.extend(agreements.iter().filter_map(|agreement| agreement.text("service")).map(str::to_owned));
        reach.customers.extend(customers);
    }
    Ok(Some(Actor { reach, ..actor.clone() }))
}

/// The records of a kind whose fields have one of these values, newest first.
async fn all(desk: &Desk, org: &str, kind: &str, tests: &[(&str, &[String])]) -> Result<Vec<Record>, FlowError> {
    let filter = |(path, values): &(&str, &[String])| Filter {
        subject: Subject::Path((*path).to_owned(), true),
        test: Test::AnyOf(values.to_vec()),
    };
    let mut query = ListQuery {
        org: org.to_owned(),
        kind: kind.to_owned(),
        filters: tests.iter().map(filter).collect(),
        sort: SortKey::Created,
        descending: true,
        after: None,
        limit: MAX_LIMIT,
        only: None,
        text: None,
    };
    let mut found = Vec::new();
    for _ in 0..PAGES {
        let page = desk.store.list(&query).await?;
        found.extend(page.records);
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
    }
    Ok(found)
}
