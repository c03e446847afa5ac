"""Living beside what a team has already: other ASGI applications, mounted in ours."""

from .lifespan import Lifespan, Lifespans
from .mounting import mount

__all__ = ["Lifespan", "Lifespans", "mount"]
