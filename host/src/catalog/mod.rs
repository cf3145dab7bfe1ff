//! Which component is live for what, and which kinds each organisation has.
//!
//! The database says what is active (invariant 10). A node holds it as one immutable snapshot that is swapped as a
//! whole; a decision takes its snapshot once, so it is taken by exactly one component under one generation, however
//! often others swap meanwhile. A node that cannot follow the database keeps the snapshot it has and says so.

mod breaker;
mod kinds;
mod loaded;
mod snapshot;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use mortise_types::Process;
use tokio::sync::Mutex;
use tracing::Instrument as _;

pub use breaker::Watch;
pub use kinds::KindRegistry;
pub use snapshot::{Live, Snapshot};

use self::loaded::Loaded;
use crate::domain::breaker::{Breaker, State, last_good};
use crate::domain::component::{Activation, ENDED, Mode, OnFailure, Subject, arrange};
use crate::domain::lookup::{LookupGrant, Recorded};
use crate::domain::trust;
use crate::engine::{
    Admission, Engine, Evaluation, Grants, LOOKUP, Lookups, Prepared, Refused, SettingsRefused, Source, Thread, Verdict,
};
use crate::store::components::ComponentRow;
use crate::store::{Store, StoreError};
use crate::telemetry::{
    self,
    metrics::{Cost, Judge, Meter, Metrics},
};

/// Components that are loaded at the same time at a start.
const AT_ONCE: usize = 8;

/// Why the snapshot could not be renewed.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A kind that an organisation shaped cannot be read by this server.
    #[error("the kinds of organisation {org} cannot be used: {why}")]
    Kind {
        /// The organisation.
        org: String,
        /// File, line and reason.
        why: String,
    },
    /// An active component does not load on this node.
    #[error("component {digest} of activation {activation} does not load: {why}")]
    Load {
        /// Its digest.
        digest: String,
        /// The activation that names it.
        activation: String,
        /// The engine's words.
        why: String,
    },
}

/// The components this node runs; cheap to clone.
#[derive(Clone)]
pub struct Catalog(Arc<Inner>);

struct Inner {
    store: Store,
    engine: Engine,
    snapshot: ArcSwap<Snapshot>,
    /// Loaded components by digest and grants, so that a swap back compiles nothing.
    loaded: Loaded,
    following: Mutex<()>,
    behind: AtomicBool,
    metrics: Metrics,
    /// What this node has seen of those that decide.
    watch: Watch,
}

impl Catalog {
    /// An empty catalog; [`Self::refresh`] fills it.
    pub fn new(store: Store, engine: Engine) -> Self {
        Self(Arc::new(Inner {
            store,
            engine,
            snapshot: ArcSwap::from_pointee(Snapshot::default()),
            loaded: Loaded::default(),
            following: Mutex::default(),
            behind: AtomicBool::new(false),
            metrics: Metrics::default(),
            watch: Watch::default(),
        }))
    }

    /// Asks for a figure about something that is no record: whoever decides there, and what that one leaves out, whoever
    /// decides in the next wider scope. None where nobody does. No breaker counts it.
    pub async fn consult(
        &self,
        org: &str,
        subject: &Subject,
        request: &mortise_types::Request,
        sources: &impl Sources,
    ) -> Option<Evaluation> {
        let mut evaluation = None;
        for live in self.snapshot().deciding(org, request.process(), subject) {
            let said = self.evaluate(&live, request, sources).await;
            if !said.leaves_out() {
                return Some(said);
            }
            evaluation = evaluation.or(Some(said));
        }
        evaluation
    }

    /// The active component for something that is no record; see [`Snapshot::resolve`].
    pub fn resolve(&self, org: &str, process: Process, subject: &Subject) -> Option<Arc<Live>> {
        self.0.snapshot.load().resolve(org, process, subject)
    }

