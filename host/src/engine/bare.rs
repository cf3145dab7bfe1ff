//! The same component on bare wasmtime, as a measure for benchmarks: the same
//! pool and code generation, but no fuel, no epochs, no limits, no fiber, no
//! conversions and no checks. Nothing but benchmarks uses it.

use mortise_types::Request;
use wasmtime::Store;
use wasmtime::component::{Component, InstancePre, Linker};

use super::EngineConfig;
use super::bindings::shared::itsm::log::log::{Host, Level, add_to_linker};
use super::config;
use super::program::{Bound, Program, instantiate_pre};
use super::refused::Grants;

/// Bare wasmtime.
pub struct Bare {
    engine: wasmtime::Engine,
}

/// A component linked on bare wasmtime.
pub struct BareComponent {
    pre: InstancePre<NoHost>,
    program: Program,
}

/// A request already in the form that crosses the boundary.
pub struct BareRequest<'a>(Bound<'a>);

/// The host of a component that logs into nothing.
struct NoHost;

impl Host for NoHost {
    fn log(&mut self, _: Level, _: String) -> wasmtime::Result<()> {
        Ok(())
    }
}

struct HasNoHost;

impl wasmtime::component::HasData for HasNoHost {
    type Data<'a> = &'a mut NoHost;
}

impl Bare {
    /// Sets bare wasmtime up with the pool of a configuration.
    ///
    /// # Errors
    /// What wasmtime says.
    pub fn new(config: &EngineConfig) -> Result<Self, String> {
        let config = config::wasmtime(config.concurrent_calls, &config.limits, false);
        let engine = wasmtime::Engine::new(&config).map_err(|error| format!("{error:#}"))?;
        Ok(Self { engine })
    }

    /// Compiles and links a component.
    ///
    /// # Errors
    /// What wasmtime says.
    pub fn prepare(&self, bytes: &[u8]) -> Result<BareComponent, String> {
        let text = |error: wasmtime::Error| format!("{error:#}");
        let component = Component::from_binary(&self.engine, bytes).map_err(text)?;
        let mut linker = Linker::new(&self.engine);
        add_to_linker::<NoHost, HasNoHost>(&mut linker, |host| host).map_err(text)?;
        let pre = instantiate_pre(&linker, &component, &Grants::all()).map_err(|refused| refused.to_string())?;
        let program = Program::find(&pre).map_err(|refused| refused.to_string())?;
        Ok(BareComponent { pre, program })
    }

    /// One call in a fresh instance: whether the component decided.
    ///
    /// # Errors
    /// What wasmtime says.
    pub fn call(&self, component: &BareComponent, request: &BareRequest<'_>, settings: &str) -> Result<bool, String> {
        self.typed_call(component, request, settings).map_err(|error| format!("{error:#}"))
    }

    fn typed_call(
        &self,
        component: &BareComponent,
        request: &BareRequest<'_>,
        settings: &str,
    ) -> wasmtime::Result<bool> {
        let mut store = Store::new(&self.engine, NoHost);
        let instance = component.pre.instantiate(&mut store)?;
        match &request.0 {
            Bound::Sla(of, wire) => of.call_bare(&mut store, &instance, wire, settings),
            Bound::ChangeRisk(of, wire) => of.call_bare(&mut store, &instance, wire, settings),
            Bound::Budget(of, wire) => of.call_bare(&mut store, &instance, wire, settings),
            Bound::Supplier(of, wire) => of.call_bare(&mut store, &instance, wire, settings),
        }
    }
}

impl BareComponent {
    /// Converts a request; `None` if it is for another process.
    #[must_use]
    pub fn request(&self, request: &Request) -> Option<BareRequest<'_>> {
        self.program.bind(request).map(BareRequest)
    }
}
