//! One step of a process's generation.

use mortise_types::Process;
use serde_json::json;

use crate::domain::component::{Activation, Mode, Scope};
use crate::domain::refusal::Refusal;
use crate::domain::{Actor, Role};
use crate::flows::{Desk, FlowError};
use crate::store::StoreError;
use crate::store::activations::{Basis, Change, New};
use crate::store::unit::{AuditDraft, EventDraft};

/// A step under way: the generation was read before everything else, and is compared when the step is written, so what
/// was read in between still holds then.
pub(super) struct Turn<'d> {
    pub(super) desk: &'d Desk,
    pub(super) actor: &'d Actor,
    process: Process,
    /// The generation that the step makes.
    pub(super) generation: i64,
    /// What is live of the process.
    live: Vec<Activation>,
}

/// An activation to be made.
pub(super) struct Making {
    pub(super) new: Activation,
    /// Its settings' text.
    pub(super) settings: String,
    /// Why its component may have a say.
    pub(super) basis: Basis,
    /// What it ends.
    pub(super) ends: Vec<String>,
    /// The audit entry's word.
    pub(super) action: &'static str,
    /// The event's type.
    pub(super) word: &'static str,
}

impl<'d> Turn<'d> {
    /// Begins a step.
    ///
    /// # Errors
    /// When the process is not at the generation that the caller looked at; the database's errors.
    pub(super) async fn begin(
        desk: &'d Desk,
        actor: &'d Actor,
        process: Process,
        expected: Option<i64>,
    ) -> Result<Self, FlowError> {
        let now = desk.store.generation(&actor.org, process.slug()).await?;
        if let Some(expected) = expected.filter(|expected| *expected != now) {
            return Err(stale(process, now, expected).into());
        }
        let mut live = desk.store.activations(&actor.org, Some(process.slug())).await?;
        live.retain(Activation::is_live);
        Ok(Self { desk, actor, process, generation: now + 1, live })
    }

    /// What is active in a scope.
    pub(super) fn active(&self, scope: &Scope) -> Option<&Activation> {
        self.live.iter().find(|one| one.scope == *scope && one.mode == Mode::Active)
    }

    /// A live activation by its identifier.
    pub(super) fn find(&self, id: &str) -> Option<&Activation> {
        self.live.iter().find(|one| one.id == id)
    }

    /// What holds the place that a new activation takes: of each scope, one is active, one a candidate, one planned.
    pub(super) fn same_place(&self, new: &Activation) -> Vec<String> {
        let place = |mode: Mode| if mode.is_candidate() { "candidate" } else { mode.as_str() };
        let same = self.live.iter().filter(|one| one.scope == new.scope && place(one.mode) == place(new.mode));
        same.map(|one| one.id.clone()).collect()
    }

    /// Writes the step with a new activation, and follows.
    ///
    /// # Errors
    /// When somebody else was faster; a lost race, to be run again from its beginning, when what it rests on was changed
    /// meanwhile; the database's errors.
    pub(super) async fn make(self, making: Making) -> Result<Activation, FlowError> {
        let Making { new, settings, basis, ends, action, word } = making;
        let made = New { activation: new.clone(), settings, basis };
        self.write(ends, Some(made), &new, action, word).await?;
        Ok(new)
    }

    /// Writes the step that only ends an activation, and follows.
    ///
    /// # Errors
    /// As [`Self::make`].
    pub(super) async fn end(self, ended: Activation, reason: &str, action: &str, word: &str) -> Result<(), FlowError> {
        let ends = vec![ended.id.clone()];
        let about = Activation { ended_generation: Some(self.generation), reason: reason.to_owned(), ..ended };
        self.write(ends, None, &about, action, word).await
    }

    async fn write(
        self,
        ends: Vec<String>,
        makes: Option<New>,
        about: &Activation,
        action: &str,
        word: &str,
    ) -> Result<(), FlowError> {
        let Self { desk, actor, process, generation, .. } = self;
        let at = desk.clock.now();
        let role = if actor.auto { "auto".to_owned() } else { Role::Adm.code().to_owned() };
        let audit = AuditDraft {
            at,
            number: about.digest.clone(),
            actor: actor.user.clone(),
            role,
            action: action.to_owned(),
            before: json!({}),
            after: about.to_json(),
            reason: about.reason.clone(),
        };
        let event = EventDraft { at, kind: word.to_owned(), number: about.digest.clone(), data: about.to_json() };
        let change = Change { org: actor.org.clone(), process, generation, at, ends, makes };
        match desk.store.activate(change, audit, event).await {
            // The process is where it was: whether the component may still have a say is looked at again.
            Err(e @ StoreError::BasisMoved(_)) => return Err(e.into()),
            Err(e) if e.is_lost_race() => return Err(stale(process, generation, generation - 1).into()),
            other => other?,
        }
        desk.catalog.refresh().await?;
        tracing::info!(process = process.slug(), generation, action, activation = %about.id, "activations changed");
        Ok(())
    }
}

fn stale(process: Process, now: i64, expected: i64) -> Refusal {
    let message = format!("{process} is at generation {now}, you looked at {expected}; look again");
    Refusal::conflict("stale-generation", message).about("expected_generation")
}
