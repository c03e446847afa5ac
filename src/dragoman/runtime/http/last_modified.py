"""``Last-Modified`` (RFC 9110, section 8.8.2), where it is honest.

It names a second. Whoever was told of one must not be answered 304 after a later change in the same second; so it is
told only when no change can be stamped with that second any more. Changes are stamped with the time at which their
call began, and a call may go on until its deadline: as long as that has to be waited.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from typing import Final

SLACK: Final = 5.0
"""How much longer than its deadline, in seconds, a commit that was begun may take."""


@lru_cache(maxsize=512)
def _second(text: str) -> tuple[float, bytes]:
    """The second of a date and time to the second, in UTC, without its zone: on the clock, and as HTTP writes it."""
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return moment.timestamp(), format_datetime(moment, usegmt=True).encode()


def last_modified(updated_at: object, longest: float) -> bytes | None:
    """The header's value for a resource as it stands in an answer (``2026-11-22T19:00:00.000000Z``), or None where it
    would not be honest. ``longest`` is how long a call may take, in seconds.
    """
    if not isinstance(updated_at, str):
        return None
    second, text = _second(updated_at[:19])
    return text if time.time() > second + 1 + longest + SLACK else None


def http_date(text: str) -> datetime | None:
    """The date of a header, or None for what is none: such a header is ignored (RFC 9110, section 13.1.4)."""
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
