"""The application as ASGI 3, for uvicorn, granian, hypercorn, and inside other ASGI applications."""

from .host import AsgiHost

__all__ = ["AsgiHost"]
