"""The REST style."""

from .rest import Rest, rest

__all__ = ["Rest", "rest"]
