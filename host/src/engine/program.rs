//! A component made ready to be called: linked once, instantiated for each call.

use std::sync::{Arc, OnceLock};

use mortise_types::{Decision, Process, Refusal, Request};
use wasmtime::Store;
use wasmtime::component::{Component, Instance, InstancePre, Linker};

use super::bindings::shared::{self, SharedIndices};
use super::bindings::{budget, change_risk, records, sla, supplier};
use super::call::{Call, Thread};
use super::refused::{Grants, LOG, LOOKUP, Refused, rule};
use super::settings::Schema;
use super::state::State;

/// A component that is ready to be called. Cheap to clone; holds no state of any call.
#[derive(Clone)]
pub struct Prepared(Arc<Parts>);

struct Parts {
    digest: String,
    pre: InstancePre<State>,
    program: Program,
    shared: SharedIndices,
    /// It may look records up, which a call waits for.
    waits: bool,
    schema: OnceLock<Schema>,
}

impl Prepared {
    /// Links a compiled component with what it is granted and finds its functions.
    pub(super) fn link(
        engine: &wasmtime::Engine,
        component: &Component,
        digest: String,
        grants: &Grants,
    ) -> Result<Self, Refused> {
        let mut linker = Linker::new(engine);
        if grants.allows(LOG) {
            shared::itsm::log::log::add_to_linker::<State, HasState>(&mut linker, |state| state)
                .map_err(|error| does_not_compile(&error))?;
        }
        if grants.allows(LOOKUP) {
            records::itsm::records::lookup::add_to_linker::<State, HasState>(&mut linker, |state| state)
                .map_err(|error| does_not_compile(&error))?;
        }
        let pre = instantiate_pre(&linker, component, grants)?;
        let program = Program::find(&pre)?;
        let shared = SharedIndices::new(&pre)
            .map_err(|error| Refused::new(rule::MISSING_EXPORT, format!("the component is incomplete: {error:#}")))?;
        let waits = grants.allows(LOOKUP);
        Ok(Self(Arc::new(Parts { digest, pre, program, shared, waits, schema: OnceLock::new() })))
    }

    /// SHA-256 of the component's bytes, in lower-case hexadecimal: its identity.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.0.digest
    }

    /// The process whose decisions it takes.
    #[must_use]
    pub fn process(&self) -> Process {
        match &self.0.program {
            Program::Sla(_) => Process::Sla,
            Program::ChangeRisk(_) => Process::ChangeRisk,
            Program::Budget(_) => Process::Budget,
            Program::Supplier(_) => Process::Supplier,
        }
    }

    /// Bytes of its machine code and what belongs to it, in memory.
    #[must_use]
    pub fn size(&self) -> usize {
        let range = self.0.pre.component().image_range();
        range.end.addr().saturating_sub(range.start.addr())
    }

    /// The thread that a call needs, where it was offered one: what waits has to be able to leave it.
    pub(super) fn thread(&self, offered: Thread) -> Thread {
        if self.0.waits { Thread::Shared } else { offered }
    }

    pub(super) fn pre(&self) -> &InstancePre<State> {
        &self.0.pre
    }

    pub(super) fn shared(&self) -> &SharedIndices {
        &self.0.shared
    }

    pub(super) fn program(&self) -> &Program {
        &self.0.program
    }

    /// The compiled settings schema, once somebody needed it.
    pub(super) fn schema(&self) -> &OnceLock<Schema> {
        &self.0.schema
    }
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared")
            .field("digest", &self.digest())
            .field("process", &self.process())
            .finish_non_exhaustive()
    }
}

/// Tells the bindings that the store's data is itself the host of the imports.
pub(super) struct HasState;

impl wasmtime::component::HasData for HasState {
    type Data<'a> = &'a mut State;
}

fn does_not_compile(error: &wasmtime::Error) -> Refused {
    Refused::new(rule::DOES_NOT_COMPILE, format!("the component cannot be linked: {error:#}"))
}

