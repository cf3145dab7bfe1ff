//! Many calls at once: healthy ones get their turn while others loop.

use std::time::{Duration, Instant};

use mortise::engine::Cause;
use mortise_types::Process;

use super::{admit, answer, case, component, engine_with, standard};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn healthy_calls_go_on_while_others_loop() {
    let engine = engine_with(|config| {
        config.limits.fuel = u64::MAX / 4;
        config.limits.wall = Duration::from_secs(30);
    });
    let looping = admit(&engine, component("guests/loop")).await.prepared;
    let healthy = admit(&engine, standard(Process::Sla)).await.prepared;
    let case = case(Process::Sla, "S01");

    let loops: Vec<_> = (0..8)
        .map(|_| {
            let (engine, looping, request) = (engine.clone(), looping.clone(), case.request.clone());
            tokio::spawn(async move { engine.evaluate(&looping, &request, "{}").await })
        })
        .collect();

    let mut slowest = Duration::ZERO;
    for _ in 0..50 {
        let started = Instant::now();
        // As a request of its own, so that it has to queue for a thread like any other.
        let (engine, healthy, request) = (engine.clone(), healthy.clone(), case.request.clone());
        let evaluation = tokio::spawn(async move { engine.evaluate(&healthy, &request, "{}").await }).await.unwrap();
        assert_eq!(answer(&evaluation), case.expected);
        slowest = slowest.max(started.elapsed());
    }
    assert!(loops.iter().all(|call| !call.is_finished()), "the loops are still there");
    for call in loops {
        // Dropped in the middle of its guest's code, which gives everything back.
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
    }
    // Eight loops share two threads in turns of about a millisecond; the bound leaves room for a
    // busy machine.
    assert!(slowest < Duration::from_secs(2), "the slowest of 50 calls took {slowest:?}");

    for _ in 0..32 {
        let evaluation = engine.evaluate(&healthy, &case.request, "{}").await;
        assert_eq!(answer(&evaluation), case.expected, "a place was lost");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_finds_no_place_is_told_so() {
    let engine = engine_with(|config| {
        config.concurrent_calls = 1;
        config.limits.fuel = u64::MAX / 4;
        config.limits.wall = Duration::from_secs(30);
        config.limits.queue = Duration::from_millis(50);
    });
    let looping = admit(&engine, component("guests/loop")).await.prepared;
    let healthy = admit(&engine, standard(Process::Sla)).await.prepared;
    let case = case(Process::Sla, "S01");
    let call = {
        let (engine, request) = (engine.clone(), case.request.clone());
        tokio::spawn(async move { engine.evaluate(&looping, &request, "{}").await })
    };
    // The loop has the only place as soon as somebody else finds none.
    let deadline = Instant::now() + Duration::from_secs(20);
    let failure = loop {
        match engine.evaluate(&healthy, &case.request, "{}").await.result {
            Err(failure) => break failure,
            Ok(_) => assert!(Instant::now() < deadline, "the loop never started"),
        }
    };
    assert_eq!(failure.cause, Cause::Unavailable);
    assert_eq!(failure.cause.as_str(), "busy");
    assert!(!failure.cause.blames_component());
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    let evaluation = engine.evaluate(&healthy, &case.request, "{}").await;
    assert_eq!(answer(&evaluation), case.expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_calls_than_places_all_get_their_answer() {
    let engine = engine_with(|config| {
        config.concurrent_calls = 2;
        config.limits.queue = Duration::from_secs(60);
    });
    let healthy = admit(&engine, standard(Process::Sla)).await.prepared;
    let case = case(Process::Sla, "S01");
    let calls: Vec<_> = (0..200)
        .map(|_| {
            let (engine, healthy, request) = (engine.clone(), healthy.clone(), case.request.clone());
            tokio::spawn(async move { engine.evaluate(&healthy, &request, "{}").await })
        })
        .collect();
    for call in calls {
        assert_eq!(answer(&call.await.unwrap()), case.expected);
    }
}
