"""Supplier grading as the guide has it, for buyers who do not trust a good year after a bad one.

With ``careful.steps_up`` set to 1, a grade is at most one better than that of the previous
evaluation: trust comes back by the step. Without that setting the grades are the guide's.
"""

from criteria import CRITERIA, criterion_settings, score_of
from mortise import Problem, add_months, choice, component, reason, whole
from wit_world.imports.itsm_supplier_types import (
    CriterionScores,
    Grade,
    ScoreDecision,
    ScoreOutcome,
    ScoreRequest,
    Trend,
)

GRADES = ["A", "B", "C", "D"]
SETTINGS = {
    **criterion_settings,
    "min_weight": whole(70, 1, 100, "There is a grade only if the weights of the measured criteria reach this."),
    "penalties": {
        "minor_tenths": whole(20, 0, 1000, "For each minor breach, tenths of a point."),
        "minor_max_tenths": whole(100, 0, 1000, "At most this much for all minor breaches together."),
        "major_tenths": whole(100, 0, 1000, "For each major breach, remedied or open."),
    },
    "grades": {
        "a_tenths": whole(900, 1, 1000, "From here on the grade is A, tenths of a point."),
        "b_tenths": whole(750, 1, 1000, "From here on the grade is B."),
        "c_tenths": whole(600, 1, 1000, "From here on the grade is C."),
    },
    "caps": {
        "service_level_below": whole(60, 0, 100, "A score of service_level below this limits the grade."),
        "service_level_grade": choice("C", GRADES, "The best grade with such a service level."),
        "security_below": whole(40, 0, 100, "A score of security below this limits the grade."),
        "security_grade": choice("C", GRADES, "The best grade with such security."),
        "security_evidence_missing_grade": choice("C", GRADES, "The best grade without evidence where it is due."),
        "open_major_breach_grade": choice("C", GRADES, "The best grade with an open major breach."),
        "material_breach_grade": choice("D", GRADES, "The best grade with a material breach."),
    },
    "trend_tenths": whole(50, 1, 1000, "A change of at least this is a trend, tenths of a point."),
    "review": {
        "a_months": whole(12, 1, 60, "Until the next review after grade A."),
        "b_months": whole(6, 1, 60, "After grade B."),
        "c_months": whole(3, 1, 60, "After grade C."),
        "d_months": whole(1, 1, 60, "After grade D."),
        "without_grade_months": whole(1, 1, 60, "Where too little was measured for a grade."),
        "critical_divisor": whole(2, 1, 12, "The interval of a critical supplier is divided by this, rounded up."),
        "declining_max_months": whole(3, 1, 60, "The longest interval of a declining supplier."),
    },
    "improvement_plan_days": whole(30, 1, 365, "Days that a supplier of grade C has for its plan."),
    "careful": {"steps_up": whole(3, 1, 3, "A grade is at most so many better than the previous score's.")},
}


def check(settings) -> list[Problem]:
    problems = []
    total = sum(getattr(settings.weights, name) for name in CRITERIA)
    if total != 100:
        problems.append(Problem("/weights", f"the weights add up to {total}, not to 100"))
    if not settings.grades.a_tenths >= settings.grades.b_tenths >= settings.grades.c_tenths:
        problems.append(Problem("/grades", "A, B and C are not in descending order"))
    return problems


def score(request: ScoreRequest, settings) -> ScoreDecision:
    scores = {name: score_of(name, request.measures, settings) for name in CRITERIA}
    weights = {name: getattr(settings.weights, name) for name in CRITERIA}
    missing = [name for name in CRITERIA if scores[name] is None]
    present = sum(weights[name] for name in CRITERIA if scores[name] is not None)
    reasons = [explain(name, scores[name], weights[name]) for name in CRITERIA]
    outcome = ScoreOutcome(
        scores=CriterionScores(**scores),
        missing=missing,
        weight_present=present,
        penalty_tenths=penalty(request.breaches, settings.penalties),
        base_tenths=None,
        score_tenths=None,
        grade=None,
        caps=[],
        trend=Trend.UNKNOWN,
        actions=["collect-data"],
        review_months=settings.review.without_grade_months,
        next_review=0,
    )
    if present < settings.min_weight:
        reasons.append(reason("too-little-data", "Too little was measured for a grade.", weight_present=present))
    else:
        reasons += grade(outcome, request, settings, scores, weights)
    outcome.next_review = add_months(request.evaluated_on, outcome.review_months)
    return ScoreDecision(outcome, reasons)


