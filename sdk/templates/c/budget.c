// Who may grant a commitment: nobody need be asked while the line has the money.

#include "mortise.h"

enum { TOLERANCE_BP, SETTINGS };

static const struct setting table[] = {
    [TOLERANCE_BP] = {"tolerance_bp", 500, 0, 10000, "How much the budget owner may overdraw, in basis points of the budget."},
    [SETTINGS] = {0},
};

const struct component component = {
    .name = "{{name}}",
    .version = "0.1.0",
    .summary = "Commitments by what the budget line has left.",
    .settings = table,
};

// Operations that a component does not have are refused with `not-supported`.
bool exports_itsm_budget_evaluator_commit(exports_itsm_budget_evaluator_commit_request_t *request, text *json,
                                          exports_itsm_budget_evaluator_commit_decision_t *ret, refusal *err) {
    int64_t set[SETTINGS], budget, actual, open, wanted;
    if (!settings(*json, set, err)) return false;
    int places = decimals(request->currency);
    if (!minor(request->budget, places, &budget) || !minor(request->actual, places, &actual) ||
        !minor(request->open_commitments, places, &open) || !minor(request->request, places, &wanted)) {
        return refuse(err, "not-a-number", str("an amount is none, or has too many decimals"));
    }
    if (wanted < 0 || budget < 0) return refuse(err, "negative-amount", str("a commitment and a budget are not negative"));
    int64_t bp = request->tolerance_bp.is_some ? request->tolerance_bp.val : set[TOLERANCE_BP];
    if (bp > 100000) return refuse(err, "out-of-range", str("a tolerance is at most ten times the budget"));
    int64_t before = budget - actual - open, after = before - wanted, shortfall = after < 0 ? -after : 0;
    int64_t tolerance = budget / 10000 * bp + budget % 10000 * bp / 10000; // in this order, for 64 bits

    *ret = (exports_itsm_budget_evaluator_commit_decision_t){0};
    ret->outcome.verdict = shortfall == 0 ? ITSM_BUDGET_TYPES_COMMIT_VERDICT_APPROVED
                         : shortfall <= tolerance ? ITSM_BUDGET_TYPES_COMMIT_VERDICT_BUDGET_OWNER_OVERRIDE
                                                  : ITSM_BUDGET_TYPES_COMMIT_VERDICT_TOP_MANAGEMENT;
    ret->outcome.available_before = amount(before, places);
    ret->outcome.available_after = amount(after, places);
    ret->outcome.shortfall = amount(shortfall, places);
    ret->outcome.tolerance = amount(tolerance, places);
    reason why = because("shortfall", "What is lacking decides.");
    with(&why, "shortfall", ret->outcome.shortfall);
    PUSH(&ret->reasons, why);
    return true;
}
