"""What can be said of a single call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from dragoman.contract.context import Context

from .retries import Retries


class Options(TypedDict, total=False):
    """Of one call, or of all calls of a client that :meth:`~dragoman.Client.using` gives."""

    timeout: float | None
    """How long it may take with all its attempts, in seconds; None for as long as it takes."""
    within: Context
    """The context of a handler that makes the call: no more time is taken than that has left."""
    key: str | None
    """The idempotency key, where it is not to be made up: the caller's own order number; None for none."""
    retries: Retries
    """When it is tried again; the budget stays the client's."""
    headers: Mapping[str, str]
    """Headers, or metadata, to send beside the client's."""
