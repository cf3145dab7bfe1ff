//! `POST /archive`: everything of the organisation as one file.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::Response;
use futures_util::stream;

use crate::flows::archive::Archive;
use crate::http::caller::Caller;
use crate::http::input::Params;
use crate::http::problem::Problem;
use crate::http::records::export::download;
use crate::http::site::Site;
use crate::http::table::{Answer, Content, Group, Operation};

pub(super) static DOC: Operation = Operation {
    id: "archive",
    group: Group::Server,
    summary: "Archive the organisation",
    text: "A ZIP file with everything of your organisation as it is at this moment: records of every kind, audit trail, \
           decisions, components with their activations, counters, timers and events, but no tokens. `mortise restore` \
           makes of it the same organisation in another installation, on either database. The file ends with a \
           checksum of itself. It is sent as it is read; the audit trail says who took it. Needs the role ADM \
           (administrator).",
    answers: &[Answer { status: 200, text: "The file.", content: Content::Other("application/zip"), headers: &[] }],
    problems: &[400, 401, 403],
    ..Operation::PLAIN
};

pub(super) async fn run(State(site): State<Site>, caller: Caller, params: Params) -> Result<Response, Problem> {
    params.done()?;
    let archive = Archive::begin(&site.desk, &caller).await?;
    let name = archive.file_name();
    let parts = stream::try_unfold(archive, |mut archive| async move {
        match archive.part().await {
            Ok(part) => Ok(part.map(|part| (Bytes::from(part), archive))),
            Err(error) => {
                // The connection breaks, and the file has no seal.
                tracing::error!(%error, "an archive under way cannot go on");
                Err(error)
            }
        }
    });
    Ok(download(Body::from_stream(parts), "application/zip", &name))
}
