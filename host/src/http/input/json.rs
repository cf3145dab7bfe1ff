//! JSON as this interface reads it: one object, no key twice, nested to a limit.

use std::cell::RefCell;
use std::fmt;

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::http::problem::{Problem, rule};

/// How deep objects and arrays may be nested.
const DEPTH: usize = 64;

/// Reads an object.
pub(in crate::http) fn object(bytes: &[u8]) -> Result<Map<String, Value>, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let detail = format!("the body is not UTF-8: byte {} cannot be read", error.valid_up_to());
        Problem::bad_request(rule::NOT_UTF_8, detail)
    })?;
    let fault = RefCell::new(None);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = Strict { depth: 0, fault: &fault }.deserialize(&mut deserializer);
    match read.and_then(|value| deserializer.end().map(|()| value)) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(other) => {
            let what = match other {
                Value::Array(_) => "an array",
                Value::String(_) => "a string",
                Value::Number(_) => "a number",
                Value::Bool(_) => "a boolean",
                Value::Null | Value::Object(_) => "null",
            };
            Err(Problem::bad_request(rule::JSON_OBJECT, format!("the body is {what}; it has to be a JSON object")))
        }
        Err(error) => Err(match fault.take() {
            Some(Fault::Twice(key)) => {
                let place = format!("at line {} column {}", error.line(), error.column());
                let detail = format!("the key '{key}' comes twice in one object {place}");
                Problem::bad_request(rule::JSON_DUPLICATE_KEY, detail).about(key)
            }
            Some(Fault::Deep) => Problem::bad_request(rule::JSON_DEPTH, format!("the body is {error}")),
            // The parser's own words end with the line and the column.
            None => Problem::bad_request(rule::JSON_SYNTAX, format!("the body is not JSON: {error}")),
        }),
    }
}

/// What this reader refuses although it is JSON.
enum Fault {
    Twice(String),
    Deep,
}

#[derive(Clone, Copy)]
struct Strict<'f> {
    depth: usize,
    fault: &'f RefCell<Option<Fault>>,
}

impl Strict<'_> {
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        if self.depth == DEPTH {
            self.fault.replace(Some(Fault::Deep));
            return Err(E::custom(format_args!("nested more than {DEPTH} levels deep")));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut map = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            match map.entry(key) {
                serde_json::map::Entry::Vacant(entry) => {
                    entry.insert(access.next_value_seed(inner)?);
                }
                serde_json::map::Entry::Occupied(entry) => {
                    self.fault.replace(Some(Fault::Twice(entry.key().clone())));
                    return Err(de::Error::custom("duplicate key"));
                }
            }
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use axum::body::to_bytes;
    use axum::response::IntoResponse;
    use serde_json::json;

    use super::*;

    async fn refused(bytes: &[u8]) -> (String, String) {
        let response = object(bytes).unwrap_err().into_response();
        assert_eq!(response.status(), 400);
        let body = to_bytes(response.into_body(), 1 << 16).await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        (body["rule"].as_str().unwrap().to_owned(), body["detail"].as_str().unwrap().to_owned())
    }

    #[test]
    fn an_object_is_read_as_it_is() {
        let text = r#" {"a": 1, "b": [-2, 1.5, null, true, "é\n\u00e9", 18446744073709551615], "c": {"a": {}}} "#;
        let expected = json!({"a": 1, "b": [-2, 1.5, null, true, "é\né", u64::MAX], "c": {"a": {}}});
        assert_eq!(Value::Object(object(text.as_bytes()).unwrap()), expected);
    }

    #[tokio::test]
    async fn what_is_not_json_is_named_by_line_and_column() {
        let (rule, detail) = refused(b"{\n  \"a\": 1,\n  \"b\" 2\n}").await;
        assert_eq!(rule, "json-syntax");
        assert!(detail.ends_with("line 3 column 7"), "{detail}");
        for text in ["", "{", "{} {}", "{\"a\":NaN}", "{\"a\":1e999}", "\u{feff}{}", "{'a':1}", "{\"a\":\"\\ud800\"}"] {
            assert_eq!(refused(text.as_bytes()).await.0, "json-syntax", "{text}");
        }
    }

    #[tokio::test]
    async fn a_key_comes_once() {
        let (rule, detail) = refused(br#"{"a": 1, "b": {"x": 1, "y": 2, "x": 3}}"#).await;
        assert_eq!(rule, "json-duplicate-key");
        assert!(detail.contains("'x'") && detail.contains("line 1"), "{detail}");
        assert_eq!(refused(br#"{"a": 1, "\u0061": 1}"#).await.0, "json-duplicate-key");
    }

    #[tokio::test]
    async fn other_values_are_no_objects() {
        for (text, what) in
            [("[]", "an array"), ("null", "null"), ("\"a\"", "a string"), ("1", "a number"), ("true", "a boolean")]
        {
            let (rule, detail) = refused(text.as_bytes()).await;
            assert_eq!(rule, "json-object");
            assert!(detail.contains(what), "{detail}");
        }
    }

    #[tokio::test]
    async fn depth_has_a_limit() {
        let nested = |levels: usize| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
        assert!(object(nested(DEPTH).as_bytes()).is_ok());
        assert_eq!(refused(nested(DEPTH + 1).as_bytes()).await.0, "json-depth");
        assert_eq!(refused(nested(100_000).as_bytes()).await.0, "json-depth");
        assert_eq!(refused(format!("{{\"a\":{}", "[".repeat(100_000)).as_bytes()).await.0, "json-depth");
    }

    #[tokio::test]
    async fn other_encodings_are_refused() {
        assert_eq!(refused(b"{\"a\": \"\xe9\"}").await.0, "not-utf-8");
    }
}
