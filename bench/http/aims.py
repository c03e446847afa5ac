"""What was aimed for, and whether it was seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from bench.common.aims import Row, aim
from bench.common.figures import Spread, table
from bench.common.rounds import Compared

from .kinds import LIMIT, OURS
from .scenarios import Scenario
from .workers import ONE, TWO, Both, Process

READS: Final = ("constant", "one", "page")
AIMS: Final[dict[str, dict[str, float]]] = {
    "Fastify": dict.fromkeys(READS, 3.0),
    "Express": {"constant": 10.0, "one": 10.0, "page": 5.0},
    "FastAPI": dict.fromkeys(READS, 8.0),
    LIMIT.name: dict.fromkeys(READS, 0.6),
}
CREATE_AIM: Final = ("Fastify", 5.0)
WORKERS_AIM: Final = 1.05
START_AIM: Final = 0.3
MEMORY_AIM: Final = 60.0


def aims(
    compared: Sequence[Compared[Scenario]], workers: Sequence[Both], start: Spread, processes: Sequence[Process]
) -> str:
    """A table of all of them."""
    largest = Spread.of([max(each.memory.resident for each in processes if each.serves)])
    rows = [row for each in compared for row in _beside_others(each)]
    for each in workers:
        what = f"{each.full.scenario.title}, CPU per call, two workers ÷ one"
        rows.append(aim(f"{what}, at full load", each.full.ratio(ONE, TWO), WORKERS_AIM))
        rows.append(aim(f"{what}, at half load", each.half.ratio(ONE, TWO), WORKERS_AIM))
    rows.append(aim("seconds until the first answer", start, START_AIM))
    rows.append(aim("MB of the largest worker", largest, MEMORY_AIM))
    return table(("what", "aim", "seen", ""), rows)


def _beside_others(compared: Compared[Scenario]) -> Iterator[Row]:
    scenario = compared.scenario
    for name, aims in AIMS.items():
        if scenario.name in aims:
            what = f"{scenario.title}, ours ÷ {name}, per CPU second"
            yield aim(what, compared.ratio(OURS.name, name), aims[scenario.name], least=True)
    if scenario.name not in READS:
        name, least = CREATE_AIM
        what = f"{scenario.title}, ours ÷ {name}, per second on the clock"
        yield aim(what, compared.ratio(OURS.name, name, wall=True), least, least=True)
