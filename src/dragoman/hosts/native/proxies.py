"""Proxies whose word on the client is taken: ``Forwarded`` (RFC 7239), ``X-Forwarded-For`` and ``-Proto``."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

_FOR: Final = re.compile(r"(?:^|;)\s*for=(?:\"([^\"]*)\"|([^;,\s]*))", re.IGNORECASE)

_PROTO: Final = re.compile(r"(?:^|;)\s*proto=\"?(https?)\"?\s*(?:;|$)", re.IGNORECASE)
_SCHEMES: Final = ("http", "https")


class Proxies:
    """Addresses and networks of proxies. Raises ValueError for a text that is neither."""

    def __init__(self, trusted: Iterable[str]) -> None:
        self._networks = tuple(ipaddress.ip_network(each.strip(), strict=False) for each in trusted)
        self._trusts = lru_cache(maxsize=1024)(self._is_trusted)

    def peer(self, peer: str, headers: Mapping[str, str]) -> str:
        """The client's address: the last one that no trusted proxy vouches for. A peer that is no trusted proxy is the
        client, whatever it says.
        """
        if not self._trusts(peer):
            return peer
        for each in reversed(_chain(headers)):
            address = _address(each)
            if address is None:
                return peer
            peer = address
            if not self._trusts(address):
                return peer
        return peer

    def scheme(self, peer: str, headers: Mapping[str, str]) -> str | None:
        """The scheme that the client used, as the nearest proxy tells it; None where no trusted one does. (Those behind
        it may have been told by anybody.)
        """
        if not self._trusts(peer):
            return None
        forwarded = headers.get("forwarded")
        if forwarded is not None:
            found = _PROTO.search(forwarded.rpartition(",")[2])
            return found[1].lower() if found else None
        told = headers.get("x-forwarded-proto", "").rpartition(",")[2].strip().lower()
        return told if told in _SCHEMES else None

    def _is_trusted(self, text: str) -> bool:
        if not text:  # a Unix socket: whoever may open it is on this machine
            return True
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return False
        return any(address in each for each in self._networks)


def _chain(headers: Mapping[str, str]) -> list[str]:
    """The addresses that were forwarded, the nearest last."""
    forwarded = headers.get("forwarded")
    if forwarded is not None:
        return [(found[1] or found[2] or "") if (found := _FOR.search(each)) else "" for each in forwarded.split(",")]
    listed = headers.get("x-forwarded-for")
    return listed.split(",") if listed else []


def _address(text: str) -> str | None:
    """The address in a node's name, which may have a port; None where there is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None
