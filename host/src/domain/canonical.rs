//! One text for every JSON value: the form that is hashed.
//!
//! Object keys in ascending order of their code points, no white space, strings with JSON's
//! shortest escapes, numbers as `serde_json` prints them. Records hold no floating-point numbers;
//! the few that may come in with free-form maps are printed in their shortest round-trip form.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::io;

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;
use sha2::{Digest, Sha256};

/// The canonical text of a value, or of what serialises to one.
pub fn text(value: &(impl Serialize + ?Sized)) -> String {
    let out = RefCell::new(Vec::with_capacity(1024));
    let sorted = Sorted { out: &out, members: Vec::new(), open: Vec::new(), scratch: Vec::new() };
    // It fails as `serde_json::to_value` does, for maps whose keys are no texts or numbers: nothing that is hashed has such.
    if value.serialize(&mut Serializer::with_formatter(Sink(&out), sorted)).is_err() {
        return "null".to_owned();
    }
    // Everything in it was text before.
    String::from_utf8(out.into_inner()).unwrap_or_default()
}

/// SHA-256 of some bytes, as 64 lower-case hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-256 of a value's canonical text, as 64 lower-case hexadecimal digits.
pub fn digest(value: &(impl Serialize + ?Sized)) -> String {
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

/// Where the text grows; its formatter sees the same bytes.
struct Sink<'t>(&'t RefCell<Vec<u8>>);

impl io::Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A member of an object that is being written: where it begins, where its key ends, and where it ends itself.
#[derive(Clone, Copy)]
struct Member {
    from: usize,
    key: usize,
    to: usize,
    /// Its key has characters that are written otherwise than they are.
    escaped: bool,
}

/// Writes members as they come, and puts those of an object in order where it ends. A tree of values in between would
/// take as long as everything else that is done with a decision.
struct Sorted<'t> {
    out: &'t RefCell<Vec<u8>>,
    /// Of all objects that are open.
    members: Vec<Member>,
    /// Where in `members` those of each open object begin.
    open: Vec<usize>,
    scratch: Vec<u8>,
}

impl Sorted<'_> {
    fn here(&self) -> usize {
        self.out.borrow().len()
    }

    fn sort(&mut self, first: usize) {
        let mut out = self.out.borrow_mut();
        let members = &mut self.members[first..];
        if members.is_sorted_by(|one, other| by_key(&out, one, other).is_le()) {
            return;
        }
        let begin = members[0].from;
        members.sort_by(|one, other| by_key(&out, one, other));
        self.scratch.clear();
        for member in members {
            if !self.scratch.is_empty() {
                self.scratch.push(b',');
            }
            self.scratch.extend_from_slice(&out[member.from..member.to]);
        }
        out.truncate(begin);
        out.extend_from_slice(&self.scratch);
    }
}

/// By the code points of the keys, which is the order of their bytes unless one of them has escapes.
fn by_key(out: &[u8], one: &Member, other: &Member) -> Ordering {
    let escaped = one.escaped || other.escaped;
    let (one, other) = (&out[one.from..one.key], &out[other.from..other.key]);
    if !escaped {
        // Without the closing quotation mark, which is greater than some of what a longer key goes on with.
        return one[..one.len() - 1].cmp(&other[..other.len() - 1]);
    }
    let plain = |key| serde_json::from_slice::<String>(key).unwrap_or_default();
    plain(one).cmp(&plain(other))
}

impl Formatter for Sorted<'_> {
    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open.push(self.members.len());
        writer.write_all(b"{")
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if !first {
            writer.write_all(b",")?;
        }
        let from = self.here();
        self.members.push(Member { from, key: from, to: from, escaped: false });
        Ok(())
    }

    fn end_object_key<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        let out = self.out.borrow();
        if let Some(member) = self.members.last_mut() {
            member.key = out.len();
            member.escaped = out[member.from..].contains(&b'\\');
        }
        Ok(())
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        let here = self.here();
        if let Some(member) = self.members.last_mut() {
            member.to = here;
        }
        Ok(())
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if let Some(first) = self.open.pop() {
            self.sort(first);
            self.members.truncate(first);
        }
        writer.write_all(b"}")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_sorted_at_every_depth() {
        let value = json!({"b": [1, {"z": null, "a": "é\n\"“"}], "a": {"y": true, "x": -3}});
        assert_eq!(text(&value), r#"{"a":{"x":-3,"y":true},"b":[1,{"a":"é\n\"“","z":null}]}"#);
    }

    #[test]
    fn what_serialises_comes_out_as_its_value_does() {
        #[derive(Serialize)]
        #[serde(tag = "op", rename_all = "kebab-case")]
        enum Asked {
            Second(Fields),
        }
        #[derive(Serialize)]
        struct Fields {
            zone: Option<&'static str>,
            matrix: std::collections::BTreeMap<u32, Vec<Fields>>,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            none: Vec<u8>,
            alone: (i64, bool),
            empty: std::collections::BTreeMap<String, String>,
        }
        let leaf = |zone| Fields { zone, matrix: [].into(), none: vec![], alone: (-7, true), empty: [].into() };
        let matrix = [(1, vec![leaf(None)]), (2, vec![]), (10, vec![leaf(Some("上海")), leaf(Some("a\"b"))])].into();
        let asked = Asked::Second(Fields { matrix, ..leaf(Some("UTC")) });
        let by_value = text(&serde_json::to_value(&asked).unwrap());
        assert_eq!(text(&asked), by_value);
        assert!(by_value.starts_with(r#"{"alone":[-7,true],"empty":{},"matrix":{"1":[{"#), "{by_value}");
        assert!(by_value.find(r#""10":"#) < by_value.find(r#""2":"#), "as texts, not as numbers: {by_value}");
    }

    #[test]
    fn keys_are_ordered_as_texts_and_not_as_they_are_written() {
        // A map that keeps its order, with keys that need escapes, and a key that is the beginning of others.
        struct Members(Vec<&'static str>);
        impl Serialize for Members {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map(self.0.iter().map(|key| (*key, 1)))
            }
        }
        let keys = ["a\\", "b", "a", "a!", "ab", "\u{1}", "a\"", "\\", "", "é", "上", " ", "\n"];
        let mut sorted = keys.to_vec();
        sorted.sort_unstable();
        let expected: Vec<String> = sorted.iter().map(|key| format!("{}:1", json!(key))).collect();
        assert_eq!(text(&Members(keys.to_vec())), format!("{{{}}}", expected.join(",")));
        assert_eq!(text(&Members(Vec::new())), "{}");
    }

    #[test]
    fn sha256_of_a_known_text() {
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(digest(&json!({})), sha256(b"{}"));
    }
}
