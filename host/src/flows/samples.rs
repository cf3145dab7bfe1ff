//! Samples of monitoring, and the events that they raise, count and clear (guide, P46).
//!
//! Counters in a row of their own say when enough samples in a row were high or low; the event is then made, counted or
//! cleared by the host through the ordinary use cases. An episode, which lasts until enough samples in a row were low,
//! raises one event: its identifier is the key under which the event is made, so that two samples at once make one
//! event, and one that was converted into an incident does not come back while the trouble lasts.

use mortise_types::money::Decimal;
use serde_json::{Map, Value, json};

use super::create_record::Key;
use super::rules::newest;
use super::transition_record::{self, Step};
use super::{Desk, FlowError, create_record, update_record};
use crate::domain::access::{self, Action};
use crate::domain::constant::Constants;
use crate::domain::field::{Field, encode_text, normalise};
use crate::domain::record::Record;
use crate::domain::refusal::{FieldProblem, Refusal, rule};
use crate::domain::sample::Side;
use crate::domain::{Actor, Instant, Kind};
use crate::store::listing::{Filter, ListQuery, SortKey, Subject, Test};
use crate::store::samples::{SampleNote, SampleRun};

/// The kind of the events.
const KIND: &str = "event";
/// The kind of what a source may be, and its field of that name.
const ITEM: &str = "configuration-item";
const IDENTIFIER: &str = "unique_id";
/// States of an event that samples still belong to.
const OPEN: [&str; 2] = ["raised", "acknowledged"];
/// How often counting an event starts over.
const ATTEMPTS: usize = 16;

/// A sample of a metric.
#[derive(Clone, Debug)]
pub struct Sample {
    /// What was measured.
    pub source: String,
    /// Which of its measures.
    pub metric: String,
    /// The value, a decimal.
    pub value: String,
    /// The threshold, a decimal; without it, the organisation's constant.
    pub threshold: Option<String>,
    /// When; now, unless it is said.
    pub at: Option<Instant>,
}

/// What a sample led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing.
    Noted,
    /// An event was raised.
    Raised,
    /// The open event counted it.
    Counted,
    /// The open event was cleared.
    Cleared,
}

impl Outcome {
    /// The word in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Noted => "noted",
            Self::Raised => "raised",
            Self::Counted => "counted",
            Self::Cleared => "cleared",
        }
    }
}

/// A sample, taken.
#[derive(Clone, Debug)]
pub struct Taken {
    /// What it led to.
    pub outcome: Outcome,
    /// High samples in a row.
    pub high: i64,
    /// Low samples in a row.
    pub low: i64,
    /// Number of the event that was raised, counted or cleared.
    pub event: Option<String>,
}

/// Takes a sample.
///
/// # Errors
/// Not allowed to change events; fields that are wrong; `sample-order` when a later sample was taken already; the
/// database's errors.
pub async fn run(desk: &Desk, actor: &Actor, sample: Sample) -> Result<Taken, FlowError> {
    let missing = || Refusal::not_found(format!("there is no kind '{KIND}'"));
    let kinds = desk.kinds(&actor.org);
    let kind = kinds.get(KIND).ok_or_else(missing)?;
    access::permit(kind, actor, Action::Update, None)?;
    let limits = Limits::of(&desk.policy.constants);
    let checked = check(kind, sample, &limits, desk.clock.now())?;
    let note = SampleNote {
        org: actor.org.clone(),
        source: checked.source.clone(),
        metric: checked.metric.clone(),
        at: checked.at,
        side: checked.side,
        clear_after: limits.clear,
        episode: desk.clock.id(),
    };
    let Some(run) = desk.store.note_sample(note).await? else {
        let message = format!("a later sample of {} of {} was taken already", checked.metric, checked.source);
        return Err(Refusal::conflict("sample-order", message).into());
    };
    let events =
        Events { desk, kind, host: Actor::host(actor.org.as_str()), reason: format!("sample of {}", actor.user) };
    let (outcome, event) = match checked.side {
        Side::High => events.high(&checked, &run, limits.raise).await?,
        Side::Low if run.low >= limits.clear => events.clear(&checked).await?,
        Side::Low | Side::Between => (Outcome::Noted, None),
    };
    Ok(Taken { outcome, high: run.high, low: run.low, event })
}

