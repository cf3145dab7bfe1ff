"""Priorities for the night desk: some steps lower than by day."""

from mortise import component, reason, refuse, whole
from wit_world.imports.itsm_sla_types import PriorityDecision, PriorityOutcome, PriorityRequest


def priority(request: PriorityRequest, settings) -> PriorityDecision:
    if request.impact not in (1, 2, 3) or request.urgency not in (1, 2, 3):
        refuse("unknown-priority", "impact and urgency are 1, 2 or 3")
    step = min(request.impact + request.urgency - 1 + settings.steps, 5)
    return PriorityDecision(
        PriorityOutcome(f"P{step}"),
        [reason("night", "Nobody waits at night.", steps=settings.steps)],
    )


# Operations that a component does not have are refused with `not-supported`.
About, Settings, Evaluator = component(
    name="{{name}}",
    version="0.1.0",
    summary="Priorities for the night desk.",
    settings={"steps": whole(1, 0, 4, "How many steps lower a priority is than by day.")},
    priority=priority,
)
