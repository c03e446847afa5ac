"""Writes what was found as a part of a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bench.common.figures import Spread, spread, table
from bench.common.page import place, written
from bench.common.rounds import Compared

from .aims import aims
from .calls import MESSAGES, PATIENCE
from .kinds import HERE, OURS, SPEAKS
from .rounds import PACE, PACED_SECONDS, PACED_SHAPE, Latencies
from .sides import Scenario, named

METHOD: Final = """\
## How it was measured

All servers are started once, each with its own copy of one database. For each kind of call there are {rounds} rounds of
{seconds:g} s a side, in turn; each round begins with another side. Ratios are taken within a round; what stands here is
the median, with the least and the most in brackets. Machines like this one are noisy by 40 %: compare ratios, not
figures of different runs.

*CPU time* is user and system time of the server's process with all that it started, from `/proc`. The clients have one
thread and never sleep, since the kernel puts the waking of a client down to the server. *8 × 32* are 8 connections of
HTTP/2 with 32 calls under way on each ([load_http2.c](rpc/load_http2.c), on libnghttp2). Plain POST comes over HTTP/1.1
([load.c](common/load.c)), from as many connections as there are calls under way. Every call has the key, and
{patience:g} seconds. Every answer over HTTP/2 is compared with what it has to be: the status, the body, byte for byte,
and gRPC's trailer. Of those over HTTP/1.1 the status is, and the body before and after.
"""

PACED: Final = """\
## Latency at {rate:,} calls a second

Of `Predict`, from {shape} connections × streams at most, in {rounds} rounds of {seconds:g} s. A call counts from when
it was due, so that waiting behind others counts; the client sleeps in between. Milliseconds. Who cannot carry that many
makes ever more calls wait.
"""

STREAMS: Final = f"""\
`Watch`, each call answered with a stream of {MESSAGES:,} messages.
"""


@dataclass(slots=True)
class Findings:
    """All of a run."""

    rounds: int
    seconds: float
    unary: Sequence[Compared[Scenario]]
    stream: Compared[Scenario]
    latencies: Latencies
    machine: dict[str, str]
    versions: dict[str, str]
    steady: bool
    others: float
    minutes: float


def page(found: Findings) -> str:
    """The part of the page."""
    parts = [
        "# RPC, beside others",
        written("bench-rpc", found.minutes, steady=found.steady),
        "## The aims",
        aims(found.unary, found.stream),
        *(_scenario(each, 1, "`Predict`, answered with a constant.\n") for each in found.unary),
        _scenario(found.stream, MESSAGES, STREAMS),
        _paced(found),
        (HERE / "sides.md").read_text(encoding="utf-8").strip(),
        METHOD.format(rounds=found.rounds, seconds=found.seconds, patience=PATIENCE).strip(),
        place(found.machine, found.others, found.versions, list(SPEAKS)),
    ]
    return "\n\n".join(parts) + "\n"


def _scenario(compared: Compared[Scenario], messages: int, said: str) -> str:
    what = "calls" if messages == 1 else "messages"
    rows = []
    for name in compared.samples:
        server, _, protocol = name.rpartition(", ")
        ours = named(OURS.name, protocol)
        per_cpu, per_second = compared.per_cpu_second(name), compared.per_second(name)
        ratio = "" if server == OURS.name else spread(compared.ratio(ours, name), 2)
        each = f"{1e6 / per_cpu.median / messages:,.1f}"
        rows.append((name, _times(per_cpu, messages), each, ratio, _times(per_second, messages)))
    head = ("side", f"{what} per CPU second", f"µs of CPU a {what[:-1]}", "ours ÷ it", f"{what} per second")
    return f"## {compared.scenario.title.capitalize()}\n\n{said}\n{table(head, rows)}"


def _times(figures: Spread, messages: int) -> str:
    return spread(Spread(figures.median * messages, figures.least * messages, figures.most * messages))


def _paced(found: Findings) -> str:
    rows = [
        (name, *(spread(Spread.of(getattr(each, what) for each in times), 2) for what in ("p50", "p99")))
        for name, times in found.latencies.items()
    ]
    late = max(each.late for times in found.latencies.values() for each in times)
    rounds = len(next(iter(found.latencies.values())))
    said = PACED.format(rate=PACE, shape=PACED_SHAPE, rounds=rounds, seconds=PACED_SECONDS)
    told = f"The client itself was late by up to {late:.2f} ms (p99 of the worst run)."
    return f"{said}\n{table(('side', 'p50', 'p99'), rows)}\n\n{told}"
