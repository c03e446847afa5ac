"""Writes what was found as a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from bench.common.figures import Spread, spread, table
from bench.common.page import place, written
from bench.common.rounds import Compared
from bench.common.servers import Kind

from .aims import READS, aims
from .commits import Rates, section
from .kinds import BARE, HERE, LIKE_FOR_LIKE, LIMIT, OURS
from .rounds import PACED_SECONDS
from .scenarios import Scenario
from .workers import ONE, TWO, Both, Process

METHOD: Final = """\
## How it was measured

All servers are started once, each with its own copy of one database (10,000 orders, 500 customers). For each kind of
call there are {rounds} rounds of {seconds:g} s a server, in turn; each round begins with another server. Ratios are
taken within a round; what stands here is the median, with the least and the most in brackets. Machines like this one
are noisy by 40 %: compare ratios, not figures of different runs.

*CPU time* is user and system time of the server's process with all that it started, from `/proc`. The client
([load.c](common/load.c)) has one thread and keeps {connections} connections busy. For the reads it never sleeps: a
client that sleeps has to be woken, which the kernel counts as the server's time, and only slower servers would pay for
it. For creating it sleeps, so that both cores are the server's. *p50 and p99* are of one open loop of {paced:g} s at
half of what the same server carried just before in a closed one, counted from when a call was due, so that waiting
behind others counts.
"""


PROCESSES: Final = """\
## Ours as processes

Calls per CPU second with one worker and with two, and how many times the CPU a call takes with two. At full load three
busy processes share the cores. At half load both get the same calls, half of what one worker carries.
"""


@dataclass(slots=True)
class Findings:
    """All of a run."""

    rounds: int
    seconds: float
    compared: Sequence[Compared[Scenario]]
    start: Spread
    peers_start: dict[str, float]
    workers: Sequence[Both]
    commits: Rates
    processes: Sequence[Process]
    machine: dict[str, str]
    versions: dict[str, str]
    steady: bool
    others: float
    minutes: float


def page(found: Findings) -> str:
    """The page."""
    connections = " or ".join(sorted({str(each.scenario.connections) for each in found.compared}))
    parts = [
        "# HTTP, beside others",
        written("bench-http", found.minutes, steady=found.steady),
        "## The aims",
        aims(found.compared, found.workers, found.start, found.processes),
        *(_scenario(each) for each in found.compared),
        section(found.commits),
        _processes(found),
        (HERE / "sides.md").read_text(encoding="utf-8").strip(),
        METHOD.format(rounds=found.rounds, seconds=found.seconds, paced=PACED_SECONDS, connections=connections).strip(),
        place(found.machine, found.others, found.versions, (OURS, LIMIT, *LIKE_FOR_LIKE, *BARE)),
    ]
    return "\n\n".join(parts) + "\n"


def _scenario(compared: Compared[Scenario]) -> str:
    scenario = compared.scenario
    wall = scenario.name not in READS
    size = f"{compared.size:,} bytes" if len(scenario.targets) == 1 else f"about {compared.size:,} bytes"
    rows = []
    for name in (OURS.name, LIMIT.name, *_names(LIKE_FOR_LIKE), *_names(BARE)):
        if name not in compared.samples:
            continue
        row = [name, spread(compared.per_cpu_second(name))]
        row.append("" if name == OURS.name else spread(compared.ratio(OURS.name, name), 2))
        if wall:
            row.append(spread(compared.per_second(name)))
            row.append("" if name == OURS.name else spread(compared.ratio(OURS.name, name, wall=True), 2))
        latency = compared.latencies[name]
        row += [f"{latency.p50:.2f}", f"{latency.p99:.2f}", f"{latency.rate:,.0f}"]
        rows.append(tuple(row))
    head = ["server", "calls per CPU second", "ours ÷ it"]
    head += ["calls per second", "ours ÷ it"] if wall else []
    title = f"## {scenario.title.capitalize()}\n\n`{scenario.method} {scenario.shown}`, {size}, "
    title += f"{scenario.connections} connections.\n\n"
    late = max(each.late for each in compared.latencies.values())
    told = f"\n\nThe client itself was late by up to {late:.2f} ms (p99 of the worst run)."
    return title + table((*head, "p50 ms", "p99 ms", "at calls per second"), rows) + told


def _processes(found: Findings) -> str:
    rows = [
        (each.server, "serves" if each.serves else "looks after", f"{each.memory.resident:.0f}", _mb(each))
        for each in found.processes
    ]
    per_call = [row for each in found.workers for row in (_pair(each.full, "full"), _pair(each.half, "half"))]
    starts = [(OURS.name, spread(found.start, 3)), *((name, f"{s:.3f}") for name, s in found.peers_start.items())]
    return "\n\n".join(
        [
            PROCESSES.strip(),
            table(("", "load", ONE, TWO, "CPU"), per_call),
            "MB of each process after its work, with all of what it shares (RSS) and with its part of that (PSS):",
            table(("server", "", "RSS", "PSS"), rows),
            "Seconds from the command to the first answer (ours several times, the others once):",
            table(("server", "seconds"), starts),
        ]
    )


def _pair(compared: Compared[Scenario], load: str) -> tuple[str, ...]:
    figures = (spread(compared.per_cpu_second(name)) for name in (ONE, TWO))
    return compared.scenario.title, load, *figures, spread(compared.ratio(ONE, TWO), 3)


def _mb(process: Process) -> str:
    return f"{process.memory.shared_out:.0f}"


def _names(kinds: Iterable[Kind]) -> list[str]:
    return [each.name for each in kinds]
