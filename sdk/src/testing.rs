//! Tests of a component that run natively: golden cases, the written schema.

use std::path::Path;
use std::{env, fmt, fs};

use mortise_types::Request;
use serde::Deserialize;
use serde_json::Value;

use crate::policy::Policy;
use crate::settings::Settings;

/// One golden case: a request, and the outcome or `{"error": CODE}` that it must give; its own
/// settings, where it has some.
#[derive(Debug, Deserialize)]
struct Case {
    name: String,
    input: Value,
    #[serde(default)]
    settings: Option<Value>,
    expected: Value,
}

/// What running golden cases found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How many cases were run.
    pub cases: usize,
    /// The cases that differ, in the file's order.
    pub differences: Vec<Difference>,
}

/// A case whose outcome is not the expected one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The name of the case.
    pub case: String,
    /// Each place that differs, as a JSON Pointer, with both values.
    pub places: Vec<String>,
}

impl Report {
    /// Panics with all differences if there are any, or if there was no case at all.
    ///
    /// # Panics
    /// As described: it is the last line of a test.
    #[track_caller]
    pub fn assert_agrees(&self) {
        assert!(self.cases > 0, "no golden cases");
        assert!(self.differences.is_empty(), "{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} of {} golden cases differ", self.differences.len(), self.cases)?;
        for difference in &self.differences {
            writeln!(f, "{}", difference.case)?;
            for place in &difference.places {
                writeln!(f, "  {place}")?;
            }
        }
        Ok(())
    }
}

/// Runs the golden cases of a file (a JSON list of `{name, input, expected}`, where wanted with
/// `settings`) through a policy's rules, with its default settings where a case has none.
///
/// ```no_run
/// # use mortise_sdk::Policy;
/// # fn test<Standard: Policy>() {
/// let text = std::fs::read_to_string("golden/sla.json").unwrap();
/// mortise_sdk::testing::golden::<Standard>(&text).unwrap().assert_agrees();
/// # }
/// ```
///
/// # Errors
/// The text is no list of cases.
pub fn golden<P: Policy>(text: &str) -> Result<Report, String> {
    golden_with::<P>(text, "{}")
}

/// As [`golden`], with settings (JSON text) for the cases that have none.
///
/// # Errors
/// The text is no list of cases.
pub fn golden_with<P: Policy>(text: &str, settings: &str) -> Result<Report, String> {
    let cases: Vec<Case> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut report = Report { cases: cases.len(), differences: Vec::new() };
    for case in cases {
        let own = case.settings.map(|own| own.to_string());
        let actual = answer::<P>(case.input, own.as_deref().unwrap_or(settings));
        let mut places = Vec::new();
        compare("", &case.expected, &actual, &mut places);
        if !places.is_empty() {
            report.differences.push(Difference { case: case.name, places });
        }
    }
    Ok(report)
}

/// The golden form of the answer to one golden-shaped request.
///
/// A request that cannot be read gives `{"error": "invalid-request", "message": …}`.
#[must_use]
pub fn answer<P: Policy>(input: Value, settings: &str) -> Value {
    let request = match Request::from_json(P::PROCESS, input) {
        Ok(request) => request,
        Err(message) => {
            return serde_json::json!({ "error": "invalid-request", "message": message });
        }
    };
    let decided = P::Settings::parse(settings).and_then(|settings| P::decide(&request, &settings));
    match decided {
        Ok(decision) => decision.outcome.to_json(),
        Err(refusal) => refusal.to_json(),
    }
}

/// Compares a written schema of settings with the one that the type gives.
///
/// A component that returns a written schema (`include_str!`) for
/// [`Settings::schema`] in WebAssembly does not carry the code that derives it,
/// a quarter of its size; this keeps the two the same. With the environment
/// variable `UPDATE_SCHEMA` set, the file is written instead.
///
/// # Errors
/// The file cannot be read or written, or says something else.
pub fn schema_file<S: Settings>(file: impl AsRef<Path>) -> Result<(), String> {
    let file = file.as_ref();
    let failed = |error: &dyn fmt::Display| format!("{}: {error}", file.display());
    let derived: Value = serde_json::from_str(&S::schema()).map_err(|error| failed(&error))?;
    if env::var_os("UPDATE_SCHEMA").is_some() {
        return fs::write(file, format!("{derived:#}\n")).map_err(|error| failed(&error));
    }
    let written = fs::read_to_string(file).map_err(|error| failed(&error))?;
    let written = serde_json::from_str(&written).map_err(|error| failed(&error))?;
    let mut places = Vec::new();
    compare("", &derived, &written, &mut places);
    if places.is_empty() {
        return Ok(());
    }
    let places = places.join("; ");
    Err(failed(&format_args!("run the test once with UPDATE_SCHEMA=1, since {places}")))
}

/// Lists the places in which two values differ.
fn compare(path: &str, expected: &Value, actual: &Value, places: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(left), Value::Object(right)) => {
            for (key, value) in left {
                let path = format!("{path}/{key}");
                match right.get(key) {
                    Some(other) => compare(&path, value, other, places),
                    None => places.push(format!("{path}: expected {value}, not there")),
                }
            }
            for (key, value) in right.iter().filter(|(key, _)| !left.contains_key(*key)) {
                places.push(format!("{path}/{key}: not expected, got {value}"));
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (index, (value, other)) in left.iter().zip(right).enumerate() {
                compare(&format!("{path}/{index}"), value, other, places);
            }
        }
        _ if expected == actual => {}
        _ => {
            let path = if path.is_empty() { "/" } else { path };
            places.push(format!("{path}: expected {expected}, got {actual}"));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::prelude::*;
    use mortise_types::sla::{PriorityOutcome, PriorityRequest};

    struct Always;

    impl SlaPolicy for Always {
        type Settings = NoSettings;

        fn priority(_: &PriorityRequest, _: &NoSettings) -> Result<Decided<PriorityOutcome>, Refusal> {
            Ok(Decided::new(PriorityOutcome { priority: "P1".to_owned() }, Vec::new()))
        }
    }

    crate::export_sla!(Always);

    #[test]
    fn differences_are_named_by_case_and_place() {
        let text = r#"[
            {"name": "right", "input": {"op": "priority", "impact": 1, "urgency": 1},
             "expected": {"priority": "P1"}},
            {"name": "wrong", "input": {"op": "priority", "impact": 3, "urgency": 3},
             "expected": {"priority": "P5", "more": [1]}},
            {"name": "refused", "input": {"op": "chain", "elements": [],
             "sla": {"target_s": 1, "coverage": "24x7"}}, "expected": {"error": "not-supported"}},
            {"name": "unreadable", "input": {"op": "priority", "impact": -3, "urgency": 3},
             "expected": {"priority": "P5"}}
        ]"#;
        let report = golden::<Always>(text).unwrap();
        assert_eq!(report.cases, 4);
        let cases: Vec<&str> = report.differences.iter().map(|it| it.case.as_str()).collect();
        assert_eq!(cases, ["wrong", "unreadable"]);
        assert_eq!(
            report.differences[0].places,
            ["/more: expected [1], not there", r#"/priority: expected "P5", got "P1""#]
        );
        assert!(golden::<Always>("{}").is_err());
    }

    #[test]
    fn a_request_of_another_process_is_refused() {
        let request = serde_json::json!({"supplier": "S", "evaluated_on": "2026-01-01"});
        assert_eq!(answer::<Always>(request, "{}")["error"], "invalid-request");
    }
}
