"""Suppliers by one question: did they deliver on time?"""

from mortise import add_months, component, reason, refuse, whole
from wit_world.imports.itsm_supplier_types import (
    CriterionScores, Grade, ScoreDecision, ScoreOutcome, ScoreRequest, Trend,
)

CRITERIA = ["quality", "delivery", "service_level", "cost", "security", "responsiveness"]


def score(request: ScoreRequest, settings) -> ScoreDecision:
    measure = request.measures.delivery
    if measure and measure.on_time > measure.due:
        refuse("part-exceeds-whole", "more deliveries on time than due")
    known = measure is not None and measure.due > 0
    percent = measure.on_time * 100 // measure.due if known else None
    grade = None
    if known:
        lacking = settings.a_from - percent
        grade = Grade.A if lacking <= 0 else Grade.B if lacking <= 10 else Grade.C if lacking <= 20 else Grade.D
    outcome = ScoreOutcome(
        scores=CriterionScores(**{name: percent if name == "delivery" else None for name in CRITERIA}),
        missing=[name for name in CRITERIA if name != "delivery" or not known],
        weight_present=100 if known else 0,
        penalty_tenths=0,
        base_tenths=10 * percent if known else None,
        score_tenths=10 * percent if known else None,
        grade=grade,
        caps=[],
        trend=Trend.NEW if known else Trend.UNKNOWN,
        actions=["continue" if known else "collect-data"],
        review_months=6,
        next_review=add_months(request.evaluated_on, 6),
    )
    return ScoreDecision(outcome, [reason("on-time", "Deliveries on time decide.")])


About, Settings, Evaluator = component(
    name="{{name}}",
    version="0.1.0",
    summary="Suppliers by their deliveries on time.",
    settings={"a_from": whole(95, 30, 100, "Percent on time from which the grade is A; ten less is B, another ten less C.")},
    score=score,
)
