"""Facts in words, as verdicts say them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from dragoman.contract.principal import Audience
from dragoman.review.surfaces.catalogue import CATALOGUE, Origin
from dragoman.review.surfaces.work import SAID

from .rule import Test
from .rules import RULES
from .styles import SPOKEN
from .worth import Part

CALLERS: Final[Mapping[str, str]] = {
    Audience.PUBLIC: "anybody outside who signs up",
    Audience.PARTNER: "partners",
    Audience.INTERNAL: "your own services",
    Audience.FRONTEND: "your own web and mobile apps",
    Audience.OPERATOR: "your own staff",
}

_SAID: Final[Mapping[str, Callable[[str], str]]] = {
    "consumers": lambda n: f"{n} organisations outside call it",
    "teams": lambda n: f"{n} of your teams call it",
    "latency_budget_ms": lambda n: f"its callers need an answer within {n}",
    "calls_per_second": lambda n: f"it takes {n} a second",
    "joins": lambda n: f"its callers put {n} resources together",
    "jobs": lambda n: f"{n} of its operations start work that is asked after",
    "operations": lambda n: f"it has {n} operations",
    "resources": lambda n: f"it has {n} resources",
    "links": lambda n: f"its resources hold {n} references to one another",
    "standard_share": lambda n: f"{n} of its operations are standard methods",
    "verb_share": lambda n: f"{n} of its operations are named for actions",
    "read_share": lambda n: f"{n} of its operations change nothing",
    "stream_share": lambda n: f"{n} of its operations are streams",
    "event_share": lambda n: f"{n} of what it declares are events",
    "computes": lambda n: f"{n} of its operations compute an answer from their input",
    "numeric_share": lambda n: f"{n} of its fields are numbers",
}

BUDGET: Final = "latency_budget_ms"

_UNITS: Final = {"latency_budget_ms": " ms", "calls_per_second": " calls"}

_EITHER: Final[Mapping[str, tuple[str, str]]] = {
    "waits": ("its callers wait for the result", "nobody waits for the result"),
    "stateful": ("a caller has to come back to the same server", "any server can answer any call"),
    "binary": ("it carries files", "it carries no files"),
}


def number(name: str, value: float) -> str:
    """A number as it is written: shares in percent, thousands apart."""
    if CATALOGUE[name].unit == "of 1":
        return f"{value:.0%}".replace("%", " %")
    digits = f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 100 else f"{value:g}"
    return f"{digits}{_UNITS.get(name, '')}"


def said(name: str, value: Any) -> str:
    """A known fact, as a clause: ``its callers need an answer within 5 ms``."""
    if name == "audience":
        return f"it is for {CALLERS[value]}"
    if name == "work":
        return SAID[value]
    if name == "skills":
        return f"the team has operated {' and '.join(sorted(SPOKEN[each] for each in value)) or 'none of the styles'}"
    if name in _EITHER:
        return _EITHER[name][0 if value else 1]
    if name in _SAID:
        return _SAID[name](number(name, value))
    return f"{CATALOGUE[name].says}: {value}"


def supposed(part: Part, value: Any) -> str:
    """A value that stands for all that the rules take like it: ``it takes 100 calls or more a second``."""
    if part.member is not None:
        return f"the team has {'' if value else 'not '}operated {SPOKEN[part.member]}"
    if part.fact not in _SAID:
        return said(part.fact, value)
    if part.fact == BUDGET and _direction(part.fact, value) == " or more":
        return f"its callers can wait {number(part.fact, value)}"
    return _SAID[part.fact](f"{number(part.fact, value)}{_direction(part.fact, value)}")


def _direction(name: str, value: float) -> str:
    for rule in RULES:
        for condition in (*rule.when, *rule.unless):
            if condition.fact == name and condition.values[0] == value:
                fewer = (
                    "" if name == "latency_budget_ms" else " or fewer" if CATALOGUE[name].type is int else " or less"
                )
                return " or more" if condition.test is Test.AT_LEAST else fewer
    return " or so" if value and CATALOGUE[name].origin is Origin.PEOPLE else ""
