//! Running components. All wasmtime is in this room: compiling, linking, limits,
//! and one file per process that maps plain requests to typed calls.
//!
//! A component is a pure function here. Each call gets a fresh store and a fresh
//! instance from a pool, so nothing survives it; fuel, epochs, a clock and limits
//! on memory, output and log end a call that goes wrong, and the caller gets a
//! [`Failure`] with a stable cause. [`Engine::admit`] is the one gate through
//! which bytes become a component; [`Engine::load`] takes what was admitted before.

mod admit;
mod artifact;
#[doc(hidden)]
pub mod bare;
mod bindings;
mod cache;
mod call;
mod card;
mod compare;
mod compiler;
mod config;
mod failure;
mod inspect;
mod lookup;
mod mac;
mod program;
mod refused;
mod schema;
mod settings;
mod state;
mod ticker;

use std::sync::Arc;
use std::time::Duration;

use mortise_types::{Decision, Refusal, RefusalKind, Request};
use tokio::sync::Semaphore;

pub use self::admit::Admission;
pub use self::call::Thread;
pub use self::compiler::{ChildOrder, Compiler, child as compile_in_child};
pub use self::config::{EngineConfig, Limits};
pub use self::failure::{Cause, Failure};
pub use self::lookup::{Found, Lookups, Source, SourceError};
pub use self::program::Prepared;
pub use self::refused::{GRANTABLE, Grants, LOOKUP, Refused, rule};
pub use self::settings::{SettingsProblem, SettingsRefused};
pub use self::state::{LogLevel, LogLine};

use self::cache::Cache;
use self::call::run;
use self::card::Validate;
use self::program::Decide;
use self::settings::Schema;
use self::ticker::Ticker;
use crate::domain::lookup::Recorded;
use crate::domain::outcome;

/// Runs components. Clones share everything; the last one stops the clock.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    wasmtime: wasmtime::Engine,
    limits: Limits,
    concurrent_calls: usize,
    /// A place for each call that the pool has room for.
    places: Arc<Semaphore>,
    compiler: Compiler,
    /// Components are compiled one after another, each keeps a core busy: those uploaded now …
    uploads: Semaphore,
    /// … and those that were admitted before.
    compiler_turns: Semaphore,
    cache_bytes: u64,
    cache_unused: Duration,
    loaded_bytes: usize,
    cache: Option<Cache>,
    _ticker: Ticker,
}

/// Why an engine cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Wasmtime cannot work with these limits on this machine.
    #[error("the WebAssembly engine cannot be set up: {0}")]
    Setup(String),
    /// The folder for compiled components cannot be used.
    #[error("the folder for compiled components cannot be used: {0}")]
    Cache(std::io::Error),
    /// The thread of the clock cannot be started.
    #[error("the clock of the WebAssembly engine cannot be started: {0}")]
    Clock(std::io::Error),
}

/// What became of an evaluation, and what it cost.
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// The component's answer, or why there is none.
    pub result: Result<Verdict, Failure>,
    /// Units of fuel used: the same for the same component, request and settings.
    pub fuel: u64,
    /// How long it took, without waiting for a place.
    pub took: Duration,
    /// Bytes of linear memory that the guest had at the most.
    pub memory_peak: usize,
    /// What the component logged.
    pub log: Vec<LogLine>,
    /// What it looked up, in order.
    pub lookups: Vec<Recorded>,
}

impl Evaluation {
    /// Whether the component says that it does not have this operation.
    pub fn leaves_out(&self) -> bool {
        matches!(&self.result, Ok(Verdict::Refused(refusal)) if refusal.kind == RefusalKind::NotSupported)
    }
}

/// A component's answer. Both are answers: a refusal is not a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It decided, and the outcome holds what its process promises.
    Decided(Decision),
    /// It says why it does not decide.
    Refused(Refusal),
}

impl Engine {
    /// Sets wasmtime up and starts the clock that makes guests share threads.
    ///
    /// # Errors
    /// If wasmtime cannot reserve its pool, or the cache's folder cannot be used.
    pub fn new(config: EngineConfig) -> Result<Self, EngineError> {
        let EngineConfig { cache_dir, limits, concurrent_calls, compiler, cache_bytes, cache_unused, loaded_bytes } =
            config;
        let concurrent_calls = concurrent_calls.max(1);
        let wasmtime = wasmtime::Engine::new(&config::wasmtime(concurrent_calls, &limits, true))
            .map_err(|error| EngineError::Setup(format!("{error:#}")))?;
        let cache = cache_dir.map(|dir| Cache::open(&dir, &wasmtime)).transpose().map_err(EngineError::Cache)?;
        let places = Arc::new(Semaphore::new(concurrent_calls));
        let ticker = Ticker::start(wasmtime.clone(), limits.epoch_tick, Arc::clone(&places), concurrent_calls)
            .map_err(EngineError::Clock)?;
        Ok(Self(Arc::new(Inner {
            wasmtime,
            limits,
            concurrent_calls,
            places,
            compiler,
            uploads: Semaphore::new(1),
            compiler_turns: Semaphore::new(1),
            cache_bytes,
            cache_unused,
            loaded_bytes,
            cache,
            _ticker: ticker,
        })))
    }

