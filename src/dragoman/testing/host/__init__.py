"""What any host must get right, as tests that anybody can run, with the extra ``kit``."""

import importlib
from typing import TYPE_CHECKING

import pytest

from dragoman.testing.target import TARGET

from .server import CommandHost, Host, Server

# Before they are imported, so that a failing assertion shows its values.
pytest.register_assert_rewrite(
    *(f"{__name__}.{each}" for each in ("answers", "calls", "life", "requests", "streams", "suite"))
)

if TYPE_CHECKING:
    from .suite import HostConformance
else:
    HostConformance = importlib.import_module(".suite", __name__).HostConformance

__all__ = ["TARGET", "CommandHost", "Host", "HostConformance", "Server"]
