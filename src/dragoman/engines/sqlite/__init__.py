"""State in one SQLite file: reads in the event loop, writes through one committer, any number of processes."""

from .store import SqliteStore

__all__ = ["SqliteStore"]
