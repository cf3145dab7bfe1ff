//! What the macros of every process expand to.

/// Implements [`Policy`](crate::Policy) by the trait of a process.
#[macro_export]
#[doc(hidden)]
macro_rules! __policy {
    ($policy:ty, $trait:ident, $process:ident, $module:ident) => {
        impl $crate::Policy for $policy {
            const PROCESS: $crate::types::Process = $crate::types::Process::$process;

            type Settings = <$policy as $crate::$trait>::Settings;

            fn decide(
                request: &$crate::types::Request,
                settings: &Self::Settings,
            ) -> Result<$crate::types::Decision, $crate::types::Refusal> {
                match request {
                    $crate::types::Request::$process(request) => {
                        let decided = $crate::__private::$module::decide::<$policy>(request, settings)?
                            .map($crate::types::Outcome::$process);
                        Ok($crate::types::Decision {
                            outcome: decided.outcome,
                            milestones: decided.milestones,
                            reasons: decided.reasons,
                        })
                    }
                    _ => Err($crate::__private::wrong_process(Self::PROCESS)),
                }
            }
        }
    };
}

/// Exports a policy as a component of a process's world.
///
/// Expands to nothing outside of WebAssembly: tests need no exports.
#[macro_export]
#[doc(hidden)]
macro_rules! __component {
    (
        policy: $policy:ty,
        as: $trait:ident,
        module: $module:ident,
        bindings: $bindings:ident,
        conversions: [$($conversions:ident),+ $(,)?],
        added: { $($added:ident: { $($op_a:ident($request_a:ident) -> $decision_a:ident),+ $(,)? }),* $(,)? },
        operations: { $($op:ident($request:ident) -> $decision:ident),+ $(,)? },
    ) => {
        #[cfg(target_arch = "wasm32")]
        #[doc(hidden)]
        type __MortisePolicy = $policy;

        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, missing_docs, unreachable_pub, rust_2018_idioms, clippy::all)]
        mod __mortise_component {
            use super::__MortisePolicy as Policy;
            use $crate::Settings as _;
            use $crate::$trait as _;

            type Settings = <Policy as $crate::Policy>::Settings;

            mod bindings {
                $crate::$bindings!();
            }

            $crate::types::common_conversions!(self::bindings::itsm);
            $($crate::types::$conversions!(self::bindings::itsm);)+

            use bindings::exports::itsm as exports;
            use bindings::itsm::$module::types as wit;
            use bindings::itsm::types::types::Refusal;

            struct Component;

            impl exports::plugin::about::Guest for Component {
                fn describe() -> exports::plugin::about::About {
                    exports::plugin::about::About {
                        name: env!("CARGO_PKG_NAME").to_owned(),
                        version: env!("CARGO_PKG_VERSION").to_owned(),
                        summary: env!("CARGO_PKG_DESCRIPTION").to_owned(),
                    }
                }
            }

            impl exports::plugin::settings::Guest for Component {
                fn schema() -> String {
                    Settings::schema()
                }

                fn defaults() -> String {
                    Settings::defaults()
                }

                fn validate(settings: String) -> Result<(), Vec<exports::plugin::settings::Problem>> {
                    Settings::validate(&settings).map_err(|problems| {
                        let problems = problems.into_iter();
                        problems
                            .map(|problem| exports::plugin::settings::Problem {
                                path: problem.path,
                                message: problem.message,
                            })
                            .collect()
                    })
                }
            }

            impl exports::$module::evaluator::Guest for Component {
                $(fn $op(request: wit::$request, settings: String) -> Result<wit::$decision, Refusal> {
                    answer(request, settings, |request, settings| Policy::$op(request, settings))
                })+
            }

            $(impl exports::$module::$added::Guest for Component {
                $(fn $op_a(request: wit::$request_a, settings: String) -> Result<wit::$decision_a, Refusal> {
                    answer(request, settings, |request, settings| Policy::$op_a(request, settings))
                })+
            })*

            /// Reads what came over the boundary, asks the policy, and writes the answer.
            #[inline]
            fn answer<Wire: Into<Plain>, Plain, Outcome, Decision: From<$crate::types::Decided<Outcome>>>(
                request: Wire,
                settings: String,
                decide: impl FnOnce(
                    &Plain,
                    &Settings,
                ) -> Result<$crate::types::Decided<Outcome>, $crate::types::Refusal>,
            ) -> Result<Decision, Refusal> {
                let request = request.into();
                let parsed = Settings::parse(&settings);
                let decided = match &parsed {
                    Ok(settings) => decide(&request, settings),
                    Err(refusal) => Err(refusal.clone()),
                };
                // The instance ends with the call: tidying up would be a tenth of its time.
                ::std::mem::forget((request, parsed, settings));
                match decided {
                    Ok(decided) => Ok(decided.into()),
                    Err(refusal) => Err(refusal.into()),
                }
            }

            bindings::export!(Component with_types_in bindings);
        }
    };
}
