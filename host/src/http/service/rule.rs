//! `GET /problems/{rule}`: what the `type` of a problem document points to.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use axum::response::{Html, IntoResponse, Response};
use serde_json::json;

use crate::http::input::Place;
use crate::http::problem::{Problem, RULES, Rule, not_found};
use crate::http::reply;
use crate::http::table::{Answer, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "explainProblem",
    group: Group::Server,
    summary: "What a problem means",
    text: "The `type` of a problem document leads here. Browsers get a page, others JSON.",
    answers: &[Answer::json(200, "Rule", "The rule, explained.")],
    problems: &[404],
    open: true,
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(Place(name): Place<String>, headers: HeaderMap) -> Result<Response, Problem> {
    let Some(rule) = RULES.iter().find(|rule| rule.name == name) else {
        // A component that refuses a request names its own rule; it is explained where the component is.
        return Err(not_found(format!("this server has no rule '{name}'; it may be one of a component")));
    };
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accept.contains("text/html") {
        return Ok(Html(page(rule)).into_response());
    }
    Ok(reply::ok(&json!({ "rule": rule.name, "title": rule.title, "text": rule.text })))
}

/// Rules are constants of this server without any markup in them.
fn page(rule: &Rule) -> String {
    let Rule { name, title, text } = rule;
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><link rel=\"icon\" href=\"/docs/icon.svg\"><link rel=\"stylesheet\" href=\"/docs/docs.css\"></head>\
         <body class=\"plain\"><main><p><a href=\"/docs\">Mortise API</a></p>\
         <h1>{title}</h1><p>{text}</p><p>Rule: <code>{name}</code></p></main></body></html>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_have_no_markup() {
        for rule in RULES {
            let Rule { name, title, text } = rule;
            assert!(!format!("{name}{title}{text}").contains(['<', '>', '&']), "{name}");
        }
    }
}
