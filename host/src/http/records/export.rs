//! `GET /records/{kind}/export`: a list as a file.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use crate::domain::refusal::{Refusal, rule};
use crate::flows::export::{Ask, Export, Format};
use crate::flows::list_records;
use crate::http::caller::Caller;
use crate::http::input::{Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Content, Group, Operation, Parameter, Value};

pub(in crate::http) static DOC: Operation = Operation {
    id: "export",
    group: Group::Records,
    summary: "Export {kind} records to a file",
    text: "Filters as for lists. All records that pass and that you may read are in the file, one a row. A file that \
           was exported can be edited and imported again: rows that did not change write nothing, and a row whose \
           record was changed meanwhile is refused. In CSV, texts that a spreadsheet would take for a formula begin \
           with an apostrophe, which import takes off again. CSV and JSON Lines are sent as they are read.",
    parameters: &[
        Parameter { required: true, ..Parameter::query("format", Value::OneOf(Format::NAMES), "Format of the file.") },
        Parameter::query(
            "columns",
            Value::Text,
            "Names of fields, separated by commas, in the order of the columns; also paths inside map fields \
             (`sla.resolution.level`). Default: everything.",
        ),
        Parameter::query(
            "lang",
            Value::OneOf(&["en", "zh"]),
            "Headings are labels of this language. Default: names of fields.",
        ),
        Parameter::query("bom", Value::Flag, "Begin a CSV file with a byte order mark, for Excel. Default: false."),
        Parameter::query(
            "sort",
            Value::Text,
            "Field to sort by, with `-` before it for descending. Default: `created_at`, oldest first.",
        ),
        Parameter::query("tz", Value::Text, "Time zone of relative dates in filters. Default: UTC."),
    ],
    answers: &[Answer { status: 200, text: "The file.", content: Content::Other("*/*"), headers: &[] }],
    problems: &[400, 401, 403, 404, 422],
    each_kind: true,
    slow: true,
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place(kind): Place<String>,
    mut given: Params,
) -> Result<Response, Problem> {
    let kind = site.kind(&caller, &kind)?;
    let format = given.take("format")?;
    let missing = || Refusal::invalid(rule::REQUIRED, "format", "format is required: csv, xlsx or jsonl");
    let format: Format = format.ok_or_else(missing)?.parse::<Format>()?;
    let columns = given.take("columns")?;
    let columns = columns.map(|names| names.split(',').map(|name| name.trim().to_owned()).collect());
    let lang = given.take("lang")?.map(|lang| lang.parse()).transpose();
    let lang = lang.map_err(|message| Refusal::invalid(rule::ENUM, "lang", message))?;
    let bom = given.take_flag("bom")?.unwrap_or(false);
    let sort = given.take("sort")?.or_else(|| Some("created_at".to_owned()));
    let list = list_records::Ask { filters: given.rest(), sort, ..list_records::Ask::default() };
    let export = Export::prepare(&site.desk, &caller, &kind, Ask { format, columns, lang, bom, list }).await?;
    let name = export.file_name();
    let body = match format {
        Format::Xlsx => reply::file(export.workbook().await?),
        Format::Csv | Format::Jsonl => Body::from_stream(stream::try_unfold(export, |mut export| async move {
            match export.part().await {
                Ok(Some(part)) => Ok(Some((Bytes::from(part), export))),
                Ok(None) => Ok(None),
                Err(error) => {
                    // The connection breaks, so that a part is not taken for the whole.
                    tracing::error!(%error, "an export under way cannot go on");
                    Err(error)
                }
            }
        })),
    };
    Ok(download(body, format.media_type(), &name))
}

/// An answer that is saved as a file.
pub(in crate::http) fn download(body: Body, media_type: &'static str, name: &str) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    // Names are made of slugs, identifiers and dates; one that does not fit a header is left to the client.
    if let Ok(disposition) = HeaderValue::try_from(format!("attachment; filename=\"{name}\"")) {
        headers.insert(CONTENT_DISPOSITION, disposition);
    }
    response
}
