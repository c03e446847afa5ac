"""Where the lines of a server go that ``dragoman serve`` started."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from typing import Final, TextIO

from dragoman.runtime.observation import Lines

from .readable import Readable

WHOLE: Final = 4096
"""Bytes that several processes can write to one pipe without mixing (PIPE_BUF, on Linux)."""

GATHER_SECONDS: Final = 0.02
"""How long a line waits for others: writing it takes as long as all else about it."""

MOST: Final = 32 * 1024
"""Bytes that wait at most."""


class Gathered(Lines):
    """Writes lines together, within GATHER_SECONDS and at the end of the process. A line is never cut in two, unless it
    is longer than WHOLE and goes to a pipe that other processes write to as well.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._file = stream.fileno()
        self._lines: list[bytes] = []
        self._size = 0

    def write(self, line: bytes) -> None:
        """Take a line."""
        if not self._lines:
            try:
                asyncio.get_running_loop().call_later(GATHER_SECONDS, self.flush)
            except RuntimeError:  # a line from a thread, or before the loop runs
                self._lines.append(line)
                self.flush()
                return
        self._lines.append(line)
        self._size += len(line)
        if self._size > MOST:
            self.flush()

    def flush(self) -> None:
        """Write what was gathered."""
        lines, self._lines, self._size = self._lines, [], 0
        part: list[bytes] = []
        size = 0
        for line in lines:
            if size + len(line) >= WHOLE and part:
                self._put(part)
                part, size = [], 0
            part.append(line)
            size += len(line) + 1
        if part:
            self._put(part)

    def _put(self, lines: list[bytes]) -> None:
        rest = b"\n".join(lines) + b"\n"
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError:  # nobody reads it any more, or the disk is full: calls are answered all the same
            pass


def set_up() -> None:
    """Set logging up: a line of JSON for each request goes to stdout; to stderr go lines for a person, and one of JSON
    for each bug, which on a terminal is shown as text instead.
    """
    person, bugs = logging.StreamHandler(sys.stderr), logging.StreamHandler(sys.stderr)
    person.setFormatter(logging.Formatter("dragoman: %(message)s"))
    if sys.stderr.isatty():
        bugs.setFormatter(Readable())
    for name, handler in (("", person), (".error", bugs), (".access", Gathered(sys.stdout))):
        logger = logging.getLogger(f"dragoman{name}")
        logger.handlers[:] = [handler]
        logger.propagate = False
    logging.getLogger("dragoman").setLevel(logging.INFO)
