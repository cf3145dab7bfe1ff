//! Conversions between these types and those that a bindings generator makes
//! from the WIT.
//!
//! Two generators make the same types: wit-bindgen in guests, wasmtime in the
//! host. So the conversions are macros that take the path of the module `itsm`
//! in the generated bindings and expand to `From` in both directions:
//! one text, two expansions.

use std::collections::BTreeMap;

use crate::common::{Data, Date, Instant, TimeOfDay};

mod budget;
mod change_risk;
mod common;
mod sla;
mod supplier;

/// `From` for fields: also reaches into lists, options, pairs and maps.
pub trait Convert<T> {
    /// The same value in its other form.
    fn convert(self) -> T;
}

macro_rules! same {
    ($($type:ty),+) => {
        $(impl Convert<$type> for $type {
            #[inline]
            fn convert(self) -> $type {
                self
            }
        })+
    };
}
same!(String, bool, u8, u16, u32, u64, i8, i16, i32, i64);

macro_rules! newtype {
    ($($plain:ident($inner:ty)),+) => {
        $(impl Convert<$plain> for $inner {
            #[inline]
            fn convert(self) -> $plain {
                $plain(self)
            }
        }
        impl Convert<$inner> for $plain {
            #[inline]
            fn convert(self) -> $inner {
                self.0
            }
        })+
    };
}
newtype!(Instant(i64), Date(i32), TimeOfDay(u16), Data(Vec<(String, String)>));

impl<A: Convert<B>, B> Convert<Vec<B>> for Vec<A> {
    #[inline]
    fn convert(self) -> Vec<B> {
        self.into_iter().map(A::convert).collect()
    }
}

impl<A: Convert<B>, B> Convert<Option<B>> for Option<A> {
    #[inline]
    fn convert(self) -> Option<B> {
        self.map(A::convert)
    }
}

impl<A: Convert<B>, B, C: Convert<D>, D> Convert<(B, D)> for (A, C) {
    #[inline]
    fn convert(self) -> (B, D) {
        (self.0.convert(), self.1.convert())
    }
}

impl Convert<BTreeMap<u32, BTreeMap<u32, String>>> for Vec<(u32, u32, String)> {
    fn convert(self) -> BTreeMap<u32, BTreeMap<u32, String>> {
        let mut rows = BTreeMap::<u32, BTreeMap<u32, String>>::new();
        for (row, column, cell) in self {
            rows.entry(row).or_default().insert(column, cell);
        }
        rows
    }
}

impl Convert<Vec<(u32, u32, String)>> for BTreeMap<u32, BTreeMap<u32, String>> {
    fn convert(self) -> Vec<(u32, u32, String)> {
        let cells = |(row, cells): (u32, BTreeMap<u32, String>)| {
            cells.into_iter().map(move |(column, cell)| (row, column, cell))
        };
        self.into_iter().flat_map(cells).collect()
    }
}

impl<A: Convert<B>, B> Convert<BTreeMap<String, B>> for Vec<(String, A)> {
    fn convert(self) -> BTreeMap<String, B> {
        // Collecting would sort first, and a sort per type is a tenth of a guest's size.
        let mut map = BTreeMap::new();
        for (key, value) in self {
            map.insert(key, value.convert());
        }
        map
    }
}

impl<A: Convert<B>, B> Convert<Vec<(String, B)>> for BTreeMap<String, A> {
    fn convert(self) -> Vec<(String, B)> {
        self.into_iter().map(|(key, value)| (key, value.convert())).collect()
    }
}

/// Both directions between two records with the same fields; a field of another
/// name is written `plain: wit`.
#[macro_export]
#[doc(hidden)]
macro_rules! wit_record {
    ($($plain:ident)::+ = $($wit:ident)::+ { $($field:ident $(: $other:ident)?),* $(,)? }) => {
        impl From<$($wit)::+> for $($plain)::+ {
            #[inline]
            fn from(from: $($wit)::+) -> Self {
                let $($wit)::+ { $($($other:)? $field),* } = from;
                Self { $($field: $crate::wit::Convert::convert($field)),* }
            }
        }

        impl From<$($plain)::+> for $($wit)::+ {
            #[inline]
            fn from(from: $($plain)::+) -> Self {
                let $($plain)::+ { $($field),* } = from;
                $(let $field = $crate::wit::Convert::convert($field);)*
                Self { $($($other:)? $field),* }
            }
        }

        $crate::wit_convert!($($plain)::+ = $($wit)::+);
    };
}

