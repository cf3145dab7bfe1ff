//! The standard decision with one figure spoilt: well-typed, but not true of any ticket. The
//! settings name the figure, so one component serves every check of the host.

use mortise_sdk::prelude::*;
use mortise_sdk::types::sla::{ClockOutcome, ClockRequest, ClockState, Instant, Level};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sla_rules::{Settings as Base, Standard};

/// What is wrong with the clocks.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Spoilt {
    /// `remaining_s` is not target minus elapsed.
    #[default]
    Remaining,
    /// `percent` is not elapsed by target.
    Percent,
    /// The level is `breached` and nothing was ever breached, or the other way round.
    Level,
    /// The priority has no target.
    Priority,
    /// The clock runs, and yet its goal was met.
    Met,
    /// The target was passed before the ticket was opened.
    BreachedAt,
    /// The due instant is far outside of what a date can be.
    DueAt,
    /// A number outside of ±2^53.
    Overflow,
}

/// Which figure to spoil.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The figure.
    pub spoilt: Spoilt,
}

impl mortise_sdk::Settings for Settings {}

/// Spoils `clock`.
pub struct Garbage;

impl SlaPolicy for Garbage {
    type Settings = Settings;

    fn clock(request: &ClockRequest, settings: &Settings) -> Result<Decided<ClockOutcome>, Refusal> {
        let mut decided = Standard::clock(request, &Base::default())?;
        let outcome = &mut decided.outcome;
        let clock = &mut outcome.resolution;
        match settings.spoilt {
            Spoilt::Remaining => clock.remaining_s += 1,
            Spoilt::Percent => clock.percent += 1,
            Spoilt::Level => {
                clock.level = match clock.level {
                    Level::Breached => Level::Ok,
                    _ => Level::Breached,
                };
            }
            Spoilt::Priority => outcome.priority = "P0".to_owned(),
            Spoilt::Met => {
                clock.state = ClockState::Running;
                clock.met = Some(true);
            }
            Spoilt::BreachedAt => {
                clock.breached_at = Some(Instant(request.ticket.opened_at.0 - 1));
                clock.ever_breached = true;
            }
            Spoilt::DueAt => clock.due_at = Some(Instant(i64::MAX)),
            Spoilt::Overflow => clock.elapsed_s = u64::MAX,
        }
        Ok(decided)
    }
}

mortise_sdk::export_sla!(Garbage);
