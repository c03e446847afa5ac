"""What nobody expected while a test ran: callers learn an id only, and a test's author wants the traceback."""

from __future__ import annotations

import contextvars
import logging
import sys
import traceback

from dragoman.hosts.readable import Readable
from dragoman.runtime.observation import ERROR, Unexpected


class Bugs(logging.Handler):
    """Keeps the exceptions that one application's requests ended in, and writes their tracebacks to stderr, where
    pytest shows them beneath the test that failed.
    """

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[BaseException] = []
        self.setFormatter(Readable())

    def __enter__(self) -> Bugs:
        ERROR.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        ERROR.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one, if it is of this application's."""
        found = record.args[0] if isinstance(record.args, tuple) and record.args else None
        if isinstance(found, Unexpected) and ASKED.get() is self:
            self.found.append(found.error)
            print(self.format(record), file=sys.stderr)

    def keep(self, error: BaseException, what: str) -> None:
        """Keep one that came out of the application itself."""
        self.found.append(error)
        print(f"{what}\n{''.join(traceback.format_exception(error))}", file=sys.stderr)


ASKED: contextvars.ContextVar[Bugs | None] = contextvars.ContextVar("ASKED", default=None)
"""Whose the request is that is being handled: two applications of one process have one logger."""
