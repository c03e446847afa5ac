"""AsyncAPI 2.0 to 2.6, and 3.0 and 3.1: messages are events, requests with a reply operations."""

from .document import read

__all__ = ["read"]
