"""``Request-Timeout``: how long the caller waits for the answer, in seconds, decimals allowed.

The name and the unit are those of draft-thomson-hybi-http-timeout, which also lets proxies lower the value on the way.
Other names in use say the same for one vendor (``X-Server-Timeout``), or leave it open whether they count seconds or
milliseconds (``X-Request-Timeout``); and new headers begin with ``X-`` no more (RFC 6648).
"""

from __future__ import annotations

import re
from typing import Final

from dragoman.contract.fault import Malformed

HEADER: Final = "request-timeout"
_FORM: Final = re.compile(r"(?=.{1,400}$)[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")
"""A number as JSON has it, so that any client's way of writing one will do."""


def seconds(text: str) -> float:
    """The time that the header gives. Raises Malformed."""
    found = float(text) if _FORM.fullmatch(text) else 0.0
    if found <= 0:
        raise Malformed(
            f"the header Request-Timeout is {text[:40]!r}, and not a time in seconds above 0, such as 2.5; "
            "correct it, or leave it out"
        )
    return found
