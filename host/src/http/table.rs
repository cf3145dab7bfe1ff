//! The table of routes, and what the documentation says about each of them.

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodRouter, delete, get, patch, post, put};

use super::site::Site;

/// Routes under construction: the router and what is said about it grow together, so that neither can know a route
/// that the other does not.
#[derive(Default)]
pub(super) struct Table {
    pub(super) router: Router<Site>,
    pub(super) routes: Vec<Route>,
}

/// One line of the table.
pub(super) struct Route {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) operation: &'static Operation,
}

impl Table {
    pub(super) fn get<H, T>(self, path: &'static str, handler: H, operation: &'static Operation) -> Self
    where
        H: Handler<T, Site>,
        T: 'static,
    {
        self.add(Method::GET, path, get(handler), operation)
    }

    pub(super) fn post<H, T>(self, path: &'static str, handler: H, operation: &'static Operation) -> Self
    where
        H: Handler<T, Site>,
        T: 'static,
    {
        self.add(Method::POST, path, post(handler), operation)
    }

    pub(super) fn patch<H, T>(self, path: &'static str, handler: H, operation: &'static Operation) -> Self
    where
        H: Handler<T, Site>,
        T: 'static,
    {
        self.add(Method::PATCH, path, patch(handler), operation)
    }

    pub(super) fn put<H, T>(self, path: &'static str, handler: H, operation: &'static Operation) -> Self
    where
        H: Handler<T, Site>,
        T: 'static,
    {
        self.add(Method::PUT, path, put(handler), operation)
    }

    pub(super) fn delete<H, T>(self, path: &'static str, handler: H, operation: &'static Operation) -> Self
    where
        H: Handler<T, Site>,
        T: 'static,
    {
        self.add(Method::DELETE, path, delete(handler), operation)
    }

    fn add(
        mut self,
        method: Method,
        path: &'static str,
        handler: MethodRouter<Site>,
        operation: &'static Operation,
    ) -> Self {
        self.router = self.router.route(path, handler);
        self.routes.push(Route { method, path, operation });
        self
    }
}

/// What the documentation says about an endpoint; its method and path come from the table.
pub(super) struct Operation {
    /// Stable name for generated clients; a kind's name is added where there is one operation for each kind.
    pub(super) id: &'static str,
    pub(super) group: Group,
    /// One line; `{kind}` stands for the kind's name.
    pub(super) summary: &'static str,
    /// Everything else worth knowing, in Markdown.
    pub(super) text: &'static str,
    /// Query parameters and headers; those in the path are known.
    pub(super) parameters: &'static [Parameter],
    pub(super) body: Body,
    pub(super) answers: &'static [Answer],
    /// Statuses under which a problem document may come, beside 500 and 503.
    pub(super) problems: &'static [u16],
    /// Written down once for each record kind, with the kind's own fields.
    pub(super) each_kind: bool,
    /// Needs no token.
    pub(super) open: bool,
    /// May wait for the compiler, or for a large file.
    pub(super) slow: bool,
}

impl Operation {
    /// What most operations have in common.
    pub(super) const PLAIN: Self = Self {
        id: "",
        group: Group::Server,
        summary: "",
        text: "",
        parameters: &[],
        body: Body::None,
        answers: &[],
        problems: &[],
        each_kind: false,
        open: false,
        slow: false,
    };
}

/// The groups of the documentation, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    Records,
    Work,
    Views,
    Budgets,
    Jobs,
    Assets,
    Configuration,
    Kinds,
    Components,
    Activations,
    Backtests,
    Decisions,
    Measures,
    Evidence,
    Events,
    Caller,
    Server,
}

impl Group {
    pub(super) const ALL: [Self; 17] = [
        Self::Records,
        Self::Work,
        Self::Views,
        Self::Budgets,
        Self::Jobs,
        Self::Assets,
        Self::Configuration,
        Self::Kinds,
        Self::Components,
        Self::Activations,
        Self::Backtests,
        Self::Decisions,
        Self::Measures,
        Self::Evidence,
        Self::Events,
        Self::Caller,
        Self::Server,
    ];

