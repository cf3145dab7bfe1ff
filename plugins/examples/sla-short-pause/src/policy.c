// Service levels as the guide has them, but a ticket that waits for its customer only for a
// moment does not stop the clock: what is parked for less than `shortest_pause_s` was not parked.
//
// Seconds are whole numbers of 64 bits throughout; nothing here is rounded before the end.

#include "mortise.h"
#include "clock.h"
#include "service.h"

static const struct setting table[] = {
    [WARNING_PCT] = {"warning_pct", 75, 1, 100, "Percent of the target from which a clock warns."},
    [CRITICAL_PCT] = {"critical_pct", 90, 1, 100, "Percent of the target from which a clock is critical."},
    [HORIZON_DAYS] = {"horizon_days", 3660, 1, 36600, "How many days ahead a due instant is searched for."},
    [SHORTEST_PAUSE_S] = {"shortest_pause_s", 0, 0, 86400, "Pauses shorter than this do not stop the clock, seconds."},
    [SETTINGS] = {0},
};

static void check(const int64_t *set, problems *found) {
    if (set[WARNING_PCT] > set[CRITICAL_PCT]) problem(found, "/warning_pct", "is above /critical_pct");
}

const struct component component = {
    .name = "sla-short-pause",
    .version = "0.1.0",
    .summary = "Service levels in C: pauses that are too short do not stop the clock.",
    .settings = table,
    .check = check,
};

bool exports_itsm_sla_evaluator_clock(exports_itsm_sla_evaluator_clock_request_t *request, text *json,
                                      exports_itsm_sla_evaluator_clock_decision_t *ret, refusal *err) {
    int64_t set[SETTINGS];
    *ret = (exports_itsm_sla_evaluator_clock_decision_t){0};
    return settings(*json, set, err) && clocks(request, set, ret, err);
}

bool exports_itsm_sla_evaluator_priority(exports_itsm_sla_evaluator_priority_request_t *request, text *json,
                                         exports_itsm_sla_evaluator_priority_decision_t *ret, refusal *err) {
    int64_t set[SETTINGS];
    *ret = (exports_itsm_sla_evaluator_priority_decision_t){0};
    if (!settings(*json, set, err)) return false;
    if (!priority(&request->matrix, request->impact, request->urgency, &ret->outcome.priority, err)) return false;
    PUSH(&ret->reasons, by_matrix(ret->outcome.priority, request->impact, request->urgency));
    return true;
}

bool exports_itsm_sla_evaluator_service_time(exports_itsm_sla_evaluator_service_time_request_t *request, text *json,
                                             exports_itsm_sla_evaluator_service_time_decision_t *ret, refusal *err) {
    int64_t set[SETTINGS];
    *ret = (exports_itsm_sla_evaluator_service_time_decision_t){0};
    struct span period = {request->start, request->end}, stretch;
    struct service service;
    if (!settings(*json, set, err) || !ordered(period, err)) return false;
    if (!serve(&service, request->calendars, request->calendar, period, err)) return false;
    while (next_stretch(&service, &stretch)) {
        ret->outcome.service_s += (uint64_t)seconds(stretch);
        PUSH(&ret->outcome.intervals, (itsm_sla_types_interval_t){stretch.from, stretch.to});
    }
    reason why = because("service-time", "The calendar's service time in the period.");
    with(&why, "calendar", request->calendar);
    with(&why, "service_s", number((int64_t)ret->outcome.service_s));
    PUSH(&ret->reasons, why);
    return true;
}

