//! Bytes that somebody might send: components whose answers are no values, broken ones by the thousand. Each is refused
//! or fails with a name, and the engine goes on.

use std::collections::BTreeMap;

use arbitrary::Unstructured;
use mortise::engine::{Cause, Engine, Grants, rule};
use mortise_types::Process;

use super::forged::{ANSWER, CARD, component, honest, word};
use super::{assert_healthy, case, engine_with};

/// Numbers that are the same in every run (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.roll() % n as u64).unwrap()
    }

    fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n.div_ceil(8)).flat_map(|_| self.roll().to_le_bytes()).take(n).collect()
    }
}

fn plain_engine() -> Engine {
    engine_with(|config| config.concurrent_calls = 4)
}

#[tokio::test]
async fn a_forged_component_is_one() {
    let admission = plain_engine().admit(component(&honest()), &Grants::none()).await.unwrap();
    assert_eq!((admission.name.as_str(), admission.version.as_str()), ("forged", "1.0.0"));
}

#[tokio::test]
async fn texts_of_impossible_lengths_are_refused() {
    let engine = plain_engine();
    for (at, length) in
        [(4096, u32::MAX), (u32::MAX, 1), (u32::MAX - 3, 8), (1 << 20, 1), (4096, 1 << 31), (0, 1 << 20)]
    {
        let mut memory = honest();
        word(&mut memory, CARD, at);
        word(&mut memory, CARD + 4, length);
        let refused = engine.admit(component(&memory), &Grants::none()).await.map(|it| it.name).unwrap_err();
        assert_eq!(refused.rule, rule::DOES_NOT_DESCRIBE, "{at} {length}: {refused}");
    }
    let mut memory = honest();
    memory[4096] = 0xff;
    let refused = engine.admit(component(&memory), &Grants::none()).await.map(|it| it.name).unwrap_err();
    assert!(refused.message.contains("invalid-output"), "not UTF-8: {refused}");
    assert_healthy(&engine).await;
}

/// A decision is a nest of records, lists and texts, read out of memory that is nothing of the kind.
#[tokio::test]
async fn an_answer_of_arbitrary_bytes_is_a_failure_or_a_value() {
    let engine = plain_engine();
    let mut dice = Dice(5);
    let mut causes = BTreeMap::<String, usize>::new();
    let requests = ["S01", "S0"].map(|name| case(Process::Sla, name).request);
    for round in 0..400_usize {
        let mut memory = honest();
        let noise = dice.bytes(1024);
        memory[ANSWER..ANSWER + noise.len()].copy_from_slice(&noise);
        // Now and then something that begins like an answer: a good case, lists and texts that stand in memory.
        if round % 2 == 0 {
            word(&mut memory, ANSWER, 0);
            for at in (ANSWER + 8..ANSWER + 512).step_by(8) {
                word(&mut memory, at, u32::try_from(dice.below(1 << 20)).unwrap());
                word(&mut memory, at + 4, u32::try_from(dice.below(1 << (round % 28))).unwrap());
            }
        }
        let prepared = engine.load(component(&memory), &Grants::none()).await.unwrap();
        for request in &requests {
            let evaluation = engine.evaluate(&prepared, request, "{}").await;
            let cause = evaluation.result.map_or_else(|failure| failure.cause.to_string(), |_| "a value".to_owned());
            *causes.entry(cause).or_default() += 1;
        }
    }
    let known =
        [Cause::InvalidOutput, Cause::Output, Cause::Trap, Cause::Fuel, Cause::Memory].map(|cause| cause.to_string());
    assert!(causes.keys().all(|cause| cause == "a value" || known.contains(cause)), "{causes:?}");
    assert!(causes.contains_key(Cause::InvalidOutput.as_str()), "{causes:?}");
    assert_healthy(&engine).await;
}

#[tokio::test]
async fn ten_thousand_components_with_flipped_bits_break_nothing() {
    let engine = plain_engine();
    let good = component(&honest());
    let mut dice = Dice(7);
    let mut rules = BTreeMap::<&str, usize>::new();
    let request = case(Process::Sla, "S01").request;
    for _ in 0..10_000 {
        let mut bytes = good.to_vec();
        for _ in 0..=dice.below(3) {
            let bit = dice.below(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        let outcome = match engine.admit(bytes.into(), &Grants::none()).await {
            Ok(admission) => {
                // Whatever it answers now, it answers something.
                let _ = engine.evaluate(&admission.prepared, &request, "{}").await;
                "admitted"
            }
            Err(refused) => refused.rule,
        };
        *rules.entry(outcome).or_default() += 1;
    }
    assert!(rules[rule::NOT_A_COMPONENT] > 1_000, "{rules:?}");
    assert!(rules["admitted"] > 100, "{rules:?}");
    assert_healthy(&engine).await;
}

#[tokio::test]
async fn ten_thousand_generated_components_are_refused() {
    let engine = plain_engine();
    let mut dice = Dice(11);
    let (mut made, mut rules) = (0, BTreeMap::<&str, usize>::new());
    while made < 10_000 {
        let noise = dice.bytes(512);
        let config = wasm_smith::Config { max_instructions: 20, ..wasm_smith::Config::default() };
        let Ok(generated) = wasm_smith::Component::new(config, &mut Unstructured::new(&noise)) else { continue };
        made += 1;
        let bytes = generated.to_bytes();
        let refused = engine.admit(bytes.clone().into(), &Grants::all()).await.map(|it| it.name).unwrap_err();
        *rules.entry(refused.rule).or_default() += 1;
        // The compiler sees some of them too, as if they had been admitted.
        if made % 20 == 0 {
            assert!(engine.load(bytes.into(), &Grants::all()).await.is_err());
        }
    }
    // One in ten thousand makes the reader of the component tools panic; that is caught, and refused as not to be compiled.
    let expected = [rule::NOT_A_COMPONENT, rule::UNKNOWN_WORLD, rule::DOES_NOT_COMPILE];
    assert!(rules.keys().all(|name| expected.contains(name)), "{rules:?}");
    assert!(rules[rule::UNKNOWN_WORLD] > 5_000, "{rules:?}");
    assert_healthy(&engine).await;
}