    /// The snapshot in force.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.0.snapshot.load_full()
    }

    /// What this node has seen of those that decide.
    pub fn watch(&self) -> &Watch {
        &self.0.watch
    }

    /// True while this node could not follow the database and runs an older snapshot.
    pub fn is_behind(&self) -> bool {
        self.0.behind.load(Ordering::Relaxed)
    }

    /// What this node counts.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Verifies an upload (see [`Engine::admit`]).
    ///
    /// # Errors
    /// What is wrong with it, by rule.
    pub async fn admit(&self, bytes: Arc<[u8]>, grants: &Grants) -> Result<Admission, Refused> {
        self.0.engine.admit(bytes, grants).await
    }

    /// What bytes import that somebody may upload; see [`Engine::imports`].
    ///
    /// # Errors
    /// If they are no component of a process that this host runs.
    pub async fn imports(&self, bytes: Arc<[u8]>) -> Result<Vec<String>, Refused> {
        self.0.engine.imports(bytes).await
    }

    /// Removes compiled components from disk that nobody uses.
    pub async fn prune(&self) {
        let removed = self.0.engine.prune_cache().await;
        if removed > 0 {
            tracing::info!(removed, "compiled components that nobody used were removed from disk");
        }
    }

    /// Runs one decision. What it looks up, as far as it may, `sources` answer.
    pub async fn evaluate(&self, live: &Live, request: &mortise_types::Request, sources: &impl Sources) -> Evaluation {
        let activation = &live.activation;
        let span = tracing::info_span!(
            "decision",
            org = %activation.org, process = activation.process.slug(), component = %live.name,
            activation = %activation.id, generation = activation.generation, mode = activation.mode.as_str(),
            outcome = tracing::field::Empty, fuel = tracing::field::Empty, took_us = tracing::field::Empty,
        );
        let lookups = live_lookups(live, sources);
        let asked = evaluate(&self.0.engine, &live.prepared, request, &live.settings, lookups, Thread::Shared);
        let evaluation = asked.instrument(span.clone()).await;
        // Exporters know signed numbers only; others they write as texts.
        span.record("outcome", word(&evaluation)).record("fuel", i64::try_from(evaluation.fuel).unwrap_or(i64::MAX));
        span.record("took_us", telemetry::micros(evaluation.took));
        count(&live.meter, &evaluation);
        evaluation
    }

    /// Runs a stored request again on the component and settings that decided it. What it looks up is answered from the
    /// decision's record.
    ///
    /// # Errors
    /// When the component is gone from the database or does not load.
    pub async fn replay(
        &self,
        org: &str,
        digest: &str,
        settings: &str,
        request: &mortise_types::Request,
        recorded: Vec<Recorded>,
    ) -> Result<Evaluation, CatalogError> {
        let prepared = self.prepared(org, digest, "replay").await?;
        Ok(self.0.engine.evaluate_with(&prepared, request, settings, Lookups::Recorded(recorded), Thread::Shared).await)
    }

    /// A component with settings of its own, live or not, to be asked beside the live ones.
    ///
    /// # Errors
    /// When the component is gone from the database or does not load.
    pub async fn candidate(&self, org: &str, digest: &str, settings: &str) -> Result<Candidate, CatalogError> {
        let prepared = self.prepared(org, digest, "candidate").await?;
        Ok(Candidate::new(self.0.engine.clone(), prepared, settings))
    }

    /// Something live as a candidate, to be asked beside what decides.
    pub fn beside(&self, live: &Live) -> Candidate {
        Candidate {
            engine: self.0.engine.clone(),
            prepared: live.prepared.clone(),
            settings: Arc::clone(&live.settings),
            thread: Thread::Shared,
            meter: Some(live.meter.clone()),
        }
    }

    /// Asks a component whether settings are valid.
    ///
    /// # Errors
    /// When it does not load; the inner error lists the settings' problems.
    pub async fn check_settings(
        &self,
        org: &str,
        digest: &str,
        settings: &str,
    ) -> Result<Result<(), SettingsRefused>, CatalogError> {
        let prepared = self.prepared(org, digest, "settings").await?;
        Ok(self.0.engine.check_settings(&prepared, settings).await)
    }

    /// Keeps what admission compiled, so that the activation that follows compiles nothing.
    pub async fn keep(&self, admission: &Admission, grants: &Grants) {
        let key = (admission.digest.clone(), join(&grants.imports));
        self.0.loaded.keep(key, admission.prepared.clone(), self.0.engine.loaded_bytes());
    }

    /// Follows the database when any generation has moved; gives true when the snapshot changed.
    ///
    /// # Errors
    /// The snapshot stays as it was.
    pub async fn refresh(&self) -> Result<bool, CatalogError> {
        let result = self.follow().await;
        self.0.behind.store(result.is_err(), Ordering::Relaxed);
        self.0.metrics.behind(result.is_err());
        result
    }

    async fn follow(&self) -> Result<bool, CatalogError> {
        // One at a time: a slow one would put an older snapshot in the place of a newer.
        let _turn = self.0.following.lock().await;
        let generations: HashMap<_, _> =
            self.0.store.generations().await?.into_iter().map(|(org, process, g)| ((org, process), g)).collect();
        if self.0.snapshot.load().is_at(&generations) {
            return Ok(false);
        }
        let breakers = self.0.store.breakers(None).await?;
        let judges = needed(self.0.store.judges().await?);
        let loading: Vec<_> = judges.into_iter().map(|activation| self.judge(activation, &breakers)).collect();
        let live: Vec<Option<Arc<Live>>> = stream::iter(loading).buffered(AT_ONCE).try_collect().await?;
        let live: Vec<Arc<Live>> = live.into_iter().flatten().collect();
        live.iter().for_each(|one| self.begin_anew(one));
        let stands = live.iter().map(|one| (one.meter.judge().clone(), one.stands().as_str()));
        self.0.metrics.breakers(stands, &State::ALL.map(State::as_str));
        self.0.snapshot.store(Arc::new(Snapshot::new(live, generations)));
        Ok(true)
    }

    /// What an activation needs on this node.
    async fn judge(&self, activation: Activation, breakers: &[Breaker]) -> Result<Option<Arc<Live>>, CatalogError> {
        if activation.mode == Mode::Planned {
            // It decides nothing yet; that it is compiled when its time comes is all that is wanted.
            if let Err(error) = self.prepared(&activation.org, &activation.digest, &activation.id).await {
                tracing::warn!(activation = %activation.id, %error, "a planned component does not load");
            }
            return Ok(None);
        }
        let mut one = self.live(activation).await?;
        one.breaker = breakers.iter().find(|breaker| breaker.activation == one.activation.id).cloned();
        if one.stands() != State::Closed && one.activation.on_failure == OnFailure::LastGood {
            one.fallback = self.last_good(&one.activation, breakers).await?.map(Arc::new);
        }
        Ok(Some(Arc::new(one)))
    }

    /// What was counted before a breaker came to stand where it stands counts no more.
    fn begin_anew(&self, one: &Live) {
        let Activation { org, process, id, .. } = &one.activation;
        let generation = |live: &Live| live.breaker.as_ref().map(|breaker| breaker.generation);
        let known = self.0.snapshot.load().find(org, *process, id);
        if known.is_some_and(|known| generation(&known) != generation(one)) {
            self.0.watch.forget(id);
        }
    }

    /// The last good version of an activation's scope that loads here.
    async fn last_good(&self, of: &Activation, breakers: &[Breaker]) -> Result<Option<Live>, CatalogError> {
        for earlier in self.stand_ins(of, breakers).await? {
            let live = self.live(earlier).await?;
            if live.prepared.is_ok() {
                return Ok(Some(live));
            }
        }
        Ok(None)
    }

    /// The earlier activations whose version may decide in the place of `of`, whose breaker is not closed, the best one
    /// first. Nobody looks on when a breaker trips: what an administrator could not activate, because its life has ended
    /// or the organisation does not trust it, does not come back by itself.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn stand_ins(&self, of: &Activation, breakers: &[Breaker]) -> Result<Vec<Activation>, CatalogError> {
        let (store, org) = (&self.0.store, of.org.as_str());
        let open = breakers.iter().filter(|breaker| breaker.state != State::Closed);
        let tripped = open.map(|breaker| breaker.activation.clone()).chain([of.id.clone()]).collect();
        let rows = store.activations(org, Some(of.process.slug())).await?;
        let candidates = last_good(&rows, &tripped, of);
        if candidates.is_empty() {
            return Ok(Vec::new());
        }
        let (policy, keys) = (store.trust_policy(org).await?, store.publisher_keys(org).await?);
        let mut found = Vec::new();
        for earlier in candidates {
            let Some(component) = store.component(org, &earlier.digest).await? else { continue };
            let subject = trust::Subject { digest: &component.digest, name: &component.name, process: earlier.process };
            let signed = trust::signatures(&component.signatures);
            if !ENDED.contains(&component.state.as_str()) && trust::judge(&policy, &keys, subject, &signed).is_ok() {
                found.push(earlier.clone());
            }
        }
        Ok(found)
    }

    async fn live(&self, activation: Activation) -> Result<Live, CatalogError> {
        let prepared = match self.prepared(&activation.org, &activation.digest, &activation.id).await {
            Ok(prepared) => Ok(prepared),
            Err(error @ CatalogError::Load { .. }) => {
                tracing::error!(activation = %activation.id, digest = %activation.digest, %error, "a component that decides does not load");
                Err(error.to_string().into())
            }
            Err(error) => return Err(error),
        };
        let row = self.0.store.component(&activation.org, &activation.digest).await?;
        let lookups = row.as_ref().and_then(lookup_grant);
        let name = row.map(|r| format!("{}@{}", r.name, r.version)).unwrap_or_default();
        let settings = self.0.store.settings_text(&activation.org, &activation.settings_hash).await?;
        let (settings, prepared) = match settings {
            Some(settings) => (settings, prepared),
            None => (String::new(), Err(format!("its settings {} are gone", activation.settings_hash).into())),
        };
        let meter = self.0.metrics.meter(Judge {
            org: activation.org.clone(),
            process: activation.process.slug().to_owned(),
            component: name.clone(),
            activation: activation.id.clone(),
            mode: activation.mode.as_str().to_owned(),
        });
        let settings = settings.into();
        Ok(Live { activation, name, settings, prepared, lookups, meter, breaker: None, fallback: None })
    }

    async fn prepared(&self, org: &str, digest: &str, activation: &str) -> Result<Prepared, CatalogError> {
        let error =
            |why: String| CatalogError::Load { digest: digest.to_owned(), activation: activation.to_owned(), why };
        let row = self.0.store.component(org, digest).await?;
        let row = row.ok_or_else(|| error("the organisation has no such component".to_owned()))?;
        let grants = grants(&row.grants);
        let load = async {
            let prepared = match self.0.engine.load_kept(digest, &grants).await {
                Some(kept) => kept,
                None => {
                    let bytes = self.0.store.component_bytes(digest).await?;
                    let bytes = bytes.ok_or_else(|| error("its bytes are gone".to_owned()))?;
                    self.0.engine.load(bytes.into(), &grants).await
                }
            };
            prepared.map_err(|refused| error(refused.message))
        };
        let key = (digest.to_owned(), row.grants.clone());
        self.0.loaded.get(key, self.0.engine.loaded_bytes(), load).await
    }
}

