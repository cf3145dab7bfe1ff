//! Settings of a component: its schema, and whether settings fit.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::schema;

/// Settings that a component does not take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SettingsRefused {
    /// What is wrong with them, at least one problem.
    pub problems: Vec<SettingsProblem>,
}

/// One thing that is wrong with settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SettingsProblem {
    /// Where: a JSON Pointer (RFC 6901), empty for the whole document.
    pub path: String,
    /// What is wrong, one sentence.
    pub message: String,
}

impl fmt::Display for SettingsProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.message),
            path => write!(f, "{path}: {}", self.message),
        }
    }
}

impl SettingsRefused {
    pub(super) fn whole(message: impl Into<String>) -> Self {
        Self { problems: vec![SettingsProblem { path: String::new(), message: message.into() }] }
    }
}

impl std::fmt::Display for SettingsRefused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, problem) in self.problems.iter().enumerate() {
            let (gap, place) = (if i > 0 { "; " } else { "" }, problem.path.as_str());
            write!(f, "{gap}{place}{}{}", if place.is_empty() { "" } else { ": " }, problem.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for SettingsRefused {}

/// At most so many problems are reported at once.
const MOST_PROBLEMS: usize = 50;

/// A compiled settings schema.
pub(super) struct Schema {
    /// The schema as the component gave it.
    pub(super) text: Value,
    validator: jsonschema::Validator,
}

impl Schema {
    /// Compiles a schema, given as text.
    pub(super) fn compile(text: &str) -> Result<Self, String> {
        let text: Value = serde_json::from_str(text).map_err(|error| format!("it is not JSON: {error}"))?;
        schema::check(&text)?;
        let validator = jsonschema::options()
            .with_draft(jsonschema::Draft::Draft202012)
            .offline()
            // Patterns of others run in time linear in the text.
            .with_pattern_options(jsonschema::PatternOptions::regex())
            .build(&text)
            .map_err(|error| error.to_string())?;
        Ok(Self { text, validator })
    }

    /// Checks settings, given as text, and hands them back as JSON.
    pub(super) fn check(&self, settings: &str) -> Result<Value, SettingsRefused> {
        let settings: Value = serde_json::from_str(settings)
            .map_err(|error| SettingsRefused::whole(format!("the settings are not JSON: {error}")))?;
        if !settings.is_object() {
            return Err(SettingsRefused::whole("the settings are not a JSON object"));
        }
        let problems: Vec<_> = self
            .validator
            .iter_errors(&settings)
            .take(MOST_PROBLEMS)
            .map(|error| SettingsProblem {
                path: error.instance_path().as_str().to_owned(),
                message: error.to_string(),
            })
            .collect();
        if problems.is_empty() { Ok(settings) } else { Err(SettingsRefused { problems }) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn problems_have_a_place_and_a_sentence() {
        let schema = Schema::compile(
            r##"{"type": "object", "additionalProperties": false, "properties": {
                "warning_pct": {"type": "integer", "minimum": 1, "maximum": 100},
                "band": {"$ref": "#/$defs/band"}},
                "$defs": {"band": {"enum": ["low", "high"]}}}"##,
        )
        .unwrap();
        assert!(schema.check("{}").is_ok());
        assert!(schema.check(r#"{"warning_pct": 75, "band": "low"}"#).is_ok());
        let refused = schema.check(r#"{"warning_pct": 101, "band": "x", "y": 1}"#).unwrap_err();
        let paths: Vec<_> = refused.problems.iter().map(|problem| problem.path.as_str()).collect();
        assert!(paths.contains(&"/warning_pct") && paths.contains(&"/band") && paths.contains(&""));
        assert!(schema.check("[]").is_err());
        assert!(schema.check("{").is_err());
    }

    #[test]
    fn a_schema_that_is_none_is_refused() {
        assert!(Schema::compile("nonsense").is_err());
        assert!(Schema::compile(r#"{"type": "integr"}"#).is_err());
        assert!(Schema::compile(r#"{"$ref": "https://example.com/s.json"}"#).is_err());
        assert!(Schema::compile(r##"{"$ref": "#/$defs/none"}"##).is_err());
    }
}
