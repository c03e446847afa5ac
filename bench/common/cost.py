"""What processes cost, as the system counts it: CPU time and memory, of a process with all that it started."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TICKS: Final = os.sysconf("SC_CLK_TCK")
PROC: Final = Path("/proc")


def tree(pid: int) -> list[int]:
    """The process and its descendants that live."""
    children: dict[int, list[int]] = {}
    for each, fields in _stats():
        children.setdefault(int(fields[1]), []).append(each)
    found = [pid]
    for each in found:
        found.extend(children.get(each, []))
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of the tree since it was started, with that of children that have ended."""
    return sum(own_cpu_seconds(each) for each in tree(pid))


def own_cpu_seconds(pid: int) -> float:
    """The same of the process alone."""
    return sum(map(int, _fields(pid)[11:15])) / TICKS


@dataclass(frozen=True, slots=True)
class Memory:
    """Of one process, in MB: with all of what it shares with others (RSS), and with its part of that (PSS)."""

    resident: float
    shared_out: float


def memory(pid: int) -> Memory:
    """What the process holds now."""
    sizes = {}
    for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines()[1:]:
        name, _, rest = line.partition(":")
        sizes[name] = int(rest.split()[0]) * 1024 / 1e6
    return Memory(sizes["Rss"], sizes["Pss"])


def _stats() -> Iterator[tuple[int, list[str]]]:
    for entry in PROC.iterdir():
        if entry.name.isdecimal():
            try:
                yield int(entry.name), _fields(int(entry.name))
            except (FileNotFoundError, ProcessLookupError):
                continue


def _fields(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on: a name before them may hold spaces and parentheses."""
    return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
