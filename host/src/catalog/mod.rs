//! Which component is live for what, and which kinds each organisation has.
//!
//! The database says what is active (invariant 10). A node holds it as one immutable snapshot that is swapped as a
//! whole; a decision takes its snapshot once, so it is taken by exactly one component under one generation, however
//! often others swap meanwhile. A node that cannot follow the database keeps the snapshot it has and says so.

mod kinds;
mod snapshot;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use mortise_types::Process;
use tokio::sync::Mutex;

pub use kinds::KindRegistry;
pub use snapshot::{Live, Snapshot};

use crate::domain::component::{Activation, Mode, Subject, arrange};
use crate::engine::{Admission, Engine, Evaluation, Grants, Prepared, Refused, SettingsRefused};
use crate::store::{Store, StoreError};

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
    loaded: Mutex<HashMap<(String, String), Prepared>>,
    following: Mutex<()>,
    behind: AtomicBool,
}

impl Catalog {
    /// An empty catalog; [`Self::refresh`] fills it.
    pub fn new(store: Store, engine: Engine) -> Self {
        Self(Arc::new(Inner {
            store,
            engine,
            snapshot: ArcSwap::from_pointee(Snapshot::default()),
            loaded: Mutex::default(),
            following: Mutex::default(),
            behind: AtomicBool::new(false),
        }))
    }

    /// The active component for something that is no record; see [`Snapshot::resolve`].
    pub fn resolve(&self, org: &str, process: Process, subject: &Subject) -> Option<Arc<Live>> {
        self.0.snapshot.load().resolve(org, process, subject)
    }

    /// The snapshot in force.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.0.snapshot.load_full()
    }

    /// True while this node could not follow the database and runs an older snapshot.
    pub fn is_behind(&self) -> bool {
        self.0.behind.load(Ordering::Relaxed)
    }

    /// Verifies an upload (see [`Engine::admit`]).
    ///
    /// # Errors
    /// What is wrong with it, by rule.
    pub async fn admit(&self, bytes: Arc<[u8]>, grants: &Grants) -> Result<Admission, Refused> {
        self.0.engine.admit(bytes, grants).await
    }

    /// Runs one decision.
    pub async fn evaluate(&self, live: &Live, request: &mortise_types::Request) -> Evaluation {
        self.0.engine.evaluate(&live.prepared, request, &live.settings).await
    }

    /// Runs a stored request again on the component and settings that decided it.
    ///
    /// # Errors
    /// When the component is gone from the database or does not load.
    pub async fn replay(
        &self,
        org: &str,
        digest: &str,
        settings: &str,
        request: &mortise_types::Request,
    ) -> Result<Evaluation, CatalogError> {
        let prepared = self.prepared(org, digest, "replay").await?;
        Ok(self.0.engine.evaluate(&prepared, request, settings).await)
    }

    /// A component with settings of its own, live or not, to be asked beside the live ones.
    ///
    /// # Errors
    /// When the component is gone from the database or does not load.
    pub async fn candidate(&self, org: &str, digest: &str, settings: &str) -> Result<Candidate, CatalogError> {
        let prepared = self.prepared(org, digest, "candidate").await?;
        Ok(Candidate { engine: self.0.engine.clone(), prepared, settings: settings.into() })
    }

    /// Something live as a candidate, to be asked beside what decides.
    pub fn beside(&self, live: &Live) -> Candidate {
        Candidate {
            engine: self.0.engine.clone(),
            prepared: live.prepared.clone(),
            settings: Arc::clone(&live.settings),
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
        self.0.loaded.lock().await.insert(key, admission.prepared.clone());
    }

    /// Follows the database when any generation has moved; gives true when the snapshot changed.
    ///
    /// # Errors
    /// The snapshot stays as it was.
    pub async fn refresh(&self) -> Result<bool, CatalogError> {
        let result = self.follow().await;
        self.0.behind.store(result.is_err(), Ordering::Relaxed);
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
        let mut live = Vec::new();
        for activation in needed(self.0.store.judges().await?) {
            if activation.mode == Mode::Planned {
                // It decides nothing yet; that it is compiled when its time comes is all that is wanted.
                if let Err(error) = self.prepared(&activation.org, &activation.digest, &activation.id).await {
                    tracing::warn!(activation = %activation.id, %error, "a planned component does not load");
                }
                continue;
            }
            live.push(Arc::new(self.live(activation).await?));
        }
        self.0.snapshot.store(Arc::new(Snapshot::new(live, generations)));
        Ok(true)
    }

    async fn live(&self, activation: Activation) -> Result<Live, CatalogError> {
        let prepared = self.prepared(&activation.org, &activation.digest, &activation.id).await?;
        let row = self.0.store.component(&activation.org, &activation.digest).await?;
        let name = row.map(|r| format!("{}@{}", r.name, r.version)).unwrap_or_default();
        let settings = self.0.store.settings_text(&activation.org, &activation.settings_hash).await?;
        let settings = settings.ok_or_else(|| CatalogError::Load {
            digest: activation.digest.clone(),
            activation: activation.id.clone(),
            why: format!("its settings {} are gone", activation.settings_hash),
        })?;
        Ok(Live { activation, name, settings: settings.into(), prepared })
    }

    async fn prepared(&self, org: &str, digest: &str, activation: &str) -> Result<Prepared, CatalogError> {
        let error =
            |why: String| CatalogError::Load { digest: digest.to_owned(), activation: activation.to_owned(), why };
        let row = self.0.store.component(org, digest).await?;
        let row = row.ok_or_else(|| error("the organisation has no such component".to_owned()))?;
        let mut loaded = self.0.loaded.lock().await;
        let key = (digest.to_owned(), row.grants.clone());
        if let Some(prepared) = loaded.get(&key) {
            return Ok(prepared.clone());
        }
        let bytes = self.0.store.component_bytes(digest).await?;
        let bytes = bytes.ok_or_else(|| error("its bytes are gone".to_owned()))?;
        let grants = grants(&row.grants);
        let prepared =
            self.0.engine.load(bytes.into(), &grants).await.map_err(|refused| error(refused.message.clone()))?;
        loaded.insert(key, prepared.clone());
        Ok(prepared)
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
    prepared: Prepared,
    settings: Arc<str>,
}

impl Candidate {
    /// A candidate that no database knows.
    pub fn new(engine: Engine, prepared: Prepared, settings: &str) -> Self {
        Self { engine, prepared, settings: settings.into() }
    }

    /// Runs one decision.
    pub async fn evaluate(&self, request: &mortise_types::Request) -> Evaluation {
        self.engine.evaluate(&self.prepared, request, &self.settings).await
    }
}

/// The stored form of grants: names separated by commas.
pub fn join(imports: &BTreeSet<String>) -> String {
    imports.iter().map(String::as_str).collect::<Vec<_>>().join(",")
}

/// Reads the stored form of grants.
pub fn grants(text: &str) -> Grants {
    Grants { imports: text.split(',').filter(|s| !s.is_empty()).map(str::to_owned).collect() }
}
