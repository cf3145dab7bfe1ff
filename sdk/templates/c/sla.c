// The night desk: priorities some steps lower than by day, and clocks that never rest.

#include "mortise.h"

enum { STEPS, SETTINGS };

static const struct setting table[] = {
    [STEPS] = {"steps", 1, 0, 4, "How many steps lower a priority is than by day."},
    [SETTINGS] = {0},
};

const struct component component = {
    .name = "{{name}}",
    .version = "0.1.0",
    .summary = "Priorities and clocks for the night desk.",
    .settings = table,
};

// Seconds until the first answer and until the service is restored, where no agreement says so.
static const int64_t first[] = {900, 1800, 3600, 7200, 14400}, whole[] = {7200, 14400, 28800, 86400, 144000};

static bool lower(uint32_t impact, uint32_t urgency, int64_t steps, int64_t *step, refusal *err) {
    *step = impact + urgency - 1 + steps;
    if (*step > 5) *step = 5;
    if (impact - 1 < 3 && urgency - 1 < 3) return true;
    return refuse(err, "unknown-priority", str("impact and urgency are 1, 2 or 3"));
}

static reason night(int64_t steps) {
    reason why = because("night", "Nobody waits at night.");
    with(&why, "steps", number(steps));
    return why;
}

// What a component leaves out, the one of the next wider scope decides.
bool exports_itsm_sla_evaluator_priority(exports_itsm_sla_evaluator_priority_request_t *request, text *json,
                                         exports_itsm_sla_evaluator_priority_decision_t *ret, refusal *err) {
    int64_t set[SETTINGS], step;
    *ret = (exports_itsm_sla_evaluator_priority_decision_t){0};
    if (!settings(*json, set, err) || !lower(request->impact, request->urgency, set[STEPS], &step, err)) return false;
    ret->outcome.priority = JOIN(str("P"), number(step));
    PUSH(&ret->reasons, night(set[STEPS]));
    return true;
}

bool exports_itsm_sla_evaluator_clock(exports_itsm_sla_evaluator_clock_request_t *request, text *json,
                                      exports_itsm_sla_evaluator_clock_decision_t *ret, refusal *err) {
    const itsm_sla_types_list_assessment_t *history = &request->ticket.history;
    int64_t set[SETTINGS], step;
    *ret = (exports_itsm_sla_evaluator_clock_decision_t){0};
    if (!history->len) return refuse(err, "no-history", str("nobody has assessed the ticket"));
    const itsm_sla_types_assessment_t *last = &history->ptr[history->len - 1];
    if (!settings(*json, set, err) || !lower(last->impact, last->urgency, set[STEPS], &step, err)) return false;
    text priority = ret->outcome.priority = JOIN(str("P"), number(step));
    int64_t response_s = first[step - 1], resolution_s = whole[step - 1];
    for (size_t i = 0; request->targets.is_some && i < request->targets.val.len; i++) {
        const itsm_sla_types_named_target_t *agreed = &request->targets.val.ptr[i];
        if (!same(agreed->f0, priority)) continue;
        response_s = (int64_t)agreed->f1.response_s;
        resolution_s = (int64_t)agreed->f1.resolution_s;
    }
    around_the_clock(request, response_s, resolution_s, ret);
    PUSH(&ret->reasons, night(set[STEPS]));
    return true;
}
