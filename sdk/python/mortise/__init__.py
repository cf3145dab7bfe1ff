"""The library for Mortise components in Python.

A component is a pure function: request and settings in, outcome and reasons out. There is no
clock (``now`` is in the request), no randomness, no file and no network. Requests and outcomes are
the dataclasses that are generated from the project's folder ``wit``, in the modules
``wit_world.imports.itsm_PROCESS_types``.
"""

import json
import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NoReturn

from componentize_py_types import Err
from wit_world.exports.about import About as Card
from wit_world.exports.settings import Problem
from wit_world.imports import itsm_types_types as types

try:  # a component has no files: everything is imported while it is built
    from wit_world.imports import itsm_sla_types as sla
except ImportError:  # a project of another process
    sla = None

Reason = types.Reason

__all__ = [
    "Problem", "Reason", "add_months", "amount", "around_the_clock", "choice", "component", "decimals", "flag",
    "minor", "reason", "refuse", "whole",
]


def component(
    name: str,
    version: str,
    summary: str,
    settings: dict[str, Any] | None = None,
    check: Callable[[Any], list[Problem]] = lambda settings: [],
    **operations: Callable[[Any, Any], Any],
) -> tuple[type, type, type]:
    """The exports of a component: ``About, Settings, Evaluator = component(...)``.

    ``settings`` is a tree of ``whole``, ``flag`` and ``choice``; ``check`` takes the settings and
    gives the problems that ranges cannot state. Every other argument is an operation of the
    process: it takes the request and the settings and returns a decision. Settings are read as
    ``settings.weights.quality``.
    """
    tree = settings or {}

    def read(text: str) -> tuple[Any, list[Problem]]:
        found: list[Problem] = []
        values = _merge(tree, _parse(text, found), "", found)
        return values, found or check(values)

    class About:
        def describe(self) -> Card:
            return Card(name, version, summary)

    class Settings:
        def schema(self) -> str:
            return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **_schema(tree)})

        def defaults(self) -> str:
            return json.dumps(_defaults(tree))

        def validate(self, settings: str) -> None:
            _, problems = read(settings)
            if problems:
                raise Err(problems)

    class Evaluator:
        def __getattr__(self, operation: str) -> Callable[[Any, str], Any]:
            decide = operations.get(operation)

            def evaluate(request: Any, settings: str) -> Any:
                if decide is None:
                    raise Err(types.Refusal_NotSupported(
                        types.Rejection("not-supported", "this component does not decide that")
                    ))
                values, problems = read(settings)
                if problems:
                    message = f"{problems[0].path}: {problems[0].message}"
                    raise Err(types.Refusal_InvalidSettings(types.Rejection("invalid-settings", message)))
                return decide(request, values)

            return evaluate

    return About, Settings, Evaluator


# ---- answering ----


def refuse(code: str, message: str) -> NoReturn:
    """Ends the operation: the request breaks a rule of the process."""
    raise Err(types.Refusal_InvalidRequest(types.Rejection(code, message)))


def reason(code: str, message: str, **figures: Any) -> Reason:
    """Why, in one step: a stable code, a sentence, named figures."""
    return Reason(code, message, [(name, str(value)) for name, value in figures.items()])


# ---- settings ----


@dataclass
class _Setting:
    default: Any
    schema: dict[str, Any]
    complaint: Callable[[Any], str | None]


def whole(default: int, least: int, most: int, description: str) -> _Setting:
    """A whole number within bounds."""

    def complaint(given: Any) -> str | None:
        fits = type(given) is int and least <= given <= most
        return None if fits else f"{json.dumps(given)} is not within {least} to {most}"

    schema = {"type": "integer", "minimum": least, "maximum": most}
    return _Setting(default, {**schema, "description": description, "default": default}, complaint)


def flag(default: bool, description: str) -> _Setting:
    """Yes or no."""

    def complaint(given: Any) -> str | None:
        return None if type(given) is bool else "neither true nor false"

    return _Setting(default, {"type": "boolean", "description": description, "default": default}, complaint)


def choice(default: str, options: list[str], description: str) -> _Setting:
    """One of a few texts."""

    def complaint(given: Any) -> str | None:
        return None if given in options else f"none of {', '.join(options)}"

    return _Setting(default, {"enum": options, "description": description, "default": default}, complaint)


