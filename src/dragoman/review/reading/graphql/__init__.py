"""Schemas of GraphQL: SDL, in one file or several, and results of the introspection query."""

from .reader import read

__all__ = ["read"]
