"""Files of protocol buffers: ``.proto`` through protoc, and descriptor sets. Each package is a reading of its own."""

from .reader import read

__all__ = ["read"]
