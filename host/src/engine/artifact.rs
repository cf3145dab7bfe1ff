//! Compiled components as sealed files: what this node wrote, and nothing else,
//! becomes machine code again.
//!
//! This is the only file with `unsafe` code. It is here, with the check that it
//! rests on right in front of it, so that the two are read together.
#![allow(unsafe_code)]

use wasmtime::component::Component;

use super::mac::{self, LEN};

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
    // caller passes it the result of `Component::serialize`. The bytes are ours
    // in memory, so they cannot change between the check and the use. An artifact
    // of another version or configuration of wasmtime is refused by `deserialize`
    // itself, which compares them.
    unsafe { Component::deserialize(engine, artifact) }.ok()
}

fn code(key: &[u8; LEN], name: &str, artifact: &[u8]) -> [u8; LEN] {
    mac::hmac(key, &[MAGIC, &(name.len() as u64).to_le_bytes(), name.as_bytes(), artifact])
}