    /// The limits that every call has.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Bytes of machine code to be kept in memory beside what decides now.
    #[must_use]
    pub fn loaded_bytes(&self) -> usize {
        self.0.loaded_bytes
    }

    /// Asks a component for a decision.
    ///
    /// Never fails as a whole: whatever the component does, the evaluation says
    /// so. Needs a tokio runtime with its clock.
    pub async fn evaluate(&self, prepared: &Prepared, request: &Request, settings: &str) -> Evaluation {
        self.evaluate_with(prepared, request, settings, Lookups::None, Thread::Shared).await
    }

    /// The same for a component that may look records up, on a thread that has others to serve or not.
    pub async fn evaluate_with(
        &self,
        prepared: &Prepared,
        request: &Request,
        settings: &str,
        lookups: Lookups,
        thread: Thread,
    ) -> Evaluation {
        let Some(bound) = prepared.program().bind(request) else {
            return Evaluation {
                result: Err(Failure::new(
                    Cause::WrongProcess,
                    format!("a {} request for a {} component", request.process(), prepared.process()),
                )),
                fuel: 0,
                took: Duration::ZERO,
                memory_peak: 0,
                log: Vec::new(),
                lookups: Vec::new(),
            };
        };
        let thread = prepared.thread(thread);
        let run = run(&self.0, prepared.pre(), lookups, Decide { bound, settings, thread }).await;
        let result = run.result.and_then(|answer| {
            match answer {
                Ok(decision) => outcome::check_decision(request, &decision).map(|()| Verdict::Decided(decision)),
                Err(refusal) => outcome::check_refusal(&refusal).map(|()| Verdict::Refused(refusal)),
            }
            .map_err(|message| Failure::new(Cause::InvalidOutput, message))
        });
        let (fuel, took, memory_peak, log, lookups) = (run.fuel, run.took, run.memory_peak, run.log, run.lookups);
        Evaluation { result, fuel, took, memory_peak, log, lookups }
    }

    /// What an evaluation comes to where the component does not load on this node.
    #[must_use]
    pub fn not_loaded(why: &str) -> Evaluation {
        let result = Err(Failure::new(Cause::NotLoaded, why));
        Evaluation { result, fuel: 0, took: Duration::ZERO, memory_peak: 0, log: Vec::new(), lookups: Vec::new() }
    }

    /// Checks settings against the component's schema, and then asks the component.
    ///
    /// # Errors
    /// What is wrong with the settings. That the component failed while it
    /// checked them is a problem too, with an empty path.
    pub async fn check_settings(&self, prepared: &Prepared, settings: &str) -> Result<(), SettingsRefused> {
        if prepared.schema().get().is_none() {
            let card = self.describe(prepared).await;
            let schema = card.map_err(|failure| failure.to_string()).and_then(|card| Schema::compile(&card.schema));
            let schema =
                schema.map_err(|why| SettingsRefused::whole(format!("the component has no usable schema: {why}")))?;
            // Somebody else may have been faster, with the same schema.
            let _ = prepared.schema().set(schema);
        }
        if let Some(schema) = prepared.schema().get() {
            schema.check(settings)?;
        }
        self.validate(prepared, settings).await
    }

    /// Has the component check settings.
    async fn validate(&self, prepared: &Prepared, settings: &str) -> Result<(), SettingsRefused> {
        let call = Validate { shared: prepared.shared(), settings };
        match run(&self.0, prepared.pre(), Lookups::None, call).await.result {
            Ok(Ok(())) => Ok(()),
            Ok(Err(problems)) if problems.is_empty() => {
                Err(SettingsRefused::whole("the component refuses the settings without a reason"))
            }
            Ok(Err(problems)) => Err(SettingsRefused {
                problems: problems
                    .into_iter()
                    .map(|problem| SettingsProblem { path: problem.path, message: problem.message })
                    .collect(),
            }),
            Err(failure) => {
                Err(SettingsRefused::whole(format!("the component failed while it checked the settings: {failure}")))
            }
        }
    }
}
