"""Another contract, whose types have the names of the first one's: one is alike, one is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec

import dragoman as dm

from .kinds import Size


class Answer(dm.Struct):
    text: str
    likely: Annotated[float, dm.Ge(0), dm.Le(1)]


class Box(dm.Struct):
    """Not a cuboid."""

    holds: str
    size: Size = Size.SMALL
    inside: list[Box] = msgspec.field(default_factory=list)


second_hand = dm.Contract("second_hand", version="0.3.0")


@second_hand.operation(effect="safe", batch=dm.Batch(max_size=8))
def appraise(boxes: Sequence[Box]) -> Sequence[Answer | dm.Fault]:
    """Say what a box is worth."""
    return [_appraised(box) for box in boxes]


def _appraised(box: Box) -> Answer | dm.Fault:
    if not box.holds:
        return dm.FailedPrecondition("an empty box is worth nothing", violations=[dm.Violation(("holds",), "is empty")])
    return Answer(text=box.holds, likely=0.5)
