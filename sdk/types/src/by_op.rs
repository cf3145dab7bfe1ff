//! Enums over the operations of a process, told apart in JSON by `op`.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::CowStrDeserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, forward_to_deserialize_any};

/// The operation that a text in the golden files' form is for. The whole text is looked at: that it is read twice is less
/// work than one tree of values.
///
/// # Errors
/// What is wrong, in one sentence.
pub fn op(text: &str) -> Result<Cow<'_, str>, String> {
    #[derive(Deserialize)]
    struct Only<'a> {
        #[serde(borrow)]
        op: Cow<'a, str>,
    }
    serde_json::from_str::<Only<'_>>(text).map(|only| only.op).map_err(|error| error.to_string())
}

/// An object without its field `op`: the types of the operations refuse fields that they do not know.
pub struct Fields<D>(pub D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Fields<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(Fields(visitor))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Fields<V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(formatter)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Fields(map))
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Fields<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        #[derive(Deserialize)]
        struct Key<'a>(#[serde(borrow)] Cow<'a, str>);
        while let Some(Key(key)) = self.0.next_key()? {
            if key != "op" {
                return seed.deserialize(CowStrDeserializer::new(key)).map(Some);
            }
            let IgnoredAny = self.0.next_value()?;
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(seed)
    }
}

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
                Self::of(op, value)
            }

            /// Reads the golden files' form from its text, which is faster than by way of a value.
            ///
            /// # Errors
            /// What is wrong, in one sentence.
            pub fn from_text(text: &str) -> Result<Self, String> {
                let op = $crate::by_op::op(text)?;
                Self::of(&op, $crate::by_op::Fields(&mut ::serde_json::Deserializer::from_str(text)))
            }

            fn of<'de, D: ::serde::Deserializer<'de>>(op: &str, fields: D) -> Result<Self, String> {
                match op {
                    $($op => ::serde::Deserialize::deserialize(fields).map(Self::$variant)
                        .map_err(|error: D::Error| format!("{}: {error}", $op)),)+
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
