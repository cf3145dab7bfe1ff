//! The variable parts of a path.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::http::problem::{Problem, rule};

/// The variable parts of the path, as text.
pub(in crate::http) struct Place<T>(pub(in crate::http) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Place<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // No text that is stored has one, and a database that is asked for it may fail.
        if parts.uri.path().contains("%00") {
            return Err(Problem::bad_request(rule::PATH, "the path has a NUL character"));
        }
        match Path::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(error) => {
                let detail = format!("the path cannot be read: {}", error.body_text());
                Err(Problem::bad_request(rule::PATH, detail))
            }
        }
    }
}
