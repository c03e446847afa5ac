"""How long the caller waits, in each protocol's own header."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from dragoman.contract.fault import Malformed

_UNITS: Final = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}
_CONNECT: Final = re.compile(r"[0-9]{1,10}", re.ASCII)


def grpc_timeout(headers: Mapping[str, str]) -> float | None:
    """``grpc-timeout`` in seconds; None without. Raises Malformed."""
    given = headers.get("grpc-timeout")
    if given is None:
        return None
    number, unit = given[:-1], _UNITS.get(given[-1:])
    if unit is None or len(number) > 8 or not (number.isascii() and number.isdigit()):
        raise Malformed(f"the header grpc-timeout is {given[:20]!r}, and not a time such as 250m")
    return int(number) * unit


def connect_timeout(headers: Mapping[str, str]) -> float | None:
    """``connect-timeout-ms`` in seconds; None without. Raises Malformed."""
    given = headers.get("connect-timeout-ms")
    if given is None:
        return None
    if _CONNECT.fullmatch(given) is None:
        raise Malformed(f"the header Connect-Timeout-Ms is {given[:20]!r}, and not a whole number of milliseconds")
    return int(given) / 1000
