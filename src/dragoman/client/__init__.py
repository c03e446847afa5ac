"""Clients of a contract: typed by its handles, over each style that is called, without generated code."""

from .client import AsyncClient, AsyncRemote, AsyncStream, Client, Remote, Stream
from .options import Options
from .retries import Retries
from .ways.spoken import Page

__all__ = ["AsyncClient", "AsyncRemote", "AsyncStream", "Client", "Options", "Page", "Remote", "Retries", "Stream"]
