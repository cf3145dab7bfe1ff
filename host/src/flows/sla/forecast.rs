//! Looking ahead: where the clocks of a record will stand at later instants, under what is assumed.
//!
//! Nothing is decided, so nothing is stored: the component that decides about the record is asked through the interface
//! that `itsm:sla` 0.2.0 added, and the answer names it, as a decision would.

use mortise_types::{Outcome, Process, Request, sla};
use serde_json::{Value, json};

use super::{Sources, agreement, clock_request, subject, ticket};
use crate::domain::breaker::State;
use crate::domain::component::{Choice, Question};
use crate::domain::record::Record;
use crate::domain::refusal::{Refusal, rule};
use crate::domain::time::Instant;
use crate::domain::{Actor, Kind};
use crate::engine::Verdict;
use crate::flows::working::{Cause, Working};
use crate::flows::{Desk, FlowError};

/// What is asked about a record.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// Instants to look at, in any order.
    pub at: Vec<Instant>,
    /// Impact that is assumed from now on.
    pub impact: Option<u32>,
    /// Urgency that is assumed from now on.
    pub urgency: Option<u32>,
    /// The record is assumed to wait for the customer until then.
    pub paused_until: Option<Instant>,
}

/// Instants of one forecast at the most, as the contract says.
pub const MOST_INSTANTS: usize = 64;

/// Offsets of time zones are resolved so far ahead: 366 days.
const FURTHEST_MS: i64 = 366 * 86_400_000;

/// Asks the component that decides on the service level of `record`.
///
/// # Errors
/// What is wrong with the instants; that the record has no clocks; that no component is active, or none that looks
/// ahead; the component's own refusal.
pub async fn run(desk: &Desk, actor: &Actor, kind: &Kind, record: Record, ask: &Ask) -> Result<Value, FlowError> {
    let now = desk.clock.now();
    let at = instants(ask, now)?;
    let number = record.number.clone();
    let mut working = Working::new(desk, kind, actor, Cause::Update, now, Some(record.clone()), record);
    let none = || Refusal::conflict("no-clocks", format!("{number} has no clocks of a service level agreement"));
    if working.field("sla").is_none() {
        return Err(none().into());
    }
    let facts = ticket::history(&working).ok_or_else(none)?;
    let (service, customer) = (working.text("service"), working.text("customer"));
    let sources = Sources::read(&desk.store, &actor.org, service, customer).await?;
    let agreement = agreement::resolve(&sources, &mut working);
    let subject = subject(&working, &agreement);
    let request = Request::Sla(sla::Request::Forecast(sla::ForecastRequest {
        clocks: clock_request(&working, &agreement, facts),
        at,
        assume: sla::Assumption {
            impact: ask.impact,
            urgency: ask.urgency,
            paused_until: ask.paused_until.map(|until| mortise_types::Instant(until.seconds())),
        },
    }));
    // Who judges the record looks ahead for it: a canary for its own records.
    let question = Question { subject: &subject, number: &number, created_at: working.record.created_at };
    let chosen = desk.catalog.snapshot().choose(&actor.org, Process::Sla, &question);
    let Some(Choice { live, .. }) = chosen else {
        let message = format!("no component is active for the service level of {number}");
        return Err(Refusal::conflict("nothing-active", message).into());
    };
    let snapshot = desk.catalog.snapshot();
    let instead = || snapshot.instead(&actor.org, Process::Sla, &question, &live);
    let stand_in = (live.stands() != State::Closed).then(instead).flatten();
    let live = stand_in.unwrap_or(live);
    let evaluation = desk.catalog.evaluate(&live, &request, desk).await;
    match evaluation.result {
        Ok(Verdict::Decided(decision)) => {
            let Outcome::Sla(sla::Outcome::Forecast(forecast)) = decision.outcome else {
                // The engine checks that an outcome answers its request.
                return Err(Refusal::conflict("forecast-failed", "the component answered another question").into());
            };
            Ok(json!({
                "record": number,
                "as_of": now.to_string(),
                "agreement": agreement.number,
                "component": live.activation.digest,
                "component_name": live.name,
                "activation": live.activation.id,
                "generation": live.activation.generation,
                "outlooks": forecast.outlooks,
                "respond_by": forecast.respond_by,
                "restore_by": forecast.restore_by,
                "reasons": decision.reasons,
                "fuel": evaluation.fuel,
            }))
        }
        Ok(Verdict::Refused(refusal)) if refusal.code == "not-supported" => {
            let message = format!("{} gives no forecast: {}", live.name, refusal.message);
            Err(Refusal::conflict("no-forecast", message).into())
        }
        Ok(Verdict::Refused(refusal)) => {
            let message = format!("{} refuses: {}: {}", live.name, refusal.code, refusal.message);
            Err(Refusal::conflict("forecast-refused", message).into())
        }
        Err(failure) => {
            tracing::warn!(record = %number, component = %live.name, digest = %live.activation.digest,
                cause = %failure.cause, message = %failure.message, "the component failed at a forecast");
            let message = format!("{} failed: {}: {}", live.name, failure.cause, failure.message);
            Err(Refusal::conflict("forecast-failed", message).into())
        }
    }
}

/// The instants in their order, each once.
fn instants(ask: &Ask, now: Instant) -> Result<Vec<mortise_types::Instant>, Refusal> {
    let ahead = |name: &str, at: &Instant| {
        if *at < now || *at > now.plus(FURTHEST_MS) {
            let message = format!("{name} lies in the past, or more than 366 days ahead: {at}");
            return Err(Refusal::invalid(rule::RANGE, name, message));
        }
        Ok(())
    };
    if ask.at.is_empty() || ask.at.len() > MOST_INSTANTS {
        let message = format!("at is given once for each instant to look at, 1 to {MOST_INSTANTS} times");
        return Err(Refusal::invalid(rule::REQUIRED, "at", message));
    }
    ask.at.iter().try_for_each(|at| ahead("at", at))?;
    ask.paused_until.iter().try_for_each(|until| ahead("paused_until", until))?;
    let mut at: Vec<i64> = ask.at.iter().map(|at| at.seconds()).collect();
    at.sort_unstable();
    at.dedup();
    // An instant of this very second is not before the judgement, which has whole seconds, too.
    Ok(at.into_iter().map(mortise_types::Instant).collect())
}
