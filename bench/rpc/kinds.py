"""The servers that are compared, and the protocols that each is asked in."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bench.common.servers import KEYS, ROOT, Kind, ours

from .calls import CONNECT, CONNECT_JSON, GRPC, PLAIN

HERE: Final = Path(__file__).parent
PEERS: Final = HERE / "peers"
VENV: Final = ROOT / ".venv-bench-rpc"
PEER_PYTHON: Final = VENV / "bin" / "python"
ENVIRONMENT: Final = (("PYTHONPATH", f"{KEYS[0][1]}:{VENV / 'generated'}"),)


def _peer(name: str, *arguments: str, program: str = "python") -> Kind:
    return Kind(name, (str(VENV / "bin" / program), *arguments), PEERS, environment=ENVIRONMENT)


OURS: Final = ours("Dragoman", HERE, "--workers", "1")
AS_IT_IS: Final = ours("Dragoman without flags", HERE)
AIO: Final = _peer("grpc.aio", "on_grpc_aio.py")
AIO_UVLOOP: Final = _peer("grpc.aio on uvloop", "on_grpc_aio.py", "uvloop")
THREADS: Final = _peer("grpcio with threads", "on_grpc_threads.py")
CONNECTRPC: Final = _peer("connectrpc on pyvoy", "on_connect:app", "--port", "{port}", program="pyvoy")
FASTAPI: Final = _peer(
    "FastAPI",
    *("-m", "uvicorn", "on_fastapi:app", "--loop", "uvloop", "--http", "httptools", "--no-access-log"),
    *("--no-server-header", "--no-proxy-headers", "--log-level", "warning", "--port", "{port}"),
)

SPEAKS: Final[dict[Kind, tuple[str, ...]]] = {
    OURS: (GRPC.name, CONNECT.name, CONNECT_JSON.name, PLAIN.name),
    AS_IT_IS: (GRPC.name,),
    AIO: (GRPC.name,),
    AIO_UVLOOP: (GRPC.name,),
    THREADS: (GRPC.name,),
    CONNECTRPC: (GRPC.name, CONNECT.name, CONNECT_JSON.name),
    FASTAPI: (PLAIN.name,),
}