/// The constants of the event filter.
struct Limits {
    threshold: i64,
    margin: i64,
    raise: i64,
    clear: i64,
}

impl Limits {
    fn of(constants: &Constants) -> Self {
        // A test asks whether they are all there.
        let constant = |name: &str| constants.get(name).unwrap_or_default();
        Self {
            threshold: constant("event_threshold"),
            margin: constant("event_clear_margin"),
            // One sample at least, whatever the configuration says.
            raise: constant("event_raise_samples").max(1),
            clear: constant("event_clear_samples").max(1),
        }
    }
}

/// A sample whose parts fit the fields of an event.
struct Checked {
    source: String,
    metric: String,
    value: String,
    at: Instant,
    side: Side,
}

fn check(kind: &Kind, sample: Sample, limits: &Limits, now: Instant) -> Result<Checked, Refusal> {
    let mut problems = Vec::new();
    let mut text = |name: &str, like: &str, value: String| {
        let field = kind.field(like).map(|field| Field { name: name.to_owned(), ..field.clone() });
        match field.map(|field| normalise(&field, &Value::from(value))) {
            Some(Ok(Value::String(text))) => text,
            Some(Err(found)) => {
                problems.extend(found);
                String::new()
            }
            // An organisation's own kind of events may have other fields.
            _ => {
                problems.push(FieldProblem::new(name, rule::UNKNOWN_FIELD, format!("an event has no text {like}")));
                String::new()
            }
        }
    };
    let source = text("source", "source", sample.source);
    let metric = text("metric", "metric", sample.metric);
    let value = text("value", "value", sample.value);
    let threshold = match sample.threshold {
        Some(threshold) => text("threshold", "value", threshold),
        None => limits.threshold.to_string(),
    };
    let at = sample.at.unwrap_or(now);
    if at > now {
        problems.push(FieldProblem::new("at", rule::RANGE, "at lies in the future"));
    }
    if !problems.is_empty() {
        return Err(Refusal::fields(problems));
    }
    let decimals = (value.parse::<Decimal>(), threshold.parse::<Decimal>());
    let side = match decimals {
        (Ok(value), Ok(threshold)) => Side::of(value, threshold, limits.margin),
        _ => None,
    };
    let outside = || Refusal::invalid(rule::RANGE, "value", "value is too large to compare with the threshold");
    Ok(Checked { side: side.ok_or_else(outside)?, source, metric, value, at })
}

/// The events of monitoring, as the host keeps them.
struct Events<'d> {
    desk: &'d Desk,
    kind: &'d Kind,
    host: Actor,
    reason: String,
}

type Done = (Outcome, Option<String>);

