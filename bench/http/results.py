"""Writes what was found as a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from aims import READS, aims
from commits import Rates, section
from kinds import BARE, HERE, LIKE_FOR_LIKE, LIMIT, OURS, ROOT, Kind
from rounds import PACED_SECONDS, Compared, Spread
from tables import spread, table
from workers import ONE, TWO, Both, Process

METHOD: Final = """\
## How it was measured

All servers are started once, each with its own copy of one database (10,000 orders, 500 customers). For each kind of
call there are {rounds} rounds of {seconds:g} s a server, in turn; each round begins with another server. Ratios are
taken within a round; what stands here is the median, with the least and the most in brackets. Machines like this one
are noisy by 40 %: compare ratios, not figures of different runs.

*CPU time* is user and system time of the server's process with all that it started, from `/proc`. The client
([load.c](http/load.c)) has one thread and keeps {connections} connections busy. For the reads it never sleeps: a client
that sleeps has to be woken, which the kernel counts as the server's time, and only slower servers would pay for it. For
creating it sleeps, so that both cores are the server's. *p50 and p99* are of one open loop of {paced:g} s at half of
what the same server carried just before in a closed one, counted from when a call was due, so that waiting behind
others counts.
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
    compared: Sequence[Compared]
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
        f"Written by `make bench-http` on {datetime.now(UTC):%d %B %Y}; it took {found.minutes:.0f} minutes."
        + ("" if found.steady else " **The source of ours was changed meanwhile: run it again.**"),
        "## The aims",
        aims(found.compared, found.workers, found.start, found.processes),
        *(_scenario(each) for each in found.compared),
        section(found.commits),
        _processes(found),
        (HERE / "sides.md").read_text(encoding="utf-8").strip(),
        METHOD.format(rounds=found.rounds, seconds=found.seconds, paced=PACED_SECONDS, connections=connections).strip(),
        _place(found),
    ]
    return "\n\n".join(parts) + "\n"


def _scenario(compared: Compared) -> str:
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


def _pair(compared: Compared, load: str) -> tuple[str, ...]:
    figures = (spread(compared.per_cpu_second(name)) for name in (ONE, TWO))
    return compared.scenario.title, load, *figures, spread(compared.ratio(ONE, TWO), 3)


def _mb(process: Process) -> str:
    return f"{process.memory.shared_out:.0f}"


def _place(found: Findings) -> str:
    facts = {
        **found.machine,
        "others on it": f"took {found.others:.0%} of the processors while this ran",
        **found.versions,
    }
    lines = [
        "## Where",
        table(("", ""), list(facts.items())),
        "The commands, with a port and a database of its own each:",
    ]
    kinds = (OURS, LIMIT, *LIKE_FOR_LIKE, *BARE)
    lines.append("```\n" + "\n".join(f"{each.name:16} {_command(each)}" for each in kinds) + "\n```")
    return "\n\n".join(lines)


def _command(kind: Kind) -> str:
    program, *arguments = (each.format(port="PORT", database="DATABASE") for each in kind.command)
    settings = [f"{name}={value}" for name, value in kind.environment]
    folder = kind.folder.relative_to(ROOT)
    return " ".join([f"cd {folder};", *settings, Path(program).name, *arguments])


def _names(kinds: Iterable[Kind]) -> list[str]:
    return [each.name for each in kinds]
