//! Why a guest call gave no answer.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use wasmtime::{Error, PoolConcurrencyLimitError, Trap, WasmBacktrace};

use super::lookup::LookupEnded;
use super::state::{LogFlood, State};

/// A guest call that ended without an answer. The host serves on; the caller
/// decides what stands in for the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What ended it.
    pub cause: Cause,
    /// One sentence for people.
    pub message: String,
}

impl Failure {
    pub(super) fn new(cause: Cause, message: impl Into<String>) -> Self {
        Self { cause, message: message.into() }
    }
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.cause, self.message)
    }
}

impl std::error::Error for Failure {}

/// What ended a guest call. The names are stable; decisions are stored with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The guest hit a trap: a panic, a division by zero, too deep a recursion.
    Trap,
    /// It used up its fuel.
    Fuel,
    /// It did not finish in time.
    Timeout,
    /// It was refused memory or table space, and did not get along without.
    Memory,
    /// It handed the host more data than allowed.
    #[serde(rename = "output-limit")]
    Output,
    /// What it returned is not a valid value of the contract, or contradicts
    /// itself or the request.
    InvalidOutput,
    /// It flooded the log.
    #[serde(rename = "log-limit")]
    Log,
    /// It looked up more than it may, or held too many answers.
    #[serde(rename = "lookup-limit")]
    Lookup,
    /// It looked up what is not in the record of the decision that is run again, or where nothing can be looked up.
    #[serde(rename = "lookup-not-recorded")]
    LookupMissing,
    /// The records could not be read; the guest is not to blame.
    LookupFailed,
    /// The host had no place for the call; the guest never started.
    #[serde(rename = "busy")]
    Unavailable,
    /// The component does not load on this node; the guest never started.
    #[serde(rename = "does-not-load")]
    NotLoaded,
    /// The request belongs to another process than the component; the guest
    /// never started.
    WrongProcess,
}

impl Cause {
    /// The stable name, as stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trap => "trap",
            Self::Fuel => "fuel",
            Self::Timeout => "timeout",
            Self::Memory => "memory",
            Self::Output => "output-limit",
            Self::InvalidOutput => "invalid-output",
            Self::Log => "log-limit",
            Self::Lookup => "lookup-limit",
            Self::LookupMissing => "lookup-not-recorded",
            Self::LookupFailed => "lookup-failed",
            Self::Unavailable => "busy",
            Self::NotLoaded => "does-not-load",
            Self::WrongProcess => "wrong-process",
        }
    }

    /// Whether the component is to blame, so that the failure counts against it.
    #[must_use]
    pub fn blames_component(self) -> bool {
        !matches!(self, Self::Unavailable | Self::WrongProcess | Self::LookupFailed)
    }
}

/// How far a call had come when wasmtime gave an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// The instance was being made; a start function may have run.
    Instantiate,
    /// The export was being called: arguments, guest code, result.
    Call,
}

/// The error that ends a call that takes too long.
#[derive(Debug)]
pub(super) struct OutOfTime(pub(super) Duration);

impl std::fmt::Display for OutOfTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no answer within {} ms", self.0.as_millis())
    }
}

impl std::error::Error for OutOfTime {}

/// Wasmtime keeps the type of this error to itself; a test pins the words.
const TOO_MUCH_DATA: &str = "fuel allocated for hostcalls has been exhausted";

/// Finds out what ended a call.
pub(super) fn classify(error: &Error, phase: Phase, state: &State) -> Failure {
    if let Some(late) = error.downcast_ref::<OutOfTime>() {
        return Failure::new(Cause::Timeout, late.to_string());
    }
    if error.is::<LogFlood>() {
        return Failure::new(Cause::Log, error.root_cause().to_string());
    }
    if let Some(ended) = error.downcast_ref::<LookupEnded>() {
        return Failure::new(ended.cause, ended.to_string());
    }
    if error.is::<PoolConcurrencyLimitError>() {
        return Failure::new(Cause::Unavailable, error.root_cause().to_string());
    }
    if error.chain().any(|e| e.to_string().contains(TOO_MUCH_DATA)) {
        return Failure::new(
            Cause::Output,
            format!("more than {} bytes were handed to the host at once", state.output_bytes()),
        );
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => Failure::new(Cause::Fuel, format!("all fuel was used up{}", place(error))),
        Some(Trap::Interrupt) => Failure::new(Cause::Timeout, "the guest was interrupted"),
        // A refused `memory.grow` surfaces as the abort of the guest's allocator.
        Some(_) if state.starved() => Failure::new(Cause::Memory, state.starvation(&place(error))),
        Some(trap) if phase == Phase::Call && breaks_abi(*trap) => Failure::new(Cause::InvalidOutput, trap.to_string()),
        Some(trap) => {
            let text = trap.to_string();
            let text = text.strip_prefix("wasm trap: ").unwrap_or(&text);
            Failure::new(Cause::Trap, format!("{text}{}", place(error)))
        }
        None if state.starved() => Failure::new(Cause::Memory, state.starvation("")),
        // Not a trap, and raised around the guest's code: the arguments or the
        // result broke the canonical ABI, and the host wrote the arguments where
        // the guest said.
        None if phase == Phase::Call => Failure::new(Cause::InvalidOutput, error.root_cause().to_string()),
        None => Failure::new(Cause::Trap, format!("{error:#}")),
    }
}

/// Traps that wasmtime raises about a value crossing the boundary.
fn breaks_abi(trap: Trap) -> bool {
    matches!(
        trap,
        Trap::InvalidChar
            | Trap::InvalidDiscriminant
            | Trap::StringOutOfBounds
            | Trap::ListOutOfBounds
            | Trap::UnalignedPointer
    )
}

/// The innermost guest function with a name, for components that keep names.
fn place(error: &Error) -> String {
    error
        .downcast_ref::<WasmBacktrace>()
        .and_then(|trace| trace.frames().iter().find_map(|frame| frame.func_name()))
        .map(|name| format!(" in `{name}`"))
        .unwrap_or_default()
}