/// Of all activations of a node, those that it has to be able to call: what is live, and what still judges records that
/// were opened before.
fn needed(rows: Vec<Activation>) -> Vec<Activation> {
    let mut processes: HashMap<(String, Process), Vec<Arc<Activation>>> = HashMap::new();
    for row in rows {
        processes.entry((row.org.clone(), row.process)).or_default().push(Arc::new(row));
    }
    let mut found = Vec::new();
    for rows in processes.into_values() {
        found.extend(rows.iter().filter(|row| row.is_live() && row.mode == Mode::Planned).map(|row| (**row).clone()));
        let reachable = arrange(rows).into_iter().flat_map(|(_, say)| say.reachable());
        found.extend(reachable.map(|row| (*row).clone()));
    }
    found
}

/// A component with settings, ready to be asked; cheap to clone.
#[derive(Clone)]
pub struct Candidate {
    engine: Engine,
    prepared: Result<Prepared, Arc<str>>,
    settings: Arc<str>,
    thread: Thread,
    /// Counts what it is asked, when it has a say.
    meter: Option<Meter>,
}

impl Candidate {
    /// A candidate that no database knows.
    pub fn new(engine: Engine, prepared: Prepared, settings: &str) -> Self {
        Self { engine, prepared: Ok(prepared), settings: settings.into(), thread: Thread::Shared, meter: None }
    }

