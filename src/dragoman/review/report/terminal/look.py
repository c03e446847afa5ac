"""How much of a review a terminal shows, how wide, and whether in colour."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TextIO

from dragoman.review.misfits.finding import Severity
from dragoman.review.verdict.verdict import Confidence, Decision

NARROWEST: Final = 80
WIDEST: Final = 200

DECISIONS: Final = {
    Decision.KEEP: "green",
    Decision.MEND: "yellow",
    Decision.MOVE: "magenta",
    Decision.CHOOSE: "cyan",
    Decision.ASK: "bright_black",
}
SEVERITIES: Final = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.HINT: "blue"}
CONFIDENCES: Final = {Confidence.HIGH: "●●●", Confidence.MEDIUM: "●●○", Confidence.LOW: "●○○"}


@dataclass(frozen=True, slots=True)
class Look:
    """``width`` is in columns. ``everything`` shows long lists whole; ``verbose`` also what contracts cannot hold."""

    width: int = 100
    colour: bool = False
    everything: bool = False
    verbose: bool = False

    @classmethod
    def of(cls, stream: TextIO, environ: Mapping[str, str] | None = None, **more: Any) -> Look:
        """What suits a stream: colour only in a terminal that is not told otherwise (https://no-color.org); the width
        of the terminal, from 80 to 200, and 100 where the output is piped.
        """
        known = os.environ if environ is None else environ
        terminal = stream.isatty()
        colour = terminal and not known.get("NO_COLOR") and known.get("TERM") != "dumb"
        columns = _columns(known, terminal)
        return cls(max(NARROWEST, min(WIDEST, columns)), colour, **more)

    def few(self, number: int) -> int | None:
        """How many of a list are shown; None: all."""
        return None if self.everything else number


def _columns(environ: Mapping[str, str], terminal: bool) -> int:
    told = environ.get("COLUMNS", "")
    if told.isdecimal() and len(told) < 6 and int(told):
        return int(told)
    return shutil.get_terminal_size().columns if terminal else 100