/// Both directions between two enums with the same names and no payload.
#[macro_export]
#[doc(hidden)]
macro_rules! wit_enum {
    ($($plain:ident)::+ = $($wit:ident)::+ { $($name:ident),* $(,)? }) => {
        impl From<$($wit)::+> for $($plain)::+ {
            #[inline]
            fn from(from: $($wit)::+) -> Self {
                // Repeated per variant, a path of segments must not repeat itself.
                type Source = $($wit)::+;
                match from {
                    $(Source::$name => Self::$name),*
                }
            }
        }

        impl From<$($plain)::+> for $($wit)::+ {
            #[inline]
            fn from(from: $($plain)::+) -> Self {
                // Repeated per variant, a path of segments must not repeat itself.
                type Source = $($plain)::+;
                match from {
                    $(Source::$name => Self::$name),*
                }
            }
        }

        $crate::wit_convert!($($plain)::+ = $($wit)::+);
    };
}

/// Both directions between two enums whose variants all carry one value.
#[macro_export]
#[doc(hidden)]
macro_rules! wit_variant {
    ($($plain:ident)::+ = $($wit:ident)::+ { $($name:ident),* $(,)? }) => {
        impl From<$($wit)::+> for $($plain)::+ {
            #[inline]
            fn from(from: $($wit)::+) -> Self {
                type Source = $($wit)::+;
                match from {
                    $(Source::$name(it) => Self::$name($crate::wit::Convert::convert(it))),*
                }
            }
        }

        impl From<$($plain)::+> for $($wit)::+ {
            #[inline]
            fn from(from: $($plain)::+) -> Self {
                type Source = $($plain)::+;
                match from {
                    $(Source::$name(it) => Self::$name($crate::wit::Convert::convert(it))),*
                }
            }
        }

        $crate::wit_convert!($($plain)::+ = $($wit)::+);
    };
}

/// Both directions between `Decided<outcome>` and the decision record of an operation.
#[macro_export]
#[doc(hidden)]
macro_rules! wit_decision {
    ($($plain:ident)::+ = $($wit:ident)::+ $(, $milestones:ident)?) => {
        impl From<$($wit)::+> for $crate::Decided<$($plain)::+> {
            #[inline]
            fn from(from: $($wit)::+) -> Self {
                #[allow(unused_mut, unused_assignments)]
                let mut milestones = ::std::vec::Vec::new();
                $(milestones = $crate::wit::Convert::convert(from.$milestones);)?
                Self {
                    outcome: from.outcome.into(),
                    milestones,
                    reasons: $crate::wit::Convert::convert(from.reasons),
                }
            }
        }

        impl From<$crate::Decided<$($plain)::+>> for $($wit)::+ {
            #[inline]
            fn from(from: $crate::Decided<$($plain)::+>) -> Self {
                Self {
                    outcome: from.outcome.into(),
                    $($milestones: $crate::wit::Convert::convert(from.$milestones),)?
                    reasons: $crate::wit::Convert::convert(from.reasons),
                }
            }
        }
    };
}

/// [`wit::Convert`](Convert) in both directions where there is `From`.
#[macro_export]
#[doc(hidden)]
macro_rules! wit_convert {
    ($($plain:ident)::+ = $($wit:ident)::+) => {
        impl $crate::wit::Convert<$($plain)::+> for $($wit)::+ {
            #[inline]
            fn convert(self) -> $($plain)::+ {
                self.into()
            }
        }

        impl $crate::wit::Convert<$($wit)::+> for $($plain)::+ {
            #[inline]
            fn convert(self) -> $($wit)::+ {
                self.into()
            }
        }
    };
}
