"""What is seen of a server from outside: memory, open sockets, lines of its log, and whether memory stays flat."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Sample = tuple[float, float]
"""When, in seconds, and how many KiB."""


def resident(pid: int) -> int:
    """The memory that a process holds, in KiB, without what it shares with files."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1])
    raise AssertionError("the system does not tell")


def processor_time(pid: int) -> float:
    """The processor time that a process has used, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def open_files(pid: int) -> Counter[str]:
    """What a process has open, by kind."""
    found: Counter[str] = Counter()
    for each in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found[os.readlink(each).partition(":[")[0]] += 1
        except FileNotFoundError:
            continue  # it is closed since
    return found


def open_sockets(pid: int) -> int:
    """How many sockets it has open once those are closed that are about to be."""
    found = []
    for _ in range(5):
        found.append(open_files(pid)["socket"])
        time.sleep(0.05)
    return min(found)


def slope(samples: Sequence[Sample]) -> float:
    """KiB a minute that are added, by least squares."""
    count = len(samples)
    middle_x, middle_y = (sum(each[at] for each in samples) / count for at in (0, 1))
    spread = sum((x - middle_x) ** 2 for x, _ in samples)
    return 60 * sum((x - middle_x) * (y - middle_y) for x, y in samples) / spread


def growth(samples: Sequence[Sample]) -> float:
    """KiB between the smallest of the first tenth and the smallest of the last: peaks come and go."""
    tenth = max(1, len(samples) // 10)
    return min(y for _, y in samples[-tenth:]) - min(y for _, y in samples[:tenth])


def not_flat(samples: Sequence[Sample], *, a_minute: float, at_all: float) -> str:
    """Why memory is not flat; empty if it is. The first third is left out: caches fill then."""
    later = samples[len(samples) // 3 :]
    steep, grown = slope(later), growth(later)
    said = f"{steep:+.1f} KiB a minute, {grown:+.0f} KiB in all"
    return said if steep > a_minute or grown > at_all else ""


@dataclass
class AccessLog:
    """Follows the log of a server: each request that is expected has its line, once, with its status; others that were
    sent may have one; nobody's have none but those without an id, which are counted.
    """

    path: Path
    mark: str
    missing: dict[str, int] = field(default_factory=dict)
    possible: set[str] = field(default_factory=set)
    lines: int = 0
    foreign: int = 0
    wrong: list[str] = field(default_factory=list)
    _at: int = 0
    _rest: bytes = b""

    def follow(self) -> None:
        """Read what was written since."""
        with self.path.open("rb") as file:
            file.seek(self._at)
            while data := file.read(1 << 20):
                self._at += len(data)
                *lines, self._rest = (self._rest + data).split(b"\n")
                for each in lines:
                    self._take(each)

    def whole(self) -> bool:
        """Whether every line is there that has to be."""
        self.follow()
        return not self.missing and not self._rest

    def _take(self, text: bytes) -> None:
        self.lines += 1
        try:
            line: dict[str, Any] = json.loads(text)
            given, status = line["request_id"], line["status"]
        except (ValueError, LookupError, TypeError):
            self.wrong.append(f"no line of the log: {text[:500]!r}")
            return
        if not given.startswith(self.mark):
            self.foreign += 1
        elif given in self.missing:
            if self.missing.pop(given) != status:
                self.wrong.append(f"another status than was answered: {text[:500]!r}")
        elif given in self.possible:
            self.possible.remove(given)
        else:
            self.wrong.append(f"a line too many: {text[:500]!r}")
