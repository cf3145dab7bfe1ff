//! `Idempotency-Key`: makes a creation safe to repeat.

use axum::http::HeaderMap;

use crate::http::problem::{Problem, rule};

/// Name of the header.
pub(in crate::http) const HEADER: &str = "idempotency-key";
/// Longest key.
const LONGEST: usize = 255;

/// The key of a request, if it has one.
pub(in crate::http) fn of(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(HEADER).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value
        .to_str()
        .ok()
        .filter(|text| (1..=LONGEST).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()));
    match (text, values.next()) {
        (Some(text), None) => Ok(Some(text)),
        _ => {
            let detail = format!("Idempotency-Key has to be one header of 1 to {LONGEST} visible ASCII characters");
            Err(Problem::bad_request(rule::IDEMPOTENCY_KEY, detail).about("Idempotency-Key"))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn keys_are_visible_ascii() {
        let of_values = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(HEADER, value.parse().unwrap());
            }
            of(&headers).map(|key| key.map(str::to_owned)).map_err(|_| ())
        };
        assert_eq!(of_values(&[]), Ok(None));
        assert_eq!(of_values(&["order-7/a"]), Ok(Some("order-7/a".to_owned())));
        assert!(of_values(&[&"k".repeat(255)]).is_ok());
        for values in [&[""][..], &["a b"], &["é"], &["a", "a"], &[&"k".repeat(256)]] {
            assert_eq!(of_values(values), Err(()), "{values:?}");
        }
    }
}
