//! Bytes that want to become a component: refused under a known rule, or admitted and then contained.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mortise::engine::{Engine, EngineConfig, Grants, Limits};
use mortise_tests::app::component;

use crate::Verdict;
use crate::dice::Dice;

/// Far more than an admission may take, with its compiler and its calls.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct World {
    engine: Engine,
    seeds: Vec<Vec<u8>>,
}

impl World {
    pub(crate) fn new() -> Self {
        let limits = Limits { wall: Duration::from_millis(200), ..Limits::default() };
        let engine = Engine::new(EngineConfig { limits, concurrent_calls: 4, ..EngineConfig::default() }).unwrap();
        let names = ["sla-standard", "supplier-standard", "change-risk-standard", "budget-standard", "sla-vip"];
        Self { engine, seeds: names.map(component).into() }
    }

    pub(crate) async fn one(&self, mut dice: Dice) -> Verdict {
        let mut bytes = dice.pick(&self.seeds).clone();
        // Now and then as it is: what is valid has to stay so.
        let whole = dice.percent(3);
        if !whole {
            dice.damage(&mut bytes);
        }
        let begun = Instant::now();
        let admitted = self.engine.admit(Arc::from(bytes), &Grants::all()).await;
        if begun.elapsed() > PATIENCE {
            return Err(format!("took {:?}", begun.elapsed()));
        }
        match admitted {
            Ok(_) => Ok(true),
            Err(refused) if whole => Err(format!("a valid component is refused: {refused}")),
            Err(refused) if refused.rule.is_empty() || refused.message.is_empty() => {
                Err("refused without a reason".to_owned())
            }
            Err(_) => Ok(false),
        }
    }
}
