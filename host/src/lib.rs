//! Mortise: an ITSM core whose decisions are taken by WebAssembly components.
//!
//! One line per room; `ARCHITECTURE.md` beside this crate has the invariants and two walk-throughs.

/// Records, requests and answers are many small pieces that one thread makes and another lets go: a fifth of the time of
/// filling a database went to the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Pure rules: kinds, records, lifecycles, roles, decisions. No async, no I/O, no clock.
pub mod domain;

/// Where `now` and fresh identifiers come from.
pub mod clock;

/// All SQL: one text, two typed drivers.
pub mod store;

/// All wasmtime: compile, link, limits, one binding file per process.
pub mod engine;

/// Which component is live for what: admission, snapshot, following the database.
pub mod catalog;

/// One file per use case.
pub mod flows;

/// Components in OCI registries: push, pull, signatures.
pub mod registry;

/// All axum: routes, problems, tokens.
pub mod http;

/// Configuration from a file and the environment.
pub mod config;

/// What is seen from outside: log, traces, figures.
pub mod telemetry;

/// Composition root: build, spawn, shut down.
pub mod app;
