// Change risk by one question: how critical is what the change touches?

#include "mortise.h"

enum { PER_LEVEL, SETTINGS };

static const struct setting table[] = {
    [PER_LEVEL] = {"per_level", 20, 1, 25, "Points for each level of criticality, of which there are four."},
    [SETTINGS] = {0},
};

const struct component component = {
    .name = "{{name}}",
    .version = "0.1.0",
    .summary = "Change risk by the criticality of what is touched.",
    .settings = table,
};

bool exports_itsm_change_risk_evaluator_score(exports_itsm_change_risk_evaluator_score_request_t *request, text *json,
                                              exports_itsm_change_risk_evaluator_score_decision_t *ret, refusal *err) {
    int64_t set[SETTINGS];
    if (!settings(*json, set, err)) return false;
    uint32_t highest = 0;
    for (size_t i = 0; request->affected.is_some && i < request->affected.val.len; i++) {
        uint32_t level = request->affected.val.ptr[i].criticality;
        if (level > 4) return refuse(err, "criticality-out-of-range", str("criticality is 1 to 4"));
        if (level > highest) highest = level;
    }
    bool known = request->affected.is_some && request->affected.val.len;
    bool emergency = request->change_type == ITSM_CHANGE_RISK_TYPES_CHANGE_TYPE_EMERGENCY;
    bool blackout = request->timing.is_some && request->timing.val == ITSM_CHANGE_RISK_TYPES_TIMING_BLACKOUT;
    uint32_t score = known ? highest * (uint32_t)set[PER_LEVEL] : 100; // what nobody tells counts as the worst

    *ret = (exports_itsm_change_risk_evaluator_score_decision_t){0};
    ret->outcome.score = ret->outcome.base = score;
    ret->outcome.band = score < 25 ? ITSM_CHANGE_RISK_TYPES_RISK_BAND_LOW
                      : score < 50 ? ITSM_CHANGE_RISK_TYPES_RISK_BAND_MEDIUM
                      : score < 75 ? ITSM_CHANGE_RISK_TYPES_RISK_BAND_HIGH : ITSM_CHANGE_RISK_TYPES_RISK_BAND_VERY_HIGH;
    ret->outcome.route = emergency ? ITSM_CHANGE_RISK_TYPES_APPROVAL_ROUTE_ECAB
                       : score < 50 ? ITSM_CHANGE_RISK_TYPES_APPROVAL_ROUTE_CHANGE_MANAGER : ITSM_CHANGE_RISK_TYPES_APPROVAL_ROUTE_CAB;
    ret->outcome.blocked = blackout && !emergency;
    ret->outcome.top_management_signoff = score >= 75;
    if (!known) PUSH(&ret->outcome.missing, str("criticality"));
    PUSH(&ret->outcome.factors, (itsm_change_risk_types_factor_points_t){str("criticality"), score, 100, 100 * score});
    reason why = because("criticality", "The most critical item decides.");
    with(&why, "score", number(score));
    PUSH(&ret->reasons, why);
    return true;
}
