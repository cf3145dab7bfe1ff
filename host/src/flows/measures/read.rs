//! Reading measures.

use serde::Serialize;

use super::compute::Ask;
use super::permit;
use crate::domain::kind::Label;
use crate::domain::measure::{Definition, Dimension, Measures, Reading, Span, Unit};
use crate::domain::refusal::{Refusal, rule};
use crate::domain::{Actor, Kinds};
use crate::flows::{Desk, FlowError};

/// A measure and what it says of a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Measured {
    /// Its name.
    pub id: String,
    /// The guide's process.
    pub process: String,
    /// Name for people.
    pub name: Label,
    /// In what it is expressed.
    pub unit: Unit,
    /// First and last day, time zone, and the instant as of which things are looked at.
    pub period: Period,
    /// What it says.
    #[serde(flatten)]
    pub reading: Reading,
    /// The same, divided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<Dimension>,
    /// What it says of each part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<Group>>,
}

/// A period as an answer tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Period {
    /// First day.
    pub from: String,
    /// Last day.
    pub to: String,
    /// Time zone of the days.
    pub tz: String,
    /// The end of the period, or now while it lasts.
    pub as_of: String,
}

impl Period {
    /// The period of an answer.
    pub fn of(span: &Span, now: crate::domain::Instant) -> Self {
        Self {
            from: span.first.to_string(),
            to: span.last.to_string(),
            tz: span.zone.clone(),
            as_of: span.at(now).to_string(),
        }
    }
}

/// What a measure says of one service or priority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Group {
    /// Number of the service, or the priority; null for records without one.
    pub key: Option<String>,
    /// What it says.
    #[serde(flatten)]
    pub reading: Reading,
}

/// The definitions.
///
/// # Errors
/// Not allowed to read measures.
pub fn list(actor: &Actor) -> Result<Vec<&'static Definition>, FlowError> {
    permit(actor)?;
    Ok(Measures::builtin().iter().collect())
}

/// What a measure says of a period, and of each service or priority in it.
///
/// # Errors
/// Not allowed, no such measure, a measure that is not divided so; the database's errors.
pub async fn read(
    desk: &Desk,
    actor: &Actor,
    id: &str,
    span: &Span,
    by: Option<Dimension>,
) -> Result<Measured, FlowError> {
    permit(actor)?;
    let Some(definition) = Measures::builtin().get(id) else {
        return Err(Refusal::not_found(format!("there is no measure '{id}'; GET /api/v1/measures lists them")).into());
    };
    if let Some(by) = by.filter(|by| !definition.by.contains(by)) {
        let message = format!("{id} is not divided by {}", by.as_str());
        return Err(Refusal::invalid(rule::ENUM, "by", message).into());
    }
    let kinds = desk.kinds(&actor.org);
    measured(desk, &actor.org, &kinds, definition, span, by).await
}

/// What a measure says of a period.
pub(in crate::flows) async fn measured(
    desk: &Desk,
    org: &str,
    kinds: &Kinds,
    definition: &Definition,
    span: &Span,
    by: Option<Dimension>,
) -> Result<Measured, FlowError> {
    let now = desk.clock.now();
    let ask = Ask { desk, org, kinds, definition, span, now };
    let reading = ask.whole().await?;
    let groups = match by {
        Some(_) if reading.value.is_some() => {
            Some(ask.readings(by).await?.into_iter().map(|(key, reading)| Group { key, reading }).collect())
        }
        Some(_) => Some(Vec::new()),
        None => None,
    };
    Ok(Measured {
        id: definition.id.clone(),
        process: definition.process.clone(),
        name: definition.name.clone(),
        unit: definition.unit,
        period: Period::of(span, now),
        reading,
        by,
        groups,
    })
}
