//! One text for every JSON value: the form that is hashed.
//!
//! Object keys in ascending order of their code points, no white space, strings with JSON's
//! shortest escapes, numbers as `serde_json` prints them. Records hold no floating-point numbers;
//! the few that may come in with free-form maps are printed in their shortest round-trip form.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// The canonical text of a value.
pub fn text(value: &Value) -> String {
    let mut out = Vec::with_capacity(1024);
    write(value, &mut out);
    // Everything in it was text before.
    String::from_utf8(out).unwrap_or_default()
}

/// SHA-256 of some bytes, as 64 lower-case hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-256 of a value's canonical text, as 64 lower-case hexadecimal digits.
pub fn digest(value: &Value) -> String {
    sha256(text(value).as_bytes())
}

/// Lower-case hexadecimal digits of some bytes.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    out
}

fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        // The map's own order depends on a feature that any dependency may switch on.
        Value::Object(map) if map.keys().is_sorted() => members(map.iter(), out),
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            members(entries.into_iter(), out);
        }
        Value::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(item, out);
            }
            out.push(b']');
        }
        leaf => plain(leaf, out),
    }
}

fn members<'v>(entries: impl Iterator<Item = (&'v String, &'v Value)>, out: &mut Vec<u8>) {
    out.push(b'{');
    for (index, (key, value)) in entries.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        plain(key, out);
        out.push(b':');
        write(value, out);
    }
    out.push(b'}');
}

/// Writing a text, a number or a word into memory does not fail.
fn plain(value: &impl serde::Serialize, out: &mut Vec<u8>) {
    let _ = serde_json::to_writer(out, value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_sorted_at_every_depth() {
        let value = json!({"b": [1, {"z": null, "a": "é\n\"“"}], "a": {"y": true, "x": -3}});
        assert_eq!(text(&value), r#"{"a":{"x":-3,"y":true},"b":[1,{"a":"é\n\"“","z":null}]}"#);
    }

    #[test]
    fn sha256_of_a_known_text() {
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(digest(&json!({})), sha256(b"{}"));
    }
}
