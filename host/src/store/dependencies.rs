//! Relations that may not lead in a circle: the search for one, and the guard that lets no two writers close one
//! together.
//!
//! A record that is new has nothing pointing to it, so that only changes of records that are there can close a circle.
//! A flow notes the guard's revision, searches, and hands in what it adds as [`Acyclic`]; the unit advances the guard,
//! which makes such units take turns, and searches again when another one came between.

use super::graph::links_in;
use super::tx::{fetch_all, fetch_optional};
use super::{Store, StoreError, Tx};
use crate::domain::change::Reach;

/// Relations from one record that are new and must not close a circle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acyclic {
    /// Revision of the guard before the flow searched.
    pub guard: i64,
    /// Relation that may not lead in a circle.
    pub rel: String,
    /// Number of the record that has the new relations.
    pub source: String,
    /// Numbers that they lead to.
    pub targets: Vec<String>,
    /// Records at which the search gives up.
    pub most: usize,
}

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Circle {
    /// There is none.
    None,
    /// The numbers on the way from the record back to itself, both ends included.
    Closed(Vec<String>),
    /// More records than the search looks at.
    TooFar,
}

impl Store {
    /// The revision of the guard of an organisation's relations; 0 before the first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn relation_guard(&self, org: &str) -> Result<i64, StoreError> {
        let mut tx = self.read().await?;
        let row = fetch_all!(&mut tx, (i64,), "SELECT revision FROM relation_guards WHERE org = $1", org)?;
        Ok(row.first().map_or(0, |(revision,)| *revision))
    }

    /// Whether the new relations would close a circle with what is stored.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn circle(&self, org: &str, asked: &Acyclic) -> Result<Circle, StoreError> {
        let mut tx = self.read().await?;
        search(&mut tx, org, asked).await
    }
}

/// Advances the guard; where it had moved since the flow looked, searches again and gives up the unit if there is a
/// circle now: the flow then starts over and says so.
pub(super) async fn hold(tx: &mut Tx, org: &str, added: &[Acyclic]) -> Result<(), StoreError> {
    let row = fetch_optional!(
        &mut *tx,
        (i64,),
        "INSERT INTO relation_guards (org, revision) VALUES ($1, 1)
         ON CONFLICT (org) DO UPDATE SET revision = relation_guards.revision + 1 RETURNING revision",
        org
    )?;
    let now = row.map_or(0, |(revision,)| revision);
    for asked in added.iter().filter(|asked| asked.guard + 1 != now) {
        if search(tx, org, asked).await? != Circle::None {
            return Err(StoreError::Stale(format!("relations of {}", asked.source)));
        }
    }
    Ok(())
}

/// Searches from both ends, the smaller side first: from the targets along the relation, and from the record against
/// it. Most records have few of one or of the other, so that it ends soon.
async fn search(tx: &mut Tx, org: &str, asked: &Acyclic) -> Result<Circle, StoreError> {
    let rels = [asked.rel.as_str()];
    let mut down = Reach::from_items(asked.targets.iter().map(String::as_str));
    let mut up = Reach::from_items([asked.source.as_str()]);
    let (mut below, mut above) = (asked.targets.clone(), vec![asked.source.clone()]);
    if down.contains(&asked.source) {
        return Ok(Circle::Closed(vec![asked.source.clone(), asked.source.clone()]));
    }
    while !below.is_empty() && !above.is_empty() {
        if down.len() + up.len() > asked.most {
            return Ok(Circle::TooFar);
        }
        let met = if below.len() <= above.len() {
            let links = links_in(tx, org, "source", &below, &rels).await?;
            below = down.step(links.iter().map(|l| (l.source.as_str(), l.target.as_str())));
            below.iter().find(|number| up.contains(number))
        } else {
            let links = links_in(tx, org, "target", &above, &rels).await?;
            above = up.step(links.iter().map(|l| (l.target.as_str(), l.source.as_str())));
            above.iter().find(|number| down.contains(number))
        };
        if let Some(number) = met {
            let mut way = vec![asked.source.clone()];
            way.extend(down.path(number));
            way.extend(up.path(number).into_iter().rev().skip(1));
            return Ok(Circle::Closed(way));
        }
    }
    Ok(Circle::None)
}
