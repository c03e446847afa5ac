"""What others test their work with.

:class:`Client` and :class:`AsyncClient` are for tests of an application (the extra ``testing``). For
whoever writes a style, a host or an exporter there are :mod:`dragoman.testing.contract`, which has every feature in it,
and :mod:`dragoman.testing.host`, what any host must get right (the extra ``kit``).
"""

try:
    import httpx as _httpx  # noqa: F401  (asked for here, to say what to install)
except ModuleNotFoundError:
    raise ModuleNotFoundError("dragoman.testing needs httpx; run pip install httpx", name="httpx") from None

from .client import AsyncClient, Client

__all__ = ["AsyncClient", "Client"]
