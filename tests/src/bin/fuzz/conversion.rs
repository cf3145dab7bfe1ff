//! Requests in JSON: read or refused; what is read is written back the same, crosses to a component and comes back as
//! a decision or a refusal. A reference component never fails.

use mortise::engine::{Engine, EngineConfig, Grants, Prepared};
use mortise_tests::app::component;
use mortise_types::{Process, Request};
use serde_json::Value;

use crate::Verdict;
use crate::dice::Dice;
use crate::json::damage;

/// The golden files.
const GOLDEN: [(Process, &str); 4] = [
    (Process::Sla, include_str!("../../../golden/sla.json")),
    (Process::ChangeRisk, include_str!("../../../golden/change_risk.json")),
    (Process::Budget, include_str!("../../../golden/budget.json")),
    (Process::Supplier, include_str!("../../../golden/supplier.json")),
];

/// Requests of the golden files with their process.
pub(crate) fn requests() -> Vec<(Process, Value)> {
    let mut all = Vec::new();
    for (process, text) in GOLDEN {
        let file: Value = serde_json::from_str(text).unwrap();
        let cases = file.as_array().or_else(|| file["cases"].as_array()).unwrap();
        all.extend(cases.iter().map(|case| (process, case["input"].clone())));
    }
    all
}

/// The reference component of every process.
pub(crate) async fn references(engine: &Engine) -> Vec<(Process, Prepared)> {
    let mut all = Vec::new();
    for process in Process::ALL {
        let bytes = component(&format!("{process}-standard"));
        all.push((process, engine.load(bytes.into(), &Grants::all()).await.unwrap()));
    }
    all
}

pub(crate) struct World {
    engine: Engine,
    components: Vec<(Process, Prepared)>,
    seeds: Vec<(Process, Value)>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let engine = Engine::new(EngineConfig { concurrent_calls: 4, ..EngineConfig::default() }).unwrap();
        Self { components: references(&engine).await, engine, seeds: requests() }
    }

    pub(crate) async fn one(&self, mut dice: Dice) -> Verdict {
        let (process, mut input) = dice.pick(&self.seeds).clone();
        damage(&mut dice, &mut input);
        let text = input.to_string();
        let (read, request) = (Request::from_text(process, &text), Request::from_json(process, input));
        if read.as_ref().ok() != request.as_ref().ok() {
            return Err(format!("read as a text it is another one: {text}"));
        }
        let Ok(request) = request else { return Ok(false) };
        let written = request.to_json();
        let again = Request::from_json(process, written.clone());
        if again.as_ref().map(Request::to_json).ok().as_ref() != Some(&written) {
            return Err(format!("what is written does not read back: {written}"));
        }
        let (_, prepared) = self.components.iter().find(|(known, _)| *known == process).unwrap();
        match self.engine.evaluate(prepared, &request, "{}").await.result {
            Ok(_) => Ok(true),
            Err(failure) => Err(format!("the reference component failed: {failure}; {written}")),
        }
    }
}
