"""What a benchmark can be told."""

from __future__ import annotations

import argparse
from pathlib import Path

from .page import RESULTS


def parse(target: str, description: str | None) -> argparse.Namespace:
    """What it was told: ``rounds``, ``seconds`` and ``output``."""
    parser = argparse.ArgumentParser(prog=f"make {target} ARGS=", description=description)
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    parser.add_argument("--seconds", type=float, default=1.0, help="of each side in each round; default: %(default)s")
    parser.add_argument("--output", type=Path, default=RESULTS, help="default: bench/RESULTS.md")
    options = parser.parse_args()
    if options.seconds < 0.3:
        parser.error("--seconds has to be at least 0.3: the system counts CPU time in hundredths of a second")
    return options
