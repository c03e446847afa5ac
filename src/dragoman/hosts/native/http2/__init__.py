"""HTTP/2 on the native host (RFC 9113): the same callbacks of the event loop, and the same answers."""

from .connection import Http2Connection

__all__ = ["Http2Connection"]
