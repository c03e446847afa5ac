"""How many files the process may open: each connection is one."""

from __future__ import annotations

import logging
import resource
from typing import Final

BESIDE: Final = 1024
"""Files that are kept for all else: databases, and what handlers open."""

LOG: Final = logging.getLogger("dragoman.hosts.open_files")


def allow(connections: int) -> None:
    """Raise this process's own limit as far as so many connections need it, and say so if that is not far enough.

    It is not raised further: there are programs that close every file that they might have, one by one.
    """
    needed = connections + BESIDE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    except (ValueError, OSError):  # macOS has a limit of its own beside the one that it tells
        allowed = soft
    if allowed < needed:
        LOG.warning(
            "%d files may be open at once, too few for the %d connections of dm.Limits: raise the limit of the system "
            "(ulimit -Hn, or LimitNOFILE= of a systemd unit), or take fewer connections",
            allowed,
            connections,
        )
