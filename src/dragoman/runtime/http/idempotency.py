"""``Idempotency-Key`` (draft-ietf-httpapi-idempotency-key-header): a key for a call, by which repetitions are known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from dragoman.contract.fault import Malformed
from dragoman.ports.wire import Header

HEADER: Final = "Idempotency-Key"
REPLAYED: Final[Header] = (b"idempotency-replayed", b"true")
"""On answers that were given before."""

LONGEST: Final = 255

STRING: Final = rf'"(?:[ !#-\[\]-~]|\\["\\]){{1,{LONGEST}}}"'
"""A string of structured fields (RFC 9651, section 3.3.3). Parameters behind it are not known here."""
BARE: Final = rf"[!#-+\--:<-~]{{1,{LONGEST}}}"
"""The key without quotes, as Stripe's clients send it: visible ASCII but for quotes, commas and semicolons."""

_NAME: Final = HEADER.lower()
_STRING: Final = re.compile(STRING)
_BARE: Final = re.compile(BARE)


def idempotency_key(headers: Mapping[str, str]) -> str | None:
    """The key of a request; None without one. Raises Malformed."""
    given = headers.get(_NAME)
    if given is None:
        return None
    text = given.strip(" ")
    if _STRING.fullmatch(text) is not None:
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    if _BARE.fullmatch(text) is not None:
        return text
    raise Malformed(
        f"the header {HEADER} is not one key of 1 to {LONGEST} characters of ASCII; "
        'send one, such as "8e03978e-40d5", in quotes if it has spaces, commas or semicolons'
    )
