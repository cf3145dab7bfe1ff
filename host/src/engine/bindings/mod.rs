//! The contracts as wasmtime sees them: one file per process, and one for what
//! every component has.
//!
//! Each file generates the types of its WIT package and says which functions the
//! evaluator has. The macro below makes of that list: the request in the form
//! that crosses the boundary ([`sla::Wire`] and its like), the look-up of the
//! functions in a component with a check of their types, and the calls.

pub(super) mod budget;
pub(super) mod change_risk;
pub(super) mod records;
pub(super) mod shared;
pub(super) mod sla;
pub(super) mod supplier;

/// The evaluator of one process.
///
/// After the interface in every version that this host calls, the newest first,
/// the plain request type and the variant of [`mortise_types::Outcome`], one line
/// per function:
/// `name = "export": Variant(request record -> decision record) from PATTERN => REQUEST to OUTCOME;`
/// where PATTERN takes REQUEST out of the plain request, and OUTCOME wraps the
/// plain outcome.
///
/// Versions of the interface have the same types: the records of the newest are
/// those of the older, and wasmtime compares by structure. Where a version ever
/// changes one, it gets a `Wire` of its own here and an adapter to the plain types.
///
/// `+ "INTERFACE" { … }` has the functions of interfaces that a later version
/// added. A component of an earlier version lacks them: a request for one is then
/// refused on its behalf, as the SDK refuses operations that a policy leaves out.
macro_rules! evaluator {
    (
        interfaces: $interfaces:expr,
        request: $plain:ty,
        outcome: $wrap:ident,
        $($field:ident = $export:literal: $variant:ident($request:ident -> $decision:ident) from $from:pat => $inner:ident to $to:expr;)+
        $(+ $added:literal {
            $($field_a:ident = $export_a:literal: $variant_a:ident($request_a:ident -> $decision_a:ident) from $from_a:pat => $inner_a:ident to $to_a:expr;)+
        })?
    ) => {
        /// The exported interface, at the versions that this host calls, the newest first.
        pub(in crate::engine) const INTERFACES: &[&str] = &$interfaces;

        /// A request in the form that crosses the boundary.
        pub(in crate::engine) enum Wire {
            $($variant(wit::$request),)+
            $($($variant_a(wit::$request_a),)+)?
        }

        impl From<&$plain> for Wire {
            fn from(request: &$plain) -> Self {
                match request {
                    $($from => Self::$variant($inner.clone().into()),)+
                    $($($from_a => Self::$variant_a($inner_a.clone().into()),)+)?
                }
            }
        }

        /// Where a component has the functions of this evaluator.
        pub(in crate::engine) struct Evaluator {
            $($field: wasmtime::component::ComponentExportIndex,)+
            $($($field_a: Option<wasmtime::component::ComponentExportIndex>,)+)?
        }

        impl Evaluator {
            /// Finds the functions and checks their types.
            pub(in crate::engine) fn find<T: 'static>(
                pre: &wasmtime::component::InstancePre<T>,
            ) -> Result<Self, $crate::engine::Refused> {
                let (name, interface) = $crate::engine::bindings::interface(pre, INTERFACES)?;
                Ok(Self {
                    $($field: $crate::engine::bindings::function::<
                        T,
                        (&wit::$request, &str),
                        (Result<wit::$decision, $crate::engine::bindings::shared::itsm::types::types::Refusal>,),
                    >(pre, name, &interface, $export)?,)+
                    $($($field_a: $crate::engine::bindings::added::<
                        T,
                        (&wit::$request_a, &str),
                        (Result<wit::$decision_a, $crate::engine::bindings::shared::itsm::types::types::Refusal>,),
                    >(pre, $added, $export_a)?,)+)?
                })
            }

            /// Calls the function that the request is for.
            pub(in crate::engine) async fn call<T: Send + 'static>(
                &self,
                store: &mut wasmtime::Store<T>,
                instance: &wasmtime::component::Instance,
                request: &Wire,
                settings: &str,
                thread: $crate::engine::Thread,
            ) -> wasmtime::Result<Result<mortise_types::Decision, mortise_types::Refusal>> {
                match request {
                    $(Wire::$variant(request) => {
                        let function = instance.get_typed_func::<
                            (&wit::$request, &str),
                            (Result<wit::$decision, $crate::engine::bindings::shared::itsm::types::types::Refusal>,),
                        >(&mut *store, &self.$field)?;
                        let (answer,) = match thread {
                            $crate::engine::Thread::Shared => function.call_async(store, (request, settings)).await?,
                            $crate::engine::Thread::Own => function.call(store, (request, settings))?,
                        };
                        Ok(match answer {
                            Ok(decision) => {
                                let mortise_types::Decided { outcome, milestones, reasons } = decision.into();
                                let outcome = mortise_types::Outcome::$wrap($to(outcome));
                                Ok(mortise_types::Decision { outcome, milestones, reasons })
                            }
                            Err(refusal) => Err(refusal.into()),
                        })
                    })+
                    $($(Wire::$variant_a(request) => {
                        let Some(index) = &self.$field_a else {
                            let message = concat!("this component does not offer `", $added, "`");
                            return Ok(Err(mortise_types::Refusal::not_supported(message)));
                        };
                        let function = instance.get_typed_func::<
                            (&wit::$request_a, &str),
                            (Result<wit::$decision_a, $crate::engine::bindings::shared::itsm::types::types::Refusal>,),
                        >(&mut *store, index)?;
                        let (answer,) = match thread {
                            $crate::engine::Thread::Shared => function.call_async(store, (request, settings)).await?,
                            $crate::engine::Thread::Own => function.call(store, (request, settings))?,
                        };
                        Ok(match answer {
                            Ok(decision) => {
                                let mortise_types::Decided { outcome, milestones, reasons } = decision.into();
                                let outcome = mortise_types::Outcome::$wrap($to_a(outcome));
                                Ok(mortise_types::Decision { outcome, milestones, reasons })
                            }
                            Err(refusal) => Err(refusal.into()),
                        })
                    })+)?
                }
            }

            /// The same call without a fiber and without conversions, for
            /// benchmarks: whether the component decided.
            pub(in crate::engine) fn call_bare<T: 'static>(
                &self,
                store: &mut wasmtime::Store<T>,
                instance: &wasmtime::component::Instance,
                request: &Wire,
                settings: &str,
            ) -> wasmtime::Result<bool> {
                match request {
                    $(Wire::$variant(request) => {
                        let function = instance.get_typed_func::<
                            (&wit::$request, &str),
                            (Result<wit::$decision, $crate::engine::bindings::shared::itsm::types::types::Refusal>,),
                        >(&mut *store, &self.$field)?;
                        let (answer,) = function.call(store, (request, settings))?;
                        Ok(std::hint::black_box(answer).is_ok())
                    })+
                    $($(Wire::$variant_a(request) => {
                        let Some(index) = &self.$field_a else { return Ok(false) };
                        let function = instance.get_typed_func::<
                            (&wit::$request_a, &str),
                            (Result<wit::$decision_a, $crate::engine::bindings::shared::itsm::types::types::Refusal>,),
                        >(&mut *store, index)?;
                        let (answer,) = function.call(store, (request, settings))?;
                        Ok(std::hint::black_box(answer).is_ok())
                    })+)?
                }
            }
        }
    };
}
use evaluator;

