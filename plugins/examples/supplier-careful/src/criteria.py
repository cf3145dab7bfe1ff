"""The six criteria of an evaluation, each scored from 0 to 100."""

from mortise import decimals, minor, refuse, whole

# In the order of the contract, and what they are about.
CRITERIA = {
    "quality": "Deliveries accepted.",
    "delivery": "Deliveries on time.",
    "service_level": "Service level targets met.",
    "cost": "Loyalty to the agreed price.",
    "security": "Incidents and audit findings.",
    "responsiveness": "Requests answered in time.",
}

# Criteria that are a share, with the part and the whole of their measures.
SHARES = {
    "quality": ("accepted", "delivered"),
    "delivery": ("on_time", "due"),
    "service_level": ("met", "measured"),
    "responsiveness": ("in_time", "requests"),
}

criterion_settings = {
    "weights": {
        name: whole(weight, 0, 100, CRITERIA[name])
        for name, weight in zip(CRITERIA, [25, 15, 25, 10, 15, 10], strict=True)
    },
    "cost": {"points_per_excess_pct": whole(2, 0, 100, "Points off for each percent above the contract.")},
    "security": {
        "points_per_incident": whole(40, 0, 100, "Points off for a security incident that the supplier caused."),
        "points_per_open_major": whole(25, 0, 100, "Points off for a major finding still open."),
        "points_per_open_minor": whole(10, 0, 100, "Points off for a minor finding still open."),
    },
}


def score_of(name: str, measures, settings) -> int | None:
    """The score of a criterion; None if it was not measured."""
    measure = getattr(measures, name)
    if measure is None:
        return None
    if name == "cost":
        return cost(measure, settings.cost.points_per_excess_pct)
    if name == "security":
        return security(measure, settings.security)
    part, of = (getattr(measure, field) for field in SHARES[name])
    if part > of:
        refuse("part-exceeds-whole", f"measures/{name}: {part} of {of}")
    # Percent, half up; nothing of nothing measures nothing.
    return (200 * part + of) // (2 * of) if of else None


def cost(measure, points_per_excess_pct: int) -> int:
    """100 if no more was invoiced than agreed; else points off for each percent of excess, rounded up."""
    places = decimals(measure.currency)
    contracted, invoiced = minor(measure.contracted, places), minor(measure.invoiced, places)
    if contracted < 0:
        refuse("negative-amount", f"measures/cost/contracted: {measure.contracted} is negative")
    if invoiced <= contracted:
        return 100
    if contracted == 0:
        return 0
    excess = (invoiced - contracted) * points_per_excess_pct * 100
    return max(100 - -(-excess // contracted), 0)


def security(measure, rule) -> int:
    points = (
        measure.incidents * rule.points_per_incident
        + measure.open_major * rule.points_per_open_major
        + measure.open_minor * rule.points_per_open_minor
    )
    return max(100 - points, 0)
