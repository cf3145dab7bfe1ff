"""Who may grant a commitment: nobody need be asked while the line has the money."""

from mortise import amount, component, decimals, minor, reason, refuse, whole
from wit_world.imports.itsm_budget_types import CommitDecision, CommitOutcome, CommitRequest, CommitVerdict


def commit(request: CommitRequest, settings) -> CommitDecision:
    places = decimals(request.currency)
    budget, wanted = minor(request.budget, places), minor(request.request, places)
    if wanted < 0 or budget < 0:
        refuse("negative-amount", "a commitment and a budget are not negative")
    before = budget - minor(request.actual, places) - minor(request.open_commitments, places)
    shortfall = max(wanted - before, 0)
    tolerance_bp = settings.tolerance_bp if request.tolerance_bp is None else request.tolerance_bp
    tolerance = budget * tolerance_bp // 10_000
    if shortfall == 0:
        verdict = CommitVerdict.APPROVED
    elif shortfall <= tolerance:
        verdict = CommitVerdict.BUDGET_OWNER_OVERRIDE
    else:
        verdict = CommitVerdict.TOP_MANAGEMENT
    outcome = CommitOutcome(
        verdict=verdict,
        available_before=amount(before, places),
        available_after=amount(before - wanted, places),
        shortfall=amount(shortfall, places),
        tolerance=amount(tolerance, places),
    )
    return CommitDecision(outcome, [reason("shortfall", "What is lacking decides.", shortfall=outcome.shortfall)])


# Operations that a component does not have are refused with `not-supported`.
About, Settings, Evaluator = component(
    name="{{name}}",
    version="0.1.0",
    summary="Commitments by what the budget line has left.",
    settings={
        "tolerance_bp": whole(500, 0, 10_000, "How much the budget owner may overdraw, in basis points of the budget."),
    },
    commit=commit,
)
