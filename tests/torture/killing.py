"""Killing a process in the middle of a commit."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

WRITES = {18: "pwrite64", 74: "fsync", 75: "fdatasync"} if os.uname().machine == "x86_64" else {
    68: "pwrite64", 82: "fsync", 83: "fdatasync",
}  # fmt: skip
"""System calls that only commits make here, by number."""


def kill_in_a_commit(pid: int, seconds: float) -> bool:
    """Kill a process with -9, in a commit if it makes one within the time: it is stopped, looked at, and only then
    killed. Returns whether it was in one.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        os.kill(pid, signal.SIGSTOP)
        within = _commits(pid)
        if within:
            break
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.001)
    else:
        within = False
    os.kill(pid, signal.SIGKILL)
    return within


def _commits(pid: int) -> bool:
    """Whether a thread of it is in a system call that writes."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        # A process is stopped a moment after it was told.
        for _ in range(100):
            if (task / "stat").read_text().rpartition(")")[2].split()[0] in "Tt":
                break
            time.sleep(0.000_1)
        number = (task / "syscall").read_text().split()[0]
        if number.isdigit() and int(number) in WRITES:
            return True
    return False
