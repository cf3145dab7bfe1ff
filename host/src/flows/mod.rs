//! One file per use case.
//!
//! A flow reads, asks the component with no transaction open, and writes everything that follows as one unit that
//! checks again the revisions it read; when it lost the race it starts over from the read, a bounded number of times
//! (invariant 5).

pub mod accesses;
pub mod activate;
pub mod archive;
mod aside;
pub mod asset;
pub mod attachments;
pub mod authenticate;
pub mod backtest;
pub mod breaker;
pub mod budget;
pub mod bulk;
pub mod comments;
pub mod configuration;
pub mod copy_record;
pub mod create_record;
pub mod demo;
pub mod duplicates;
pub mod evidence;
pub mod export;
pub mod fill;
pub mod fire_timers;
pub mod first_start;
pub mod import;
pub mod import_records;
pub mod jobs;
pub mod kinds;
pub mod list_records;
pub mod lookup;
pub mod manual;
pub mod measures;
pub mod merge_records;
pub mod move_component;
pub mod reach;
pub mod read_record;
pub mod recompute;
pub mod reindex;
pub mod replay_decision;
pub mod samples;
pub mod scenario;
pub mod search;
pub mod shadow;
pub mod sight;
pub mod transition_record;
pub mod triage;
pub mod trust;
pub mod update_record;
pub mod upload_component;
pub mod verify;
pub mod view_records;
pub mod views;
pub mod watchers;

mod approval_route;
mod automatic;
mod beside;
mod change_risk;
mod decide;
mod hooks;
mod recurrence;
mod references;
mod retry;
mod rules;
mod sla;
mod supplier;
mod working;

pub use sla::forecast;

use std::sync::Arc;

use tokio::sync::Notify;

use crate::catalog::{Catalog, CatalogError, KindRegistry};
use crate::clock::Clock;
use crate::domain::attachment::AttachmentPolicy;
use crate::domain::policy::Policy;
use crate::domain::refusal::{Class, Refusal, rule};
use crate::domain::{Kind, Kinds, Outcome};
use crate::store::blobs::Blobs;
use crate::store::jobs::JobMark;
use crate::store::unit::Unit;
use crate::store::work::WorkChange;
use crate::store::{Store, StoreError};

/// What every use case works with; cheap to clone.
#[derive(Clone)]
pub struct Desk {
    /// The database.
    pub store: Store,
    /// The live components.
    pub catalog: Catalog,
    /// The record kinds of every organisation; see [`Desk::kinds`].
    pub kinds: KindRegistry,
    /// Time and identifiers.
    pub clock: Clock,
    /// The organisation's defaults that are nobody's literals.
    pub policy: Arc<Policy>,
    /// What depends on what, by organisation.
    pub graphs: configuration::graphs::Graphs,
    /// This node's name, for leases.
    pub node: Arc<str>,
    /// The bytes of attachments.
    pub blobs: Blobs,
    /// What waits to be asked of candidates in shadow.
    pub shadows: shadow::Shadows,
    /// Rung when this node has a new job.
    pub jobs: Arc<Notify>,
    /// Which files may be attached.
    pub attachments: Arc<AttachmentPolicy>,
    /// The item of a job that the next unit settles; none outside of jobs.
    pub item: Option<Arc<JobMark>>,
}

impl Desk {
    /// What settles the item of a job that this desk works on; `changed` says whether the unit changes anything.
    fn job_item(&self, changed: bool) -> Option<WorkChange> {
        let mut mark = JobMark::clone(self.item.as_deref()?);
        if !changed {
            for item in &mut mark.items {
                item.outcome = Outcome::Skipped;
                "there was nothing to change".clone_into(&mut item.message);
            }
        }
        Some(WorkChange::Items(mark))
    }
}

impl Desk {
    /// Writes a unit, and only then hands its decisions to candidates in shadow. When the organisation's kinds have
    /// changed meanwhile, this node follows before the caller starts over.
    pub(crate) async fn commit(&self, unit: Unit) -> Result<(), FlowError> {
        let asked = shadow::asked(&unit);
        match self.store.commit(unit).await {
            Ok(()) => {
                self.shadows.offer(asked);
                Ok(())
            }
            Err(e @ StoreError::KindsMoved(_)) => {
                self.kinds.refresh(&self.store).await?;
                Err(e.into())
            }
            Err(e) => Err(e.into()),
        }
    }

    /// The kind as it is now: a flow that starts over takes it anew.
    ///
    /// # Errors
    /// When the organisation has no such kind any more.
    pub(crate) fn current(&self, org: &str, kind: &Kind) -> Result<Arc<Kind>, Refusal> {
        let missing = || {
            let message = format!("there is no record kind '{}' any more", kind.slug);
            Refusal::new(Class::NotFound, rule::UNKNOWN_KIND, message).about("kind")
        };
        self.kinds(org).get(&kind.slug).cloned().ok_or_else(missing)
    }

    /// The record kinds that an organisation works with now. A use case asks once and keeps the answer.
    pub fn kinds(&self, org: &str) -> Arc<Kinds> {
        self.kinds.of(org)
    }
}

/// Why a use case did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    /// A rule refused it; nothing was written.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A component does not load.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

impl FlowError {
    /// True when reading again and retrying can succeed.
    pub fn is_lost_race(&self) -> bool {
        matches!(self, Self::Store(e) if e.is_lost_race())
    }
}
