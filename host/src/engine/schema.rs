//! Which JSON Schemas the host takes from a component.
//!
//! A schema is a program that the host runs on itself, and references that
//! multiply at every step let a short one run for ever. So a schema may refer
//! only to parts of itself, never in a circle, and its references written out
//! must stay within a bound. What schema generators write for settings passes.

use std::collections::HashMap;

use serde_json::Value;

/// Subschemas at the most, each counted as often as it is referred to.
const MOST_SUBSCHEMAS: u64 = 100_000;

/// Checks that a schema is safe to run.
pub(super) fn check(schema: &Value) -> Result<(), String> {
    let mut walk = Walk { root: schema, sizes: HashMap::new() };
    let size = walk.size(schema)?;
    if size > MOST_SUBSCHEMAS {
        return Err(format!("its references written out make {size} subschemas, {MOST_SUBSCHEMAS} are allowed"));
    }
    Ok(())
}

struct Walk<'a> {
    root: &'a Value,
    /// Size of each subschema by its address in `root`; none while it is being
    /// counted.
    sizes: HashMap<*const Value, Option<u64>>,
}

impl<'a> Walk<'a> {
    /// Counts a schema and all that it is made of.
    fn size(&mut self, schema: &'a Value) -> Result<u64, String> {
        let Value::Object(keywords) = schema else { return Ok(1) };
        match self.sizes.insert(schema, None) {
            Some(None) => return Err("it refers to itself in a circle".to_owned()),
            Some(counted) => {
                self.sizes.insert(schema, counted);
                return Ok(counted.unwrap_or(1));
            }
            None => {}
        }
        let mut size = 1_u64;
        for (keyword, value) in keywords {
            let more = match (keyword.as_str(), value) {
                // Data, and what counts only where it is referred to.
                ("const" | "enum" | "default" | "examples" | "$defs" | "definitions", _) => 0,
                ("$ref", Value::String(reference)) => {
                    let target = self.target(reference)?;
                    self.size(target)?
                }
                ("$dynamicRef" | "$recursiveRef" | "$anchor" | "$dynamicAnchor", _) => {
                    return Err(format!("it uses `{keyword}`; use `$ref` to `#/…`"));
                }
                ("$id", _) if !std::ptr::eq(schema, self.root) => {
                    return Err("a part of it has an `$id` of its own".to_owned());
                }
                // The keys of these are names, not keywords.
                ("properties" | "patternProperties" | "dependentSchemas", Value::Object(named)) => {
                    self.total(named.values())?
                }
                (_, Value::Array(parts)) => self.total(parts)?,
                (_, part) => self.size(part)?,
            };
            size = size.saturating_add(more);
        }
        self.sizes.insert(schema, Some(size));
        Ok(size)
    }

    fn total(&mut self, parts: impl IntoIterator<Item = &'a Value>) -> Result<u64, String> {
        let mut total = 0_u64;
        for part in parts {
            total = total.saturating_add(self.size(part)?);
        }
        Ok(total)
    }

    /// The part that a reference names.
    fn target(&self, reference: &str) -> Result<&'a Value, String> {
        let pointer =
            reference.strip_prefix('#').ok_or_else(|| format!("it refers to `{reference}`, outside itself"))?;
        self.root.pointer(pointer).ok_or_else(|| format!("it refers to `{reference}`, which is not there"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn generated_schemas_pass() {
        let schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": "https://example.com/settings",
            "type": "object",
            "properties": {
                "default": {"$ref": "#/$defs/Band"},
                "weights": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Weight"}},
                "either": {"oneOf": [{"$ref": "#/$defs/Band"}, {"type": "null"}]},
            },
            "$defs": {
                "Band": {"enum": ["low", {"$ref": "no reference"}], "default": {"$ref": 1}},
                "Weight": {"type": "integer", "minimum": 0},
            },
        });
        assert_eq!(check(&schema), Ok(()));
        assert_eq!(check(&json!(true)), Ok(()));
    }

    #[test]
    fn circles_and_strangers_are_refused() {
        let refused = |schema: Value, part: &str| {
            let why = check(&schema).unwrap_err();
            assert!(why.contains(part), "{why}");
        };
        refused(json!({"allOf": [{"$ref": "#"}]}), "circle");
        refused(
            json!({"properties": {"a": {"$ref": "#/$defs/a"}},
                "$defs": {"a": {"properties": {"b": {"$ref": "#/$defs/a"}}}}}),
            "circle",
        );
        refused(json!({"$ref": "https://example.com/x"}), "outside");
        refused(json!({"$ref": "#/$defs/none"}), "not there");
        refused(json!({"$dynamicRef": "#x"}), "$dynamicRef");
        refused(json!({"items": {"$id": "x"}}), "$id");
    }

    #[test]
    fn references_that_multiply_are_refused() {
        let mut defs = serde_json::Map::new();
        for i in 0..60 {
            let next = json!({"$ref": format!("#/$defs/d{}", i + 1)});
            defs.insert(format!("d{i}"), json!({"allOf": [next.clone(), next]}));
        }
        defs.insert("d60".to_owned(), json!({}));
        let why = check(&json!({"$ref": "#/$defs/d0", "$defs": defs})).unwrap_err();
        assert!(why.contains("written out"), "{why}");
    }
}
