"""What a caller accepts: media types and content codings (RFC 9110, section 12.5).

A surface has one media type for each answer, so that ``Accept`` chooses nothing: it can only refuse. Some clients write
it wrongly (``*; q=.2``), and a server may disregard it altogether (section 12.5.1): members that cannot be read are
passed over, and a header of nothing else counts as absent. Parameters of media ranges other than ``q`` are not looked
at, since no answer differs by them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

REMEMBERED: Final = 256
"""The longest header, in characters, that is remembered: what a client sends must not fill the memory."""

_TOKEN: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_RANGE: Final = re.compile(rf"({_TOKEN})/({_TOKEN})|\*")
_CODING: Final = re.compile(_TOKEN)
_WEIGHT: Final = re.compile(r";[ \t]*[qQ]=([^;]*)")
_QUALITY: Final = re.compile(r"0?\.\d{1,3}|0\.?|1(?:\.0{0,3})?")
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?')
"""A quoted string. One that is not closed goes to the end: it is passed over once, not from each quote in it again."""


def accepts(accept: str, media: str) -> bool:
    """Whether ``Accept`` admits an answer of that media type. The most specific range decides."""
    return _accepts(accept, media) if len(accept) <= REMEMBERED else _accepts.__wrapped__(accept, media)


@lru_cache(maxsize=1024)
def _accepts(accept: str, media: str) -> bool:
    media = media.partition(";")[0]
    kind = media.partition("/")[0]
    found: dict[str, float] = {}
    for name, quality in _members(accept, _RANGE):
        found[name] = max(quality, found.get(name, 0.0))
    if not found:
        return True
    for name in (media, f"{kind}/*", "*/*", "*"):
        if name in found:
            return found[name] > 0
    return False


class Codings:
    """What ``Accept-Encoding`` says of gzip. ``gzip``: whether it may be used; ``identity``: whether the plain body may
    be sent, which is so unless it is ruled out by name.
    """

    __slots__ = ("gzip", "identity")

    def __init__(self, gzip: bool, identity: bool) -> None:
        self.gzip = gzip
        self.identity = identity


def codings(accept_encoding: str) -> Codings:
    """What the header allows. gzip is used where it is liked no less than the plain body."""
    if len(accept_encoding) <= REMEMBERED:
        return _codings(accept_encoding)
    return _codings.__wrapped__(accept_encoding)


@lru_cache(maxsize=1024)
def _codings(accept_encoding: str) -> Codings:
    found = dict(_members(accept_encoding, _CODING))
    others = found.get("*", 0.0)
    gzip = max(found.get("gzip", 0.0), found.get("x-gzip", 0.0)) if found.keys() & {"gzip", "x-gzip"} else others
    plain = found.get("identity", found.get("*"))
    return Codings(gzip > 0 and gzip >= found.get("identity", 0.0), plain is None or plain > 0)


def _members(header: str, form: re.Pattern[str]) -> list[tuple[str, float]]:
    """The members of a list with their weights, in lower case; those that cannot be read are left out."""
    members = []
    for member in _QUOTED.sub('""', header).split(","):
        name, semicolon, parameters = member.strip().partition(";")
        weight = _WEIGHT.search(semicolon + parameters)
        text = "1" if weight is None else weight[1].strip()
        name = name.strip().lower()
        if form.fullmatch(name) and _QUALITY.fullmatch(text):
            members.append((name, float(text)))
    return members
