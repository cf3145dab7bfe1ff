//! Enums over the operations of a process, told apart in JSON by `op`.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::CowStrDeserializer;
use serde::de::{DeserializeSeed, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, forward_to_deserialize_any};

/// The operation that a text in the golden files' form is for.
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

/// What the operation of a text may be: where it stands first, as canonical JSON writes it. Looking for it is much less
/// work than reading the text twice, and [`Fields`] refuses what turns out to be another one's.
#[must_use]
pub fn guess(text: &str) -> Option<&str> {
    const FIELD: &str = "\"op\":\"";
    let rest = text.get(text.find(FIELD)? + FIELD.len()..)?;
    rest.split('"').next()
}

/// An object without its field `op`, which has to have a certain value: the types of the operations refuse fields that
/// they do not know.
pub struct Fields<'o, D> {
    of: D,
    op: &'o str,
    seen: bool,
}

impl<'o, D> Fields<'o, D> {
    /// The fields beside `op`.
    pub fn new(of: D, op: &'o str) -> Self {
        Self { of, op, seen: false }
    }
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Fields<'_, D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.of.deserialize_map(Fields::new(visitor, self.op))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Fields<'_, V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.of.expecting(formatter)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.of.visit_map(Fields::new(map, self.op))
    }
}

/// A text as it stands in JSON, copied only where it has escapes.
#[derive(Deserialize)]
struct Word<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Fields<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(Word(key)) = self.of.next_key()? {
            if key != "op" {
                return seed.deserialize(CowStrDeserializer::new(key)).map(Some);
            }
            let Word(op) = self.of.next_value()?;
            self.seen = op == self.op;
        }
        if self.seen { Ok(None) } else { Err(A::Error::custom("missing field `op`")) }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.of.next_value_seed(seed)
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
                if let Some(request) = $crate::by_op::guess(text).and_then(|op| Self::of_text(op, text).ok()) {
                    return Ok(request);
                }
                Self::of_text(&$crate::by_op::op(text)?, text)
            }

            fn of_text(op: &str, text: &str) -> Result<Self, String> {
                let mut json = ::serde_json::Deserializer::from_str(text);
                let request = Self::of(op, $crate::by_op::Fields::new(&mut json, op))?;
                json.end().map(|()| request).map_err(|error| error.to_string())
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
