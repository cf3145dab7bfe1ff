//! What a guest may use, and how wasmtime is set up for it.

use std::path::PathBuf;
use std::time::Duration;

use wasmtime::{Config, Enabled, OptLevel, PoolingAllocationConfig, WasmFeatures};

use super::compiler::Compiler;

/// How an engine is built. The default is what production runs.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// Where compiled components are kept between starts; `None` compiles at
    /// every start. The folder is private to this node and is made if missing.
    pub cache_dir: Option<PathBuf>,
    /// What one guest call may use.
    pub limits: Limits,
    /// Guest calls that run at the same time; more wait for [`Limits::queue`].
    pub concurrent_calls: usize,
    /// Who compiles components, and what it may use.
    pub compiler: Compiler,
    /// Bytes that compiled components on disk may take; the ones not used for the longest time go first.
    pub cache_bytes: u64,
    /// How long a compiled component is kept on disk that nobody uses.
    pub cache_unused: Duration,
    /// Bytes of machine code kept in memory beside what decides now.
    pub loaded_bytes: usize,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            cache_dir: None,
            limits: Limits::default(),
            concurrent_calls: 64,
            compiler: Compiler::default(),
            cache_bytes: 2 << 30,
            cache_unused: Duration::from_secs(30 * 24 * 60 * 60),
            loaded_bytes: 256 << 20,
        }
    }
}

/// What one guest call may use. Every limit is always on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Units of fuel: about one per WebAssembly instruction, plus one per byte
    /// of a bulk copy. Deterministic, so a call that fits here fits everywhere.
    pub fuel: u64,
    /// Time on the clock from the start of the call, whatever the guest does.
    pub wall: Duration,
    /// How long a guest may keep a thread before other tasks get their turn.
    pub epoch_tick: Duration,
    /// How long a call may wait for one of the places of
    /// [`EngineConfig::concurrent_calls`].
    pub queue: Duration,
    /// Bytes of linear memory, all memories of the component together.
    pub memory_bytes: usize,
    /// Linear memories of one component.
    pub memories: usize,
    /// Entries of all tables of the component together.
    pub table_elements: usize,
    /// Tables of one component.
    pub tables: usize,
    /// Core instances inside one component.
    pub instances: usize,
    /// Bytes that one call may hand to the host: its result, or one log message.
    pub output_bytes: usize,
    /// Log lines kept per call; further lines are dropped and counted.
    pub log_lines: usize,
    /// Bytes kept of one log line.
    pub log_line_bytes: usize,
    /// Log lines written per call, kept or not, before the call is ended.
    pub log_flood: usize,
    /// Lookups of one call.
    pub lookups: usize,
    /// Rows of all lookups of one call together.
    pub lookup_rows: usize,
    /// Bytes of all queries and rows of one call together.
    pub lookup_bytes: usize,
    /// Answers to lookups that a guest holds at a time.
    pub lookup_handles: usize,
    /// Size of an uploaded component, bytes.
    pub component_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fuel: 1_000_000_000,
            wall: Duration::from_secs(2),
            epoch_tick: Duration::from_millis(1),
            queue: Duration::from_secs(2),
            memory_bytes: 64 << 20,
            // A component of QuickJS has 13 core instances and 3 memories, one
            // of CPython 38 core instances; both have to fit.
            memories: 4,
            table_elements: 65_536,
            tables: 48,
            instances: 64,
            output_bytes: 1 << 20,
            log_lines: 100,
            log_line_bytes: 1_024,
            log_flood: 1_000,
            lookups: 16,
            lookup_rows: 1_000,
            lookup_bytes: 512 << 10,
            lookup_handles: 8,
            component_bytes: 64 << 20,
        }
    }
}

/// Linear memory that a finished call leaves resident for the next one. What it
/// wrote beyond this goes back to the kernel.
const KEEP_RESIDENT: usize = 1 << 20;
/// The same for tables; those of a small component fit into one page.
const TABLE_KEEP_RESIDENT: usize = 64 << 10;
/// Stack of a guest. Recursion that needs more is a trap.
const WASM_STACK: usize = 512 << 10;
/// Stack of the fiber that a call runs on: the guest's, and room for the host's
/// functions above it.
const FIBER_STACK: usize = 2 << 20;

/// The configuration of the engine that runs guests.
///
/// Without `limits` it is bare: the same pool and the same code generation, but
/// no fuel, no epochs. Benchmarks compare the two.
pub(super) fn wasmtime(concurrent_calls: usize, limits: &Limits, metered: bool) -> Config {
    let mut config = code(metered);
    config.allocation_strategy(pool(concurrent_calls, limits));
    config
}

/// The configuration of an engine that only compiles: the same code generation, without a pool, whose address space
/// alone would exceed a compiler's.
pub(super) fn compiler() -> Config {
    code(true)
}

fn code(metered: bool) -> Config {
    let mut config = Config::new();
    config
        .consume_fuel(metered)
        .epoch_interruption(metered)
        .max_wasm_stack(WASM_STACK)
        .async_stack_size(FIBER_STACK)
        .cranelift_opt_level(OptLevel::Speed)
        // The same bits on every machine.
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false)
        .wasm_memory64(false)
        .wasm_features(WasmFeatures::THREADS, false)
        // Addresses and unwind tables serve debuggers; a trap names its function without them.
        .generate_address_map(false)
        .native_unwind_info(false)
        .wasm_backtrace_max_frames(std::num::NonZeroUsize::new(16));
    config
}

fn pool(concurrent_calls: usize, limits: &Limits) -> PoolingAllocationConfig {
    let calls = u32::try_from(concurrent_calls).unwrap_or(u32::MAX);
    let of = |per_call: usize| calls.saturating_mul(u32::try_from(per_call).unwrap_or(u32::MAX));
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(calls)
        .total_core_instances(of(limits.instances))
        .total_memories(of(limits.memories))
        .total_tables(of(limits.tables))
        .total_stacks(calls)
        .max_core_instances_per_component(of(limits.instances) / calls.max(1))
        .max_memories_per_component(of(limits.memories) / calls.max(1))
        .max_tables_per_component(of(limits.tables) / calls.max(1))
        .max_tables_per_module(u32::try_from(limits.tables).unwrap_or(u32::MAX))
        .max_component_instance_size(4 << 20)
        .table_elements(limits.table_elements)
        .max_memory_size(limits.memory_bytes)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(TABLE_KEEP_RESIDENT)
        .pagemap_scan(Enabled::Auto);
    pool
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::hash::{DefaultHasher, Hash as _, Hasher as _};

    use super::*;

    #[test]
    fn what_the_compiler_makes_fits_the_engine() {
        let hash = |config: &Config| {
            let engine = wasmtime::Engine::new(config).unwrap();
            let mut hasher = DefaultHasher::new();
            engine.precompile_compatibility_hash().hash(&mut hasher);
            hasher.finish()
        };
        assert_eq!(hash(&compiler()), hash(&wasmtime(2, &Limits::default(), true)));
        assert_ne!(hash(&compiler()), hash(&wasmtime(2, &Limits::default(), false)), "without fuel");
    }
}
