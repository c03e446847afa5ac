"""The servers that are compared: how each is started."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
PEERS: Final = HERE / "peers"
PEER_PYTHON: Final = ROOT / ".venv-bench" / "bin" / "python"
FOLDER: Final = Path("/var/tmp")
"""Where the databases lie: unlike /tmp, it is a disk everywhere."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A server to be. ``full`` ones do what ours does; the others routing, SQL and JSON only."""

    name: str
    command: tuple[str, ...]
    folder: Path
    full: bool = True
    environment: tuple[tuple[str, str], ...] = ()

    def called(self, name: str) -> Kind:
        """The same under another name."""
        return replace(self, name=name)


def _node(name: str, file: str, *, full: bool) -> Kind:
    bare = () if full else (("BARE", "1"),)
    return Kind(name, ("node", file), PEERS, full, (("NODE_ENV", "production"), *bare))


def _asgi(name: str, module: str, *, full: bool) -> Kind:
    flags = ("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--no-server-header", "--no-proxy-headers")
    target = f"{module}:{'full' if full else 'bare'}"
    command = ("-m", "uvicorn", "--factory", target, *flags, "--log-level", "warning", "--port", "{port}")
    return Kind(name, (str(PEER_PYTHON), *command), PEERS, full)


def dragoman(name: str = "Dragoman", *flags: str) -> Kind:
    """Ours."""
    command = (sys.executable, "-m", "dragoman", "serve", "ours:app", "--port", "{port}", "--database", "{database}")
    return Kind(name, (*command, *flags), HERE)


OURS: Final = dragoman()
LIMIT: Final = Kind("the bare loop", (str(PEER_PYTHON), "bare_loop.py"), HERE, full=False)
LIKE_FOR_LIKE: Final = (
    _node("Fastify", "fastify.js", full=True),
    _node("Express", "express.js", full=True),
    _asgi("FastAPI", "on_fastapi", full=True),
    _asgi("Litestar", "on_litestar", full=True),
    _asgi("Starlette", "on_starlette", full=True),
)
BARE: Final = (
    _node("Fastify, bare", "fastify.js", full=False),
    _node("Express, bare", "express.js", full=False),
    _asgi("FastAPI, bare", "on_fastapi", full=False),
    _asgi("Litestar, bare", "on_litestar", full=False),
    _asgi("Starlette, bare", "on_starlette", full=False),
)
