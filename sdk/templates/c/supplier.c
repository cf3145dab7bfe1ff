// Suppliers by one question: did they deliver on time?

#include "mortise.h"

enum { A_FROM, SETTINGS };

static const struct setting table[] = {
    [A_FROM] = {"a_from", 95, 30, 100, "Percent on time from which the grade is A; ten less is B, another ten less C."},
    [SETTINGS] = {0},
};

const struct component component = {
    .name = "{{name}}",
    .version = "0.1.0",
    .summary = "Suppliers by their deliveries on time.",
    .settings = table,
};

bool exports_itsm_supplier_evaluator_score(exports_itsm_supplier_evaluator_score_request_t *request, text *json,
                                           exports_itsm_supplier_evaluator_score_decision_t *ret, refusal *err) {
    static const char *const criteria[] = {"quality", "delivery", "service_level", "cost", "security", "responsiveness"};
    int64_t set[SETTINGS];
    if (!settings(*json, set, err)) return false;
    uint64_t on_time = request->measures.delivery.val.on_time, due = request->measures.delivery.val.due;
    bool known = request->measures.delivery.is_some && due;
    if (request->measures.delivery.is_some && on_time > due) {
        return refuse(err, "part-exceeds-whole", str("more deliveries on time than due"));
    }
    uint32_t percent = known ? (uint32_t)(on_time * 100 / due) : 0;
    int64_t lacking = set[A_FROM] - percent;

    *ret = (exports_itsm_supplier_evaluator_score_decision_t){0};
    for (int i = 0; i < 6; i++) {
        if (!known || i != 1) PUSH(&ret->outcome.missing, str(criteria[i]));
    }
    ret->outcome.scores.delivery = (component_option_u32_t){known, percent};
    ret->outcome.weight_present = known ? 100 : 0;
    ret->outcome.base_tenths = ret->outcome.score_tenths = (component_option_u32_t){known, 10 * percent};
    ret->outcome.grade.is_some = known;
    ret->outcome.grade.val = lacking <= 0 ? ITSM_SUPPLIER_TYPES_GRADE_A : lacking <= 10 ? ITSM_SUPPLIER_TYPES_GRADE_B
                           : lacking <= 20 ? ITSM_SUPPLIER_TYPES_GRADE_C : ITSM_SUPPLIER_TYPES_GRADE_D;
    ret->outcome.trend = known ? ITSM_SUPPLIER_TYPES_TREND_NEW : ITSM_SUPPLIER_TYPES_TREND_UNKNOWN;
    PUSH(&ret->outcome.actions, str(known ? "continue" : "collect-data"));
    ret->outcome.review_months = 6;
    ret->outcome.next_review = add_months(request->evaluated_on, 6);
    PUSH(&ret->reasons, because("on-time", "Deliveries on time decide."));
    return true;
}
