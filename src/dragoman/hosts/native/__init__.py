"""The native host: HTTP/1.1 and HTTP/2 in the event loop's own callbacks, without a hop between a byte and its call."""

from .server import Server

__all__ = ["Server"]
