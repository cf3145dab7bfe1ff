//! Conversions of `itsm:budget/types`.

/// Expands to `From` between [`mortise_types::budget`](crate::budget) and the
/// generated `itsm::budget::types`. Needs
/// [`common_conversions!`](crate::common_conversions) of the same bindings.
#[macro_export]
macro_rules! budget_conversions {
    ($($itsm:ident)::+) => {
        const _: () = {
            use $($itsm)::+::budget::types as wit;
            use $crate::budget as plain;

            $crate::wit_record!(plain::AllocationKey = wit::AllocationKey { id, weight });
            $crate::wit_record!(plain::AllocationPart = wit::AllocationPart { id, amount });
            $crate::wit_record!(plain::AllocateRequest = wit::AllocateRequest {
                currency, amount, keys, attributes
            });
            $crate::wit_record!(plain::AllocateOutcome = wit::AllocateOutcome { parts, total });
            $crate::wit_decision!(plain::AllocateOutcome = wit::AllocateDecision);

            $crate::wit_enum!(plain::CommitmentState = wit::CommitmentState {
                Requested, Refused, Reserved, Open, PartInvoiced, Consumed, Released, Closed
            });
            $crate::wit_record!(plain::Commitment = wit::Commitment { amount, invoiced, state });
            $crate::wit_record!(plain::LineRequest = wit::LineRequest {
                currency, budget, actuals, commitments, forecast_to_go, warn_bp, alert_bp,
                underspend_bp, attributes
            });
            $crate::wit_enum!(plain::LineLevel = wit::LineLevel {
                Ok, Watch, Warning, Alert, Underspend
            });
            $crate::wit_record!(plain::LineOutcome = wit::LineOutcome {
                actual, open_commitments, available, estimate_at_completion, variance,
                variance_bp, level
            });
            $crate::wit_decision!(plain::LineOutcome = wit::LineDecision);

            $crate::wit_record!(plain::CommitRequest = wit::CommitRequest {
                currency, budget, actual, open_commitments, request, tolerance_bp, attributes
            });
            $crate::wit_enum!(plain::CommitVerdict = wit::CommitVerdict {
                Approved, BudgetOwnerOverride, TopManagement
            });
            $crate::wit_record!(plain::CommitOutcome = wit::CommitOutcome {
                verdict, available_before, available_after, shortfall, tolerance
            });
            $crate::wit_decision!(plain::CommitOutcome = wit::CommitDecision);

            $crate::wit_enum!(plain::RiskBand = wit::RiskBand { Low, Medium, High, VeryHigh });
            $crate::wit_record!(plain::LabourLine = wit::LabourLine { role, hours, rate });
            $crate::wit_record!(plain::CostItem = wit::CostItem {
                cost_type, name, quantity, unit_price
            });
            $crate::wit_record!(plain::ChangeCostRequest = wit::ChangeCostRequest {
                currency, labour, items, contingency_bp, risk_band, recurring_monthly,
                months_in_year, attributes
            });
            $crate::wit_record!(plain::CostLine = wit::CostLine { id, amount });
            $crate::wit_record!(plain::ChangeCostOutcome = wit::ChangeCostOutcome {
                lines, subtotal, contingency, one_off, recurring_this_year, total_this_year
            });
            $crate::wit_decision!(plain::ChangeCostOutcome = wit::ChangeCostDecision);

            $crate::wit_record!(plain::DirectCost = wit::DirectCost { id, amount });
            $crate::wit_record!(plain::IndirectPool = wit::IndirectPool {
                pool, basis, amount, keys
            });
            $crate::wit_record!(plain::ServiceCostRequest = wit::ServiceCostRequest {
                currency, direct, indirect, units, attributes
            });
            $crate::wit_record!(plain::ServiceCostPart = wit::ServiceCostPart {
                id, direct, indirect, total, unit_cost
            });
            $crate::wit_record!(plain::ServiceCostOutcome = wit::ServiceCostOutcome {
                services, grand_total
            });
            $crate::wit_decision!(plain::ServiceCostOutcome = wit::ServiceCostDecision);

            $crate::wit_enum!(plain::CarryPolicy = wit::CarryPolicy {
                Lapse, CarryCommitments, CarryAll
            });
            $crate::wit_record!(plain::OrderAmount = wit::OrderAmount { order, amount });
            $crate::wit_record!(plain::PendingItem = wit::PendingItem { kind, id });
            $crate::wit_record!(plain::CloseRequest = wit::CloseRequest {
                currency, period, budget, actuals, received_not_invoiced, open_commitments,
                carry_policy, pending, attributes
            });
            $crate::wit_record!(plain::ClosedPeriod = wit::ClosedPeriod {
                period_cost, accruals, reversals_next_period, unspent, commitments_carried,
                budget_carried, budget_lapsed
            });
            $crate::wit_variant!(plain::CloseOutcome = wit::CloseOutcome { Blocked, Closed });
            $crate::wit_decision!(plain::CloseOutcome = wit::CloseDecision);

            $crate::wit_record!(plain::PostRequest = wit::PostRequest { date, closed, attributes });
            $crate::wit_record!(plain::PostOutcome = wit::PostOutcome {
                posted_period, prior_period
            });
            $crate::wit_decision!(plain::PostOutcome = wit::PostDecision);

            $crate::wit_record!(plain::RunRateRequest = wit::RunRateRequest {
                currency, actual_to_date, periods_elapsed, periods_total, budget, attributes
            });
            $crate::wit_record!(plain::RunRateOutcome = wit::RunRateOutcome {
                run_rate_eac, variance
            });
            $crate::wit_decision!(plain::RunRateOutcome = wit::RunRateDecision);

            $crate::wit_record!(plain::ConvertRequest = wit::ConvertRequest {
                amount, from_currency, to_currency, rate, attributes
            });
            $crate::wit_record!(plain::ConvertOutcome = wit::ConvertOutcome { amount, currency });
            $crate::wit_decision!(plain::ConvertOutcome = wit::ConvertDecision);
        };
    };
}
