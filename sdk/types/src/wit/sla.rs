//! Conversions of `itsm:sla/types`.

/// Expands to `From` between [`mortise_types::sla`](crate::sla) and the generated
/// `itsm::sla::types`. Needs [`common_conversions!`](crate::common_conversions) of the
/// same bindings.
#[macro_export]
macro_rules! sla_conversions {
    ($($itsm:ident)::+) => {
        const _: () = {
            use $($itsm)::+::sla::types as wit;
            use $crate::common::Milestone;
            use $crate::sla as plain;

            $crate::wit_record!(Milestone = wit::Milestone { name, at });

            $crate::wit_enum!(plain::Weekday = wit::Weekday { Mon, Tue, Wed, Thu, Fri, Sat, Sun });
            $crate::wit_enum!(plain::Coverage = wit::Coverage { Continuous, Business });
            $crate::wit_record!(plain::Window = wit::Window { start, end });
            $crate::wit_record!(plain::Weekly = wit::WeeklyPlan {
                mon, tue, wed, thu, fri, sat, sun
            });
            $crate::wit_record!(plain::AdjustedWorkday = wit::AdjustedWorkday { date, plan });
            $crate::wit_record!(plain::UtcOffset = wit::UtcOffset { from: start, offset_s });
            $crate::wit_record!(plain::Calendar = wit::Calendar {
                time_zone, mode, weekly, holidays, adjusted_workdays, utc_offsets
            });
            $crate::wit_record!(plain::Interval = wit::Interval { from: start, to: end });
            $crate::wit_record!(plain::Target = wit::Target { response_s, resolution_s, calendar });
            $crate::wit_record!(plain::Thresholds = wit::Thresholds { warning, critical });
            $crate::wit_record!(plain::Assessment = wit::Assessment { at, impact, urgency });
            $crate::wit_record!(plain::Pause = wit::Pause { from: start, to: end });
            $crate::wit_record!(plain::Ticket = wit::Ticket {
                opened_at, history, responded_at, restored_at, pauses
            });
            $crate::wit_record!(plain::ClockRequest = wit::ClockRequest {
                now, matrix, warn_pct, targets, calendars, ticket, attributes
            });
            $crate::wit_enum!(plain::ClockState = wit::ClockState { Running, Paused, Stopped });
            $crate::wit_enum!(plain::Level = wit::Level { Ok, Warning, Critical, Breached });
            $crate::wit_record!(plain::Clock = wit::Clock {
                target_s, elapsed_s, remaining_s, percent, state, level, met, due_at,
                breached_at, ever_breached
            });
            $crate::wit_record!(plain::ClockOutcome = wit::ClockOutcome {
                priority, response, resolution
            });
            $crate::wit_decision!(plain::ClockOutcome = wit::ClockDecision, milestones);

            $crate::wit_record!(plain::AvailabilityRequest = wit::AvailabilityRequest {
                calendar, calendars, target_milli_pct, period, planned_maintenance, outages,
                attributes
            });
            $crate::wit_record!(plain::AvailabilityOutcome = wit::AvailabilityOutcome {
                agreed_s, down_s, availability_milli_pct, met, outage_count
            });
            $crate::wit_decision!(plain::AvailabilityOutcome = wit::AvailabilityDecision);

            $crate::wit_record!(plain::ServiceTimeRequest = wit::ServiceTimeRequest {
                calendar, calendars, from: start, to: end, attributes
            });
            $crate::wit_record!(plain::ServiceTimeOutcome = wit::ServiceTimeOutcome {
                service_s, intervals
            });
            $crate::wit_decision!(plain::ServiceTimeOutcome = wit::ServiceTimeDecision);

            $crate::wit_record!(plain::ChainSla = wit::ChainSla { target_s, coverage });
            $crate::wit_record!(plain::ChainElement = wit::ChainElement {
                id, kind, stage, target_s, coverage
            });
            $crate::wit_record!(plain::ChainRequest = wit::ChainRequest {
                sla, handover_s, elements, attributes
            });
            $crate::wit_record!(plain::ChainOutcome = wit::ChainOutcome {
                committed_s, slack_s, feasible, findings
            });
            $crate::wit_decision!(plain::ChainOutcome = wit::ChainDecision);

            $crate::wit_record!(plain::PriorityRequest = wit::PriorityRequest {
                matrix, impact, urgency, attributes
            });
            $crate::wit_record!(plain::PriorityOutcome = wit::PriorityOutcome { priority });
            $crate::wit_decision!(plain::PriorityOutcome = wit::PriorityDecision);
        };
    };
}

/// The same for what `itsm:sla` 0.2.0 adds. Needs [`sla_conversions!`](crate::sla_conversions) of the same bindings.
#[macro_export]
macro_rules! sla_forecast_conversions {
    ($($itsm:ident)::+) => {
        const _: () = {
            use $($itsm)::+::sla::types as wit;
            use $crate::sla as plain;

            $crate::wit_record!(plain::Assumption = wit::Assumption { impact, urgency, paused_until });
            $crate::wit_record!(plain::ForecastRequest = wit::ForecastRequest { clocks, at, assume });
            $crate::wit_record!(plain::Outlook = wit::Outlook { at, priority, response, resolution });
            $crate::wit_record!(plain::ForecastOutcome = wit::ForecastOutcome {
                outlooks, respond_by, restore_by
            });
            $crate::wit_decision!(plain::ForecastOutcome = wit::ForecastDecision);
        };
    };
}