impl Events<'_> {
    async fn high(&self, sample: &Checked, run: &SampleRun, raise: i64) -> Result<Done, FlowError> {
        if let Some(number) = self.count(sample, run).await? {
            return Ok((Outcome::Counted, Some(number)));
        }
        if run.high < raise {
            return Ok((Outcome::Noted, None));
        }
        let mut fields = json!({
            "title": format!("{} of {} at {}", sample.metric, sample.source, sample.value),
            "source": sample.source,
            "metric": sample.metric,
            "value": sample.value,
            "severity": "alarm",
            "count": run.total,
        });
        // An alarm that nobody looks at becomes an incident of the service that the source belongs to.
        if let Some((item, services)) = self.item(&sample.source).await? {
            fields["cis"] = json!([item]);
            fields["services"] = services;
        }
        let key = format!("sample/{}", run.episode);
        let key = Key { of: &self.host.user, text: &key };
        match create_record::run(self.desk, &self.host, self.kind, object(fields), Some(key)).await {
            Ok(made) if made.new => Ok((Outcome::Raised, Some(made.record.number))),
            // Another sample raised it in between, or it was converted: the episode has had its event.
            Ok(_) => self.counted_or_noted(sample, run).await,
            Err(FlowError::Refused(refusal)) if is_taken(&refusal) => self.counted_or_noted(sample, run).await,
            Err(error) => Err(error),
        }
    }

    /// The configuration item whose unique identifier the source is, and its services.
    async fn item(&self, source: &str) -> Result<Option<(String, Value)>, FlowError> {
        let kinds = self.desk.kinds(&self.host.org);
        let Some(kind) = kinds.get(ITEM) else { return Ok(None) };
        let wanted = [(IDENTIFIER, Value::from(source))];
        let item = newest(self.desk, &self.host.org, kind, &wanted, 1).await?.pop();
        let services = |item: &Record| item.data.get("services").cloned().unwrap_or_else(|| json!([]));
        Ok(item.map(|item| (item.number.clone(), services(&item))))
    }

    async fn counted_or_noted(&self, sample: &Checked, run: &SampleRun) -> Result<Done, FlowError> {
        let counted = self.count(sample, run).await?;
        let outcome = if counted.is_some() { Outcome::Counted } else { Outcome::Noted };
        Ok((outcome, counted))
    }

    /// Brings the open event up to the samples of the episode; gives its number.
    async fn count(&self, sample: &Checked, run: &SampleRun) -> Result<Option<String>, FlowError> {
        for _ in 0..ATTEMPTS {
            let Some(event) = self.open(sample).await? else { return Ok(None) };
            let count = event.data.get("count").and_then(Value::as_i64).unwrap_or(0).max(run.total);
            let patch = object(json!({ "count": count, "value": sample.value }));
            let revision = Some(event.revision);
            let changed =
                update_record::run(self.desk, &self.host, self.kind, &event.number, patch, revision, &self.reason);
            match changed.await {
                Ok(record) => return Ok(Some(record.number)),
                Err(FlowError::Refused(refusal)) if has_moved(&refusal) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Refusal::conflict("contended", "the event is being changed by too many at once; try again").into())
    }

    async fn clear(&self, sample: &Checked) -> Result<Done, FlowError> {
        let Some(event) = self.open(sample).await? else { return Ok((Outcome::Noted, None)) };
        let step = Step { name: "cleared", input: Map::new(), expected: None, reason: &self.reason };
        match transition_record::run(self.desk, &self.host, self.kind, &event.number, step).await {
            Ok(record) => Ok((Outcome::Cleared, Some(record.number))),
            Err(FlowError::Refused(refusal)) if has_moved(&refusal) => Ok((Outcome::Noted, None)),
            Err(error) => Err(error),
        }
    }

    async fn open(&self, sample: &Checked) -> Result<Option<Record>, FlowError> {
        let path = |name: &str, text: &str| -> Result<Filter, Refusal> {
            let ty = self.kind.indexed(name).ok_or_else(|| {
                Refusal::conflict(rule::NOT_INDEXED, format!("the field {name} of {KIND} is not indexed"))
            })?;
            let value = encode_text(name, ty, text)?;
            Ok(Filter { subject: Subject::Path(name.to_owned(), false), test: Test::AnyOf(vec![value]) })
        };
        let states = OPEN.map(str::to_owned).to_vec();
        let query = ListQuery {
            org: self.host.org.clone(),
            kind: self.kind.slug.clone(),
            filters: vec![
                path("source", &sample.source)?,
                path("metric", &sample.metric)?,
                Filter { subject: Subject::Path("state".to_owned(), false), test: Test::AnyOf(states) },
            ],
            sort: SortKey::Created,
            descending: true,
            after: None,
            limit: 1,
            only: None,
            text: None,
        };
        Ok(self.desk.store.list(&query).await?.records.pop())
    }
}

/// Whether the event was made by somebody else meanwhile.
fn is_taken(refusal: &Refusal) -> bool {
    refusal.rule == "idempotency-key-reused" || refusal.rule == "one-per-source-and-metric"
}

/// Whether the event was changed, acknowledged, converted or cleared meanwhile.
fn has_moved(refusal: &Refusal) -> bool {
    refusal.rule == rule::STALE || refusal.rule == rule::CLOSED || refusal.rule == rule::UNKNOWN_TRANSITION
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constants_of_the_filter_are_the_guides() {
        let limits = Limits::of(&Constants::default());
        assert_eq!((limits.threshold, limits.margin, limits.raise, limits.clear), (90, 5, 3, 3));
    }
}
