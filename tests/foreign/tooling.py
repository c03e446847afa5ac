"""Where the foreign tools are, and how they are run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from running import Running, environment, free_port, running

HERE: Final = Path(__file__).parent
EXAMPLES: Final = HERE.parent.parent / "examples"
CALLED: Final = HERE.parent / "styles/rpc/clients"
"""Where the contract is that others' RPC clients call."""
NODE_MODULES: Final = HERE / "node_modules"
SCRIPTS: Final = Path(sys.executable).parent
BRIEFLY: Final = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""How a Java runs that is over in seconds: what it would compile better, or collect beside, is never worth it."""
JAKARTA: Final = Path("/usr/share/java/jakarta-annotation-api.jar")

DOCUMENTS: Final = {
    "demo-partner": ("dragoman.demo.shop:app", "partner"),
    "demo-admin": ("dragoman.demo.shop:app", "admin"),
    "features-public": ("dragoman.testing.contract:app", "public"),
    "features-partner": ("dragoman.testing.contract:app", "partner"),
    "features-admin": ("dragoman.testing.contract:app", "admin"),
    "features-trouble": ("dragoman.testing.contract:app", "trouble"),
}
"""The documents that are shown to tools: the App and the surface."""


def run(
    *command: str | Path, folder: Path, code: int | None = 0, more: Mapping[str, str] | None = None, given: str = ""
) -> str:
    """Run a tool. Returns what it printed; with ``code=None`` it may exit as it likes. ``more`` are variables of the
    environment, ``given`` is what it reads.
    """
    path = f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}{os.pathsep}/usr/sbin"
    done = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        env=environment({"PATH": path, **(more or {})}),
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert code in (None, done.returncode), f"{command}: {done.returncode}\n{done.stdout[-8000:]}"
    return done.stdout


def npm(tool: str) -> Path:
    """A command of a package of npm's."""
    return NODE_MODULES / ".bin" / tool


def generator() -> Path:
    """The jar of openapi-generator, which also holds the Jackson that its Java clients need."""
    found = find_spec("openapi_generator_cli")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "openapi-generator.jar"


@contextmanager
def demo(folder: Path) -> Iterator[Running]:
    """The demo shop, served."""
    port = free_port()
    command = [sys.executable, "-m", "dragoman", "demo"]
    with running(command, folder, port, {"PORT": str(port)}) as server:
        yield server


@contextmanager
def serve(target: str, code: Path, folder: Path) -> Iterator[Running]:
    """An App of a module in the folder ``code``, served with its database in another."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "dragoman",
        "serve",
        target,
        "--port",
        str(port),
        "--database",
        "served.db",
        "--workers",
        "1",
    ]
    with running(command, folder, port, {"PYTHONPATH": str(code)}) as server:
        yield server
