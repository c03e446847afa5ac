"""Clients of a contract: typed by its handles, over each style that is called, without generated code."""

from .client import AsyncClient, Client
from .options import Options
from .remotes import AsyncRemote, Remote
from .retries import Retries
from .streams import AsyncStream, Stream
from .ways.spoken import Page

__all__ = ["AsyncClient", "AsyncRemote", "AsyncStream", "Client", "Options", "Page", "Remote", "Retries", "Stream"]
