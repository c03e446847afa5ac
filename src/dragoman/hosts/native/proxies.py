"""Proxies whose word on the client is taken: ``Forwarded`` (RFC 7239), ``X-Forwarded-For`` and ``-Proto``."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

_PAIR: Final = re.compile(r"\s*([a-z0-9-]+)=(?:\"((?:[^\"\\]|\\.)*)\"|([^\";\s]*))\s*(?:;|$)", re.IGNORECASE)
"""A pair of ``Forwarded``. What is quoted may be the client's, as Host is, and hold what looks like another pair."""

_SCHEMES: Final = ("http", "https")


class Proxies:
    """Addresses and networks of proxies. Raises ValueError for a text that is neither.

    A proxy writes ``Forwarded`` or the headers with X, and may pass on the others as its client sent them. So where
    both are there and say different things, neither is believed.
    """

    def __init__(self, trusted: Iterable[str]) -> None:
        self._networks = tuple(ipaddress.ip_network(each.strip(), strict=False) for each in trusted)
        self._trusts = lru_cache(maxsize=1024)(self._is_trusted)

    def peer(self, peer: str, headers: Mapping[str, str]) -> str:
        """The client's address: the last one that no trusted proxy vouches for. A peer that is no trusted proxy is the
        client, whatever it says.
        """
        if not self._trusts(peer):
            return peer
        told = {self._client(peer, chain) for chain in _chains(headers)}
        return told.pop() if len(told) == 1 else peer

    def _client(self, peer: str, chain: list[str]) -> str:
        for each in reversed(chain):
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
        told: set[str | None] = set()
        forwarded, listed = headers.get("forwarded"), headers.get("x-forwarded-proto")
        if forwarded is not None:
            said = _pairs(forwarded.rpartition(",")[2]).get("proto", "").lower()
            told.add(said if said in _SCHEMES else None)
        if listed is not None:
            last = listed.rpartition(",")[2].strip().lower()
            told.add(last if last in _SCHEMES else None)
        return told.pop() if len(told) == 1 else None

    def _is_trusted(self, text: str) -> bool:
        if not text:  # a Unix socket: whoever may open it is on this machine
            return True
        address = _address_of(text.partition("%")[0])
        return address is not None and any(address in each for each in self._networks)


def _chains(headers: Mapping[str, str]) -> list[list[str]]:
    """The addresses that were forwarded, the nearest last: as each header tells them that there is."""
    chains = []
    forwarded, listed = headers.get("forwarded"), headers.get("x-forwarded-for")
    if forwarded is not None:
        chains.append([_pairs(each).get("for", "") for each in forwarded.split(",")])
    if listed is not None:
        chains.append(listed.split(","))
    return chains


def _pairs(element: str) -> dict[str, str]:
    """What one proxy wrote into ``Forwarded``, by name in lower case; nothing of what is malformed."""
    found: dict[str, str] = {}
    at = 0
    while at < len(element):
        pair = _PAIR.match(element, at)
        if pair is None or pair[1].lower() in found:
            return {}
        found[pair[1].lower()] = pair[2] or pair[3] or ""
        at = pair.end()
    return found


def _address(text: str) -> str | None:
    """The address in a node's name, which may have a port; None where there is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    address = None if "%" in text else _address_of(text)  # what stands behind a % may be any text
    return None if address is None else str(address)


def _address_of(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
