"""The night desk: priorities some steps lower than by day, and clocks that never rest."""

from mortise import Reason, around_the_clock, component, reason, refuse, whole
from wit_world.imports.itsm_sla_types import (
    ClockDecision, ClockOutcome, ClockRequest, PriorityDecision, PriorityOutcome, PriorityRequest,
)

# Seconds until the first answer and until the service is restored, where no agreement says so.
TARGETS = {"P1": (900, 7200), "P2": (1800, 14400), "P3": (3600, 28800), "P4": (7200, 86400), "P5": (14400, 144000)}


def lower(impact: int, urgency: int, steps: int) -> str:
    if impact not in (1, 2, 3) or urgency not in (1, 2, 3):
        refuse("unknown-priority", "impact and urgency are 1, 2 or 3")
    return f"P{min(impact + urgency - 1 + steps, 5)}"


def night(settings) -> Reason:
    return reason("night", "Nobody waits at night.", steps=settings.steps)


def priority(request: PriorityRequest, settings) -> PriorityDecision:
    outcome = PriorityOutcome(lower(request.impact, request.urgency, settings.steps))
    return PriorityDecision(outcome, [night(settings)])


def clock(request: ClockRequest, settings) -> ClockDecision:
    if not request.ticket.history:
        refuse("no-history", "nobody has assessed the ticket")
    last = request.ticket.history[-1]
    name = lower(last.impact, last.urgency, settings.steps)
    agreed = {priority: (target.response_s, target.resolution_s) for priority, target in request.targets or []}
    response, resolution, milestones = around_the_clock(request, *agreed.get(name, TARGETS[name]))
    return ClockDecision(ClockOutcome(name, response, resolution), milestones, [night(settings)])


# What a component leaves out, the one of the next wider scope decides.
About, Settings, Evaluator = component(
    name="{{name}}",
    version="0.1.0",
    summary="Priorities and clocks for the night desk.",
    settings={"steps": whole(1, 0, 4, "How many steps lower a priority is than by day.")},
    priority=priority,
    clock=clock,
)
