//! What a component looks up while it decides: queries, what is granted, and what was found, as it is stored.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::refusal::Refusal;

/// Rows that a grant may allow for one call, at the most.
pub const MOST_ROWS: u32 = 500;

/// How a field is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Comparison {
    /// It has the value.
    Equal,
    /// It has the value or a greater one.
    AtLeast,
    /// It has a smaller value.
    Below,
}

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// Name of the field.
    pub field: String,
    /// How it is compared.
    pub comparison: Comparison,
    /// With what.
    pub value: String,
}

/// What is looked up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    /// Slug of the record kind.
    pub kind: String,
    /// Conditions; all of them have to hold.
    pub filters: Vec<Filter>,
    /// Fields wanted, in their order.
    pub fields: Vec<String>,
    /// The most rows.
    pub limit: u32,
}

/// A record that was found: its number, and the values of the query's fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Number.
    pub number: String,
    /// Values as JSON, in the query's order.
    pub values: Vec<Json>,
}

/// Why a query has no rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wrong {
    /// A kind or field that is not granted.
    NotGranted(String),
    /// A query that makes no sense, in words.
    Invalid(String),
}

/// A lookup that was made, as it is stored with the decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// What was asked, with the limit that held.
    pub query: Query,
    /// What came of it.
    pub answer: Result<Vec<Row>, Wrong>,
}

/// Reads the lookups of a stored decision.
///
/// # Errors
/// When the text is none.
pub fn recorded(text: &str) -> Result<Vec<Recorded>, String> {
    if text.is_empty() { Ok(Vec::new()) } else { serde_json::from_str(text).map_err(|error| error.to_string()) }
}

/// What a component may look up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookupGrant {
    /// Fields by kind.
    pub kinds: BTreeMap<String, BTreeSet<String>>,
    /// Rows of one call at the most.
    pub rows: u32,
}

impl LookupGrant {
    /// Reads a grant as an administrator writes it: `KIND:FIELD,FIELD` for each kind, and the rows of one call.
    ///
    /// # Errors
    /// What is not written so.
    pub fn parse(kinds: &[String], rows: u32) -> Result<Self, Refusal> {
        let wrong = |field: &str, message: String| Err(Refusal::invalid("format", field, message));
        if !(1..=MOST_ROWS).contains(&rows) {
            return wrong("lookup_rows", format!("lookup_rows is between 1 and {MOST_ROWS}"));
        }
        let mut grant = Self { kinds: BTreeMap::new(), rows };
        for text in kinds {
            let Some((kind, fields)) =
                text.split_once(':').filter(|(kind, fields)| !kind.is_empty() && !fields.is_empty())
            else {
                return wrong("lookup", format!("'{text}' is not KIND:FIELD,FIELD"));
            };
            let fields = fields.split(',').map(|field| field.trim().to_owned());
            grant.kinds.entry(kind.to_owned()).or_default().extend(fields);
        }
        Ok(grant)
    }

    /// The stored form; empty for nothing.
    #[must_use]
    pub fn text(&self) -> String {
        if self.kinds.is_empty() { String::new() } else { serde_json::to_string(self).unwrap_or_default() }
    }

    /// Reads the stored form.
    #[must_use]
    pub fn stored(text: &str) -> Self {
        // Written by this server; a text that is none grants nothing.
        serde_json::from_str(text).unwrap_or_default()
    }

    /// Holds a query against the grant, and its limit with it.
    ///
    /// # Errors
    /// The kind or the field that is not granted.
    pub fn permit(&self, query: &mut Query) -> Result<(), Wrong> {
        let Some(fields) = self.kinds.get(&query.kind) else { return Err(Wrong::NotGranted(query.kind.clone())) };
        let named = query.fields.iter().chain(query.filters.iter().map(|filter| &filter.field));
        if let Some(field) = named.into_iter().find(|field| !fields.contains(*field)) {
            return Err(Wrong::NotGranted(format!("{}.{field}", query.kind)));
        }
        query.limit = query.limit.min(self.rows);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn query(kind: &str, filter: &str, field: &str) -> Query {
        let filters = vec![Filter { field: filter.to_owned(), comparison: Comparison::Equal, value: "x".to_owned() }];
        Query { kind: kind.to_owned(), filters, fields: vec![field.to_owned()], limit: 1_000 }
    }

    #[test]
    fn only_what_is_granted_is_looked_up_and_no_more_rows() {
        let grant = LookupGrant::parse(&["incident:state,service".to_owned(), "asset:state".to_owned()], 20).unwrap();
        assert_eq!(LookupGrant::stored(&grant.text()), grant);
        let mut good = query("incident", "service", "state");
        grant.permit(&mut good).unwrap();
        assert_eq!(good.limit, 20);
        let refused = |mut query: Query| grant.permit(&mut query).unwrap_err();
        assert_eq!(refused(query("problem", "state", "state")), Wrong::NotGranted("problem".to_owned()));
        assert_eq!(refused(query("asset", "state", "service")), Wrong::NotGranted("asset.service".to_owned()));
        assert_eq!(refused(query("asset", "service", "state")), Wrong::NotGranted("asset.service".to_owned()));
        assert_eq!(
            LookupGrant::stored("").permit(&mut query("asset", "state", "state")),
            Err(Wrong::NotGranted("asset".to_owned()))
        );
    }

    #[test]
    fn what_is_no_grant_is_named() {
        for kinds in ["incident", ":state", "incident:"] {
            assert_eq!(LookupGrant::parse(&[kinds.to_owned()], 1).unwrap_err().field.as_deref(), Some("lookup"));
        }
        assert_eq!(LookupGrant::parse(&[], 0).unwrap_err().field.as_deref(), Some("lookup_rows"));
        assert!(LookupGrant::parse(&[], MOST_ROWS + 1).is_err());
    }

    #[test]
    fn what_was_found_is_stored_and_read_back() {
        let found = Row { number: "INC-2026-000001".to_owned(), values: vec![Json::Null, 5.into(), "a".into()] };
        let all = vec![
            Recorded { query: query("incident", "service", "state"), answer: Ok(vec![found]) },
            Recorded { query: query("asset", "a", "b"), answer: Err(Wrong::Invalid("no such field".to_owned())) },
        ];
        assert_eq!(recorded(&serde_json::to_string(&all).unwrap()).unwrap(), all);
        assert_eq!(recorded("").unwrap(), []);
        assert!(recorded("{").is_err());
    }
}
