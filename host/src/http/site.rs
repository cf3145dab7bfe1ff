//! What every handler works with.

use std::ops::Deref;
use std::sync::Arc;

use super::caller::Sessions;
use super::config::HttpConfig;
use super::openapi::Documents;
use super::problem::Problem;
use super::table::Route;
use crate::domain::refusal::{Class, Refusal, rule};
use crate::domain::{Actor, Kind};
use crate::flows::Desk;

/// The state of the router; cheap to clone.
#[derive(Clone)]
pub(super) struct Site(Arc<Inner>);

pub(super) struct Inner {
    pub(super) desk: Desk,
    pub(super) config: HttpConfig,
    pub(super) sessions: Sessions,
    pub(super) routes: Vec<Route>,
    pub(super) documents: Documents,
}

impl Deref for Site {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Site {
    pub(super) fn new(desk: Desk, config: HttpConfig, routes: Vec<Route>) -> Self {
        let sessions = Sessions::new(config.token_cache);
        Self(Arc::new(Inner { desk, config, sessions, routes, documents: Documents::default() }))
    }
}

impl Inner {
    /// The kind of the actor's organisation with this slug.
    pub(super) fn kind(&self, actor: &Actor, slug: &str) -> Result<Arc<Kind>, Problem> {
        self.desk.kinds(&actor.org).get(slug).cloned().ok_or_else(|| {
            let message = format!("there is no record kind '{slug}'; GET /api/v1/kinds lists them");
            Refusal::new(Class::NotFound, rule::UNKNOWN_KIND, message).about("kind").into()
        })
    }

    /// Whether a route may have to wait for the compiler.
    pub(super) fn is_slow(&self, method: &axum::http::Method, path: &str) -> bool {
        self.routes.iter().any(|r| r.operation.slow && r.path == path && r.method == *method)
    }
}