    /// For whoever asks it on a thread that has nothing else to do meanwhile.
    #[must_use]
    pub fn on_own_thread(self) -> Self {
        Self { thread: Thread::Own, ..self }
    }

    /// Runs one decision with these answers to what it looks up.
    pub async fn evaluate(&self, request: &mortise_types::Request, lookups: Lookups) -> Evaluation {
        let evaluation = evaluate(&self.engine, &self.prepared, request, &self.settings, lookups, self.thread).await;
        if let Some(meter) = &self.meter {
            count(meter, &evaluation);
        }
        evaluation
    }
}

async fn evaluate(
    engine: &Engine,
    prepared: &Result<Prepared, Arc<str>>,
    request: &mortise_types::Request,
    settings: &str,
    lookups: Lookups,
    thread: Thread,
) -> Evaluation {
    match prepared {
        Ok(prepared) => engine.evaluate_with(prepared, request, settings, lookups, thread).await,
        Err(why) => Engine::not_loaded(why),
    }
}

/// What became of a decision, as figures and traces call it.
fn word(evaluation: &Evaluation) -> &'static str {
    match &evaluation.result {
        Ok(Verdict::Decided(_)) => "decided",
        Ok(Verdict::Refused(_)) => "refused",
        Err(failure) => failure.cause.as_str(),
    }
}

