//! Who is asking: `Authorization: Bearer TOKEN`.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use tokio::time::Instant;

use super::problem::Problem;
use super::site::Site;
use crate::domain::refusal::Refusal;
use crate::domain::{Actor, canonical};
use crate::flows::{Desk, FlowError, authenticate, reach};

/// Whoever sent the request.
#[derive(Clone)]
pub(super) struct Caller(Arc<Actor>);

impl Deref for Caller {
    type Target = Actor;

    fn deref(&self) -> &Actor {
        &self.0
    }
}

impl FromRequestParts<Site> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Problem> {
        let token = bearer(&parts.headers)?;
        let mut actor = site.sessions.actor(&site.desk, token).await?;
        // Asked at every request, unlike the token: whoever leaves a customer leaves at once.
        if let Some(with_reach) = reach::look_up(&site.desk, &actor).await? {
            actor = Arc::new(with_reach);
        }
        let span = tracing::Span::current();
        span.record("org", actor.org.as_str());
        span.record("user", actor.user.as_str());
        Ok(Self(actor))
    }
}

/// The token of a request.
pub(super) fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(challenge("the request needs one header Authorization: Bearer TOKEN"));
    };
    let parts = value.to_str().ok().and_then(|text| text.split_once(' '));
    match parts {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() => Ok(token.trim()),
        _ => Err(challenge("the header Authorization has to be: Bearer TOKEN")),
    }
}

/// Without credentials the challenge names no error (RFC 6750, section 3.1).
fn challenge(message: &str) -> Problem {
    let problem = Problem::from(Refusal::unauthenticated(message));
    problem.with_header(WWW_AUTHENTICATE, HeaderValue::from_static(r#"Bearer realm="mortise""#))
}

/// Tokens that were found good a moment ago. A token that is revoked, expires or gets other roles is noticed after
/// [`super::HttpConfig::token_cache`] at the latest. Bad tokens are never remembered.
pub(super) struct Sessions {
    trust: Duration,
    known: Mutex<HashMap<String, (Instant, Arc<Actor>)>>,
}

/// More than this many at once are forgotten and asked for again.
const MOST: usize = 4096;

impl Sessions {
    pub(super) fn new(trust: Duration) -> Self {
        Self { trust, known: Mutex::default() }
    }

    /// The actor behind a token.
    pub(super) async fn actor(&self, desk: &Desk, token: &str) -> Result<Arc<Actor>, FlowError> {
        if self.trust.is_zero() {
            return Ok(Arc::new(authenticate::run(desk, token).await?));
        }
        let key = canonical::sha256(token.as_bytes());
        if let Some(actor) = self.remembered(&key) {
            return Ok(actor);
        }
        let asked = Instant::now();
        let actor = Arc::new(authenticate::run(desk, token).await?);
        self.remember(key, asked, Arc::clone(&actor));
        Ok(actor)
    }

    fn remembered(&self, key: &str) -> Option<Arc<Actor>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(key).filter(|(at, _)| at.elapsed() < self.trust).map(|(_, actor)| Arc::clone(actor))
    }

    fn remember(&self, key: String, asked: Instant, actor: Arc<Actor>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.retain(|_, (at, _)| at.elapsed() < self.trust);
            if known.len() >= MOST {
                known.clear();
            }
        }
        known.insert(key, (asked, actor));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use axum::response::IntoResponse;

    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_bearer_token_is_found() {
        assert_eq!(bearer(&headers(&["Bearer mt_1"])).unwrap(), "mt_1");
        assert_eq!(bearer(&headers(&["bearer  mt_1 "])).unwrap(), "mt_1");
    }

    #[test]
    fn anything_else_is_challenged() {
        for values in [&[][..], &["Basic dTpw"], &["Bearer"], &["Bearer "], &["mt_1"], &["Bearer a", "Bearer b"]] {
            let response = bearer(&headers(values)).unwrap_err().into_response();
            assert_eq!(response.status(), 401, "{values:?}");
            assert_eq!(response.headers()[WWW_AUTHENTICATE], r#"Bearer realm="mortise""#);
        }
    }
}
