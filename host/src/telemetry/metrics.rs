//! What this node counts, in the text format of OpenMetrics that Prometheus reads.
//!
//! Names start with `mortise_`; times of decisions are in microseconds, times of requests in seconds. Counters start
//! anew with the process, as Prometheus expects.

use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

/// Media type of what [`Metrics::text`] gives.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds of the times of decisions, microseconds.
const MICROSECONDS: [f64; 14] = [
    10.0,
    20.0,
    50.0,
    100.0,
    200.0,
    500.0,
    1_000.0,
    2_000.0,
    5_000.0,
    10_000.0,
    50_000.0,
    100_000.0,
    500_000.0,
    1_000_000.0,
];
/// Upper bounds of fuel.
const FUEL: [f64; 8] = [1e3, 1e4, 5e4, 1e5, 5e5, 1e6, 1e7, 1e8];
/// Upper bounds of memory, bytes: 64 KiB to 256 MiB.
const BYTES: [f64; 7] = [65_536.0, 262_144.0, 1_048_576.0, 4_194_304.0, 16_777_216.0, 67_108_864.0, 268_435_456.0];
/// Upper bounds of the times of requests, seconds.
const SECONDS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// For which activation something is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Judge {
    /// Organisation.
    pub org: String,
    /// Slug of the process.
    pub process: String,
    /// `NAME@VERSION` of the component.
    pub component: String,
    /// Identifier of the activation.
    pub activation: String,
    /// How it takes part: `active`, `canary`, `shadow`.
    pub mode: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    org: String,
    process: String,
    component: String,
    activation: String,
    mode: String,
    /// `decided`, `refused`, or the cause of a failure; of a comparison, what came of it.
    outcome: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    method: String,
    path: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: String,
    path: String,
    status: u16,
}

/// Where a breaker stands, as a set of states of which one is 1.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Stand {
    org: String,
    process: String,
    component: String,
    activation: String,
    mode: String,
    state: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Queue {
    org: String,
    process: String,
}

type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;

/// Everything this node counts.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    decisions: Family<Outcome, Counter>,
    compared: Family<Outcome, Counter>,
    took: Histograms<Judge>,
    fuel: Histograms<Judge>,
    memory: Histograms<Judge>,
    requests: Family<Answered, Counter>,
    latency: Histograms<Asked>,
    behind: Gauge,
    breakers: Family<Stand, Gauge>,
    waiting: Family<Queue, Gauge>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("mortise");
        let decisions = Family::default();
        registry.register("decisions", "Decisions asked of components, by what became of them", decisions.clone());
        let compared = Family::default();
        let help = "Decisions that a candidate in shadow was compared by: same, differs, flips, fails, dropped";
        registry.register("shadow_decisions", help, compared.clone());
        let took: Histograms<Judge> = Family::new_with_constructor(|| Histogram::new(MICROSECONDS));
        registry.register(
            "decision_duration_microseconds",
            "Time of a decision without its wait for a place",
            took.clone(),
        );
        let fuel: Histograms<Judge> = Family::new_with_constructor(|| Histogram::new(FUEL));
        registry.register("decision_fuel", "Units of fuel of a decision", fuel.clone());
        let memory: Histograms<Judge> = Family::new_with_constructor(|| Histogram::new(BYTES));
        registry.register(
            "decision_memory_peak_bytes",
            "Linear memory of a component while it decided",
            memory.clone(),
        );
        let requests = Family::default();
        registry.register("http_requests", "Requests answered", requests.clone());
        let latency: Histograms<Asked> = Family::new_with_constructor(|| Histogram::new(SECONDS));
        registry.register("http_request_duration_seconds", "Time until the answer began", latency.clone());
        let behind = Gauge::default();
        registry.register("node_behind", "1 while this node cannot follow the database", behind.clone());
        let breakers = Family::default();
        registry.register("breaker", "Where the breaker of an activation stands: 1 for its state", breakers.clone());
        let waiting = Family::default();
        registry.register("manual_decisions_waiting", "Decisions that wait for a person", waiting.clone());
        let version = ("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
        registry.register("build", "What runs here", Info::new(vec![version]));
        Self { registry, decisions, compared, took, fuel, memory, requests, latency, behind, breakers, waiting }
    }
}

/// What is counted for one activation; holds its counters, so that a decision looks nothing up.
#[derive(Clone, Debug)]
pub struct Meter {
    judge: Judge,
    decisions: Family<Outcome, Counter>,
    compared: Family<Outcome, Counter>,
    decided: Counter,
    refused: Counter,
    took: Histogram,
    fuel: Histogram,
    memory: Histogram,
}

/// What a decision cost.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Time without the wait for a place.
    pub took: Duration,
    /// Units of fuel.
    pub fuel: u64,
    /// Bytes of linear memory at the most.
    pub memory_peak: usize,
}

impl Metrics {
    /// The counters of one activation.
    pub fn meter(&self, judge: Judge) -> Meter {
        let counter = |outcome: &str| self.decisions.get_or_create_owned(&labels(&judge, outcome));
        Meter {
            decided: counter("decided"),
            refused: counter("refused"),
            decisions: self.decisions.clone(),
            compared: self.compared.clone(),
            took: self.took.get_or_create_owned(&judge),
            fuel: self.fuel.get_or_create_owned(&judge),
            memory: self.memory.get_or_create_owned(&judge),
            judge,
        }
    }

    /// Counts an answered request; `path` is the route, not what was asked for.
    pub fn request(&self, method: &str, path: &str, status: u16, took: Duration) {
        let (method, path) = (method.to_owned(), path.to_owned());
        let asked = Asked { method: method.clone(), path: path.clone() };
        self.latency.get_or_create(&asked).observe(took.as_secs_f64());
        self.requests.get_or_create(&Answered { method, path, status }).inc();
    }

