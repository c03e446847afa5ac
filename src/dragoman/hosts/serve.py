"""Serves an application with the native host: in this process, or in several that do the same."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from typing import Final

from . import logs, open_files
from .listening import share
from .process import DRAIN_SECONDS, LEAVE_SECONDS, Process, Served
from .settings import Settings
from .tls import TlsWatch
from .worker import Task
from .workers import Workers

FAILED: Final = 1


def serve(
    app: Served,
    target: str,
    sockets: Sequence[socket.socket],
    *,
    workers: int,
    ready: Callable[[], None],
    settings: Settings | None = None,
    reload: bool = False,
) -> int:
    """Serve until SIGTERM or SIGINT, then finish what is under way; returns the process's exit code. What is not
    finished after DRAIN_SECONDS, or when SIGINT comes again, is answered UNAVAILABLE.

    One worker serves ``app`` in this process. More of them call ``target`` (``module:function``) for it, each in a
    process of its own, and so does one with ``reload``, which begins anew whenever a Python file below the working
    directory changes. ``ready`` is called once it can be told where the application is.
    """
    settings = settings or Settings()
    logs.set_up()
    open_files.allow(app.limits.connections)
    if workers == 1 and not reload:
        return 0 if Process(lambda: app, sockets, ready, settings).run() else FAILED
    groups = share(sockets, workers)
    crew = Workers(
        [Task(target, [each.fileno() for each in group], settings) for group in groups],
        patience=settings.grace + DRAIN_SECONDS + LEAVE_SECONDS + 1.5,
        hurry=LEAVE_SECONDS + 1,
        ready=ready,
        ending=lambda: _close(groups),
        watch=None if settings.tls is None else TlsWatch(settings.tls),
        developing=reload,
    )
    if reload:
        from .changes import follow

        follow(crew.changed)
    return 0 if crew.run() else FAILED


def _close(groups: Sequence[Sequence[socket.socket]]) -> None:
    for each in (each for group in groups for each in group):
        each.close()
