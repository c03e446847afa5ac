"""What a REST surface is, as an OpenAPI 3.1 document."""

from .document import Document

__all__ = ["Document"]
