//! Query parameters.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;

use crate::domain::refusal::{Refusal, rule as field_rule};
use crate::http::problem::{Problem, rule};

/// Query parameters in their order. A handler takes those it knows and then [`Self::done`] refuses the others.
#[derive(Clone, Debug, Default)]
pub(in crate::http) struct Params(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let wrong = |detail: String| Problem::bad_request(rule::PARAMETER, detail);
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
            .map_err(|error| wrong(format!("the query cannot be read: {error}")))?;
        match pairs.iter().find(|(name, value)| name.contains('\0') || value.contains('\0')) {
            Some((name, _)) => Err(wrong(format!("the parameter {} has a NUL character", name.escape_debug()))),
            None => Ok(Self(pairs)),
        }
    }
}

impl Params {
    /// Takes the parameter of this name; it may be there once.
    pub(in crate::http) fn take(&mut self, name: &str) -> Result<Option<String>, Problem> {
        let mut values = self.take_all(name);
        if values.len() > 1 {
            let detail = format!("the parameter {name} may be given once");
            return Err(Problem::bad_request(rule::REPEATED_PARAMETER, detail).about(name));
        }
        Ok(values.pop())
    }

    /// Takes every parameter of this name.
    pub(in crate::http) fn take_all(&mut self, name: &str) -> Vec<String> {
        self.0.extract_if(.., |(known, _)| known == name).map(|(_, value)| value).collect()
    }

    /// Takes a whole number from `least` to `most`.
    pub(in crate::http) fn take_whole(&mut self, name: &str, least: i64, most: i64) -> Result<Option<i64>, Problem> {
        let Some(text) = self.take(name)? else { return Ok(None) };
        let value = text.parse::<i64>().ok().filter(|value| (least..=most).contains(value));
        value.map(Some).ok_or_else(|| {
            let message = format!("{name} has to be a whole number from {least} to {most}, not '{text}'");
            Refusal::invalid(field_rule::RANGE, name, message).into()
        })
    }

    /// Takes `true` or `false`.
    pub(in crate::http) fn take_flag(&mut self, name: &str) -> Result<Option<bool>, Problem> {
        let Some(text) = self.take(name)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| {
            Refusal::invalid(field_rule::TYPE, name, format!("{name} has to be true or false, not '{text}'")).into()
        })
    }

    /// What was not taken.
    pub(in crate::http) fn rest(self) -> Vec<(String, String)> {
        self.0
    }

    /// Refuses what was not taken.
    pub(in crate::http) fn done(self) -> Result<(), Problem> {
        match self.0.into_iter().next() {
            None => Ok(()),
            Some((name, _)) => {
                let detail = format!("this route has no parameter '{name}'");
                Err(Problem::bad_request(rule::UNKNOWN_PARAMETER, detail).about(name))
            }
        }
    }
}

/// Writes parameters as a query string.
pub(in crate::http) fn encode(pairs: &[(String, String)]) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        out.push(if out.is_empty() { '?' } else { '&' });
        escape(name, &mut out);
        out.push('=');
        escape(value, &mut out);
    }
    out
}

/// Percent-encodes everything but the unreserved characters of RFC 3986 (and a few that are safe in a query).
fn escape(text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'!' | b':' | b',') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn params(query: &str) -> Params {
        let uri = format!("/x{query}").parse().unwrap();
        Params(Query::<Vec<(String, String)>>::try_from_uri(&uri).unwrap().0)
    }

    #[test]
    fn parameters_are_taken_once() {
        let mut p = params("?a=1&b=x&b=y&n=12&live=true&c=");
        assert_eq!(p.take("a").unwrap().as_deref(), Some("1"));
        assert_eq!(p.take("a").unwrap(), None);
        assert!(p.clone().take("b").is_err());
        assert_eq!(p.take_all("b"), ["x", "y"]);
        assert_eq!(p.take_whole("n", 1, 500).unwrap(), Some(12));
        assert_eq!(p.take_flag("live").unwrap(), Some(true));
        assert!(p.clone().done().is_err());
        assert_eq!(p.take("c").unwrap().as_deref(), Some(""));
        p.done().unwrap();
    }

    #[test]
    fn numbers_and_flags_are_checked() {
        for query in ["?n=0", "?n=501", "?n=x", "?n=", "?n=1.0", "?n=99999999999999999999"] {
            assert!(params(query).take_whole("n", 1, 500).is_err(), "{query}");
        }
        assert!(params("?f=yes").take_flag("f").is_err());
    }

    #[test]
    fn a_query_reads_back() {
        let pairs = [("sla.level", "!a,b c"), ("名", "50% & more=less"), ("at", "2026-01-01T00:00:00+08:00..")];
        let pairs: Vec<_> = pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        assert_eq!(params(&encode(&pairs)).rest(), pairs);
        assert_eq!(encode(&[]), "");
    }
}
