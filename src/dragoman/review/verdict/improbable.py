"""Answers that are improbable where other facts are known, so that no verdict waits for them.

A verdict is as sure as the answers that may still come allow (:mod:`.lead`). Some answers hardly ever come: lists of
things that are called for within 10 ms, reads for which nobody waits. Whoever has such a case states it, and it counts
as any other fact does; but until then it neither lowers confidence nor is it asked about.

No move rests on a row, though: to keep what is there costs nobody anything, and to move does.

A row excludes answers where all of ``when`` is known to hold. What is unknown excludes nothing, so that learning a fact
only ever takes answers away: that is why an unknown never makes a verdict surer, here too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from dragoman.review.surfaces.catalogue import CATALOGUE, STYLES, Origin
from dragoman.review.surfaces.facts import Facts

from .conditions import INSIDE, NOBODY_WAITS, OUTSIDE, at_least, at_most, has_not, is_
from .rule import Condition
from .worth import TRIED, Clause, Part

Plausible: TypeAlias = Mapping[Part, tuple[Any, ...]]
"""Of each part, the values that are worth trying where it is unknown."""


@dataclass(frozen=True, slots=True)
class Improbable:
    """Answers that hardly ever come where all of ``when`` holds: those that fulfil ``answer``. ``reason`` says why."""

    when: tuple[Condition, ...]
    answer: Condition
    reason: str


_FEW: Final = 0.49
"""Less than half."""

THINGS: Final = (at_least("standard_share", 0.5), at_most("computes", _FEW), at_most("stream_share", 0.24))
"""Mostly things that are listed, read and changed: nothing is computed, nothing streams."""

IMPROBABLE: Final[tuple[Improbable, ...]] = (
    Improbable(
        THINGS,
        at_most("latency_budget_ms", 20),
        "What lists and changes things reads a database; whoever has only 20 ms for that knows it, and says so.",
    ),
    Improbable(
        (INSIDE, *THINGS),
        at_least("calls_per_second", 10_000),
        "Ten thousand calls a second for stored things is a feature store or a cache; its owners know, and say so.",
    ),
    Improbable(
        (*THINGS, at_most("event_share", _FEW), at_most("jobs", 0)),
        NOBODY_WAITS,
        "Whoever reads or changes a thing waits to see it.",
    ),
    Improbable((*THINGS, is_("style", "rest")), is_("stateful", True), "Its things have addresses, not sessions."),
    Improbable(
        (at_most("latency_budget_ms", 100), at_most("event_share", _FEW)),
        NOBODY_WAITS,
        "Whoever needs an answer within a tenth of a second waits for it.",
    ),
    Improbable((is_("style", "graphql"),), NOBODY_WAITS, "A query is asked for its answer."),
    Improbable((is_("style", "graphql"),), is_("stateful", True), "A query is answered by any server."),
    Improbable(
        (INSIDE, *THINGS),
        at_least("joins", 3),
        "What puts many things together for a screen is a front end, or stands behind one.",
    ),
    Improbable((OUTSIDE,), at_least("stream_share", 0.25), "Streams to others are rare, and their owners say so."),
    Improbable((is_("style", "rest"), at_most("resources", 2)), at_least("joins", 3), "There are not so many things."),
    Improbable(
        (is_("style", "rpc"), at_least("computes", 0.5), at_most("jobs", 0)),
        NOBODY_WAITS,
        "Whoever has an answer computed by a call waits for it.",
    ),
    Improbable(
        (is_("style", "events", "webhooks"), at_least("event_share", 0.5)),
        is_("waits", True),
        "Who is told does not stand and wait.",
    ),
    *(
        Improbable((at_least(share, 0.5),), at_least("joins", 3), "It is one kind of thing that comes, and no screen.")
        for share in ("stream_share", "event_share", "computes")
    ),
    *(
        Improbable((is_("style", style),), has_not("skills", style), "Whoever runs it has operated it.")
        for style in STYLES
        if style != "soap"
    ),
)
"""All rows. Bounds of answers are bounds that some rule has: values between the bounds of the rules are all alike."""


def plausible(facts: Facts, rows: Sequence[Improbable] = IMPROBABLE) -> Plausible:
    """The values that are worth trying where a part is unknown, on a surface with these facts. What it mostly does,
    once that is answered, stands for all that a document would say: the rest of that is not tried.
    """
    left = {part: values for part, values in TRIED.items() if not (facts["work"].known and _is_counted(part.fact))}
    left = {**dict.fromkeys(TRIED, ()), **left}
    clauses = [Clause(row.answer) for row in rows if all(each.holds(facts) for each in row.when)]
    for clause in clauses:
        left[clause.part] = tuple(value for value in left[clause.part] if not clause.holds(value))
    return MappingProxyType(left)


def is_plausible(name: str, value: Any, facts: Facts) -> bool:
    """Whether this would be no surprising answer, on a surface with these facts."""
    if facts["work"].known and _is_counted(name):
        return False
    rows = [row for row in IMPROBABLE if row.answer.fact == name and all(each.holds(facts) for each in row.when)]
    return not any(Clause(row.answer).holds(_part(row.answer, value)) for row in rows)


def _is_counted(name: str) -> bool:
    return CATALOGUE[name].origin is Origin.DOCUMENTS


def _part(condition: Condition, value: Any) -> Any:
    return condition.values[0] in value if isinstance(value, frozenset) else value
