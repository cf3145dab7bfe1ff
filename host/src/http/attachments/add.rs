//! `POST /records/{kind}/{number}/attachments?name=…`: attaching a file.

use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;

use crate::flows::attachments::{self, Label, Upload, too_large};
use crate::http::caller::Caller;
use crate::http::input::stream::{Chunks, Stream};
use crate::http::input::{Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Body, Group, Operation, Parameter, Value};

pub(in crate::http) static DOC: Operation = Operation {
    id: "attach",
    group: Group::Work,
    summary: "Attach a file to a record",
    text: "The body is the file itself, at most 25 MiB unless the server is configured otherwise. Its first bytes have \
           to be what its name, and Content-Type where it says anything, promise; programs are refused. The same bytes \
           are kept once. Who may, and who sees it, is as with comments.",
    parameters: &[
        Parameter { required: true, ..Parameter::query("name", Value::Text, "Name of the file.") },
        Parameter::query(
            "visibility",
            Value::OneOf(&["public", "internal"]),
            "Who sees it. Default: `internal` for staff, `public` for customers.",
        ),
    ],
    body: Body::File(&["application/octet-stream"]),
    answers: &[Answer::json(201, "Attachment", "The attachment.").headers(&["Location"])],
    problems: &[400, 401, 403, 404, 409, 413, 422],
    slow: true,
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place((kind, number)): Place<(String, String)>,
    params: Params,
    body: Stream,
) -> Result<Response, Problem> {
    // Everything that can be refused is, before a byte of the body is looked at.
    let told = (body.media_type(), body.announced());
    let upload = match begin(&site, &caller, (&kind, &number), params, told).await {
        Ok(upload) => upload,
        Err(problem) => {
            body.refuse().await;
            return Err(problem);
        }
    };
    let mut chunks = body.chunks();
    let upload = match pour(upload, &mut chunks).await {
        Ok(upload) => upload,
        Err(problem) => {
            chunks.refuse().await;
            return Err(problem);
        }
    };
    let attachment = upload.finish().await?;
    let mut response = reply::json(StatusCode::CREATED, &attachment.to_json());
    let location = format!("/api/v1/records/{kind}/{number}/attachments/{}", attachment.id);
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

async fn begin(
    site: &Site,
    caller: &Caller,
    (kind, number): (&str, &str),
    mut params: Params,
    (media_type, announced): (Option<String>, Option<u64>),
) -> Result<Upload, Problem> {
    let name = params.take("name")?.unwrap_or_default();
    let visibility = params.take("visibility")?;
    params.done()?;
    let kind = site.kind(caller, kind)?;
    let label = Label { name: &name, media_type: media_type.as_deref(), visibility: visibility.as_deref() };
    let upload = attachments::begin(&site.desk, caller, kind, number, label).await?;
    let most = site.desk.attachments.max_bytes();
    if announced.is_some_and(|length| length > most) {
        return Err(too_large(most).into());
    }
    Ok(upload)
}

async fn pour(mut upload: Upload, chunks: &mut Chunks) -> Result<Upload, Problem> {
    while let Some(chunk) = chunks.next().await? {
        upload.put(&chunk).await?;
    }
    Ok(upload)
}