class _Group:
    """Settings by their names."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)


def _parse(text: str, found: list[Problem]) -> Any:
    if not text.strip():
        return {}
    try:
        return json.loads(text)
    except ValueError as error:
        found.append(Problem("", f"not JSON: {error}"))
        return {}


def _merge(tree: Any, given: Any, path: str, found: list[Problem]) -> Any:
    """The settings given over the defaults; what does not fit is noted."""
    if isinstance(tree, _Setting):
        message = tree.complaint(given)
        if message:
            found.append(Problem(path, message))
        return given
    if not isinstance(given, dict):
        found.append(Problem(path, "not an object"))
        given = {}
    found.extend(Problem(f"{path}/{name}", "there is no such setting") for name in given if name not in tree)
    return _Group({
        name: _merge(it, given.get(name, it.default if isinstance(it, _Setting) else {}), f"{path}/{name}", found)
        for name, it in tree.items()
    })


def _schema(tree: Any) -> dict[str, Any]:
    if isinstance(tree, _Setting):
        return tree.schema
    properties = {name: _schema(it) for name, it in tree.items()}
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _defaults(tree: Any) -> Any:
    return tree.default if isinstance(tree, _Setting) else {name: _defaults(it) for name, it in tree.items()}


# ---- money and dates ----

_DECIMALS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}


def decimals(currency: str) -> int:
    """The decimals that ISO 4217 gives a currency."""
    return next((places for places, codes in _DECIMALS.items() if currency in codes.split()), 2)


def minor(text: str, places: int) -> int:
    """An amount such as ``-1234.5`` in minor units. Refuses what is none, or has more decimals."""
    match = re.fullmatch(r"(-?)([0-9]+)(?:\.([0-9]+))?", text)
    if not match:
        refuse("not-a-number", f"{text!r} is no amount")
    sign, units, fraction = match.group(1), match.group(2), match.group(3) or ""
    if fraction[places:].strip("0"):
        refuse("too-many-decimals", f"{text} has more than {places} decimals")
    value = int(units + fraction[:places].ljust(places, "0"))
    return -value if sign else value


def amount(value: int, places: int) -> str:
    """Minor units as an amount with exactly the currency's decimals."""
    digits = str(abs(value)).rjust(places + 1, "0")
    text = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return f"-{text}" if value < 0 else text


def add_months(day: int, months: int) -> int:
    """The same day so many months later, or the last of that month. Days since 1970-01-01."""
    epoch = date(1970, 1, 1)
    start = epoch + timedelta(days=day)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    return (date(year, month + 1, min(start.day, last)) - epoch).days


def around_the_clock(request: Any, response_s: int, resolution_s: int) -> tuple[Any, Any, list[Any]]:
    """Both clocks of a ticket, running around the clock, and the marks that they have still to reach.

    Waiting for the customer does not count for resolution. Pauses are in order and do not overlap,
    as the host sends them. Only a project of the process ``sla`` has these types.
    """
    ticket, now = request.ticket, request.now
    warning, critical = (request.warn_pct.warning, request.warn_pct.critical) if request.warn_pct else (75, 90)
    milestones = []

    def clock(name: str, target: int, stop: int | None, pauses: list[Any]) -> Any:
        stopped = stop is not None and stop <= now
        end = max(stop if stopped else now, ticket.opened_at)
        paused = not stopped and any(p.start <= now and (p.end is None or now < p.end) for p in pauses)
        within = [(max(p.start, ticket.opened_at), end if p.end is None else min(p.end, end)) for p in pauses]
        waits = [(start, stop) for start, stop in within if start < stop]
        elapsed = end - ticket.opened_at - sum(stop - start for start, stop in waits)

        def at(seconds: int) -> int:
            instant = ticket.opened_at + seconds
            for start, stop in waits:
                instant += stop - start if start < instant else 0
            return instant

        def mark(percent: int) -> int:
            return (target * percent + 99) // 100

        for word, percent in (("warning", warning), ("critical", critical), ("due", 100)):
            if not stopped and not paused and mark(percent) > elapsed:
                milestones.append(types.Milestone(f"{name}.{word}", at(mark(percent))))
        levels = sla.Level
        level = levels.CRITICAL if elapsed >= mark(critical) else levels.WARNING if elapsed >= mark(warning) else levels.OK
        states = sla.ClockState
        over = elapsed > target
        return sla.Clock(
            target_s=target,
            elapsed_s=elapsed,
            remaining_s=target - elapsed,
            percent=elapsed * 100 // target if target else 100,
            state=states.STOPPED if stopped else states.PAUSED if paused else states.RUNNING,
            level=levels.BREACHED if over else level,
            met=not over if stopped else None,
            due_at=None if paused and elapsed < target else at(target),
            breached_at=at(target) if over else None,
            ever_breached=over,
        )

    response = clock("response", response_s, ticket.responded_at, [])
    return response, clock("resolution", resolution_s, ticket.restored_at, ticket.pauses), milestones
