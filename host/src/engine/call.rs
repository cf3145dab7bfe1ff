//! One guest call: a place, a fresh store, all limits, and what it cost.

use std::time::{Duration, Instant};

use tokio::sync::SemaphorePermit;
use wasmtime::component::{Instance, InstancePre};
use wasmtime::{Store, UpdateDeadline};

use super::Inner;
use super::failure::{Cause, Failure, OutOfTime, Phase, classify};
use super::lookup::Lookups;
use super::state::{LogLine, State};
use crate::domain::lookup::Recorded;

/// On what thread a call runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Thread {
    /// One that serves others, too: the guest runs on a stack of its own, which lets other tasks go first at every tick.
    #[default]
    Shared,
    /// One that has nothing else to do until the guest is done, so that nothing is paid for leaving it.
    Own,
}

/// What is called once the instance is there.
pub(super) trait Call: Send {
    /// What the guest answers.
    type Answer: Send;

    /// Where it runs.
    fn thread(&self) -> Thread {
        Thread::Shared
    }

    /// Calls exports of the instance.
    fn call(
        self,
        store: &mut Store<State>,
        instance: &Instance,
    ) -> impl Future<Output = wasmtime::Result<Self::Answer>> + Send;
}

/// What became of a call.
pub(super) struct Run<T> {
    pub(super) result: Result<T, Failure>,
    /// Units of fuel used.
    pub(super) fuel: u64,
    /// Time from the start of the call, without the wait for a place.
    pub(super) took: Duration,
    /// Bytes of linear memory at the most.
    pub(super) memory_peak: usize,
    /// What the guest logged.
    pub(super) log: Vec<LogLine>,
    /// What it looked up.
    pub(super) lookups: Vec<Recorded>,
}

/// Runs one call in an instance of its own. Whatever the guest does, this
/// returns, and nothing of the guest is left.
pub(super) async fn run<C: Call>(inner: &Inner, pre: &InstancePre<State>, lookups: Lookups, call: C) -> Run<C::Answer> {
    // Dropped after the store, so that a place is free only when its part of the
    // pool is.
    let _place = match place(inner).await {
        Ok(place) => place,
        Err(failure) => {
            let (log, lookups) = (Vec::new(), Vec::new());
            return Run { result: Err(failure), fuel: 0, took: Duration::ZERO, memory_peak: 0, log, lookups };
        }
    };
    let started = Instant::now();
    let limits = &inner.limits;
    let mut store = Store::new(&inner.wasmtime, State::new(limits, lookups));
    store.limiter(|state| state);
    store.set_hostcall_fuel(limits.output_bytes);
    store.set_epoch_deadline(1);
    let mut phase = Phase::Instantiate;
    let answer = match store.set_fuel(limits.fuel) {
        Ok(()) => match call.thread() {
            Thread::Shared => {
                // Wasmtime's own yield wakes the task at once, and tokio then polls it again
                // before others; tokio's yield puts it behind them.
                store.epoch_deadline_callback(|_| {
                    Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
                });
                // A call that runs out of time is dropped: wasmtime then unwinds the
                // fiber with an error and gives its stack back.
                let answer = tokio::time::timeout(limits.wall, async {
                    let instance = pre.instantiate_async(&mut store).await?;
                    phase = Phase::Call;
                    call.call(&mut store, &instance).await
                });
                answer.await.unwrap_or_else(|_| Err(OutOfTime(limits.wall).into()))
            }
            Thread::Own => {
                // Nobody else can drop the call, so it looks at the clock itself.
                let wall = limits.wall;
                store.epoch_deadline_callback(move |_| match started.elapsed() < wall {
                    true => Ok(UpdateDeadline::Continue(1)),
                    false => Err(OutOfTime(wall).into()),
                });
                match pre.instantiate(&mut store) {
                    Ok(instance) => {
                        phase = Phase::Call;
                        call.call(&mut store, &instance).await
                    }
                    Err(error) => Err(error),
                }
            }
        },
        Err(error) => Err(error),
    };
    let result = answer.map_err(|error| classify(&error, phase, store.data()));
    let fuel = limits.fuel - store.get_fuel().unwrap_or(0).min(limits.fuel);
    let log = store.data_mut().take_log();
    let lookups = store.data_mut().lookups.take();
    Run { result, fuel, took: started.elapsed(), memory_peak: store.data().memory_peak(), log, lookups }
}

/// Waits for a place among the concurrent calls, but not for ever.
async fn place(inner: &Inner) -> Result<SemaphorePermit<'_>, Failure> {
    if let Ok(place) = inner.places.try_acquire() {
        return Ok(place);
    }
    match tokio::time::timeout(inner.limits.queue, inner.places.acquire()).await {
        Ok(Ok(place)) => Ok(place),
        // The semaphore is never closed.
        Ok(Err(_)) | Err(_) => Err(Failure::new(
            Cause::Unavailable,
            format!(
                "all {} places for guest calls stayed taken for {} ms",
                inner.concurrent_calls,
                inner.limits.queue.as_millis()
            ),
        )),
    }
}