use wasmtime::component::types::ComponentItem;
use wasmtime::component::{ComponentExportIndex, ComponentNamedList, InstancePre, Lift, Lower};

use super::refused::{Refused, rule};

/// Finds the first of these interfaces that is exported; versions match as semver says.
fn interface<T: 'static>(
    pre: &InstancePre<T>,
    names: &[&'static str],
) -> Result<(&'static str, ComponentExportIndex), Refused> {
    let found = names.iter().find_map(|name| Some((*name, pre.component().get_export_index(None, name)?)));
    found.ok_or_else(|| {
        let message = format!("the component exports none of `{}`", names.join("`, `"));
        Refused::new(rule::MISSING_EXPORT, message)
    })
}

/// Finds a function of an interface that a later version of the contract added;
/// `None` where the component does not export it.
fn added<T, Params, Return>(
    pre: &InstancePre<T>,
    interface_name: &str,
    name: &str,
) -> Result<Option<ComponentExportIndex>, Refused>
where
    T: 'static,
    Params: ComponentNamedList + Lower,
    Return: ComponentNamedList + Lift,
{
    match pre.component().get_export_index(None, interface_name) {
        Some(interface) => function::<T, Params, Return>(pre, interface_name, &interface, name).map(Some),
        None => Ok(None),
    }
}

/// Finds a function of an exported interface and checks its type.
fn function<T, Params, Return>(
    pre: &InstancePre<T>,
    interface_name: &str,
    interface: &ComponentExportIndex,
    name: &str,
) -> Result<ComponentExportIndex, Refused>
where
    T: 'static,
    Params: ComponentNamedList + Lower,
    Return: ComponentNamedList + Lift,
{
    match pre.component().get_export(Some(interface), name) {
        Some((ComponentItem::ComponentFunc(function), index)) => {
            function.typecheck::<Params, Return>(&pre.instance_type()).map_err(|error| {
                let message = format!("`{interface_name}#{name}` has another type: {error:#}");
                Refused::new(rule::CHANGED_EXPORT, message)
            })?;
            Ok(index)
        }
        Some(_) => Err(Refused::new(rule::CHANGED_EXPORT, format!("`{interface_name}#{name}` is not a function"))),
        None => Err(Refused::new(rule::MISSING_EXPORT, format!("`{interface_name}` lacks the function `{name}`"))),
    }
}
