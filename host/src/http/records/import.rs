//! `POST /records/{kind}/import`: the rows of a file as records.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use serde::Serialize;

use super::export::download;
use crate::domain::refusal::{Refusal, rule};
use crate::domain::table::{self, Mapping};
use crate::flows::export::Format;
use crate::flows::import_records::{Ask, Import, RowResult, Totals};
use crate::http::caller::Caller;
use crate::http::input::{Params, Place, Sent};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Body as Carries, Group, Operation, Parameter, Value};

/// Media types that files of records are sent as.
const TYPES: [&str; 6] = [
    "text/csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/x-ndjson",
    "application/jsonl",
    "application/json",
    "application/octet-stream",
];

pub(in crate::http) static DOC: Operation = Operation {
    id: "import",
    group: Group::Records,
    summary: "Import {kind} records from a file",
    text: "The body is the file. It is read to its end before anything is written: a heading that means nothing, a row \
           that is cut or a line that is not JSON refuses all of it. Then each row goes through the same rules as a \
           single request of yours, all of it or nothing, and the answer says what became of each.\n\nHeadings are \
           names of fields or their labels in either language. A row finds its record by `number`, else by \
           `external_id`, or by `key`; without one, equal rows are recognised when they come again. So an import can \
           run again: rows that change nothing write nothing. An empty cell leaves the field as it is. A `revision` \
           other than the record's refuses the row when it would change something.\n\nA mapping, in TOML or JSON, \
           says what headings mean that are not recognised: `[columns]` with `Heading = \"field\"` or \
           `{ field, values, default, prefix, date, moment, ignore }`, and `constants`, `time_zone`, `date`, \
           `moment`, `missing`, `clear`, `separator`, `sheet`.",
    parameters: &[
        Parameter { required: true, ..Parameter::query("format", Value::OneOf(Format::NAMES), "Format of the file.") },
        Parameter::query("mapping", Value::Text, "The mapping, as TOML or JSON."),
        Parameter::query("dry_run", Value::Flag, "Say what would happen, and write nothing. Default: false."),
        Parameter::query("key", Value::Text, "Indexed field by which rows find their records."),
        Parameter::query("name", Value::Text, "Name of the file, for messages. Default: `file`."),
        Parameter::query("report", Value::OneOf(&["json", "csv"]), "Format of the answer. Default: json."),
    ],
    body: Carries::File(&TYPES),
    answers: &[Answer::json(200, "ImportReport", "What became of each row; with `report=csv` as a CSV file.")],
    problems: &[400, 401, 403, 404, 413, 415, 422],
    each_kind: true,
    slow: true,
    ..Operation::PLAIN
};

#[derive(Serialize)]
struct Report<'a> {
    file: &'a str,
    kind: &'a str,
    dry_run: bool,
    totals: Totals,
    ignored: &'a [String],
    results: Vec<RowResult>,
}

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place(kind): Place<String>,
    mut given: Params,
    request: Request,
) -> Result<Response, Problem> {
    let kind = site.kind(&caller, &kind)?;
    let format = given.take("format")?;
    let missing = || Refusal::invalid(rule::REQUIRED, "format", "format is required: csv, xlsx or jsonl");
    let format: Format = format.ok_or_else(missing)?.parse::<Format>()?;
    let mapping = given.take("mapping")?.map(|text| Mapping::parse(&text)).transpose()?.unwrap_or_default();
    let dry_run = given.take_flag("dry_run")?.unwrap_or(false);
    let key = given.take("key")?;
    let name = given.take("name")?.unwrap_or_else(|| "file".to_owned());
    let as_csv = match given.take("report")?.as_deref() {
        None | Some("json") => false,
        Some("csv") => true,
        Some(other) => {
            let message = format!("'{other}' is not a format of reports; there are json and csv");
            return Err(Refusal::invalid(rule::ENUM, "report", message).into());
        }
    };
    given.done()?;
    let Sent(file) = Sent::receive(request, &TYPES, site.config.import_limit).await?;
    let ask = Ask { name: name.clone(), mapping, dry_run, key, most_rows: Some(site.config.import_rows) };
    let mut import = Import::prepare(&site.desk, &caller, &kind, format, file, ask).await?;
    let mut results = Vec::new();
    while let Some(result) = import.next().await? {
        results.push(result);
    }
    if as_csv {
        let file = format!("import-{}.csv", kind.slug);
        return Ok(download(Body::from(csv(&results)), "text/csv; charset=utf-8", &file));
    }
    let (totals, ignored) = (import.totals(), import.ignored());
    Ok(reply::ok(&Report { file: &name, kind: &kind.slug, dry_run, totals, ignored, results }))
}

/// One line for each row, or for each thing that is wrong with it.
fn csv(results: &[RowResult]) -> String {
    let mut out = "row,line,outcome,number,field,rule,message\r\n".to_owned();
    let quoted = |text: &str| {
        let safe = table::guarded(&crate::domain::FieldType::Str, text.to_owned());
        format!("\"{}\"", safe.replace('"', "\"\""))
    };
    for result in results {
        let head = format!(
            "{},{},{},{}",
            result.row,
            result.line,
            result.outcome.word(),
            result.number.as_deref().unwrap_or_default()
        );
        if result.errors.is_empty() {
            out.push_str(&format!("{head},,,\r\n"));
        }
        for error in &result.errors {
            let (field, message) = (quoted(&error.field), quoted(&error.message));
            out.push_str(&format!("{head},{field},{},{message}\r\n", error.rule));
        }
    }
    out
}
