//! Settings: refused with a place and a reason, or good, and then the component decides by them.

use mortise::engine::{Engine, EngineConfig, Grants, Prepared};
use mortise_tests::app::component;
use mortise_types::{Process, Request};
use serde_json::Value;

use crate::Verdict;
use crate::conversion::requests;
use crate::dice::Dice;
use crate::json::damage;

pub(crate) struct World {
    engine: Engine,
    /// Process, component, its defaults, the requests it can be asked.
    components: Vec<(Prepared, Value, Vec<Request>)>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let engine = Engine::new(EngineConfig { concurrent_calls: 4, ..EngineConfig::default() }).unwrap();
        let mut components = Vec::new();
        for process in Process::ALL {
            let bytes = component(&format!("{process}-standard"));
            let admission = engine.admit(bytes.into(), &Grants::all()).await.unwrap();
            let of_process = requests().into_iter().filter(|(known, _)| *known == process);
            let requests = of_process.map(|(_, input)| Request::from_json(process, input).unwrap()).collect();
            components.push((admission.prepared, admission.settings_defaults, requests));
        }
        Self { engine, components }
    }

    pub(crate) async fn one(&self, mut dice: Dice) -> Verdict {
        let (prepared, defaults, requests) = dice.pick(&self.components);
        let mut settings = defaults.clone();
        damage(&mut dice, &mut settings);
        let mut text = settings.to_string();
        if dice.percent(5) {
            let mut bytes = text.into_bytes();
            dice.damage(&mut bytes);
            text = String::from_utf8_lossy(&bytes).into_owned();
        }
        match self.engine.check_settings(prepared, &text).await {
            Err(refused) if refused.problems.is_empty() => Err(format!("refused without a reason: {text}")),
            Err(refused) => match refused.problems.iter().find(|problem| problem.message.contains("failed while")) {
                Some(problem) => Err(format!("{}: {text}", problem.message)),
                None => Ok(false),
            },
            Ok(()) => {
                let request = dice.pick(requests);
                match self.engine.evaluate(prepared, request, &text).await.result {
                    Ok(_) => Ok(true),
                    Err(failure) => {
                        Err(format!("accepted settings made it fail: {failure}; {text}; {}", request.to_json()))
                    }
                }
            }
        }
    }
}
