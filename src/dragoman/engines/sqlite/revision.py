"""Whether anything was committed since: told from memory, without a statement and without a system call.

Processes that have a database in WAL mode open share the index of its log, in memory that SQLite maps from the file
``…-shm``. Each commit, whoever makes it, changes the first 48 bytes of it, which SQLite compares for the same reason
when a transaction begins (https://sqlite.org/walformat.html, section 2.2.1). They hold a counter of commits, so that
they never become what they were, as long as any process has the database open. The first to open it again finds no log,
and begins the index anew, always with the same bytes: so what is told holds for one opening alone.

The file itself is never opened here: closing it would drop the locks that SQLite has on it (POSIX locks belong to the
process). What is read is SQLite's own mapping, which lives as long as a connection of this process.
"""

from __future__ import annotations

import ctypes
import os
import struct
from typing import Any, Final

HEADER: Final = 48
FORMAT: Final = 3_007_000
"""The version of the index's format, which is its first word."""


class Revision:
    """The index of one database's log. To be opened once a connection has read, and closed before that one is."""

    __slots__ = ("_header", "_opened", "_opening")

    def __init__(self) -> None:
        self._header: Any = None
        self._opened = 0
        self._opening = b""

    def open(self, path: str) -> None:
        """Find the mapping. Where there is none, as on other systems than Linux, nothing can be told."""
        address = _mapped(f"{path}-shm")
        if address is None:
            return
        header = (ctypes.c_char * (2 * HEADER)).from_address(address)
        (version,) = struct.unpack_from("=I", header.raw)
        if version == FORMAT:
            self._header = (ctypes.c_char * HEADER).from_address(address)
            self._opened += 1
            self._opening = self._opened.to_bytes(8)

    def close(self) -> None:
        """Tell nothing any more. A second time does nothing."""
        self._header = None

    def __call__(self) -> bytes | None:
        """A value that equals an earlier one only if nothing was committed in between; None where that is not known."""
        header = self._header
        return None if header is None else header.raw + self._opening


def _mapped(path: str) -> int | None:
    """Where this process has the beginning of a file in its memory."""
    try:
        wanted = os.stat(path)
        with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:
            lines = maps.readlines()
    except OSError:
        return None
    for line in lines:
        addresses, flags, offset, device, inode, *_ = line.split(maxsplit=5)
        major, _, minor = device.partition(":")
        if (
            int(inode) == wanted.st_ino
            and (int(major, 16), int(minor, 16)) == (os.major(wanted.st_dev), os.minor(wanted.st_dev))
            and int(offset, 16) == 0
            and flags.startswith("r")
            and flags.endswith("s")
        ):
            return int(addresses.partition("-")[0], 16)
    return None
