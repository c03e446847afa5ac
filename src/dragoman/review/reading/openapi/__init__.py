"""Reads OpenAPI: Swagger 2.0, and OpenAPI 3.0, 3.1 and 3.2."""

from .document import read

__all__ = ["read"]
