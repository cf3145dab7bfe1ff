//! Components that misbehave: each ends with its named cause, and the next call is as ever.

use std::time::{Duration, Instant};

use mortise::engine::{Cause, Engine, Evaluation, Failure, LogLevel, Lookups, Thread};
use mortise_types::Process;
use serde_json::json;

use super::{admit, answer, assert_healthy, case, component, engine, engine_with};

async fn run(engine: &Engine, guest: &str, settings: &str) -> Evaluation {
    let prepared = admit(engine, component(&format!("guests/{guest}"))).await.prepared;
    let request = case(Process::Sla, "S01").request;
    let evaluation = engine.evaluate(&prepared, &request, settings).await;
    // A thread of its own saves the guest nothing and costs the host nothing.
    let alone = engine.evaluate_with(&prepared, &request, settings, Lookups::None, Thread::Own).await;
    match (&evaluation.result, &alone.result) {
        (Err(shared), Err(own)) => assert_eq!((shared.cause, &shared.message), (own.cause, &own.message)),
        (shared, own) => assert_eq!(shared, own),
    }
    assert_eq!((evaluation.memory_peak, &evaluation.log), (alone.memory_peak, &alone.log));
    let timely = !evaluation.result.as_ref().is_err_and(|failure| failure.cause == Cause::Timeout);
    assert!(!timely || evaluation.fuel == alone.fuel, "{} and {} fuel", evaluation.fuel, alone.fuel);
    evaluation
}

/// The guest fails with this cause, and says so in these words.
async fn fails(guest: &str, settings: &str, cause: Cause, words: &str) -> Failure {
    let engine = engine();
    let failure = run(&engine, guest, settings).await.result.unwrap_err();
    assert_eq!(failure.cause, cause, "{failure}");
    assert!(failure.message.contains(words), "{failure}");
    assert!(failure.cause.blames_component());
    assert_healthy(&engine).await;
    failure
}

#[tokio::test]
async fn an_endless_loop_uses_up_its_fuel() {
    let engine = engine();
    let evaluation = run(&engine, "loop", "{}").await;
    let failure = evaluation.result.unwrap_err();
    assert_eq!(failure.cause, Cause::Fuel, "{failure}");
    assert_eq!(evaluation.fuel, engine.limits().fuel);
    assert_healthy(&engine).await;
}

#[tokio::test]
async fn an_endless_loop_with_much_fuel_is_ended_by_the_clock() {
    let wall = Duration::from_millis(200);
    let engine = engine_with(|config| {
        config.limits.fuel = u64::MAX / 4;
        config.limits.wall = wall;
    });
    let started = Instant::now();
    let evaluation = run(&engine, "loop", "{}").await;
    let failure = evaluation.result.unwrap_err();
    assert_eq!(failure.cause, Cause::Timeout, "{failure}");
    assert!(evaluation.took >= wall && evaluation.fuel > 0);
    assert!(started.elapsed() < Duration::from_secs(60), "it took {:?}", started.elapsed());
    assert_healthy(&engine).await;
}

#[tokio::test]
async fn a_trap_is_a_trap() {
    fails("trap", "{}", Cause::Trap, "unreachable").await;
}

#[tokio::test]
async fn too_deep_a_recursion_is_a_trap() {
    fails("recurse", "{}", Cause::Trap, "call stack exhausted").await;
}

#[tokio::test]
async fn a_hog_is_refused_memory() {
    let engine = engine();
    let evaluation = run(&engine, "hog", "{}").await;
    let failure = evaluation.result.unwrap_err();
    assert_eq!(failure.cause, Cause::Memory, "{failure}");
    let limit = engine.limits().memory_bytes;
    assert!(evaluation.memory_peak <= limit && evaluation.memory_peak > limit / 2);
    assert_healthy(&engine).await;
}

#[tokio::test]
async fn megabytes_of_output_are_not_taken() {
    fails("big-output", "{}", Cause::Output, "1048576 bytes").await;
}

#[tokio::test]
async fn a_flood_of_log_lines_ends_the_call() {
    let engine = engine();
    let evaluation = run(&engine, "log-flood", "{}").await;
    let failure = evaluation.result.unwrap_err();
    assert_eq!(failure.cause, Cause::Log, "{failure}");
    let limits = engine.limits();
    assert_eq!(evaluation.log.len(), limits.log_lines + 1);
    assert!(evaluation.log.iter().all(|line| line.message.len() <= limits.log_line_bytes));
    assert!(evaluation.log.last().unwrap().message.contains("dropped"));
    assert_healthy(&engine).await;
}

#[tokio::test]
async fn a_few_log_lines_are_kept_beside_the_decision() {
    let evaluation = run(&engine(), "ungranted", "{}").await;
    assert_eq!(answer(&evaluation), case(Process::Sla, "S01").expected);
    assert_eq!(evaluation.log.len(), 1);
    assert_eq!(evaluation.log[0].level, LogLevel::Info);
}

#[tokio::test]
async fn well_typed_garbage_is_invalid_output() {
    let spoilt = [
        ("remaining", "remaining_s"),
        ("percent", "percent"),
        ("level", "level"),
        ("priority", "priority"),
        ("met", "met"),
        ("breached-at", "breached_at"),
        ("due-at", "due_at"),
        ("overflow", "elapsed_s"),
    ];
    for (spoilt, named) in spoilt {
        let settings = json!({ "spoilt": spoilt }).to_string();
        fails("garbage", &settings, Cause::InvalidOutput, named).await;
    }
}

#[tokio::test]
async fn parts_that_do_not_add_up_are_invalid_output() {
    let engine = engine();
    let prepared = admit(&engine, component("guests/garbage-parts")).await.prepared;
    let request = case(Process::Budget, "B01").request;
    let failure = engine.evaluate(&prepared, &request, "{}").await.result.unwrap_err();
    assert_eq!(failure.cause, Cause::InvalidOutput, "{failure}");
    assert!(failure.message.contains("total"), "{failure}");
}

#[tokio::test]
async fn nothing_survives_a_call() {
    let engine = engine();
    let prepared = admit(&engine, component("guests/hog")).await.prepared;
    let request = case(Process::Sla, "S01").request;
    let mut peaks = Vec::new();
    for _ in 0..5 {
        let evaluation = engine.evaluate(&prepared, &request, "{}").await;
        assert_eq!(evaluation.result.unwrap_err().cause, Cause::Memory);
        peaks.push(evaluation.memory_peak);
    }
    peaks.dedup();
    assert_eq!(peaks.len(), 1, "a call found what an earlier one left");
}
