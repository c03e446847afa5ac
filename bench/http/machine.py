"""Where it ran: the machine and the versions, without names or paths of it."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sysconfig
import time
import zlib
from importlib import metadata
from pathlib import Path
from typing import Final

import apsw
from kinds import PEER_PYTHON, PEERS, ROOT

OURS: Final = ("uvloop", "httptools", "msgspec", "apsw")
FROM_NPM: Final = ("fastify", "express", "better-sqlite3", "fast-json-stringify", "ajv", "pino")
FROM_PYPI: Final = ("fastapi", "pydantic", "litestar", "starlette", "uvicorn", "uvloop", "httptools", "msgspec", "apsw")


def machine(folder: Path) -> dict[str, str]:
    """What it is. ``folder`` is where the databases lie."""
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.freedesktop_os_release().get('PRETTY_NAME', 'Linux')}, kernel {platform.release()}",
        "databases on": _run("df", "--output=fstype", str(folder)).split()[-1],
    }


def versions() -> dict[str, str]:
    """Of each side."""
    listed = json.loads(_run(str(PEER_PYTHON), "-m", "pip", "--disable-pip-version-check", "list", "--format", "json"))
    installed = {each["name"]: each["version"] for each in listed}
    built = "with" if "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "") else "without"
    python = f"Python {platform.python_version()} (built {built} profile-guided optimization)"
    ours = [f"dragoman {metadata.version('dragoman')} ({_revision()})", python]
    ours += [f"{each} {metadata.version(each)}" for each in OURS]
    node = [f"Node {_run('node', '--version').removeprefix('v')}", *(f"{each} {_npm(each)}" for each in FROM_NPM)]
    return {
        "ours": ", ".join([*ours, f"SQLite {apsw.sqlite_lib_version()}"]),
        "peers in Python": ", ".join([python, *(f"{each} {installed[each]}" for each in FROM_PYPI)]),
        "peers on Node": ", ".join([*node, f"SQLite {_node_sqlite()}"]),
    }


def source() -> int:
    """A number that differs once the source of ours was changed."""
    files = sorted((ROOT / "src").rglob("*.py"))
    return zlib.crc32(repr([(str(each), each.stat().st_mtime_ns) for each in files]).encode())


class Others:
    """What processes that are none of this run's take of the processors, from now on."""

    def __init__(self) -> None:
        self._began, self._busy, self._own = time.monotonic(), _busy_seconds(), _own_seconds()

    def share(self) -> float:
        """Of all that the processors could have done, so far. Processes of this run count once they have ended."""
        busy, own = _busy_seconds() - self._busy, _own_seconds() - self._own
        return max(0.0, busy - own) / (time.monotonic() - self._began) / (os.cpu_count() or 1)


def _busy_seconds() -> float:
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    user, nice, system, _, _, hard, soft = map(int, fields[:7])
    return (user + nice + system + hard + soft) / os.sysconf("SC_CLK_TCK")


def _own_seconds() -> float:
    return sum(os.times()[:4])


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _revision() -> str:
    revision = _run("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD")
    return revision + (", with changes" if _run("git", "-C", str(ROOT), "status", "--porcelain", "src") else "")


def _npm(name: str) -> str:
    return str(json.loads((PEERS / "node_modules" / name / "package.json").read_text())["version"])


def _node_sqlite() -> str:
    script = "console.log(new (require('better-sqlite3'))(':memory:').prepare('select sqlite_version()').pluck().get())"
    return _run("node", "-e", script, cwd=PEERS)


def _run(*command: str, cwd: Path | None = None) -> str:
    ended = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    return ended.stdout.strip() if ended.returncode == 0 else "unknown"
