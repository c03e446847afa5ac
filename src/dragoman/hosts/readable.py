"""What nobody expected, as text for a person at a terminal. In files it is a line of JSON."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import traceback
from pathlib import Path
from typing import Final

from dragoman.runtime.observation import Unexpected

PACKAGE: Final = Path(__file__).parent.parent
CALLERS: Final = (PACKAGE, Path(asyncio.__file__).parent, Path(concurrent.futures.__file__).parent)
"""Where the frames are that lead to a handler, and tell nothing of what went wrong in it."""

WRITTEN_AS_USERS_DO: Final = (PACKAGE / "demo", PACKAGE / "testing" / "contract")


class Readable(logging.Formatter):
    """Writes an :class:`~dragoman.runtime.observation.Unexpected` as a message and a traceback that begins in the
    developer's own code; all else as its message.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The text."""
        found = record.args[0] if isinstance(record.args, tuple) and record.args else None
        if not isinstance(found, Unexpected):
            return super().format(record)
        exchange, error = found.exchange, found.error
        what = exchange.operation or "a request"
        where = f" on the surface {exchange.surface}" if exchange.surface else ""
        trace = traceback.TracebackException.from_exception(error)
        _shorten(trace)
        return f"dragoman: {what}{where} failed, request id {exchange.request_id}\n{''.join(trace.format()).rstrip()}"


def _shorten(trace: traceback.TracebackException | None) -> None:
    """Drop the frames before the developer's, where there are any of theirs."""
    if trace is None:
        return
    frames = list(trace.stack)
    first = next((at for at, frame in enumerate(frames) if not _leads(Path(frame.filename))), 0)
    trace.stack = traceback.StackSummary.from_list(frames[first:])
    for each in (trace.__cause__, trace.__context__, *(trace.exceptions or ())):
        _shorten(each)


def _leads(file: Path) -> bool:
    def within(folders: tuple[Path, ...]) -> bool:
        return any(file.is_relative_to(each) for each in folders)

    return within(CALLERS) and not within(WRITTEN_AS_USERS_DO)
