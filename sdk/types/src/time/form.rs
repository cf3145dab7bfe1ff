//! The JSON forms of times.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, SerializeTuple, Serializer};

use super::{Date, Instant, Interval, TimeOfDay, Window};

/// Reads a string without copying it and parses it.
struct Parsed<T>(std::marker::PhantomData<T>, &'static str);

impl<T: FromStr<Err = String>> Visitor<'_> for Parsed<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.1)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

macro_rules! serde_as_text {
    ($type:ty, $expecting:literal) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Parsed::<$type>(std::marker::PhantomData, $expecting))
            }
        }
    };
}

serde_as_text!(Instant, "an instant such as \"2025-06-03T02:10:00Z\"");
serde_as_text!(Date, "a date such as \"2025-06-03\"");
serde_as_text!(TimeOfDay, "a time of day such as \"09:00\"");

/// Intervals as `[from, to]` pairs, for `#[serde(with = "…::interval_pairs")]`.
pub mod interval_pairs {
    use super::{Deserialize, Deserializer, Instant, Interval, Serializer};
    use serde::ser::SerializeSeq;

    /// Writes `[[from, to], …]`.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(items: &[Interval], serializer: S) -> Result<S::Ok, S::Error> {
        let mut sequence = serializer.serialize_seq(Some(items.len()))?;
        for item in items {
            sequence.serialize_element(&(item.from, item.to))?;
        }
        sequence.end()
    }

    /// Reads `[[from, to], …]`.
    ///
    /// # Errors
    /// Anything that is no list of pairs of instants.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Interval>, D::Error> {
        let pairs = Vec::<(Instant, Instant)>::deserialize(deserializer)?;
        Ok(pairs.into_iter().map(|(from, to)| Interval { from, to }).collect())
    }
}

impl Serialize for Window {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(2)?;
        tuple.serialize_element(&self.start)?;
        tuple.serialize_element(&self.end)?;
        tuple.end()
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (start, end) = <(TimeOfDay, TimeOfDay)>::deserialize(deserializer)?;
        Ok(Self { start, end })
    }
}
