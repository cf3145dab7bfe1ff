//! Who sees which decisions (guide, section 2: decision record), and who sees components.
//!
//! Most roles read all of them. Service desk and technicians read those about records that they may read, customers
//! those about their own;
//! a publisher those of components that he submitted himself.

use std::collections::{BTreeSet, HashSet};

use crate::domain::access;
use crate::domain::decision::DecisionRecord;
use crate::domain::refusal::{Refusal, rule};
use crate::domain::{Actor, Role};
use crate::flows::{Desk, FlowError};

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
pub struct Sight<'a> {
    desk: &'a Desk,
    actor: &'a Actor,
}

impl<'a> Sight<'a> {
    /// What this actor sees.
    pub fn new(desk: &'a Desk, actor: &'a Actor) -> Self {
        Self { desk, actor }
    }

    /// True for those who see everything.
    pub fn is_whole(&self) -> bool {
        READ_ALL.iter().any(|role| self.actor.has(*role))
    }

    /// With which of these records the actor has to do.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn readable(&self, numbers: BTreeSet<String>) -> Result<HashSet<String>, FlowError> {
        let numbers: Vec<String> = numbers.into_iter().collect();
        let records = self.desk.store.records(&self.actor.org, &numbers).await?;
        let kinds = self.desk.kinds(&self.actor.org);
        let may = |record: &crate::domain::Record| {
            let kind = kinds.get(&record.kind);
            kind.is_some_and(|kind| access::involved(kind, self.actor, record).is_ok())
        };
        Ok(records.into_iter().filter(may).map(|record| record.number).collect())
    }

    /// The decisions among these that the actor sees.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(&self, decisions: Vec<DecisionRecord>) -> Result<Vec<DecisionRecord>, FlowError> {
        if self.is_whole() || decisions.is_empty() {
            return Ok(decisions);
        }
        let readable = self.readable(decisions.iter().map(|d| d.number.clone()).collect()).await?;
        let submitted = self.submitted().await?;
        let sees = |d: &DecisionRecord| readable.contains(&d.number) || submitted.contains(&d.component);
        Ok(decisions.into_iter().filter(sees).collect())
    }

    async fn submitted(&self) -> Result<HashSet<String>, FlowError> {
        if !self.actor.has(Role::Pub) {
            return Ok(HashSet::new());
        }
        let rows = self.desk.store.components(&self.actor.org).await?;
        let own = rows.into_iter().filter(|row| row.uploaded_by == self.actor.user);
        Ok(own.map(|row| row.digest).collect())
    }
}

/// Roles that read components and activations (guide, section 2: plugin, policy configuration).
const COMPONENT_READERS: [Role; 7] = [Role::Adm, Role::Pub, Role::Po, Role::Aud, Role::Mr, Role::Sec, Role::Cm];

/// Whether the actor may see components and activations.
pub fn reads_components(actor: &Actor) -> bool {
    COMPONENT_READERS.iter().any(|role| actor.has(*role))
}

/// Refuses an actor who may not see components and activations.
///
/// # Errors
/// `role`.
pub fn permit_component_reading(actor: &Actor) -> Result<(), Refusal> {
    if reads_components(actor) {
        return Ok(());
    }
    let roles = COMPONENT_READERS.map(Role::code).join(", ");
    Err(Refusal::forbidden(rule::ROLE, format!("to read components takes one of the roles {roles}")))
}
