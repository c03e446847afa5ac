"""The review in a terminal."""

from .look import Look
from .writing import write

__all__ = ["Look", "write"]
