//! Composition root: build the rooms, start what runs beside requests, shut down.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::catalog::{Catalog, CatalogError, KindRegistry};
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::engine::{Compiler, Engine, EngineConfig, EngineError};
use crate::flows::activate::plan;
use crate::flows::configuration::graphs::Graphs;
use crate::flows::shadow::{Shadows, ShadowsConfig};
use crate::flows::{Desk, FlowError, breaker, fire_timers, jobs, reindex, shadow};
use crate::http::{self, HttpConfig, Stop};
use crate::store::blobs::Blobs;
use crate::store::{Store, StoreConfig, StoreError};

/// How often a node asks whether anything was activated, or a kind changed, elsewhere.
const FOLLOW: Duration = Duration::from_millis(500);
/// How often compiled components that nobody uses leave the disk.
const PRUNE: Duration = Duration::from_secs(24 * 60 * 60);
/// Jobs that a node works on at the same time.
const JOBS: usize = 2;

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be made.
    #[error("data folder {path}: {why}")]
    DataDir {
        /// Which folder.
        path: String,
        /// The system's words.
        why: std::io::Error,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// An active component does not load.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// A use case at the start.
    #[error(transparent)]
    Flow(#[from] FlowError),
    /// The address is taken or not allowed.
    #[error("cannot listen on {address}: {why}")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// The system's words.
        why: std::io::Error,
    },
}

/// Every room, wired.
pub struct App {
    /// What use cases work with.
    pub desk: Desk,
    /// Limits and times of the interface.
    pub http: HttpConfig,
}

impl App {
    /// Opens the database, brings its tables forward, starts the engine and loads what is active.
    ///
    /// # Errors
    /// Whichever of these fails first.
    pub async fn build(config: &Config, clock: Clock) -> Result<Self, StartError> {
        let dir = &config.data_dir.0;
        let folder = |why| StartError::DataDir { path: dir.display().to_string(), why };
        std::fs::create_dir_all(dir).map_err(folder)?;
        let url = config.database_url();
        let store = Store::open(&StoreConfig { url, connections: config.database.connections }).await?;
        for name in store.migrate().await? {
            tracing::info!(migration = %name, "database brought forward");
        }
        let engine = Engine::new(engine_config(config))?;
        let catalog = Catalog::new(store.clone(), engine);
        catalog.refresh().await?;
        let kinds = KindRegistry::new();
        kinds.refresh(&store).await?;
        let node = clock.id();
        let desk = Desk {
            store,
            catalog,
            kinds,
            clock,
            policy: Arc::new(config.policy.clone()),
            graphs: Graphs::default(),
            node: node.into(),
            blobs: Blobs::new(config.attachments_dir()),
            shadows: Shadows::new(ShadowsConfig {
                queue: config.shadow.queue,
                keep: config.shadow.keep,
                share_pct: config.shadow.share_pct,
            }),
            jobs: Arc::default(),
            attachments: Arc::new(config.attachments.policy()),
            item: None,
        };
        breaker::trip_unloaded(&desk).await;
        reindex::follow_kinds(&desk).await?;
        let reindexed = reindex::run(&desk).await?;
        if reindexed > 0 {
            tracing::info!(records = reindexed, "index made anew");
        }
        let http = HttpConfig { open_metrics: config.telemetry.open_metrics, ..HttpConfig::default() };
        Ok(Self { desk, http })
    }

    /// Starts what runs beside requests: timers, jobs, and following what is changed on other nodes.
    pub fn spawn(&self) -> Background {
        let timers = tokio::spawn(fire_timers::forever(self.desk.clone()));
        let follow = tokio::spawn(follow(self.desk.clone()));
        let indexed = tokio::spawn(reindex::forever(self.desk.clone()));
        let plans = tokio::spawn(plan::forever(self.desk.clone()));
        let shadows = tokio::spawn(shadow::forever(self.desk.clone()));
        let pruned = tokio::spawn(prune(self.desk.catalog.clone()));
        let mut tasks = vec![timers, follow, indexed, plans, shadows, pruned];
        // A long job leaves room for a short one.
        tasks.extend((0..JOBS).map(|_| tokio::spawn(jobs::forever(self.desk.clone()))));
        Background(tasks)
    }

    /// Serves HTTP until `stop` resolves, then ends event streams and lets requests under way finish.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        let background = self.spawn();
        let (stopper, stopped) = Stop::pair();
        let asked = tokio::spawn(async move {
            stop.await;
            stopper.stop();
        });
        let config = HttpConfig { stop: stopped, ..self.http };
        let result = http::serve(listener, self.desk.clone(), config).await;
        asked.abort();
        drop(background);
        self.desk.store.close().await;
        result
    }
}

/// Listens on an address.
///
/// # Errors
/// When it is taken or not allowed.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|why| StartError::Listen { address, why })
}

/// Tasks that run beside requests; dropping this ends them.
pub struct Background(Vec<JoinHandle<()>>);

impl Drop for Background {
    fn drop(&mut self) {
        for task in &self.0 {
            task.abort();
        }
    }
}

async fn prune(catalog: Catalog) {
    let mut tick = tokio::time::interval(PRUNE);
    loop {
        tick.tick().await;
        catalog.prune().await;
    }
}

async fn follow(desk: Desk) {
    let mut tick = tokio::time::interval(FOLLOW);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        match desk.kinds.refresh(&desk.store).await {
            Ok(true) => tracing::info!("kinds that were changed on another node are in force here now"),
            Ok(false) => {}
            Err(e) => tracing::error!(error = %e, "this node keeps its old kinds: it cannot follow"),
        }
        match desk.catalog.refresh().await {
            Ok(true) => {
                tracing::info!("activations of another node are in force here now");
                breaker::trip_unloaded(&desk).await;
            }
            Ok(false) => {}
            Err(e) => tracing::error!(error = %e, "this node keeps its old components: it cannot follow"),
        }
    }
}

fn engine_config(config: &Config) -> EngineConfig {
    let told = &config.engine;
    let cache = told.cache_dir.clone().unwrap_or_else(|| config.data_dir.0.join("compiled"));
    let mut engine = EngineConfig { cache_dir: Some(cache), ..EngineConfig::default() };
    if let Some(fuel) = told.fuel {
        engine.limits.fuel = fuel;
    }
    if let Some(ms) = told.wall_ms {
        engine.limits.wall = Duration::from_millis(ms);
    }
    if let Some(mib) = told.memory_mib {
        engine.limits.memory_bytes = mib << 20;
    }
    if let Some(calls) = told.concurrent_calls {
        engine.concurrent_calls = calls;
    }
    if let Some(mib) = told.cache_mib {
        engine.cache_bytes = mib << 20;
    }
    if let Some(days) = told.cache_days {
        engine.cache_unused = Duration::from_secs(days.saturating_mul(24 * 60 * 60));
    }
    if let Some(mib) = told.loaded_mib {
        engine.loaded_bytes = mib << 20;
    }
    engine.compiler = compiler(&told.compile);
    engine
}

fn compiler(told: &config::Compile) -> Compiler {
    let standard = Compiler::default();
    Compiler {
        program: told.program.clone().filter(|path| !path.as_os_str().is_empty()),
        memory_bytes: told.memory_mib.map_or(standard.memory_bytes, |mib| mib << 20),
        processor: told.processor_s.map_or(standard.processor, Duration::from_secs),
        wall: told.wall_s.map_or(standard.wall, Duration::from_secs),
        artifact_bytes: told.artifact_mib.map_or(standard.artifact_bytes, |mib| mib << 20),
    }
}
