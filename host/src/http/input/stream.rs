//! Bodies that are not held in memory.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use futures_util::StreamExt as _;

use super::body::{incomplete, refuse_unread};
use crate::http::problem::Problem;
use crate::http::site::Site;

/// A body that has not been read yet.
pub(in crate::http) struct Stream {
    headers: HeaderMap,
    body: Body,
}

impl FromRequest<Site> for Stream {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Site) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        Ok(Self { headers: parts.headers, body })
    }
}

impl Stream {
    /// How many bytes the client says it sends.
    pub(in crate::http) fn announced(&self) -> Option<u64> {
        self.headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
    }

    /// What the client calls them.
    pub(in crate::http) fn media_type(&self) -> Option<String> {
        Some(self.headers.get(CONTENT_TYPE)?.to_str().ok()?.to_owned())
    }

    /// The bytes as they come.
    pub(in crate::http) fn chunks(self) -> Chunks {
        Chunks { headers: self.headers, body: self.body.into_data_stream() }
    }

    /// Gets the body out of the way of an answer that does not need it.
    pub(in crate::http) async fn refuse(self) {
        refuse_unread(&self.headers, self.body, 0).await;
    }
}

/// Bytes of a body as they come.
pub(in crate::http) struct Chunks {
    headers: HeaderMap,
    body: axum::body::BodyDataStream,
}

impl Chunks {
    /// The next bytes; none at the end.
    pub(in crate::http) async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        self.body.next().await.transpose().map_err(incomplete)
    }

    /// Gets what is left out of the way of an answer that does not need it.
    pub(in crate::http) async fn refuse(self) {
        refuse_unread(&self.headers, Body::new(self.body), 0).await;
    }
}
