"""The review as one HTML page that needs nothing beside it."""

from .writing import write

__all__ = ["write"]
