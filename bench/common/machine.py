"""Where it ran: the machine and the versions, without names or paths of it."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sysconfig
import time
import zlib
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from .servers import ROOT


def machine(folder: Path) -> dict[str, str]:
    """What it is. ``folder`` is where the databases lie."""
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.freedesktop_os_release().get('PRETTY_NAME', 'Linux')}, kernel {platform.release()}",
        "databases on": run("df", "--output=fstype", str(folder)).split()[-1],
    }


def python() -> str:
    """The interpreter, which is that of ours and of the peers in Python."""
    built = "with" if "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "") else "without"
    return f"Python {platform.python_version()} (built {built} profile-guided optimization)"


def ours(packages: Sequence[str]) -> str:
    """The versions of ours, with those of packages."""
    found = [f"dragoman {metadata.version('dragoman')} ({_revision()})", python()]
    return ", ".join([*found, *(f"{each} {metadata.version(each)}" for each in packages)])


def peers(interpreter: Path, packages: Sequence[str]) -> str:
    """The versions of packages that an environment of peers has."""
    listed = json.loads(run(str(interpreter), "-m", "pip", "--disable-pip-version-check", "list", "--format", "json"))
    installed = {each["name"]: each["version"] for each in listed}
    return ", ".join([python(), *(f"{each} {installed[each]}" for each in packages)])


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
    revision = run("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD")
    return revision + (", with changes" if run("git", "-C", str(ROOT), "status", "--porcelain", "src") else "")


def run(*command: str, cwd: Path | None = None) -> str:
    """What a command prints; "unknown" if it fails."""
    ended = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    return ended.stdout.strip() if ended.returncode == 0 else "unknown"
