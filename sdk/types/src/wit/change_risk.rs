//! Conversions of `itsm:change-risk/types`.

/// Expands to `From` between [`mortise_types::change_risk`](crate::change_risk) and the
/// generated `itsm::change_risk::types`. Needs
/// [`common_conversions!`](crate::common_conversions) of the same bindings.
#[macro_export]
macro_rules! change_risk_conversions {
    ($($itsm:ident)::+) => {
        const _: () = {
            use $($itsm)::+::change_risk::types as wit;
            use $crate::change_risk as plain;

            $crate::wit_enum!(plain::ChangeType = wit::ChangeType { Standard, Normal, Emergency });
            $crate::wit_enum!(plain::Complexity = wit::Complexity {
                Simple, Moderate, Complex, Novel
            });
            $crate::wit_enum!(plain::BackoutState = wit::BackoutState {
                Tested, Documented, Partial, None
            });
            $crate::wit_enum!(plain::Timing = wit::Timing {
                MaintenanceWindow, OffHours, BusinessHours, Blackout
            });
            $crate::wit_enum!(plain::CollisionRelation = wit::CollisionRelation {
                SameCi, RelatedCi
            });
            $crate::wit_record!(plain::AffectedItem = wit::AffectedItem { ci, criticality });
            $crate::wit_record!(plain::DependentService = wit::DependentService {
                service, criticality
            });
            $crate::wit_record!(plain::Backout = wit::Backout { state, duration_min, window_min });
            $crate::wit_record!(plain::Tests = wit::Tests { planned, passed });
            $crate::wit_record!(plain::History = wit::History { total, failed });
            $crate::wit_record!(plain::Collision = wit::Collision { change, relation });
            $crate::wit_record!(plain::Request = wit::ScoreRequest {
                change_type, model_approved, affected, dependents, complexity, teams, backout,
                tests, history, timing, collisions, security_relevant, design_transition,
                previous_attempt_failed, cost_minor, budget_available_minor, attributes
            });

            $crate::wit_enum!(plain::RiskBand = wit::RiskBand { Low, Medium, High, VeryHigh });
            $crate::wit_enum!(plain::ApprovalRoute = wit::ApprovalRoute {
                Standard, ChangeManager, Cab, Ecab
            });
            $crate::wit_record!(plain::FactorPoints = wit::FactorPoints {
                factor, value, weight, points
            });
            $crate::wit_record!(plain::Outcome = wit::ScoreOutcome {
                score, base, surcharge, band, route, blocked, top_management_signoff,
                conditions, flags, missing, factors
            });
            $crate::wit_decision!(plain::Outcome = wit::ScoreDecision);
        };
    };
}
