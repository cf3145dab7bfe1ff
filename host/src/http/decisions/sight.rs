//! Who sees which decisions (guide, section 2: decision record).
//!
//! Most roles read all of them. Service desk and technicians read those about records that they may read, customers
//! those about their own;
//! a publisher those of components that he submitted himself.

use std::collections::{BTreeSet, HashSet};

use crate::domain::access;
use crate::domain::decision::DecisionRecord;
use crate::domain::{Actor, Role};
use crate::http::problem::Problem;
use crate::http::site::Site;

/// Roles that read every decision of their organisation.
const READ_ALL: [Role; 11] = [
    Role::Po,
    Role::Cm,
    Role::Cab,
    Role::Slm,
    Role::Sup,
    Role::Bud,
    Role::Sec,
    Role::Aud,
    Role::Top,
    Role::Mr,
    Role::Adm,
];

/// What an actor sees.
pub(in crate::http) struct Sight<'a> {
    site: &'a Site,
    actor: &'a Actor,
}

impl<'a> Sight<'a> {
    pub(in crate::http) fn new(site: &'a Site, actor: &'a Actor) -> Self {
        Self { site, actor }
    }

    /// True for those who see everything.
    pub(in crate::http) fn is_whole(&self) -> bool {
        READ_ALL.iter().any(|role| self.actor.has(*role))
    }

    /// With which of these records the actor has to do.
    pub(in crate::http) async fn readable(&self, numbers: BTreeSet<String>) -> Result<HashSet<String>, Problem> {
        let numbers: Vec<String> = numbers.into_iter().collect();
        let records = self.site.desk.store.records(&self.actor.org, &numbers).await?;
        let kinds = self.site.desk.kinds(&self.actor.org);
        let may = |record: &crate::domain::Record| {
            let kind = kinds.get(&record.kind);
            kind.is_some_and(|kind| access::involved(kind, self.actor, record).is_ok())
        };
        Ok(records.into_iter().filter(may).map(|record| record.number).collect())
    }

    /// The decisions among these that the actor sees.
    pub(in crate::http) async fn of(&self, decisions: Vec<DecisionRecord>) -> Result<Vec<DecisionRecord>, Problem> {
        if self.is_whole() || decisions.is_empty() {
            return Ok(decisions);
        }
        let readable = self.readable(decisions.iter().map(|d| d.number.clone()).collect()).await?;
        let submitted = self.submitted().await?;
        let sees = |d: &DecisionRecord| readable.contains(&d.number) || submitted.contains(&d.component);
        Ok(decisions.into_iter().filter(sees).collect())
    }

    async fn submitted(&self) -> Result<HashSet<String>, Problem> {
        if !self.actor.has(Role::Pub) {
            return Ok(HashSet::new());
        }
        let rows = self.site.desk.store.components(&self.actor.org).await?;
        let own = rows.into_iter().filter(|row| row.uploaded_by == self.actor.user);
        Ok(own.map(|row| row.digest).collect())
    }
}
