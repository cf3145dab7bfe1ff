//! A component's settings: one Rust type, from which parsing, schema and defaults follow.

use mortise_types::Refusal;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// One thing that is wrong with settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where: a JSON Pointer (RFC 6901), empty for the whole document.
    pub path: String,
    /// What is wrong, one sentence in English.
    pub message: String,
}

impl Problem {
    /// A problem at a JSON Pointer.
    #[must_use]
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }

    /// The same problem in settings that hold these below a JSON Pointer.
    #[must_use]
    pub fn under(self, path: &str) -> Self {
        Self::new([path, &self.path].concat(), self.message)
    }
}

/// Settings of a component.
///
/// Derive `Serialize`, `Deserialize` and `schemars::JsonSchema`, mark the type
/// `#[serde(default, deny_unknown_fields)]`, implement `Default`, and then this:
/// `impl Settings for MySettings {}`. The doc comments of the fields become the
/// descriptions of the schema.
pub trait Settings: Default + Serialize + DeserializeOwned + JsonSchema {
    /// Rules that a schema cannot state, e.g. that one threshold is below another.
    /// Empty if all is well.
    fn check(&self) -> Vec<Problem> {
        Vec::new()
    }

    /// Reads settings. `{}` and the empty text are the defaults, and cost nothing to read.
    ///
    /// # Errors
    /// `invalid-settings`, with the first problem as its message.
    fn parse(text: &str) -> Result<Self, Refusal> {
        if matches!(text, "{}" | "") {
            return Ok(Self::default());
        }
        let problem = match serde_json::from_str::<Self>(text) {
            Ok(settings) => match settings.check().into_iter().next() {
                None => return Ok(settings),
                Some(problem) => problem,
            },
            Err(error) => Problem::new("", error.to_string()),
        };
        let Problem { path, message } = problem;
        Err(Refusal::invalid_settings(if path.is_empty() { message } else { [path, message].join(": ") }))
    }

    /// Everything that is wrong with a settings text.
    ///
    /// # Errors
    /// At least one problem.
    fn validate(text: &str) -> Result<(), Vec<Problem>> {
        match serde_json::from_str::<Self>(text) {
            Ok(settings) => {
                let problems = settings.check();
                if problems.is_empty() { Ok(()) } else { Err(problems) }
            }
            Err(error) => Err(vec![Problem::new("", error.to_string())]),
        }
    }

    /// The JSON Schema (draft 2020-12) as JSON text.
    fn schema() -> String {
        schemars::schema_for!(Self).as_value().to_string()
    }

    /// The defaults written out, as JSON text.
    fn defaults() -> String {
        // Settings are plain data: strings, numbers, lists and maps with text keys.
        serde_json::to_string(&Self::default()).unwrap_or_else(|_| "{}".to_owned())
    }
}

/// For a component without settings: only `{}` is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoSettings {}

impl Settings for NoSettings {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(default, deny_unknown_fields)]
    struct Range {
        /// The lower end.
        low: u32,
        high: u32,
    }

    impl Default for Range {
        fn default() -> Self {
            Self { low: 1, high: 9 }
        }
    }

    impl Settings for Range {
        fn check(&self) -> Vec<Problem> {
            let wrong = self.low > self.high;
            wrong.then(|| Problem::new("/low", "is above /high")).into_iter().collect()
        }
    }

    #[test]
    fn empty_settings_are_the_defaults() {
        for text in ["{}", "", " { } "] {
            assert_eq!(Range::parse(text).unwrap(), Range::default());
        }
        assert_eq!(Range::defaults(), r#"{"low":1,"high":9}"#);
    }

    #[test]
    fn wrong_settings_are_refused_with_the_place() {
        assert_eq!(Range::parse(r#"{"low":10}"#).unwrap_err().message, "/low: is above /high");
        assert_eq!(Range::validate(r#"{"low":10}"#).unwrap_err()[0].path, "/low");
        let refusal = Range::parse(r#"{"lwo":10}"#).unwrap_err();
        assert_eq!(refusal.code, "invalid-settings");
        assert!(refusal.message.contains("lwo"), "{refusal}");
        assert!(Range::validate("[").is_err());
        assert!(NoSettings::parse(r#"{"a":1}"#).is_err());
    }

    #[test]
    fn the_schema_is_derived() {
        let schema: serde_json::Value = serde_json::from_str(&Range::schema()).unwrap();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert_eq!(schema["properties"]["low"]["description"], "The lower end.");
        assert_eq!(schema["properties"]["high"]["default"], 9);
        assert_eq!(schema["additionalProperties"], false);
    }
}
