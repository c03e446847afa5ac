"""The documentation page of a REST surface."""

from .page import PATH, Docs

__all__ = ["PATH", "Docs"]
