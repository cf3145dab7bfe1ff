//! All axum. Every route of the server is on this page; an endpoint's handler, its mapping of errors and its
//! documentation share one file.
//!
//! A handler reads the request, calls one flow (or reads the store) and shows the answer. Who may do what is decided
//! in `flows` and `domain`; a status code is given nowhere but here.

mod activations;
mod archive;
mod assets;
mod attachments;
mod backtests;
mod budgets;
mod caller;
mod comments;
mod components;
mod config;
mod configuration;
mod decisions;
mod events;
mod evidence;
mod fallback;
mod input;
mod jobs;
mod kinds;
mod manual_decisions;
mod me;
mod measures;
mod observe;
mod openapi;
mod problem;
mod recomputes;
mod records;
mod reply;
mod reports;
mod request_id;
mod samples;
mod search;
mod serve;
mod service;
mod site;
mod table;
mod trust;
mod views;
mod watchers;
mod work;

use axum::Router;
use axum::middleware::from_fn_with_state;

pub use config::{HttpConfig, Stop, Stopper};
pub use serve::serve;

use crate::flows::Desk;
use site::Site;
use table::Table;

/// Every route.
#[rustfmt::skip]
fn table() -> Table {
    Table::default()
        // Records
        .post("/api/v1/records/{kind}", records::create::run, &records::create::DOC)
        .get("/api/v1/records/{kind}", records::list::run, &records::list::DOC)
        .get("/api/v1/records/{kind}/export", records::export::run, &records::export::DOC)
        .post("/api/v1/records/{kind}/import", records::import::run, &records::import::DOC)
        .get("/api/v1/records/{kind}/{number}", records::read::run, &records::read::DOC)
        .patch("/api/v1/records/{kind}/{number}", records::update::run, &records::update::DOC)
        .get("/api/v1/records/{kind}/{number}/transitions", records::transitions::run, &records::transitions::DOC)
        .post("/api/v1/records/{kind}/{number}/transitions/{name}", records::transition::run, &records::transition::DOC)
        .get("/api/v1/records/{kind}/{number}/history", records::history::run, &records::history::DOC)
        .get("/api/v1/records/{kind}/{number}/accesses", records::accesses::run, &records::accesses::DOC)
        .get("/api/v1/records/{kind}/{number}/timers", records::timers::run, &records::timers::DOC)
        .get("/api/v1/records/{kind}/{number}/forecast", records::forecast::run, &records::forecast::DOC)
        .get("/api/v1/records/{kind}/{number}/triage", records::triage::run, &records::triage::DOC)
        .post("/api/v1/records/{kind}/bulk", records::bulk::run, &records::bulk::DOC)
        .get("/api/v1/search", search::run, &search::DOC)
        .get("/api/v1/budgets/{number}/figures", budgets::figures, &budgets::FIGURES)
        // Work on records
        .get("/api/v1/records/{kind}/{number}/comments", comments::list::run, &comments::list::DOC)
        .post("/api/v1/records/{kind}/{number}/comments", comments::add::run, &comments::add::DOC)
        .post("/api/v1/records/{kind}/{number}/comments/{id}/retract", comments::retract::run, &comments::retract::DOC)
        .get("/api/v1/records/{kind}/{number}/attachments", attachments::list::run, &attachments::list::DOC)
        .post("/api/v1/records/{kind}/{number}/attachments", attachments::add::run, &attachments::add::DOC)
        .get("/api/v1/records/{kind}/{number}/attachments/{id}", attachments::read::run, &attachments::read::DOC)
        .post("/api/v1/records/{kind}/{number}/attachments/{id}/retract", attachments::retract::run, &attachments::retract::DOC)
        .get("/api/v1/records/{kind}/{number}/watchers", watchers::list::run, &watchers::list::DOC)
        .put("/api/v1/records/{kind}/{number}/watchers/{user}", watchers::put::run, &watchers::put::DOC)
        .delete("/api/v1/records/{kind}/{number}/watchers/{user}", watchers::remove::run, &watchers::remove::DOC)
        .get("/api/v1/records/{kind}/{number}/timeline", work::timeline::run, &work::timeline::DOC)
        .post("/api/v1/records/{kind}/{number}/copy", work::copy::run, &work::copy::DOC)
        .post("/api/v1/records/{kind}/{number}/merge", work::merge::run, &work::merge::DOC)
        // Views
        .get("/api/v1/views", views::list::run, &views::list::DOC)
        .post("/api/v1/views", views::add::run, &views::add::DOC)
        .get("/api/v1/views/{id}", views::read::run, &views::read::DOC)
        .patch("/api/v1/views/{id}", views::update::run, &views::update::DOC)
        .delete("/api/v1/views/{id}", views::remove::run, &views::remove::DOC)
        .get("/api/v1/views/{id}/records", views::records::run, &views::records::DOC)
        // Jobs
        .get("/api/v1/jobs", jobs::list::run, &jobs::list::DOC)
        .get("/api/v1/jobs/{id}", jobs::read::run, &jobs::read::DOC)
        .get("/api/v1/jobs/{id}/items", jobs::items::run, &jobs::items::DOC)
        .post("/api/v1/jobs/{id}/cancel", jobs::cancel::run, &jobs::cancel::DOC)
        // Assets
        .get("/api/v1/assets/{number}/valuation", assets::valuation, &assets::VALUATION)
        .get("/api/v1/repairs/{number}/figures", assets::repair, &assets::REPAIR)
        .get("/api/v1/stock-counts/{number}/result", assets::count, &assets::COUNT)
        // Configuration
        .get("/api/v1/configuration/{number}/relations", configuration::relations::list, &configuration::relations::LIST)
        .post("/api/v1/configuration/{number}/relations", configuration::relations::add, &configuration::relations::ADD)
        .delete("/api/v1/configuration/{number}/relations", configuration::relations::remove, &configuration::relations::REMOVE)
        .get("/api/v1/baselines/{number}/compare", configuration::baseline::compare, &configuration::baseline::DOC)
        .post("/api/v1/configuration-audits/{number}/discovery", configuration::discovery::run, &configuration::discovery::DOC)
        .get("/api/v1/configuration/{number}/impact", configuration::impact::run, &configuration::impact::DOC)
        // Kinds
        .get("/api/v1/kinds", kinds::list, &kinds::LIST)
        .get("/api/v1/kinds/{kind}", kinds::read, &kinds::READ)
        .post("/api/v1/kinds", kinds::shape::make, &kinds::shape::MAKE)
        .put("/api/v1/kinds/{kind}", kinds::shape::replace, &kinds::shape::REPLACE)
        .post("/api/v1/kinds/{kind}/{part}", kinds::parts::add, &kinds::parts::ADD)
        .delete("/api/v1/kinds/{kind}/{part}/{name}", kinds::parts::remove, &kinds::parts::REMOVE)
        .post("/api/v1/kinds/{kind}/rollback", kinds::rollback::run, &kinds::rollback::DOC)
        .get("/api/v1/kinds/{kind}/versions", kinds::versions::list, &kinds::versions::LIST)
        .get("/api/v1/kinds/{kind}/versions/{version}", kinds::versions::read, &kinds::versions::READ)
        .get("/api/v1/permissions", kinds::permissions::run, &kinds::permissions::DOC)
        // Components
        .get("/api/v1/components", components::list::run, &components::list::DOC)
        .post("/api/v1/components", components::upload::run, &components::upload::DOC)
        .get("/api/v1/components/{digest}", components::read::run, &components::read::DOC)
        .get("/api/v1/trust", trust::policy::read, &trust::policy::READ)
        .put("/api/v1/trust", trust::policy::set, &trust::policy::SET)
        .put("/api/v1/trust/allowed/{component}", trust::allowed::name, &trust::allowed::NAME)
        .delete("/api/v1/trust/allowed/{component}", trust::allowed::forget, &trust::allowed::FORGET)
        .get("/api/v1/trust/keys", trust::keys::list, &trust::keys::LIST)
        .post("/api/v1/trust/keys", trust::keys::add, &trust::keys::ADD)
        .get("/api/v1/trust/keys/{id}", trust::keys::read, &trust::keys::READ)
        .patch("/api/v1/trust/keys/{id}", trust::keys::change, &trust::keys::CHANGE)
        .post("/api/v1/trust/keys/{id}/revoke", trust::keys::revoke, &trust::keys::REVOKE)
        // Activations
        .get("/api/v1/activations", activations::list::run, &activations::list::DOC)
        .post("/api/v1/activations", activations::activate::run, &activations::activate::DOC)
        .post("/api/v1/activations/rollback", activations::rollback::run, &activations::rollback::DOC)
        .get("/api/v1/activations/{id}", activations::read::run, &activations::read::DOC)
        .get("/api/v1/activations/{id}/shadow", activations::shadow::run, &activations::shadow::DOC)
        .post("/api/v1/activations/{id}/promote", activations::promote::run, &activations::promote::DOC)
        .post("/api/v1/activations/{id}/revert", activations::revert::run, &activations::revert::DOC)
        // Dry runs
        .get("/api/v1/backtests", backtests::list::run, &backtests::list::DOC)
        .post("/api/v1/backtests", backtests::start::run, &backtests::start::DOC)
        .get("/api/v1/backtests/{id}", backtests::read::run, &backtests::read::DOC)
        .get("/api/v1/backtests/{id}/decisions", backtests::decisions::run, &backtests::decisions::DOC)
        .get("/api/v1/backtests/{id}/export", backtests::export::run, &backtests::export::DOC)
        .post("/api/v1/activations/{id}/breaker", activations::breaker::run, &activations::breaker::DOC)
        // Deciding again
        .post("/api/v1/activations/{id}/recompute", recomputes::start, &recomputes::START)
        .get("/api/v1/recomputes", recomputes::list, &recomputes::LIST)
        .get("/api/v1/recomputes/{id}", recomputes::read, &recomputes::READ)
        .get("/api/v1/recomputes/{id}/decisions", recomputes::decisions, &recomputes::DECISIONS)
        .get("/api/v1/recomputes/{id}/export", recomputes::export, &recomputes::EXPORT)
        // Decisions
        .get("/api/v1/decisions", decisions::list::run, &decisions::list::DOC)
        .get("/api/v1/decisions/export", decisions::export::run, &decisions::export::DOC)
        .get("/api/v1/decisions/{id}", decisions::read::run, &decisions::read::DOC)
        .post("/api/v1/decisions/{id}/replay", decisions::replay::run, &decisions::replay::DOC)
        .get("/api/v1/manual-decisions", manual_decisions::list::run, &manual_decisions::list::DOC)
        .get("/api/v1/manual-decisions/{id}", manual_decisions::read::run, &manual_decisions::read::DOC)
        .post("/api/v1/manual-decisions/{id}/decide", manual_decisions::decide::run, &manual_decisions::decide::DOC)
        .post("/api/v1/manual-decisions/{id}/retry", manual_decisions::retry::run, &manual_decisions::retry::DOC)
        // Measures
        .get("/api/v1/measures", measures::list, &measures::LIST)
        .get("/api/v1/measures/{measure}", measures::read, &measures::READ)
        .get("/api/v1/reports/{number}/snapshot", reports::read, &reports::READ)
        .post("/api/v1/reports/{number}/snapshot", reports::fix, &reports::FIX)
        // Evidence
        .get("/api/v1/evidence", evidence::matrix, &evidence::MATRIX)
        .get("/api/v1/evidence/certification", evidence::certification, &evidence::CERTIFICATION)
        .get("/api/v1/evidence/report.html", evidence::report, &evidence::REPORT)
        // The organisation
        .post("/api/v1/archive", archive::run, &archive::DOC)
        // Events
        .get("/api/v1/events", events::run, &events::DOC)
        .post("/api/v1/samples", samples::run, &samples::DOC)
        // The caller
        .get("/api/v1/me", me::run, &me::DOC)
        .get("/api/v1/me/watching", watchers::watching::run, &watchers::watching::DOC)
        .get("/api/v1/me/notifications", watchers::notifications::run, &watchers::notifications::DOC)
        // The server itself: no token needed
        .get("/", service::docs::root, &service::docs::ROOT)
        .get("/docs", service::docs::page, &service::docs::PAGE)
        .get("/docs/wit", service::wit::index, &service::wit::INDEX)
        .get("/docs/wit/{package}", service::wit::package, &service::wit::PACKAGE)
        .get("/docs/{file}", service::docs::file, &service::docs::FILE)
        .get("/openapi.json", service::document::run, &service::document::DOC)
        .get("/problems/{rule}", service::rule::run, &service::rule::DOC)
        .get("/metrics", service::metrics::run, &service::metrics::DOC)
        .get("/healthz", service::health::live, &service::health::LIVE)
        .get("/readyz", service::health::ready, &service::health::READY)
}

/// The whole interface as one service.
pub fn router(desk: Desk, config: HttpConfig) -> Router {
    let Table { router, routes } = table();
    let site = Site::new(desk, config, routes);
    router
        .fallback(fallback::no_such_route)
        .method_not_allowed_fallback(fallback::method_not_allowed)
        .layer(from_fn_with_state(site.clone(), observe::run))
        .with_state(site)
}
