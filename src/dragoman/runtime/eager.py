"""Tasks that begin at once."""

from __future__ import annotations

import sys
from typing import Any, Final

AT_ONCE: Final[dict[str, Any]] = {"eager_start": True} if sys.version_info >= (3, 12) else {}
"""A task runs at once, until it first waits; before Python 3.12 it runs in the loop's next turn."""
