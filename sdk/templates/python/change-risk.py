"""Change risk by one question: how critical is what the change touches?"""

from mortise import component, reason, refuse, whole
from wit_world.imports.itsm_change_risk_types import (
    ApprovalRoute, ChangeType, FactorPoints, RiskBand, ScoreDecision, ScoreOutcome, ScoreRequest, Timing,
)


def score(request: ScoreRequest, settings) -> ScoreDecision:
    levels = [item.criticality for item in request.affected or []]
    if any(level > 4 for level in levels):
        refuse("criticality-out-of-range", "criticality is 1 to 4")
    # What nobody tells counts as the worst.
    points = max(levels) * settings.per_level if levels else 100
    band = [RiskBand.LOW, RiskBand.MEDIUM, RiskBand.HIGH, RiskBand.VERY_HIGH][min(points // 25, 3)]
    emergency = request.change_type == ChangeType.EMERGENCY
    ordinary = ApprovalRoute.CAB if points >= 50 else ApprovalRoute.CHANGE_MANAGER
    outcome = ScoreOutcome(
        score=points,
        base=points,
        surcharge=0,
        band=band,
        route=ApprovalRoute.ECAB if emergency else ordinary,
        blocked=request.timing == Timing.BLACKOUT and not emergency,
        top_management_signoff=band == RiskBand.VERY_HIGH,
        conditions=[],
        flags=[],
        missing=[] if levels else ["criticality"],
        factors=[FactorPoints("criticality", points, 100, 100 * points)],
    )
    return ScoreDecision(outcome, [reason("criticality", "The most critical item decides.", score=points)])


About, Settings, Evaluator = component(
    name="{{name}}",
    version="0.1.0",
    summary="Change risk by the criticality of what is touched.",
    settings={"per_level": whole(20, 1, 25, "Points for each level of criticality, of which there are four.")},
    score=score,
)
