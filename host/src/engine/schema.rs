//! Which JSON Schemas the host takes from a component.
//!
//! A schema is a program that the host runs on itself. Two things would let it
//! run for ever or without stack: a reference that leads back to itself without
//! going deeper into the settings, and references that multiply at every step.
//! Both are refused here, and so are references to anything but a part of the
//! schema itself. What schema generators write passes.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// Validations of one value that a schema may cause through references.
const MOST_STEPS: u64 = 100_000;

/// Checks that a schema is safe to compile and to run.
pub(super) fn check(schema: &Value) -> Result<(), String> {
    let mut walk = Walk { root: schema, steps: HashMap::new() };
    walk.all(schema, true)?;
    Ok(())
}

struct Walk<'a> {
    root: &'a Value,
    /// Steps that validating one value against the subschema takes; `None`
    /// while they are being counted. The key is the subschema's address in `root`.
    steps: HashMap<*const Value, Option<u64>>,
}
