//! Enums over the operations of a process, told apart in JSON by `op`.

/// Implements reading and naming of a request enum with one variant per operation.
///
/// Written out instead of `#[serde(tag = "op")]`: that buffers the value in a
/// form in which map keys such as `"1"` are no longer readable as numbers, and
/// its errors do not say which operation they are about.
#[macro_export]
#[doc(hidden)]
macro_rules! request_by_op {
    ($request:ident { $($op:literal => $variant:ident),+ $(,)? }) => {
        impl $request {
            /// The names of all operations, as in JSON.
            pub const OPS: &'static [&'static str] = &[$($op),+];

            /// The name of the operation, as in JSON.
            #[must_use]
            pub fn op(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $op),+
                }
            }

            /// Reads the golden files' form.
            ///
            /// # Errors
            /// What is wrong, in one sentence.
            pub fn from_json(mut value: ::serde_json::Value) -> Result<Self, String> {
                let fields = value.as_object_mut().ok_or("a request is a JSON object")?;
                let op = fields.remove("op").ok_or("missing field `op`")?;
                let op = op.as_str().ok_or("`op` is a string")?;
                match op {
                    $($op => ::serde_json::from_value(value).map(Self::$variant)
                        .map_err(|error| format!("{}: {error}", $op)),)+
                    _ => Err(format!("unknown op `{op}`, expected one of {}", Self::OPS.join(", "))),
                }
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $request {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = ::serde::Deserialize::deserialize(deserializer)?;
                Self::from_json(value).map_err(::serde::de::Error::custom)
            }
        }
    };
}

/// Implements reading of an outcome enum with one variant per operation.
#[macro_export]
#[doc(hidden)]
macro_rules! outcome_by_op {
    ($outcome:ident { $($op:literal => $variant:ident),+ $(,)? }) => {
        impl $outcome {
            /// The name of the operation, as in the request's JSON.
            #[must_use]
            pub fn op(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $op),+
                }
            }

            /// Reads the golden files' form of the outcome of an operation.
            ///
            /// # Errors
            /// What is wrong, in one sentence.
            pub fn from_json(op: &str, value: ::serde_json::Value) -> Result<Self, String> {
                match op {
                    $($op => ::serde_json::from_value(value).map(Self::$variant)
                        .map_err(|error| format!("{}: {error}", $op)),)+
                    _ => Err(format!("unknown op `{op}`")),
                }
            }
        }
    };
}
