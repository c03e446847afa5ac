"""A listening socket that is a file."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import stat
from pathlib import Path
from types import TracebackType
from typing import Final

from .listening import BACKLOG, ListenError

MODE: Final = 0o660
"""Who may connect: the user and the group that the process runs as. A proxy in front is put into that group."""


class UnixSocket:
    """A socket at a path, listening at once. Raises ListenError.

    A file that a process left behind when it was killed is replaced; one behind which somebody listens is not. Leaving
    the context removes the file.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.socket = _listen(path)
        self._file = _identity(path)

    def __enter__(self) -> UnixSocket:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.socket.close()
        # Another process may have put its own there since.
        with contextlib.suppress(OSError):
            if _identity(self.path) == self._file:
                Path(self.path).unlink()


def _listen(path: str) -> socket.socket:
    try:
        _remove_stale(path)
    except OSError as error:
        raise ListenError(_reason(error, path)) from None
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o777 & ~MODE)
    try:
        listener.bind(path)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise ListenError(_reason(error, path)) from None
    finally:
        os.umask(mask)
    return listener


def _remove_stale(path: str) -> None:
    """Remove a socket that nobody listens on. Raises ListenError for anything else that is there."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise ListenError(f"{path} is there, and is no socket: take another path, or move it away")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            Path(path).unlink()
            return
    raise ListenError(f"the socket {path} is in use: stop what listens there, or take another path")


def _identity(path: str) -> tuple[int, int]:
    found = os.lstat(path)
    return found.st_dev, found.st_ino


def _reason(error: OSError, path: str) -> str:
    if error.errno == errno.ENOENT:
        return f"there is no folder {Path(path).parent} for the socket {path}: make it, or take another path"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"the socket {path} may not be made or opened by this user: take a folder that it may write to"
    # Python tells of a path that is too long in words of its own, without a number.
    return f"the socket {path} cannot be listened on: {error.strerror or error}"
