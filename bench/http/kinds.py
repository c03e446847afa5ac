"""The servers that are compared: how each is started."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bench.common.servers import KEYS, ROOT, Kind, ours

HERE: Final = Path(__file__).parent
PEERS: Final = HERE / "peers"
PEER_PYTHON: Final = ROOT / ".venv-bench" / "bin" / "python"


def _node(name: str, file: str, *, full: bool) -> Kind:
    bare = () if full else (("BARE", "1"),)
    return Kind(name, ("node", file), PEERS, full, (("NODE_ENV", "production"), *bare))


def _asgi(name: str, module: str, *, full: bool) -> Kind:
    flags = ("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--no-server-header", "--no-proxy-headers")
    target = f"{module}:{'full' if full else 'bare'}"
    command = ("-m", "uvicorn", "--factory", target, *flags, "--log-level", "warning", "--port", "{port}")
    return Kind(name, (str(PEER_PYTHON), *command), PEERS, full, KEYS)


def dragoman(name: str = "Dragoman", *flags: str) -> Kind:
    """Ours."""
    return ours(name, HERE, *flags)


OURS: Final = dragoman()
LIMIT: Final = Kind("the bare loop", (str(PEER_PYTHON), "bare_loop.py"), HERE, full=False, environment=KEYS)
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
