//! Answers to what is not there.

use axum::http::{Method, StatusCode, Uri};

use super::problem::{Problem, rule};

pub(super) async fn no_such_route(uri: Uri) -> Problem {
    let detail = format!("nothing is served under {}; the documentation is under /docs", uri.path());
    Problem::new(StatusCode::NOT_FOUND, rule::NO_SUCH_ROUTE, detail)
}

/// The router adds the `Allow` header.
pub(super) async fn method_not_allowed(method: Method, uri: Uri) -> Problem {
    let detail = format!("{} does not take {method}; the Allow header has what it takes", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, rule::METHOD_NOT_ALLOWED, detail)
}