fn count(meter: &Meter, evaluation: &Evaluation) {
    let Evaluation { fuel, took, memory_peak, .. } = *evaluation;
    meter.count(word(evaluation), Cost { took, fuel, memory_peak });
}

/// Where components look records up, by organisation.
pub trait Sources {
    /// The organisation's records.
    fn of(&self, org: &str) -> Arc<dyn Source>;
}

/// What answers the lookups of what is live: the records, as far as they are granted to it.
pub fn live_lookups(live: &Live, sources: &impl Sources) -> Lookups {
    match &live.lookups {
        Some(grant) => Lookups::Live { grant: Arc::clone(grant), source: sources.of(&live.activation.org) },
        None => Lookups::None,
    }
}

fn lookup_grant(row: &ComponentRow) -> Option<Arc<LookupGrant>> {
    grants(&row.grants).imports.contains(LOOKUP).then(|| Arc::new(LookupGrant::stored(&row.lookup_grant)))
}

/// The stored form of grants: names separated by commas.
pub fn join(imports: &BTreeSet<String>) -> String {
    imports.iter().map(String::as_str).collect::<Vec<_>>().join(",")
}

/// Reads the stored form of grants.
pub fn grants(text: &str) -> Grants {
    Grants { imports: text.split(',').filter(|s| !s.is_empty()).map(str::to_owned).collect() }
}
