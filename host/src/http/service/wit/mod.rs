//! `GET /docs/wit`: the contracts between host and components, for people; written from the WIT itself.

mod markdown;
mod page;
mod place;
mod signature;

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use axum::response::{IntoResponse, Redirect, Response};
use wit_parser::{PackageId, PackageName, Resolve};

use crate::domain::contract::Contracts;
use crate::http::input::Place;
use crate::http::problem::{Problem, not_found};
use crate::http::table::{Answer, Content, Group, Operation};

pub(in crate::http) static INDEX: Operation = Operation {
    id: "readWitIndex",
    group: Group::Server,
    summary: "The WIT packages that this server runs, for people",
    text: "",
    answers: &[Answer { status: 200, text: "The page.", content: Content::Other("text/html"), headers: &[] }],
    open: true,
    ..Operation::PLAIN
};

pub(in crate::http) static PACKAGE: Operation = Operation {
    id: "readWitPackage",
    group: Group::Server,
    summary: "One WIT package, for people",
    text: "`sla@0.2.0` is a package in a version; `sla` alone leads to its newest.",
    answers: &[
        Answer { status: 200, text: "The page.", content: Content::Other("text/html"), headers: &[] },
        Answer::empty(307, "The newest version of the package.").headers(&["Location"]),
    ],
    problems: &[404],
    open: true,
    ..Operation::PLAIN
};

/// Nothing may come from, or go, anywhere else, and nothing runs.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// Every page by its name, `sla@0.2.0`; the index has the empty name. They never change while the server runs.
static PAGES: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let resolve = &Contracts::released().resolve;
    let mut pages: HashMap<String, String> =
        resolve.packages.iter().map(|(id, package)| (slug(&package.name), page::package(resolve, id))).collect();
    pages.insert(String::new(), page::index(resolve));
    pages
});

pub(in crate::http) async fn index() -> Result<Response, Problem> {
    serve("")
}

pub(in crate::http) async fn package(Place(name): Place<String>) -> Result<Response, Problem> {
    if !name.contains('@')
        && let Some(newest) = versions(&Contracts::released().resolve, &name).last()
    {
        let newest = &Contracts::released().resolve.packages[*newest].name;
        return Ok(Redirect::temporary(&format!("/docs/wit/{}", slug(newest))).into_response());
    }
    serve(&name)
}

fn serve(name: &str) -> Result<Response, Problem> {
    let Some(page) = PAGES.get(name) else {
        return Err(not_found(format!("there is no WIT package '{name}' here; /docs/wit lists them")));
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    Ok((headers, page.as_str()).into_response())
}

/// A package's name in an address: `sla@0.2.0`.
fn slug(package: &PackageName) -> String {
    match &package.version {
        Some(version) => format!("{}@{version}", package.name),
        None => package.name.clone(),
    }
}

/// All versions of a package, the newest last.
fn versions(resolve: &Resolve, name: &str) -> Vec<PackageId> {
    let mut found: Vec<PackageId> =
        resolve.packages.iter().filter(|(_, package)| package.name.name == name).map(|(id, _)| id).collect();
    found.sort_by_key(|id| resolve.packages[*id].name.version.clone());
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use super::*;

    /// What follows each occurrence of a mark, up to the next quotation mark.
    fn values<'a>(page: &'a str, mark: &'a str) -> impl Iterator<Item = &'a str> {
        page.split(mark).skip(1).filter_map(|rest| rest.split('"').next())
    }

    #[test]
    fn every_link_leads_somewhere_and_every_anchor_is_there_once() {
        let mut anchors: BTreeSet<String> = BTreeSet::new();
        for (name, page) in PAGES.iter() {
            for id in values(page, " id=\"") {
                assert!(anchors.insert(format!("/docs/wit/{name}#{id}")), "{name}: #{id} twice");
            }
        }
        let mut links = 0;
        for (name, page) in PAGES.iter() {
            for href in values(page, " href=\"").filter(|href| href.contains('#')) {
                let whole = if href.starts_with('#') { format!("/docs/wit/{name}{href}") } else { href.to_owned() };
                assert!(anchors.contains(&whole), "{name}: {href} leads nowhere");
                links += 1;
            }
            for href in values(page, " href=\"").filter(|href| href.starts_with("/docs/wit/") && !href.contains('#')) {
                assert!(PAGES.contains_key(&href["/docs/wit/".len()..]), "{name}: {href}");
            }
        }
        assert!(links > 500, "{links}");
    }

    #[test]
    fn every_item_has_an_anchor_and_versions_are_shown() {
        let sla = &PAGES["sla@0.2.0"];
        for anchor in
            ["types", "types.clock-request", "types.clock-request.now", "evaluator.clock", "forecast.forecast"]
        {
            assert!(sla.contains(&format!(" id=\"{anchor}\"")), "{anchor}");
        }
        assert!(sla.contains("since 0.2.0"));
        assert!(sla.contains("href=\"/docs/wit/sla@0.1.0\""));
        assert!(sla.contains("href=\"/docs/wit/types@0.1.0#types.instant\""));
        assert!(!PAGES["sla@0.1.0"].contains("forecast"));
        assert_eq!(PAGES.len(), Contracts::released().resolve.packages.len() + 1);
    }

    #[test]
    fn what_stands_in_wit_is_text_and_nothing_else() {
        let mut resolve = Resolve::default();
        let wit = "/// A <script>alert(1)</script> & `<u>` \"x\".\npackage itsm:evil@0.1.0;\n/// <img src=x>\n\
                   interface i { /// - <i>one</i>\n/// - `t`\n type t = u32; }";
        let id = resolve.push_str("evil.wit", wit).unwrap();
        let page = page::package(&resolve, id);
        for markup in ["<script", "<img src=x", "<u>", "<i>"] {
            assert!(!page.contains(markup), "{markup}");
        }
        assert!(page.contains("&lt;script&gt;"));
        assert!(page.contains("<li>&lt;i&gt;one&lt;/i&gt;</li>"), "{page}");
        assert!(page.contains("<a href=\"/docs/wit/evil@0.1.0#i.t\"><code>t</code></a>"), "{page}");
    }
}
