//! Conversions of `itsm:supplier/types`.

/// Expands to `From` between [`mortise_types::supplier`](crate::supplier) and the
/// generated `itsm::supplier::types`. Needs
/// [`common_conversions!`](crate::common_conversions) of the same bindings.
#[macro_export]
macro_rules! supplier_conversions {
    ($($itsm:ident)::+) => {
        const _: () = {
            use $($itsm)::+::supplier::types as wit;
            use $crate::supplier as plain;

            $crate::wit_record!(plain::Breaches = wit::Breaches {
                minor, major_remedied, major_open, material
            });
            $crate::wit_record!(plain::QualityMeasure = wit::QualityMeasure {
                accepted, delivered
            });
            $crate::wit_record!(plain::DeliveryMeasure = wit::DeliveryMeasure { on_time, due });
            $crate::wit_record!(plain::ServiceLevelMeasure = wit::ServiceLevelMeasure {
                met, measured
            });
            $crate::wit_record!(plain::CostMeasure = wit::CostMeasure {
                currency, contracted, invoiced
            });
            $crate::wit_record!(plain::SecurityMeasure = wit::SecurityMeasure {
                incidents, open_major, open_minor
            });
            $crate::wit_record!(plain::ResponsivenessMeasure = wit::ResponsivenessMeasure {
                in_time, requests
            });
            $crate::wit_record!(plain::Measures = wit::Measures {
                quality, delivery, service_level, cost, security, responsiveness
            });
            $crate::wit_record!(plain::Request = wit::ScoreRequest {
                supplier, evaluated_on, critical, security_relevant, previous_tenths, breaches,
                measures, attributes
            });

            $crate::wit_enum!(plain::Grade = wit::Grade { A, B, C, D });
            $crate::wit_enum!(plain::Trend = wit::Trend {
                New, Unknown, Improving, Stable, Declining
            });
            $crate::wit_record!(plain::CriterionScores = wit::CriterionScores {
                quality, delivery, service_level, cost, security, responsiveness
            });
            $crate::wit_record!(plain::Outcome = wit::ScoreOutcome {
                scores, missing, weight_present, penalty_tenths, base_tenths, score_tenths,
                grade, caps, trend, actions, review_months, next_review
            });
            $crate::wit_decision!(plain::Outcome = wit::ScoreDecision);
        };
    };
}
