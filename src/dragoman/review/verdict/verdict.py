"""The verdict on a surface."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dragoman.review.surfaces.facts import Evidence

from .rule import Rule


class Decision(enum.StrEnum):
    """What to do with a surface."""

    KEEP = "keep"  # the style fits
    MEND = "mend"  # the style fits, and what speaks it does not speak it well
    MOVE = "move"  # another style fits better
    CHOOSE = "choose"  # there is no contract yet
    ASK = "ask"  # too little is known


class Confidence(enum.StrEnum):
    """How sure a verdict is, by what answers to the open questions could do. Low: plausible ones could turn it; medium:
    only improbable ones could (:mod:`.improbable`), or one to what is only inferred; high: none.
    """

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Nature:
    """What a surface really is: the style in fact, and what shows it. ``form`` refines it: ``resources over HTTP``,
    ``RPC over HTTP``, ``one endpoint``, ``gRPC``. ``purity`` is the part of its operations that fit the style, of 1.
    ``beside`` are styles that it speaks as well.
    """

    style: str | None
    form: str
    purity: float
    evidence: tuple[Evidence, ...] = ()
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """A rule that applied, and the points that it added to ``style``: below zero, it speaks against that style."""

    rule: Rule
    points: float
    text: str
    style: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """What would change the verdict: another value of a fact, and the style that it would lead to. ``known`` says
    whether the fact is known now, so that it would have to change, or open, so that it has to be found out.
    """

    fact: str
    value: Any
    style: str
    known: bool
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What fits a surface, and why. ``scores`` are all styles' points, by how well they fit; ``staying`` are those that
    the style which is there has beside them, since moving costs its callers (none where nothing is there). The points
    of ``reasons_for`` and of those ``reasons_against`` that speak of the same style sum to its score, with ``staying``
    where it is the one that is there. The rest of ``reasons_against`` speak for the runner-up, by what they add to it.

    ``beside`` are styles that are spoken beside ``style`` and kept as well: reasons are then of the one that fits best.
    ``first`` is what to mend before moving; ``cost`` what moving would ask of its consumers; ``open`` the facts that
    are unknown and could matter.
    """

    decision: Decision
    style: str | None
    runner_up: str | None
    scores: Mapping[str, float]
    reasons_for: tuple[Reason, ...]
    reasons_against: tuple[Reason, ...]
    confidence: Confidence
    turns: tuple[Turn, ...]
    first: tuple[str, ...]
    cost: tuple[str, ...]
    open: tuple[str, ...]
    advice: str = ""
    staying: float = 0.0
    beside: tuple[str, ...] = ()
