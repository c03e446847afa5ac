"""The terminal that a process was started from, if it was from one."""

from __future__ import annotations

import os
import signal


class Terminal:
    """Tells a SIGHUP that comes because the terminal was closed from one that somebody sent. ``survives``: the process
    was started so that it outlives its terminal, as with nohup.
    """

    def __init__(self) -> None:
        self.survives = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        self._there = _is_there()

    def hung_up(self) -> bool:
        """Whether it was closed."""
        return self._there and not _is_there()


def _is_there() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
