"""How a server behaves that is told on the command line, and not in the application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .tls import TlsFiles

GRACE_MOST: Final = 15.0
"""With what follows it, the whole end stays below 30 seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What each process of a server is told.

    ``grace`` is how many seconds it goes on accepting after SIGTERM, while ``/readyz`` says that it is not ready: load
    balancers take that time to notice. ``proxies`` are the networks whose word on the client is taken.
    """

    grace: float = 0.0
    proxies: tuple[str, ...] = ()
    tls: TlsFiles | None = None
