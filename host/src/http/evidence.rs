//! `GET /evidence`: what shows that each clause is met, for an auditor.

use axum::extract::State;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::{IntoResponse, Response};

use crate::domain::refusal::{Refusal, rule};
use crate::flows::evidence::{self, Language, MatrixAsk};
use crate::flows::measures;
use crate::http::caller::Caller;
use crate::http::input::Params;
use crate::http::measures::{FROM, PERIOD, TO, TZ, period};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Content, Group, Operation, Parameter, Value};

const LANG: Parameter = Parameter::query("lang", Value::OneOf(&["en", "zh"]), "Language. Default: `en`.");
const CLAUSE: Parameter = Parameter::query(
    "clause",
    Value::Texts,
    "Only this clause and those within it, `8.2` or `8.2.4`; may be repeated. Default: all.",
);

/// Records of an item in JSON, unless told otherwise.
const LIMIT: i64 = 25;
/// Records of an item in the document, unless told otherwise.
const DOCUMENT_LIMIT: i64 = 100;
const MOST: i64 = 500;

pub(super) static MATRIX: Operation = Operation {
    id: "readEvidence",
    group: Group::Evidence,
    summary: "What shows that each clause is met",
    text: "Clause by clause, from the records as they are: what is there, what is missing, what is overdue, with the \
           records and the decisions about them. `present` means that all that is required is there, `overdue` that \
           some of it is late, `partial` that some of it is missing, `missing` that none of it is there. What is \
           optional need not have happened. Without a period it is the year that ends today, and one day alone is \
           enough. Takes one of the roles AUD, MR, TOP; records that your roles may not read are counted and not \
           shown.",
    parameters: &[
        FROM,
        TO,
        PERIOD,
        TZ,
        LANG,
        CLAUSE,
        Parameter::query("limit", Value::Whole(0, MOST), "Records shown for an item. Default: 25."),
        Parameter::query("verify", Value::Flag, "Also verify the whole audit trail. Default: false."),
    ],
    answers: &[Answer::json(200, "EvidenceMatrix", "The matrix.")],
    problems: &[400, 401, 403, 422],
    slow: true,
    ..Operation::PLAIN
};

pub(super) async fn matrix(State(site): State<Site>, caller: Caller, mut params: Params) -> Result<Response, Problem> {
    let ask = ask(&site, &mut params, LIMIT, false)?;
    params.done()?;
    Ok(reply::ok(&evidence::matrix(&site.desk, &caller, &ask).await?))
}

pub(super) static CERTIFICATION: Operation = Operation {
    id: "readCertification",
    group: Group::Evidence,
    summary: "The certification file",
    text: "Its 24 items as of now. An item has the state of its certification record (kind `certification-item`, \
           whose `item` is the item's id); without one it is `ready` when the records show all that it needs. The \
           preconditions say whether the file may go out.",
    parameters: &[LANG],
    answers: &[Answer::json(200, "Certification", "The file.")],
    problems: &[400, 401, 403, 422],
    ..Operation::PLAIN
};

pub(super) async fn certification(
    State(site): State<Site>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let lang = language(&mut params)?;
    params.done()?;
    Ok(reply::ok(&evidence::certification(&site.desk, &caller, lang, LIMIT).await?))
}

pub(super) static REPORT: Operation = Operation {
    id: "readEvidenceReport",
    group: Group::Evidence,
    summary: "The evidence as a document",
    text: "The matrix and the certification file as one HTML document without anything from elsewhere, to be read or \
           printed on A4. Its links lead to this server, wherever the file is read. The whole audit trail is verified \
           for it, unless `verify` is false.",
    parameters: &[
        FROM,
        TO,
        PERIOD,
        TZ,
        LANG,
        CLAUSE,
        Parameter::query("limit", Value::Whole(0, MOST), "Records shown for an item. Default: 100."),
        Parameter::query("verify", Value::Flag, "Verify the whole audit trail. Default: true."),
        Parameter::query(
            "base_url",
            Value::Text,
            "Address of the server that stands before the addresses of records, `https://desk.example`. Default: the one \
             that the request came to.",
        ),
    ],
    answers: &[Answer { status: 200, text: "The document.", content: Content::Other("text/html"), headers: &[] }],
    problems: &[400, 401, 403, 422],
    slow: true,
    ..Operation::PLAIN
};

/// Nothing may come from, or go, anywhere else.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

pub(super) async fn report(
    State(site): State<Site>,
    caller: Caller,
    mut params: Params,
    uri: Uri,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let ask = ask(&site, &mut params, DOCUMENT_LIMIT, true)?;
    let base = match params.take("base_url")? {
        Some(text) => evidence::base_url(&text)?,
        None => came_to(&uri, &asked),
    };
    params.done()?;
    let matrix = evidence::matrix(&site.desk, &caller, &ask).await?;
    let file = evidence::certification(&site.desk, &caller, ask.lang, ask.limit).await?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    Ok((headers, evidence::document(&matrix, &file, Some(&base))).into_response())
}

/// The address that a request came to, as its client named it; nothing where it named none that can stand in a link. The
/// answer goes to that client only and is not stored, so that nobody is misled by a name but who sent it.
fn came_to(uri: &Uri, headers: &HeaderMap) -> String {
    let named = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let host = uri.authority().map(Authority::as_str).or_else(|| named(HOST)).unwrap_or_default();
    if !evidence::is_host(host) {
        return String::new();
    }
    let scheme = match named(HeaderName::from_static("x-forwarded-proto")) {
        Some("https") => "https",
        _ => uri.scheme_str().filter(|scheme| *scheme == "https").unwrap_or("http"),
    };
    format!("{scheme}://{host}")
}

fn ask(site: &Site, params: &mut Params, limit: i64, verify: bool) -> Result<MatrixAsk, Problem> {
    let asked = period(params)?;
    let zone = asked.tz.as_deref().unwrap_or("UTC");
    let span = measures::period(&asked, evidence::last_year(site.desk.clock.now(), zone))?;
    Ok(MatrixAsk {
        span,
        lang: language(params)?,
        clauses: params.take_all("clause"),
        limit: params.take_whole("limit", 0, MOST)?.unwrap_or(limit),
        verify: params.take_flag("verify")?.unwrap_or(verify),
    })
}

fn language(params: &mut Params) -> Result<Language, Problem> {
    let Some(text) = params.take("lang")? else { return Ok(Language::default()) };
    Language::parse(&text)
        .ok_or_else(|| Refusal::invalid(rule::ENUM, "lang", format!("lang has to be en or zh, not '{text}'")).into())
}
