"""What was aimed for, and whether it was seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bench.common.aims import Row, aim
from bench.common.figures import table
from bench.common.rounds import Compared

from .calls import GRPC, PLAIN
from .kinds import AIO, AIO_UVLOOP, FASTAPI, OURS
from .sides import Scenario, named

STREAMS: Final = "streams"
AIMS: Final = {"1 × 1": 2.0, "8 × 1": 5.0, "8 × 32": 10.0, "64 × 1": 5.0}
STREAM_AIM: Final = 5.0
PLAIN_AIM: Final = 8.0


def aims(unary: Sequence[Compared[Scenario]], stream: Compared[Scenario]) -> str:
    """A table of all of them."""
    grpc, plain = named(OURS.name, GRPC.name), named(OURS.name, PLAIN.name)
    others = [named(each.name, GRPC.name) for each in (AIO, AIO_UVLOOP)]
    rows = [_beside(each, grpc, peer, AIMS[str(each.scenario.shape)]) for each in unary for peer in others]
    rows += [_beside(stream, grpc, peer, STREAM_AIM) for peer in others]
    rows += [_beside(compared, plain, named(FASTAPI.name, PLAIN.name), PLAIN_AIM) for compared in unary]
    return table(("what", "aim", "seen", ""), rows)


def _beside(compared: Compared[Scenario], ours: str, peer: str, least: float) -> Row:
    what = f"{compared.scenario.title}, ours ÷ {peer}, per CPU second"
    return aim(what, compared.ratio(ours, peer), least, least=True)