/// Checks the imports of a compiled component by name, then links them.
pub(super) fn instantiate_pre<T: 'static>(
    linker: &Linker<T>,
    component: &Component,
    grants: &Grants,
) -> Result<InstancePre<T>, Refused> {
    use wasmtime::component::types::ComponentItem;

    let engine = component.engine();
    let ty = component.component_type();
    let gives_something = |item: &ComponentItem| match item {
        ComponentItem::Type(_) => false,
        ComponentItem::ComponentInstance(instance) => {
            instance.exports(engine).any(|(_, item)| !matches!(item.ty, ComponentItem::Type(_)))
        }
        _ => true,
    };
    let imports: Vec<_> =
        ty.imports(engine).filter(|(_, import)| gives_something(&import.ty)).map(|(name, _)| name).collect();
    grants.check(imports)?;
    linker
        .instantiate_pre(component)
        .map_err(|error| Refused::new(rule::CHANGED_IMPORT, format!("an import does not fit: {error:#}")))
}

/// The functions of the one process that a component decides.
pub(super) enum Program {
    Sla(sla::Evaluator),
    ChangeRisk(change_risk::Evaluator),
    Budget(budget::Evaluator),
    Supplier(supplier::Evaluator),
}

impl Program {
    /// Finds the evaluator that a component exports and checks its functions.
    pub(super) fn find<T: 'static>(pre: &InstancePre<T>) -> Result<Self, Refused> {
        let exports = |names: &[&str]| names.iter().any(|name| pre.component().get_export_index(None, name).is_some());
        if exports(sla::INTERFACES) {
            sla::Evaluator::find(pre).map(Self::Sla)
        } else if exports(change_risk::INTERFACES) {
            change_risk::Evaluator::find(pre).map(Self::ChangeRisk)
        } else if exports(budget::INTERFACES) {
            budget::Evaluator::find(pre).map(Self::Budget)
        } else if exports(supplier::INTERFACES) {
            supplier::Evaluator::find(pre).map(Self::Supplier)
        } else {
            let message = "the component exports the evaluator of no process that this host runs";
            Err(Refused::new(rule::UNKNOWN_WORLD, message))
        }
    }

    /// Puts a request into the form that crosses the boundary; `None` if it is
    /// for another process.
    pub(super) fn bind(&self, request: &Request) -> Option<Bound<'_>> {
        Some(match (self, request) {
            (Self::Sla(evaluator), Request::Sla(request)) => Bound::Sla(evaluator, request.into()),
            (Self::ChangeRisk(evaluator), Request::ChangeRisk(request)) => Bound::ChangeRisk(evaluator, request.into()),
            (Self::Budget(evaluator), Request::Budget(request)) => Bound::Budget(evaluator, request.into()),
            (Self::Supplier(evaluator), Request::Supplier(request)) => Bound::Supplier(evaluator, request.into()),
            _ => return None,
        })
    }
}

/// A request together with the functions that take it.
pub(super) enum Bound<'a> {
    Sla(&'a sla::Evaluator, sla::Wire),
    ChangeRisk(&'a change_risk::Evaluator, change_risk::Wire),
    Budget(&'a budget::Evaluator, budget::Wire),
    Supplier(&'a supplier::Evaluator, supplier::Wire),
}

/// The call that asks for a decision.
pub(super) struct Decide<'a> {
    pub(super) bound: Bound<'a>,
    pub(super) settings: &'a str,
    pub(super) thread: Thread,
}

impl Call for Decide<'_> {
    type Answer = Result<Decision, Refusal>;

    fn thread(&self) -> Thread {
        self.thread
    }

    async fn call(self, store: &mut Store<State>, instance: &Instance) -> wasmtime::Result<Self::Answer> {
        let Self { settings, thread, .. } = self;
        match &self.bound {
            Bound::Sla(of, request) => of.call(store, instance, request, settings, thread).await,
            Bound::ChangeRisk(of, request) => of.call(store, instance, request, settings, thread).await,
            Bound::Budget(of, request) => of.call(store, instance, request, settings, thread).await,
            Bound::Supplier(of, request) => of.call(store, instance, request, settings, thread).await,
        }
    }
}
