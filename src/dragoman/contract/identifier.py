"""Resource ids: a prefix that says what it is, and 128 bits that order by time of creation.

``cus_06bx4y3z…``: 48 bits of milliseconds and 80 random bits (ULID's layout), in 26 characters of Crockford's
base 32 in lower case, so that ids sort as text. Within one millisecond a process counts on from the last id
by a random step, so that its ids never go backwards and cannot be guessed from one another.
"""

from __future__ import annotations

import secrets
import time
from typing import Final

ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH: Final = 26
COUNTED_SECONDS: Final = 0.01

_PAIRS: Final = tuple(high + low for high in ALPHABET for low in ALPHABET)
_last = 0


def _next_number() -> int:
    global _last
    number = (time.time_ns() // 1_000_000) << 80
    if number > _last:
        number |= secrets.randbits(79)
    else:
        number = _last + 1 + secrets.randbits(40)
    _last = number
    return number


def encode(number: int) -> str:
    """128 bits as 26 characters that sort as the numbers do."""
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in range(120, -1, -10)])


class IdFactory:
    """Makes the ids of one resource: called without arguments, gives a new id."""

    __slots__ = ("_start", "prefix")

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self._start = prefix + "_"

    def __call__(self) -> str:
        return self._start + encode(_next_number())

    def accepts(self, text: str) -> bool:
        """Whether the text has the form of such an id."""
        return (
            len(text) == len(self._start) + LENGTH
            and text.startswith(self._start)
            and all(character in ALPHABET for character in text[len(self._start) :])
        )


class CountedIds:
    """Ids of what happens by the thousand, such as requests: made like the others once in COUNTED_SECONDS, and counted
    on from there. They order by time as finely as that, and can be guessed from one another.
    """

    __slots__ = ("_low", "_prefix", "_since", "_start")

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix + "_"
        self._start = ""
        self._low = 0
        self._since = -1.0

    def __call__(self, now: float) -> str:
        """The next id; ``now`` is in seconds on a clock that does not go back."""
        low = self._low + 1
        if now - self._since > COUNTED_SECONDS or low >= 1 << 20:
            text = encode(_next_number())
            self._start, self._since = self._prefix + text[:-4], now
            low = ALPHABET.index(text[-4]) & 15  # room to count
        self._low = low
        return self._start + _PAIRS[low >> 10] + _PAIRS[low & 1023]
