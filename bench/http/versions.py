"""The versions of each side."""

from __future__ import annotations

import json
from typing import Final

import apsw
from bench.common.machine import ours, peers, run

from .kinds import PEER_PYTHON, PEERS

OURS: Final = ("uvloop", "httptools", "msgspec", "apsw")
FROM_NPM: Final = ("fastify", "express", "better-sqlite3", "fast-json-stringify", "ajv", "pino")
FROM_PYPI: Final = ("fastapi", "pydantic", "litestar", "starlette", "uvicorn", "uvloop", "httptools", "msgspec", "apsw")


def versions() -> dict[str, str]:
    """Of each side."""
    node = [f"Node {run('node', '--version').removeprefix('v')}", *(f"{each} {_npm(each)}" for each in FROM_NPM)]
    return {
        "ours": f"{ours(OURS)}, SQLite {apsw.sqlite_lib_version()}",
        "peers in Python": peers(PEER_PYTHON, FROM_PYPI),
        "peers on Node": ", ".join([*node, f"SQLite {_node_sqlite()}"]),
    }


def _npm(name: str) -> str:
    return str(json.loads((PEERS / "node_modules" / name / "package.json").read_text())["version"])


def _node_sqlite() -> str:
    script = "console.log(new (require('better-sqlite3'))(':memory:').prepare('select sqlite_version()').pluck().get())"
    return run("node", "-e", script, cwd=PEERS)
