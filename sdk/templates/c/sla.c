// Priorities for the night desk: some steps lower than by day.

#include "mortise.h"

enum { STEPS, SETTINGS };

static const struct setting table[] = {
    [STEPS] = {"steps", 1, 0, 4, "How many steps lower a priority is than by day."},
    [SETTINGS] = {0},
};

const struct component component = {
    .name = "{{name}}",
    .version = "0.1.0",
    .summary = "Priorities for the night desk.",
    .settings = table,
};

// Operations that a component does not have are refused with `not-supported`.
bool exports_itsm_sla_evaluator_priority(exports_itsm_sla_evaluator_priority_request_t *request, text *json,
                                         exports_itsm_sla_evaluator_priority_decision_t *ret, refusal *err) {
    int64_t set[SETTINGS];
    if (!settings(*json, set, err)) return false;
    if (request->impact - 1 > 2 || request->urgency - 1 > 2) {
        return refuse(err, "unknown-priority", str("impact and urgency are 1, 2 or 3"));
    }
    int64_t step = request->impact + request->urgency - 1 + set[STEPS];
    reason why = because("night", "Nobody waits at night.");
    with(&why, "steps", number(set[STEPS]));

    *ret = (exports_itsm_sla_evaluator_priority_decision_t){0};
    ret->outcome.priority = JOIN(str("P"), number(step < 5 ? step : 5));
    PUSH(&ret->reasons, why);
    return true;
}
