//! Compiled components as sealed files: what this node wrote, and nothing else,
//! becomes machine code again.
//!
//! This is the only file with `unsafe` code. It is here, with the check that it
//! rests on right in front of it, so that the two are read together.
#![allow(unsafe_code)]

use std::sync::Arc;

use wasmtime::component::Component;

use super::compiler::{self, Compiler, Task};
use super::mac::{self, LEN};
use super::refused::Refused;

/// First bytes of a sealed artifact; the number changes with the layout.
const MAGIC: &[u8; 16] = b"mortise.cwasm.1\n";

/// Wraps a compiled component: magic, code over `name` and `artifact`, artifact.
/// `name` says what the artifact is (digest and environment), so that a sealed
/// file cannot stand in for another.
pub(super) fn seal(key: &[u8; LEN], name: &str, artifact: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(MAGIC.len() + LEN + artifact.len());
    sealed.extend_from_slice(MAGIC);
    sealed.extend_from_slice(&code(key, name, artifact));
    sealed.extend_from_slice(artifact);
    sealed
}

/// Makes a component of a sealed artifact. `None` if this node did not write it
/// under this name, or wasmtime finds that it does not fit this engine.
pub(super) fn open(engine: &wasmtime::Engine, key: &[u8; LEN], name: &str, sealed: &[u8]) -> Option<Component> {
    let (stated, artifact) = sealed.strip_prefix(MAGIC)?.split_first_chunk::<LEN>()?;
    if !mac::equal(stated, &code(key, name, artifact)) {
        return None;
    }
    // SAFETY: `Component::deserialize` demands bytes that `Component::serialize`
    // of this wasmtime gave, unchanged. The code just checked was made with a key
    // that only this node has, over exactly these bytes, by `seal`, whose one
    // caller passes it an `Artifact`, the same bytes. The bytes are ours
    // in memory, so they cannot change between the check and the use. An artifact
    // of another version or configuration of wasmtime is refused by `deserialize`
    // itself, which compares them.
    unsafe { Component::deserialize(engine, artifact) }.ok()
}

/// Makes a component of what the compiler gave just now.
pub(super) fn fresh(engine: &wasmtime::Engine, artifact: &Artifact) -> Option<Component> {
    // SAFETY: an `Artifact` is made in two places: from the result of `Engine::precompile_component` in this process,
    // and from what a child of this process, running this very program, wrote to the pipe between them as the result
    // of the same call. The bytes are ours in memory; another version or configuration is refused by `deserialize`.
    unsafe { Component::deserialize(engine, &artifact.0) }.ok()
}

/// Machine code that this node compiled just now.
pub(super) struct Artifact(Vec<u8>);

impl Artifact {
    /// Compiles, in a child if there is a program for it. Blocks.
    pub(super) fn compile(
        engine: &wasmtime::Engine,
        compiler: &Compiler,
        bytes: &Arc<[u8]>,
        task: Task<'_>,
    ) -> Result<Self, Refused> {
        if let Some(made) = compiler.compile(bytes, task) {
            return made.map(Self);
        }
        if let Task::Admit(grants) = task {
            compiler::read(bytes, grants)?;
        }
        engine.precompile_component(bytes).map(Self).map_err(|error| compiler::does_not_compile(&error))
    }

    /// Its bytes, to be kept.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

fn code(key: &[u8; LEN], name: &str, artifact: &[u8]) -> [u8; LEN] {
    mac::hmac(key, &[MAGIC, &(name.len() as u64).to_le_bytes(), name.as_bytes(), artifact])
}
