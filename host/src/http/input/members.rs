//! The members of a JSON object that is not a record: taken one by one, everything wrong reported at once.

use serde_json::{Map, Value};

use crate::domain::refusal::{FieldProblem, Refusal, rule};

/// A JSON object under inspection.
pub(in crate::http) struct Members {
    map: Map<String, Value>,
    /// Path of the object itself, with a dot at its end; empty for the body.
    within: String,
    problems: Vec<FieldProblem>,
}

impl Members {
    pub(in crate::http) fn new(map: Map<String, Value>) -> Self {
        Self { map, within: String::new(), problems: Vec::new() }
    }

    fn wrong(&mut self, name: &str, rule: &'static str, message: &str) {
        let field = format!("{}{name}", self.within);
        let message = format!("{field} {message}");
        self.problems.push(FieldProblem::new(field, rule, message));
    }

    /// Null says the same as nothing.
    fn take(&mut self, name: &str) -> Option<Value> {
        self.map.remove(name).filter(|value| !value.is_null())
    }

    /// A text that has to be there; empty when it is not, which [`Self::done`] reports.
    pub(in crate::http) fn required_text(&mut self, name: &str) -> String {
        match self.text(name) {
            Some(text) if !text.trim().is_empty() => text,
            Some(_) => {
                self.wrong(name, rule::REQUIRED, "must not be empty");
                String::new()
            }
            None => {
                let reported = self.problems.iter().any(|p| p.field == format!("{}{name}", self.within));
                if !reported {
                    self.wrong(name, rule::REQUIRED, "is required");
                }
                String::new()
            }
        }
    }

    /// A text.
    pub(in crate::http) fn text(&mut self, name: &str) -> Option<String> {
        match self.take(name)? {
            Value::String(text) => Some(text),
            _ => {
                self.wrong(name, rule::TYPE, "must be a text");
                None
            }
        }
    }

    /// A whole number.
    pub(in crate::http) fn whole(&mut self, name: &str) -> Option<i64> {
        let value = self.take(name)?;
        if value.as_i64().is_none() {
            self.wrong(name, rule::TYPE, "must be a whole number");
        }
        value.as_i64()
    }

    /// True or false.
    pub(in crate::http) fn flag(&mut self, name: &str) -> Option<bool> {
        let value = self.take(name)?;
        if value.as_bool().is_none() {
            self.wrong(name, rule::TYPE, "must be true or false");
        }
        value.as_bool()
    }

    /// A list of texts.
    pub(in crate::http) fn texts(&mut self, name: &str) -> Option<Vec<String>> {
        let value = self.take(name)?;
        let texts = match value {
            Value::Array(items) => items.into_iter().map(|item| item.as_str().map(str::to_owned)).collect(),
            _ => None,
        };
        if texts.is_none() {
            self.wrong(name, rule::TYPE, "must be a list of texts");
        }
        texts
    }

    /// An object, of whatever content.
    pub(in crate::http) fn object(&mut self, name: &str) -> Option<Map<String, Value>> {
        match self.take(name)? {
            Value::Object(map) => Some(map),
            _ => {
                self.wrong(name, rule::TYPE, "must be an object");
                None
            }
        }
    }

    /// An object whose members `read` takes.
    pub(in crate::http) fn within<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let map = self.object(name)?;
        let within = format!("{}{name}.", self.within);
        let mut inner = Self { map, within, problems: Vec::new() };
        let value = read(&mut inner);
        inner.refuse_rest();
        self.problems.append(&mut inner.problems);
        Some(value)
    }

    /// Notes a problem that the caller found with a member.
    pub(in crate::http) fn refuse(&mut self, name: &str, rule: &'static str, message: &str) {
        self.wrong(name, rule, message);
    }

    fn refuse_rest(&mut self) {
        for (name, _) in std::mem::take(&mut self.map) {
            self.wrong(&name, rule::UNKNOWN_FIELD, "is not known here");
        }
    }

    /// Everything that was wrong, and everything that nobody took.
    pub(in crate::http) fn done(mut self) -> Result<(), Refusal> {
        self.refuse_rest();
        if self.problems.is_empty() { Ok(()) } else { Err(Refusal::fields(self.problems)) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn members(value: Value) -> Members {
        match value {
            Value::Object(map) => Members::new(map),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn good_members_are_taken() {
        let mut m = members(json!({"a": "x", "n": 3, "s": {"kind": "service"}, "o": {"k": 1}, "z": null}));
        assert_eq!(m.required_text("a"), "x");
        assert_eq!(m.whole("n"), Some(3));
        assert_eq!(m.within("s", |s| s.required_text("kind")).as_deref(), Some("service"));
        assert_eq!(m.object("o").unwrap().len(), 1);
        assert_eq!(m.text("z"), None);
        m.done().unwrap();
    }

    #[test]
    fn everything_wrong_is_reported_at_once() {
        let mut m = members(json!({"a": 1, "e": " ", "n": "3", "s": {"knd": "x"}, "extra": true}));
        m.required_text("a");
        m.required_text("e");
        m.required_text("missing");
        m.whole("n");
        m.within("s", |s| s.required_text("kind"));
        let refusal = m.done().unwrap_err();
        let found: Vec<_> = refusal.details.iter().map(|p| (p.field.as_str(), p.rule.as_ref())).collect();
        let expected = [
            ("a", "type"),
            ("e", "required"),
            ("missing", "required"),
            ("n", "type"),
            ("s.kind", "required"),
            ("s.knd", "unknown-field"),
            ("extra", "unknown-field"),
        ];
        assert_eq!(found, expected);
    }
}
