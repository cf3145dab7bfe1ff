//! Looking records up.
//!
//! A component that calls [`select`] imports `itsm:records/lookup` and needs an administrator's grant for it, with the
//! kinds and fields it may read. What it found is stored with the decision.

/// The value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// The record has none.
    Absent,
    /// A text; also a date, a moment, an amount, a number of another record.
    Text(String),
    /// A whole number within 2^53 to either side of 0.
    Int(i64),
    /// Yes or no.
    Flag(bool),
    /// Anything else, as JSON.
    Json(String),
}

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// It has the value.
    Equal,
    /// It has the value or a greater one.
    AtLeast,
    /// It has a smaller value.
    Below,
}

/// What is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Name of the record kind.
    pub kind: String,
    /// Conditions on indexed fields; all of them have to hold.
    pub filters: Vec<(String, Comparison, String)>,
    /// Fields wanted.
    pub fields: Vec<String>,
    /// The most rows wanted.
    pub limit: u32,
}

impl Query {
    /// All records of a kind.
    pub fn of(kind: &str) -> Self {
        Self { kind: kind.to_owned(), filters: Vec::new(), fields: Vec::new(), limit: u32::MAX }
    }

    /// Only those with this.
    #[must_use]
    pub fn filter(mut self, field: &str, comparison: Comparison, value: &str) -> Self {
        self.filters.push((field.to_owned(), comparison, value.to_owned()));
        self
    }

    /// These fields of each.
    #[must_use]
    pub fn fields<'a>(mut self, fields: impl IntoIterator<Item = &'a str>) -> Self {
        self.fields.extend(fields.into_iter().map(str::to_owned));
        self
    }

    /// At most so many.
    #[must_use]
    pub fn limit(mut self, rows: u32) -> Self {
        self.limit = rows;
        self
    }
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its number.
    pub number: String,
    /// Values of the query's fields, in their order.
    pub values: Vec<Value>,
}

/// Why there are no rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The kind or a field is not granted; its name.
    NotGranted(String),
    /// The query makes no sense, in words.
    Invalid(String),
}

/// Rows that were found, to be read in pages.
pub struct Rows(inner::Rows);

impl Rows {
    /// The next rows, at most so many; none when there are no more.
    pub fn next(&mut self, most: u32) -> Vec<Row> {
        self.0.next(most)
    }

    /// All that are left.
    pub fn all(mut self) -> Vec<Row> {
        self.next(u32::MAX)
    }
}

/// Looks records up: the newest first.
///
/// # Errors
/// What is not granted, or makes no sense.
pub fn select(query: &Query) -> Result<Rows, Error> {
    inner::select(query).map(Rows)
}

#[cfg(target_arch = "wasm32")]
mod inner {
    use super::bindings::itsm::records::lookup as host;
    use super::{Comparison, Error, Query, Row, Value};

    pub(super) struct Rows(host::Rows);

    impl Rows {
        pub(super) fn next(&mut self, most: u32) -> Vec<Row> {
            let rows = self.0.next(most).into_iter();
            rows.map(|row| Row { number: row.number, values: row.values.into_iter().map(value).collect() }).collect()
        }
    }

    fn value(value: host::Value) -> Value {
        match value {
            host::Value::Absent => Value::Absent,
            host::Value::Text(text) => Value::Text(text),
            host::Value::Int(number) => Value::Int(number),
            host::Value::Flag(flag) => Value::Flag(flag),
            host::Value::Json(text) => Value::Json(text),
        }
    }

    pub(super) fn select(query: &Query) -> Result<Rows, Error> {
        let filters = query.filters.iter();
        let filters = filters
            .map(|(field, comparison, value)| host::Filter {
                field: field.clone(),
                comparison: match comparison {
                    Comparison::Equal => host::Comparison::Equal,
                    Comparison::AtLeast => host::Comparison::AtLeast,
                    Comparison::Below => host::Comparison::Below,
                },
                value: value.clone(),
            })
            .collect();
        let query = host::Query { kind: query.kind.clone(), filters, fields: query.fields.clone(), limit: query.limit };
        host::select(&query).map(Rows).map_err(|error| match error {
            host::Error::NotGranted(what) => Error::NotGranted(what),
            host::Error::Invalid(why) => Error::Invalid(why),
        })
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod inner {
    use std::cell::RefCell;

    use super::{Error, Query, Row};

    type Answers = Box<dyn Fn(&Query) -> Result<Vec<Row>, Error>>;

    thread_local! {
        static ANSWERS: RefCell<Option<Answers>> = const { RefCell::new(None) };
    }

    pub(super) struct Rows(std::vec::IntoIter<Row>);

    impl Rows {
        pub(super) fn next(&mut self, most: u32) -> Vec<Row> {
            self.0.by_ref().take(most as usize).collect()
        }
    }

    pub(super) fn select(query: &Query) -> Result<Rows, Error> {
        ANSWERS.with_borrow(|answers| match answers {
            Some(answers) => answers(query).map(|rows| Rows(rows.into_iter())),
            None => Err(Error::NotGranted(query.kind.clone())),
        })
    }

    pub(crate) fn set(answers: Option<Answers>) -> Option<Answers> {
        ANSWERS.replace(answers)
    }
}

/// Answers lookups of this thread while `work` runs, for tests without a host; otherwise nothing is granted there.
#[cfg(not(target_arch = "wasm32"))]
pub fn answered_by<T>(answers: impl Fn(&Query) -> Result<Vec<Row>, Error> + 'static, work: impl FnOnce() -> T) -> T {
    let before = inner::set(Some(Box::new(answers)));
    let result = work();
    inner::set(before);
    result
}

#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code, missing_docs, unreachable_pub, rust_2018_idioms)]
mod bindings {
    wit_bindgen::generate!({
        inline: "package itsm:sdk-lookup@0.1.0; world looker { import itsm:records/lookup@0.1.0; }",
        path: "../wit/records",
        generate_all,
    });
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_test_answers_in_the_host_s_place() {
        let query = Query::of("incident").filter("state", Comparison::Equal, "new").fields(["title"]).limit(5);
        assert_eq!(select(&query).err(), Some(Error::NotGranted("incident".to_owned())));
        let answers = |query: &Query| {
            let row = |n: u32| Row { number: format!("INC-{n}"), values: vec![Value::Text(query.kind.clone())] };
            Ok((1..=3).map(row).collect())
        };
        answered_by(answers, || {
            let mut rows = select(&query).unwrap();
            assert_eq!(rows.next(2).len(), 2);
            assert_eq!(rows.all()[0].number, "INC-3");
        });
        assert!(select(&query).is_err());
    }
}
