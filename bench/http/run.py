"""``make bench-http``: ours beside others, in one run. Writes its part of ``bench/RESULTS.md``."""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.common.machine import Others, machine, source
from bench.common.options import parse
from bench.common.page import put
from bench.common.rounds import Compared, say
from bench.common.servers import FOLDER

from .commits import measure
from .filling import Filled, fill
from .kinds import BARE, LIKE_FOR_LIKE, LIMIT, OURS
from .proof import prove
from .results import Findings, page
from .rounds import compare, compare_latencies
from .scenarios import Scenario, scenarios
from .servers import Server
from .versions import versions
from .workers import Process, compare_workers, processes, start_often


def main() -> None:
    """Measure, and write it down."""
    options = parse("bench-http", __doc__)
    folder = Path(tempfile.mkdtemp(prefix="bench-http-", dir=FOLDER))
    began, others, before, known = time.monotonic(), Others(), source(), versions()
    try:
        filled = fill(folder / "shop.db")
        asked = scenarios(filled)
        compared, peers_start, held = _compare(asked, filled, folder, options)
        reads = [each for each in asked if each.method == "GET"]
        workers, more = compare_workers(reads, filled, folder, rounds=options.rounds, seconds=options.seconds)
        say("group commit")
        commits = measure(options.rounds, options.seconds)
        found = Findings(
            options.rounds,
            options.seconds,
            compared,
            start_often(OURS, filled, folder),
            peers_start,
            workers,
            commits,
            [*held, *more],
            machine(folder),
            known,
            source() == before,
            others.share(),
            (time.monotonic() - began) / 60,
        )
    finally:
        shutil.rmtree(folder)
    put(options.output, page(found))
    say(f"written to {options.output}")


def _compare(
    asked: Sequence[Scenario], filled: Filled, folder: Path, options: argparse.Namespace
) -> tuple[list[Compared[Scenario]], dict[str, float], list[Process]]:
    servers = [Server(each, filled.path, folder) for each in (OURS, LIMIT, *LIKE_FOR_LIKE, *BARE)]
    try:
        starts = {each.kind.name: each.start() for each in servers}
        for server in servers:
            if server.kind.full:
                prove(server, filled.key, asked)
        say("ours and the like-for-like peers answer 401, 304, 409 and 422, and write their lines")
        found = []
        for scenario in asked:
            compared = compare(servers, scenario, filled.key, folder, rounds=options.rounds, seconds=options.seconds)
            compare_latencies(servers, compared, folder, filled.key)
            found.append(compared)
        del starts[OURS.name]  # it is started more often elsewhere
        return found, starts, processes(servers[0])
    finally:
        for server in servers:
            server.stop()


if __name__ == "__main__":
    main()