// Agreed is service time less maintenance; down is what outages take of it. The target is tested
// on the exact fraction, not on the rounded figure.
bool exports_itsm_sla_evaluator_availability(exports_itsm_sla_evaluator_availability_request_t *request, text *json,
                                             exports_itsm_sla_evaluator_availability_decision_t *ret, refusal *err) {
    int64_t set[SETTINGS], agreed = 0, down = 0;
    *ret = (exports_itsm_sla_evaluator_availability_decision_t){0};
    struct span period = {request->period.start, request->period.end}, stretch, piece;
    struct service service;
    spans maintenance, outages;
    if (!settings(*json, set, err) || !ordered(period, err)) return false;
    if (seconds(period) > CENTURY_S) return refuse(err, "period-too-long", str("a period has at most 100 years"));
    if (!merged(request->planned_maintenance, &maintenance, err) || !merged(request->outages, &outages, err)) return false;
    if (!serve(&service, request->calendars, request->calendar, period, err)) return false;

    size_t counted = 0; // outages before this one have been counted
    while (next_stretch(&service, &stretch)) {
        while (next_piece(&stretch, maintenance, &piece)) {
            agreed += seconds(piece);
            for (size_t i = first_after(outages, piece.from); i < outages.len && outages.ptr[i].from < piece.to; i++) {
                down += seconds(overlap(outages.ptr[i], piece));
                ret->outcome.outage_count += i >= counted;
                counted = i + 1;
            }
        }
    }
    int64_t up = agreed - down, whole = 100000;
    ret->outcome.agreed_s = (uint64_t)agreed;
    ret->outcome.down_s = (uint64_t)down;
    if (agreed) {
        ret->outcome.availability_milli_pct = (component_option_u32_t){true, (uint32_t)((2 * up * whole + agreed) / (2 * agreed))};
        ret->outcome.met = (component_option_bool_t){true, up * whole >= request->target_milli_pct * agreed};
    }
    reason why = because("agreed-service-time", "Service time less planned maintenance, and the outages in it.");
    with(&why, "agreed_s", number(agreed));
    with(&why, "down_s", number(down));
    with(&why, "outages", number(ret->outcome.outage_count));
    PUSH(&ret->reasons, why);
    return true;
}

// Committed is the hand-over plus the longest target of each stage: what is in one stage works in
// parallel.
bool exports_itsm_sla_evaluator_chain(exports_itsm_sla_evaluator_chain_request_t *request, text *json,
                                      exports_itsm_sla_evaluator_chain_decision_t *ret, refusal *err) {
    const uint64_t most = (uint64_t)1 << 53;
    int64_t set[SETTINGS];
    uint64_t committed = request->handover_s;
    bool all_day = request->sla.coverage == ITSM_SLA_TYPES_COVERAGE_CONTINUOUS;
    *ret = (exports_itsm_sla_evaluator_chain_decision_t){0};
    if (!settings(*json, set, err)) return false;
    for (size_t i = 0; i < request->elements.len; i++) {
        itsm_sla_types_chain_element_t *it = &request->elements.ptr[i], *other = request->elements.ptr;
        bool longest = true; // of its stage; the first of equals
        for (size_t j = 0; j < request->elements.len; j++, other++) {
            if (other->stage == it->stage && (j < i ? other->target_s >= it->target_s : other->target_s > it->target_s)) longest = false;
        }
        if (longest) committed = it->target_s > most || committed > most ? most + 1 : committed + it->target_s;
        if (it->target_s > request->sla.target_s) PUSH(&ret->outcome.findings, JOIN(str("target-exceeds-sla:"), it->id));
        if (all_day && it->coverage != ITSM_SLA_TYPES_COVERAGE_CONTINUOUS) PUSH(&ret->outcome.findings, JOIN(str("coverage-gap:"), it->id));
    }
    if (committed > most || request->sla.target_s > most) return refuse(err, "invalid-target", str("the targets are too large"));
    ret->outcome.committed_s = committed;
    ret->outcome.slack_s = (int64_t)request->sla.target_s - (int64_t)committed;
    if (ret->outcome.slack_s < 0) PUSH(&ret->outcome.findings, str("negative-slack"));
    ret->outcome.feasible = !ret->outcome.findings.len;

    reason why = because("committed", "Hand-over plus the longest target of each stage.");
    with(&why, "committed_s", number((int64_t)committed));
    with(&why, "slack_s", number(ret->outcome.slack_s));
    PUSH(&ret->reasons, why);
    for (size_t i = 1; i < ret->outcome.findings.len; i++) { // in ascending order
        text *all = ret->outcome.findings.ptr, moved = all[i];
        size_t at = i;
        for (; at && compare(moved, all[at - 1]) < 0; at--) all[at] = all[at - 1];
        all[at] = moved;
    }
    for (size_t i = 0; i < ret->outcome.findings.len; i++) {
        reason finding = because("finding", "What keeps the promise from being kept.");
        with(&finding, "finding", ret->outcome.findings.ptr[i]);
        PUSH(&ret->reasons, finding);
    }
    return true;
}
