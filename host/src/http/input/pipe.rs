//! A body that is read while it arrives, by code that reads files.

use std::io::{self, Read};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName};
use futures_util::StreamExt;
use tokio::sync::mpsc;

use super::body::{check_type, drain, too_large};
use crate::http::problem::{Problem, rule};

/// Chunks that may wait to be read.
const WAITING: usize = 8;

/// The reading end: blocks until more of the body arrives, so it belongs on a thread that may wait.
pub(in crate::http) struct Pipe {
    chunks: mpsc::Receiver<io::Result<Bytes>>,
    at: Bytes,
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at.is_empty() {
            match self.chunks.blocking_recv() {
                Some(chunk) => self.at = chunk?,
                None => return Ok(0),
            }
        }
        let n = self.at.len().min(buffer.len());
        buffer[..n].copy_from_slice(&self.at.split_to(n));
        Ok(n)
    }
}

/// The media type of a body among those that are read here; refuses others.
pub(in crate::http) fn media_type(headers: &HeaderMap, read: &[&'static str]) -> Result<&'static str, Problem> {
    check_type(headers, read, HeaderName::from_static("accept-post"))?;
    let given = headers.get(axum::http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = given.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let found = read.iter().find(|known| known.eq_ignore_ascii_case(essence));
    // It was among them a moment ago.
    found.copied().ok_or_else(Problem::internal)
}

/// A body as a file, and what keeps it coming: both have to run at the same time. A body of more than `limit` bytes
/// ends with an error at both ends.
pub(in crate::http) fn pipe(body: Body, limit: usize) -> (Pipe, impl Future<Output = Result<(), Problem>>) {
    let (send, chunks) = mpsc::channel(WAITING);
    let pump = async move {
        let mut body = body.into_data_stream();
        let mut seen = 0_usize;
        while let Some(chunk) = body.next().await {
            let (chunk, problem) = match chunk {
                Ok(chunk) => {
                    seen = seen.saturating_add(chunk.len());
                    (Ok(chunk), (seen > limit).then(|| too_large(limit)))
                }
                Err(error) => {
                    let detail = format!("the body did not arrive as a whole: {error}");
                    (Err(io::Error::other(detail.clone())), Some(Problem::bad_request(rule::BODY_INCOMPLETE, detail)))
                }
            };
            if let Some(problem) = problem {
                let ended = io::Error::other("the body was not taken in");
                // Whoever reads may have given up already.
                let _ = send.send(chunk.and(Err(ended))).await;
                drain(&mut body, limit).await;
                return Err(problem);
            }
            if send.send(chunk).await.is_err() {
                drain(&mut body, limit).await;
                break;
            }
        }
        Ok(())
    };
    (Pipe { chunks, at: Bytes::new() }, pump)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use axum::response::IntoResponse;

    use super::*;

    async fn through(chunks: Vec<Result<&'static str, io::Error>>, limit: usize) -> (io::Result<String>, Option<u16>) {
        let body = Body::from_stream(futures_util::stream::iter(chunks));
        let (mut pipe, pump) = pipe(body, limit);
        let reading = tokio::task::spawn_blocking(move || {
            let mut text = String::new();
            pipe.read_to_string(&mut text).map(|_| text)
        });
        let (pumped, read) = tokio::join!(pump, reading);
        (read.unwrap(), pumped.err().map(|problem| problem.into_response().status().as_u16()))
    }

    #[tokio::test]
    async fn a_body_comes_out_as_it_went_in() {
        let (text, problem) = through(vec![Ok("a"), Ok(""), Ok("bc")], 3).await;
        assert_eq!((text.unwrap().as_str(), problem), ("abc", None));
        let many = through((0..100).map(|_| Ok("0123456789")).collect(), 1000).await;
        assert_eq!((many.0.unwrap().len(), many.1), (1000, None));
    }

    #[tokio::test]
    async fn what_is_too_large_or_broken_ends_on_both_ends() {
        let (read, problem) = through(vec![Ok("abc"), Ok("d")], 3).await;
        assert!(read.is_err());
        assert_eq!(problem, Some(413));
        let (read, problem) = through(vec![Ok("abc"), Err(io::Error::other("reset"))], 9).await;
        assert!(read.is_err());
        assert_eq!(problem, Some(400));
    }

    #[tokio::test]
    async fn a_reader_that_gives_up_does_not_hold_up_the_body() {
        let body = Body::from_stream(futures_util::stream::iter((0..100).map(|_| Ok::<_, io::Error>("0123456789"))));
        let (pipe, pump) = pipe(body, 1000);
        drop(pipe);
        assert!(pump.await.is_ok());
    }
}
