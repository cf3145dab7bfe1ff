//! Entity tags: a record's revision in quotation marks.

use axum::http::header::{IF_MATCH, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue};

use crate::http::problem::{Problem, rule};

/// The strong tag of a revision.
pub(in crate::http) fn of(revision: i64) -> HeaderValue {
    // Quotation marks and digits are fine in a header.
    HeaderValue::try_from(format!("\"{revision}\"")).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

/// The revision that If-Match asks for; `None` when it is absent or `*`.
pub(in crate::http) fn if_match(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let malformed = |given: &str| {
        let detail = format!("If-Match has to be one strong entity tag like \"7\", or *; it is {given}");
        Problem::bad_request(rule::IF_MATCH, detail).about("If-Match")
    };
    let mut values = headers.get_all(IF_MATCH).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(malformed("given several times"));
    }
    let text = value.to_str().map_err(|_| malformed("not readable"))?.trim();
    if text == "*" {
        return Ok(None);
    }
    match revision(text) {
        Some(revision) => Ok(Some(revision)),
        None if text.starts_with("W/") => Err(malformed("weak")),
        None => Err(malformed(text)),
    }
}

/// Whether If-None-Match names this revision: the client has it already. Whatever cannot be read names nothing.
pub(in crate::http) fn is_known(headers: &HeaderMap, current: i64) -> bool {
    let values = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).any(|tag| {
        // This comparison is the weak one (RFC 9110, section 13.1.2).
        tag == "*" || revision(tag.strip_prefix("W/").unwrap_or(tag)) == Some(current)
    })
}

fn revision(tag: &str) -> Option<i64> {
    let digits = tag.strip_prefix('"')?.strip_suffix('"')?;
    // Version 0 of a kind is the built-in one.
    let plain = digits.bytes().all(|b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    digits.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use axum::http::HeaderName;
    use axum::response::IntoResponse;

    use super::*;

    fn headers(name: HeaderName, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(&name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    #[test]
    fn a_strong_tag_names_a_revision() {
        assert_eq!(of(7), "\"7\"");
        let asked = |text: &str| if_match(&headers(IF_MATCH, &[text])).unwrap();
        assert_eq!(asked("\"7\""), Some(7));
        assert_eq!(asked(" \"12\" "), Some(12));
        assert_eq!(asked("*"), None);
        assert_eq!(if_match(&HeaderMap::new()).unwrap(), None);
    }

    #[test]
    fn anything_else_is_malformed() {
        for text in [
            "",
            "7",
            "\"7",
            "7\"",
            "\"\"",
            "\"07\"",
            "\"-1\"",
            "\"+1\"",
            "\"x\"",
            "W/\"7\"",
            "\"7\", \"8\"",
            "\"99999999999999999999\"",
            "é",
        ] {
            let response = if_match(&headers(IF_MATCH, &[text])).unwrap_err().into_response();
            assert_eq!(response.status(), 400, "{text}");
        }
        assert!(if_match(&headers(IF_MATCH, &["\"7\"", "\"7\""])).is_err());
    }

    #[test]
    fn a_known_revision_is_recognised() {
        let known = |values: &[&str]| is_known(&headers(IF_NONE_MATCH, values), 7);
        assert!(known(&["\"7\""]) && known(&["W/\"7\""]) && known(&["*"]));
        assert!(known(&["\"5\", \"7\""]) && known(&["\"5\"", "\"7\""]));
        assert!(!known(&[]) && !known(&["\"8\""]) && !known(&["7"]) && !known(&["\"a,7\""]));
    }
}
