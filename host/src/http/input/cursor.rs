//! Cursors: where a page ended, in a form that clients hand back and do not look into.
//!
//! A cursor is no secret and grants nothing: every page is narrowed to what its caller may see. A check sum tells a
//! cursor of this list from a mangled one, or from one of another list or order.

use crate::domain::canonical;
use crate::http::problem::{Problem, rule};

/// Digits of the check sum.
const CHECK: usize = 8;
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The cursor for a place in the list that `list` names, with its order.
pub(in crate::http) fn encode(list: &str, place: &[&str]) -> String {
    let place = place.join("\0");
    base64url(format!("{}{place}", check(list, &place)).as_bytes())
}

/// The place that a cursor stands for, in `N` parts.
pub(in crate::http) fn decode<const N: usize>(list: &str, text: &str) -> Result<[String; N], Problem> {
    let bytes = from_base64url(text).ok_or_else(unusable)?;
    let plain = String::from_utf8(bytes).map_err(|_| unusable())?;
    let (sum, place) = plain.split_at_checked(CHECK).ok_or_else(unusable)?;
    if sum != check(list, place) {
        return Err(unusable());
    }
    // A value is text without control characters, so the separator is never part of it.
    let parts: Vec<String> = place.split('\0').map(str::to_owned).collect();
    parts.try_into().map_err(|_| unusable())
}

/// The problem of a cursor that stands for no place in the list.
pub(in crate::http) fn unusable() -> Problem {
    let detail = "the cursor is not one of this list in this order; start again without a cursor";
    Problem::bad_request(rule::CURSOR, detail).about("cursor")
}

fn check(list: &str, place: &str) -> String {
    let mut sum = canonical::sha256(format!("cursor\0{list}\0{place}").as_bytes());
    sum.truncate(CHECK);
    sum
}

fn base64url(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let mut bits = 0_usize;
        for at in 0..3 {
            bits = bits << 8 | usize::from(group.get(at).copied().unwrap_or_default());
        }
        for digit in 0..=group.len() {
            out.push(char::from(DIGITS[bits >> (18 - 6 * digit) & 63]));
        }
    }
    out
}

fn from_base64url(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for group in text.as_bytes().chunks(4) {
        let mut bits = 0_usize;
        for at in 0..4 {
            let value = match group.get(at) {
                Some(digit) => DIGITS.iter().position(|d| d == digit)?,
                None => 0,
            };
            bits = bits << 6 | value;
        }
        let bytes = group.len().checked_sub(1).filter(|n| *n > 0)?;
        // There is one text for every cursor: digits that stand for nothing are zero.
        if bits & ((1 << (8 * (3 - bytes))) - 1) != 0 {
            return None;
        }
        out.extend((0..bytes).filter_map(|at| u8::try_from(bits >> (16 - 8 * at) & 255).ok()));
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use axum::response::IntoResponse;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn base64url_is_the_known_one() {
        for (plain, text) in
            [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("\u{fb}\u{ff}", "w7vDvw")]
        {
            assert_eq!(base64url(plain.as_bytes()), text);
            assert_eq!(from_base64url(text).unwrap(), plain.as_bytes());
        }
        for text in ["Z", "Zh", "Zm9", "Zm9v=", "Zm+v", "Zm9vY", "é"] {
            assert_eq!(from_base64url(text), None, "{text}");
        }
    }

    #[test]
    fn a_cursor_belongs_to_one_list_in_one_order() {
        let cursor = encode("incident -created_at", &["", "id-1"]);
        assert_eq!(decode::<2>("incident -created_at", &cursor).unwrap(), ["", "id-1"]);
        for list in ["incident created_at", "problem -created_at", ""] {
            assert_eq!(decode::<2>(list, &cursor).unwrap_err().into_response().status(), 400, "{list}");
        }
        assert!(decode::<1>("incident -created_at", &cursor).is_err());
    }

    #[test]
    fn a_mangled_cursor_is_refused() {
        let cursor = encode("l", &["7", "0198-abc"]);
        for at in 0..cursor.len() {
            for digit in ["A", "b", "9", "_", "!", ""] {
                let mut mangled = cursor.clone();
                mangled.replace_range(at..=at, digit);
                assert!(mangled == cursor || decode::<2>("l", &mangled).is_err(), "{mangled}");
            }
        }
        for text in ["", "A", "null", "' OR 1=1", &"A".repeat(10_000)] {
            assert!(decode::<2>("l", text).is_err());
        }
    }

    proptest! {
        #[test]
        fn every_place_round_trips(list in ".*", value in "[^\\x00]*", id in "[^\\x00]*") {
            let cursor = encode(&list, &[&value, &id]);
            prop_assert!(cursor.bytes().all(|b| DIGITS.contains(&b)));
            prop_assert_eq!(decode::<2>(&list, &cursor).unwrap(), [value, id]);
        }

        #[test]
        fn any_text_is_no_cursor(text in ".*") {
            prop_assert!(decode::<2>("l", &text).is_err());
        }
    }
}
