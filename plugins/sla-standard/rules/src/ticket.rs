//! What a ticket's history and pauses say about time.

use mortise_sdk::prelude::Refusal;
use mortise_sdk::types::sla::{Matrix, Pause, Ticket};

use crate::priority::lookup;
use crate::span::{Span, merge};

/// A stretch of a ticket's life with one priority. It ends where the next begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Segment<'a> {
    pub(crate) from: i64,
    pub(crate) priority: &'a str,
    /// As last assessed.
    pub(crate) impact: u32,
    /// As last assessed.
    pub(crate) urgency: u32,
}

/// The segments up to an instant; the first begins when the ticket was opened.
///
/// A new assessment that gives the same priority is no change.
pub(crate) fn segments<'a>(ticket: &Ticket, matrix: &'a Matrix, until: i64) -> Result<Vec<Segment<'a>>, Refusal> {
    let mut history = ticket.history.clone();
    history.sort_by_key(|entry| entry.at);
    let mut segments = Vec::<Segment<'a>>::with_capacity(history.len());
    for entry in history {
        let from = if segments.is_empty() { ticket.opened_at.0 } else { entry.at.0 };
        if from > until {
            break;
        }
        let from = from.max(ticket.opened_at.0);
        let (impact, urgency) = (entry.impact, entry.urgency);
        let priority = lookup(matrix, impact, urgency)?;
        // What was replaced in the instant it began was never valid.
        segments.pop_if(|last| last.from == from);
        match segments.last_mut().filter(|last| last.priority == priority) {
            Some(last) => (last.impact, last.urgency) = (impact, urgency),
            None => segments.push(Segment { from, priority, impact, urgency }),
        }
    }
    Ok(segments)
}

pub(crate) fn no_history() -> Refusal {
    Refusal::invalid_request("no-history", "the ticket's history has no impact and urgency")
}

/// The pauses within a stretch of time, merged.
pub(crate) fn pauses(pauses: &[Pause], from: i64, to: i64) -> Result<Vec<Span>, Refusal> {
    let mut spans = Vec::with_capacity(pauses.len());
    for pause in pauses {
        if pause.to.is_some_and(|end| end < pause.from) {
            return Err(Refusal::invalid_request(
                "invalid-interval",
                format!("the pause from {} ends before it starts", pause.from),
            ));
        }
        let end = pause.to.map_or(to, |end| end.0.min(to));
        spans.push(Span { from: pause.from.0.max(from), to: end });
    }
    Ok(merge(spans))
}