    /// Name and explanation.
    pub(super) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Records => ("Records", "What records of every kind have in common."),
            Self::Work => {
                ("Work on records", "Comments, files, watchers, time line: what stands beside a record of any kind.")
            }
            Self::Views => ("Views", "Lists kept under a name, for oneself or for roles."),
            Self::Budgets => ("Budgets", "Figures that are worked out from the records of a budget."),
            Self::Jobs => ("Jobs", "Work on many records that goes on after the request was answered."),
            Self::Assets => ("Assets", "What assets are worth, what repairs are worth, what stock counts say."),
            Self::Configuration => {
                ("Configuration", "Relations between configuration items, what depends on what, baselines and audits.")
            }
            Self::Kinds => (
                "Kinds",
                "The record kinds: fields, states, transitions and labels; and shaping them for your organisation.",
            ),
            Self::Components => ("Components", "WebAssembly components that take decisions."),
            Self::Activations => ("Activations", "Which component decides for what, from when on."),
            Self::Backtests => ("Dry runs", "What a candidate would have decided, before it decides."),
            Self::Decisions => ("Decisions", "What was decided, why, by which component, and running it again."),
            Self::Measures => ("Measures", "Figures of a period, from live records."),
            Self::Evidence => ("Evidence", "What shows conformity with the standard, for an auditor."),
            Self::Events => ("Events", "What happens, as it happens."),
            Self::Caller => ("Caller", "Who the token belongs to."),
            Self::Server => ("Server", "Health, this documentation and the meaning of errors. No token needed."),
        }
    }
}

/// A query parameter or a header.
pub(super) struct Parameter {
    pub(super) place: Place,
    pub(super) name: &'static str,
    pub(super) text: &'static str,
    pub(super) value: Value,
    pub(super) required: bool,
}

impl Parameter {
    pub(super) const fn query(name: &'static str, value: Value, text: &'static str) -> Self {
        Self { place: Place::Query, name, text, value, required: false }
    }

    pub(super) const fn header(name: &'static str, value: Value, text: &'static str) -> Self {
        Self { place: Place::Header, name, text, value, required: false }
    }
}

/// Where a parameter stands.
#[derive(Clone, Copy)]
pub(super) enum Place {
    Query,
    Header,
}

/// What a parameter may be.
#[derive(Clone, Copy)]
pub(super) enum Value {
    Text,
    Flag,
    /// A whole number between two others.
    Whole(i64, i64),
    OneOf(&'static [&'static str]),
    /// Texts; the parameter may be repeated.
    Texts,
}

/// What a request carries.
#[derive(Clone, Copy)]
pub(super) enum Body {
    None,
    /// JSON of a named schema; `{Kind}` stands for the kind's schema name.
    Json(&'static str),
    /// The same, but the body may be left out.
    OptionalJson(&'static str),
    /// JSON or a JSON merge patch (RFC 7396).
    Patch(&'static str),
    Component,
    /// A table: CSV, or objects in JSON.
    Table,
    /// The file of a kind, in TOML or as the same structure in JSON.
    KindFile,
    /// A file of one of these media types.
    File(&'static [&'static str]),
}

/// A good answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) text: &'static str,
    pub(super) content: Content,
    /// Names of response headers, described once in the document.
    pub(super) headers: &'static [&'static str],
}

impl Answer {
    pub(super) const fn json(status: u16, schema: &'static str, text: &'static str) -> Self {
        Self { status, text, content: Content::Json(schema), headers: &[] }
    }

    pub(super) const fn empty(status: u16, text: &'static str) -> Self {
        Self { status, text, content: Content::None, headers: &[] }
    }

    pub(super) const fn headers(self, headers: &'static [&'static str]) -> Self {
        Self { headers, ..self }
    }
}

/// What an answer carries.
#[derive(Clone, Copy)]
pub(super) enum Content {
    None,
    /// JSON of a named schema; `{Kind}` stands for the kind's schema name.
    Json(&'static str),
    /// Another media type.
    Other(&'static str),
}
