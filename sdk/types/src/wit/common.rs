//! Conversions of `itsm:types/types`.

/// Expands to `From` between [`mortise_types::common`](crate::common) and the
/// generated `itsm::types::types`.
///
/// Call it once per set of bindings, with the path of the module `itsm` in it:
/// `mortise_types::common_conversions!(crate::bindings::itsm);`
#[macro_export]
macro_rules! common_conversions {
    ($($itsm:ident)::+) => {
        const _: () = {
            use $($itsm)::+::types::types as wit;
            use $crate::common as plain;

            $crate::wit_variant!(plain::Value = wit::Value { Text, Whole, Flag });
            $crate::wit_record!(plain::Reason = wit::Reason { code, message, data });

            impl From<wit::Refusal> for plain::Refusal {
                fn from(refusal: wit::Refusal) -> Self {
                    use plain::RefusalKind as Kind;
                    let (kind, why) = match refusal {
                        wit::Refusal::InvalidRequest(why) => (Kind::InvalidRequest, why),
                        wit::Refusal::InvalidSettings(why) => (Kind::InvalidSettings, why),
                        wit::Refusal::NotSupported(why) => (Kind::NotSupported, why),
                        wit::Refusal::Other(why) => (Kind::Other, why),
                    };
                    Self { kind, code: why.code, message: why.message }
                }
            }

            impl From<plain::Refusal> for wit::Refusal {
                fn from(refusal: plain::Refusal) -> Self {
                    use plain::RefusalKind as Kind;
                    let why = wit::Rejection { code: refusal.code, message: refusal.message };
                    match refusal.kind {
                        Kind::InvalidRequest => Self::InvalidRequest(why),
                        Kind::InvalidSettings => Self::InvalidSettings(why),
                        Kind::NotSupported => Self::NotSupported(why),
                        Kind::Other => Self::Other(why),
                    }
                }
            }
        };
    };
}
