//! The relations of an item or service: none to itself, none twice, and no circle of dependencies.

use crate::domain::configuration::relations::{self, rule};
use crate::domain::refusal::Refusal;
use crate::flows::FlowError;
use crate::flows::working::Working;
use crate::store::dependencies::{Acyclic, Circle};

pub(super) async fn check(working: &mut Working<'_>) -> Result<(), FlowError> {
    let Some((field, rel)) = relations::dependency(&working.kind.slug) else { return Ok(()) };
    if !working.touched(&[field]) {
        return Ok(());
    }
    relations::check(&working.record)?;
    // Nothing points to a record that is new, so it closes no circle.
    let Some(before) = &working.before else { return Ok(()) };
    let old = relations::dependencies(before);
    let new: Vec<(String, String)> = relations::dependencies(&working.record)
        .into_iter()
        .filter(|(_, number)| !old.iter().any(|(_, known)| known == number))
        .collect();
    if new.is_empty() {
        return Ok(());
    }
    let (store, org) = (&working.desk.store, &working.record.org);
    let most = working.desk.policy.configuration.circle_records;
    let asked = Acyclic {
        guard: store.relation_guard(org).await?,
        rel: rel.to_owned(),
        source: working.record.number.clone(),
        targets: new.iter().map(|(_, number)| number.clone()).collect(),
        most: usize::try_from(most).unwrap_or(usize::MAX),
    };
    match store.circle(org, &asked).await? {
        Circle::None => working.acyclic.push(asked),
        Circle::Closed(way) => {
            let path = new.iter().find(|(_, number)| way.get(1) == Some(number)).map_or(field, |(path, _)| path);
            return Err(relations::circle(path, &way).into());
        }
        Circle::TooFar => {
            let message = format!(
                "the dependencies of {} and of what depends on it lead to more than {most} records, too many to be \
                 searched for a circle",
                asked.source
            );
            return Err(Refusal::conflict(rule::TOO_FAR, message).about(field).into());
        }
    }
    Ok(())
}
