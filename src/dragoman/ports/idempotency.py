"""How a surface takes retries (the IETF's draft on the Idempotency-Key header field): what a developer states."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from dragoman.contract.declaration import DeclarationError
from dragoman.contract.operation import Effect, Interaction, Operation

DAY: Final = 86_400.0
LONGEST: Final = 366 * DAY


@dataclass(frozen=True, slots=True, init=False)
class Idempotency:
    """A call with a key is done once, and whoever repeats it gets the answer of the first time.

    ``required`` refuses unsafe calls without a key (400 on REST). ``retention`` is how long an answer is kept, in
    seconds or as a timedelta: a day, if nothing is said. A key may be used anew after that. Raises DeclarationError for
    a time below a second or beyond a year.
    """

    required: bool
    retention: float

    def __init__(self, *, required: bool = False, retention: float | timedelta = DAY) -> None:
        seconds = retention.total_seconds() if isinstance(retention, timedelta) else retention
        if not (isinstance(seconds, int | float) and 1 <= seconds <= LONGEST) or math.isnan(seconds):
            raise DeclarationError(
                "Idempotency",
                f"its retention {retention!r} is no time between a second and a year",
                "Write retention=timedelta(days=1)",
            )
        object.__setattr__(self, "required", required)
        object.__setattr__(self, "retention", float(seconds))

    def needs_key(self, operation: Operation) -> bool:
        """Whether calls of the operation are refused without a key. Streams take none."""
        required = self.required and operation.effect is Effect.UNSAFE
        return operation.external or (required and operation.interaction is Interaction.UNARY)