def grade(outcome, request, settings, scores, weights) -> list:
    """Fills in everything that depends on a score; gives the reasons."""
    points = sum(weights[name] * value for name, value in scores.items() if value is not None)
    # Tenths of a point, half up.
    outcome.base_tenths = (20 * points + outcome.weight_present) // (2 * outcome.weight_present)
    outcome.score_tenths = max(outcome.base_tenths - outcome.penalty_tenths, 0)
    previous = request.previous_tenths
    outcome.trend = trend(outcome.score_tenths, previous, settings.trend_tenths)

    deserved = by_score(outcome.score_tenths, settings.grades)
    caps = list(caps_of(request, scores, settings.caps))
    if previous is not None:
        before = GRADES.index(by_score(previous, settings.grades))
        best = GRADES[max(before - settings.careful.steps_up, 0)]
        # Letters are ordered from the best down: what is greater is worse.
        if deserved < best:
            caps.append(("no-jump", best))
    outcome.caps = [name for name, _ in caps]
    letter = max([deserved, *(limit for _, limit in caps)])
    outcome.grade = Grade[letter]
    outcome.actions = actions(letter, outcome.trend, outcome.missing, settings)
    outcome.review_months = review_months(letter, outcome.trend, request.critical, settings.review)
    return [
        *(reason(name, "The grade is limited.", at_best=limit) for name, limit in caps),
        reason(
            "grade-and-trend",
            "The score gives the grade, the worst cap limits it.",
            score_tenths=outcome.score_tenths,
            grade=letter,
            trend=outcome.trend.name.lower(),
        ),
    ]


def penalty(breaches, rule) -> int:
    minor = min(breaches.minor * rule.minor_tenths, rule.minor_max_tenths)
    # What the contract's integer holds; a score is at most 1000.
    return min(minor + (breaches.major_remedied + breaches.major_open) * rule.major_tenths, 2**32 - 1)


def by_score(score_tenths: int, limits) -> str:
    if score_tenths >= limits.a_tenths:
        return "A"
    if score_tenths >= limits.b_tenths:
        return "B"
    return "C" if score_tenths >= limits.c_tenths else "D"


def caps_of(request, scores, rule):
    """What limits the grade whatever the score, in the guide's order."""
    service_level, security = scores["service_level"], scores["security"]
    if service_level is not None and service_level < rule.service_level_below:
        yield f"service-level-below-{rule.service_level_below}", rule.service_level_grade
    if security is not None and security < rule.security_below:
        yield f"security-below-{rule.security_below}", rule.security_grade
    if security is None and request.security_relevant:
        yield "security-evidence-missing", rule.security_evidence_missing_grade
    if request.breaches.major_open > 0:
        yield "open-major-breach", rule.open_major_breach_grade
    if request.breaches.material:
        yield "material-breach", rule.material_breach_grade


def trend(score_tenths: int, previous: int | None, least: int) -> Trend:
    if previous is None:
        return Trend.NEW
    change = score_tenths - previous
    if change >= least:
        return Trend.IMPROVING
    return Trend.DECLINING if change <= -least else Trend.STABLE


def actions(letter: str, trend: Trend, missing: list[str], settings) -> list[str]:
    by_grade = {
        "A": ["renew-eligible"],
        "B": ["continue"],
        "C": [f"improvement-plan-{settings.improvement_plan_days}-days"],
        "D": ["stop-new-orders", "exit-or-replace-plan"],
    }
    meeting = ["performance-meeting"] if trend == Trend.DECLINING else []
    return by_grade[letter] + meeting + (["collect-data"] if missing else [])


def review_months(letter: str, trend: Trend, critical: bool, rule) -> int:
    months = getattr(rule, f"{letter.lower()}_months")
    if critical:
        months = -(-months // rule.critical_divisor)
    return min(months, rule.declining_max_months) if trend == Trend.DECLINING else months


def explain(name: str, value: int | None, weight: int):
    if value is None:
        return reason(name.replace("_", "-"), "Not measured: its weight goes to the others.", weight=weight)
    return reason(name.replace("_", "-"), CRITERIA[name], score=value, weight=weight)


About, Settings, Evaluator = component(
    name="supplier-careful",
    version="0.1.0",
    summary="Supplier grading in Python: as the guide has it, and trust comes back by the step.",
    settings=SETTINGS,
    check=check,
    score=score,
)