    /// Says whether this node follows the database.
    pub fn behind(&self, behind: bool) {
        self.behind.set(behind.into());
    }

    /// Says where the breakers of everything that is live stand, each by its state and all the states there are.
    pub fn breakers(&self, live: impl Iterator<Item = (Judge, &'static str)>, states: &[&'static str]) {
        self.breakers.clear();
        for (judge, stands) in live {
            for state in states {
                let Judge { org, process, component, activation, mode } = judge.clone();
                let stand = Stand { org, process, component, activation, mode, state: (*state).to_owned() };
                self.breakers.get_or_create(&stand).set((*state == stands).into());
            }
        }
    }

    /// Says how many decisions wait for a person, by organisation and process.
    pub fn waiting(&self, counts: Vec<(String, String, i64)>) {
        self.waiting.clear();
        for (org, process, count) in counts {
            self.waiting.get_or_create(&Queue { org, process }).set(count);
        }
    }

    /// Everything, as text; what belongs to one organisation only for `org`, if one is given.
    pub fn text(&self, org: Option<&str>) -> String {
        let mut all = String::new();
        // Writing into a string does not fail.
        let _ = text::encode(&mut all, &self.registry);
        let Some(org) = org else { return all };
        let own = format!("org=\"{}\"", escaped(org));
        let seen = |line: &&str| !line.contains("org=\"") || line.contains(&own);
        all.split_inclusive('\n').filter(seen).collect()
    }
}

impl Meter {
    /// What is counted here is counted for this one.
    pub fn judge(&self) -> &Judge {
        &self.judge
    }

    /// Counts a decision; `outcome` is `decided`, `refused` or the cause of a failure.
    pub fn count(&self, outcome: &str, cost: Cost) {
        match outcome {
            "decided" => self.decided.inc(),
            "refused" => self.refused.inc(),
            failed => self.decisions.get_or_create(&labels(&self.judge, failed)).inc(),
        };
        self.took.observe(cost.took.as_nanos() as f64 / 1_000.0);
        self.fuel.observe(cost.fuel as f64);
        self.memory.observe(cost.memory_peak as f64);
    }

    /// Counts what came of comparing a candidate in shadow: `same`, `differs`, `flips`, `fails`, `dropped`.
    pub fn compare(&self, what: &str, count: u64) {
        self.compared.get_or_create(&labels(&self.judge, what)).inc_by(count);
    }
}

fn labels(judge: &Judge, outcome: &str) -> Outcome {
    let Judge { org, process, component, activation, mode } = judge.clone();
    Outcome { org, process, component, activation, mode, outcome: outcome.to_owned() }
}

/// A label's value as the text format writes it.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(org: &str) -> Judge {
        Judge {
            org: org.to_owned(),
            process: "sla".to_owned(),
            component: "sla-standard@0.1.0".to_owned(),
            activation: "a1".to_owned(),
            mode: "active".to_owned(),
        }
    }

    fn counted() -> Metrics {
        let metrics = Metrics::default();
        let cost = Cost { took: Duration::from_micros(30), fuel: 20_000, memory_peak: 2 << 20 };
        for org in ["main", "a\"b"] {
            let meter = metrics.meter(judge(org));
            meter.count("decided", cost);
            meter.count("decided", cost);
            meter.count("fuel", cost);
        }
        metrics.request("GET", "/api/v1/records/{kind}", 200, Duration::from_millis(3));
        metrics.breakers([(judge("gone"), "open")].into_iter(), &["closed", "open"]);
        metrics.breakers([(judge("main"), "open")].into_iter(), &["closed", "open"]);
        metrics.waiting(vec![("main".to_owned(), "sla".to_owned(), 4)]);
        metrics
    }

    #[test]
    fn figures_have_names_units_and_buckets() {
        let text = counted().text(None);
        let labels = "org=\"main\",process=\"sla\",component=\"sla-standard@0.1.0\",activation=\"a1\",mode=\"active\"";
        for line in [
            format!("mortise_decisions_total{{{labels},outcome=\"decided\"}} 2"),
            format!("mortise_decisions_total{{{labels},outcome=\"fuel\"}} 1"),
            format!("mortise_decision_duration_microseconds_bucket{{le=\"20.0\",{labels}}} 0"),
            format!("mortise_decision_duration_microseconds_bucket{{le=\"50.0\",{labels}}} 3"),
            format!("mortise_decision_fuel_sum{{{labels}}} 60000.0"),
            "mortise_http_requests_total{method=\"GET\",path=\"/api/v1/records/{kind}\",status=\"200\"} 1".to_owned(),
            "mortise_node_behind 0".to_owned(),
            format!("mortise_breaker{{{labels},state=\"open\"}} 1"),
            format!("mortise_breaker{{{labels},state=\"closed\"}} 0"),
            "mortise_manual_decisions_waiting{org=\"main\",process=\"sla\"} 4".to_owned(),
        ] {
            assert!(text.lines().any(|known| known == line), "{line}\n{text}");
        }
        assert!(!text.contains("gone"), "what is live no more has no breaker: {text}");
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn an_organisation_sees_its_own_figures_and_the_nodes() {
        let text = counted().text(Some("a\"b"));
        assert!(text.contains("org=\"a\\\"b\"") && !text.contains("org=\"main\""), "{text}");
        assert!(text.contains("mortise_http_requests_total{") && text.ends_with("# EOF\n"));
    }
}
