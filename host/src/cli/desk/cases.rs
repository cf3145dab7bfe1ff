//! Golden cases: requests with the outcomes that they must give.

use std::path::{Path, PathBuf};

use mortise::engine::{Evaluation, Verdict};
use mortise_types::{Process, Request};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use super::super::Usage;
use super::subject::Ready;

/// A file with a list of cases.
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) cases: Vec<Case>,
}

/// One case. Values keep the author's own writing, so that a file that is written again differs
/// only by what was recorded.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) input: Box<RawValue>,
    /// The component's settings; without them its defaults hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) settings: Option<Box<RawValue>>,
    /// The outcome, or `{"error": CODE}`; none in a case that is still to be recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) expected: Option<Box<RawValue>>,
}

/// Reads a file of cases, or every `.json` file of a folder.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<File>> {
    let wrong = |path: &Path, why: &dyn std::fmt::Display| Usage(format!("golden cases {}: {why}", path.display()));
    let mut paths = Vec::new();
    if path.is_dir() {
        for entry in std::fs::read_dir(path).map_err(|e| wrong(path, &e))? {
            let found = entry.map_err(|e| wrong(path, &e))?.path();
            if found.extension().is_some_and(|extension| extension == "json") {
                paths.push(found);
            }
        }
        paths.sort();
    } else {
        paths.push(path.to_path_buf());
    }
    let mut files = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).map_err(|e| wrong(&path, &e))?;
        let cases = serde_json::from_str(&text).map_err(|e| wrong(&path, &e))?;
        files.push(File { path, cases });
    }
    if files.iter().all(|file| file.cases.is_empty()) {
        return Err(wrong(path, &"there are none").into());
    }
    Ok(files)
}

impl File {
    /// Writes the file again, a case in a block.
    pub(super) fn write(&self) -> anyhow::Result<()> {
        let mut text = "[\n".to_owned();
        for (index, case) in self.cases.iter().enumerate() {
            text.push_str(if index == 0 { " {\n" } else { ",\n {\n" });
            let mut member = |name: &str, value: &str, last: bool| {
                text.push_str(&format!("  \"{name}\": {value}{}\n", if last { "" } else { "," }));
            };
            member("name", &Value::from(case.name.as_str()).to_string(), false);
            let rest = [
                ("input", Some(&case.input)),
                ("settings", case.settings.as_ref()),
                ("expected", case.expected.as_ref()),
            ];
            let rest: Vec<_> =
                rest.into_iter().filter_map(|(name, value)| value.map(|value| (name, value.get()))).collect();
            for (place, (name, value)) in rest.iter().enumerate() {
                member(name, value, place + 1 == rest.len());
            }
            text.push_str(" }");
        }
        text.push_str("\n]\n");
        let wrong = |e| Usage(format!("golden cases {}: {e}", self.path.display()));
        Ok(std::fs::write(&self.path, text).map_err(wrong)?)
    }
}

impl Case {
    /// The request, or why it is none.
    pub(super) fn request(&self, process: Process) -> Result<Request, String> {
        let input = serde_json::from_str(self.input.get()).map_err(|e| e.to_string())?;
        Request::from_json(process, input)
    }

    /// The settings as text.
    pub(super) fn settings(&self) -> &str {
        self.settings.as_ref().map_or("{}", |settings| settings.get())
    }

    /// Asks the component, once its settings are valid.
    pub(super) async fn ask(&self, ready: &Ready) -> Result<Evaluation, String> {
        let request = self.request(ready.admission.process)?;
        if self.settings.is_some() {
            let checked = ready.engine.check_settings(&ready.admission.prepared, self.settings()).await;
            checked.map_err(|refused| {
                let problems = refused.problems.iter().map(|problem| format!("settings {problem}"));
                problems.collect::<Vec<_>>().join("; ")
            })?;
        }
        Ok(ready.engine.evaluate(&ready.admission.prepared, &request, self.settings()).await)
    }
}

/// What a component answered, in the form of a case; a failure is none.
pub(super) fn answer(evaluation: &Evaluation) -> Result<Box<RawValue>, String> {
    match &evaluation.result {
        // The outcome itself keeps its fields in the contract's order.
        Ok(Verdict::Decided(decision)) => to_raw_value(&decision.outcome).map_err(|e| e.to_string()),
        Ok(Verdict::Refused(refusal)) => to_raw_value(&json!({ "error": refusal.code })).map_err(|e| e.to_string()),
        Err(failure) => Err(format!("the component failed: {}: {}", failure.cause, failure.message)),
    }
}
