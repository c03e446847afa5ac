"""Where a caller says, or sees, which version of an API it speaks to."""

from __future__ import annotations

import enum
import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

from dragoman.review.english import vocabulary
from dragoman.review.reading.outcome import Reading
from dragoman.review.wire import Http, Procedure, Wire

from .call import Call, parameters
from .path import VERSION, segments, version_of
from .wording import bare


class Place(enum.StrEnum):
    """Where the version stands."""

    PATH = "the path"
    HOST = "the host"
    HEADER = "a header"
    QUERY = "the query"
    MEDIA = "the media type"
    PACKAGE = "the package"


_NAMES: Final = vocabulary("version apiversion acceptversion xapiversion v ver apiver")
_MEDIA: Final = re.compile(r"[.+/;-]\s*v(?:ersion)?=?\d", re.IGNORECASE)
_PACKAGE: Final = re.compile(r"v\d+[a-z0-9]*", re.IGNORECASE)
_HEADER: Final = re.compile(r"^(?:x-|accept-)?(?:[a-z]+-)*(?:api-)?version(?:-id)?$", re.IGNORECASE)


def place(call: Call[Wire]) -> Place | None:
    """Where the version of this operation stands; None where its callers see none."""
    match call.wire:
        case Procedure(package=package):
            return Place.PACKAGE if package_version(package) is not None else None
        case Http() as http:
            if version_of(http.path) is not None:
                return Place.PATH
            return in_parameters(call) or in_servers(call.reading) or _in_media(http)
        case _:
            return None


def in_parameters(call: Call[Wire]) -> Place | None:
    """A header or a parameter of the query that is a version."""
    for each in parameters(call, "header", "query"):
        if each.place == "header" and _HEADER.match(each.name):
            return Place.HEADER
        if each.place == "query" and bare(each.name) in _NAMES:
            return Place.QUERY
    return None


def in_servers(reading: Reading) -> Place | None:
    """A version in the addresses of the servers."""
    for each in reading.about.servers:
        host, _, path = each.partition("//")[2].partition("/") if "//" in each else ("", "", each)
        if any(
            VERSION.fullmatch(part) or re.search(r"\{\w*version\w*\}", part, re.IGNORECASE) for part in segments(path)
        ):
            return Place.PATH
        if any(VERSION.fullmatch(part) for part in re.split(r"[.-]", host.partition(":")[0])):
            return Place.HOST
    return None


def _in_media(http: Http) -> Place | None:
    types = (*http.media, *(media for answer in http.answers for media in answer.media))
    return Place.MEDIA if any(_MEDIA.search(each) for each in types) else None


def package_version(package: str) -> str | None:
    """The last part of a package that is a version (AIP-215): ``fraud.v1``, ``fraud.v1beta1.types``."""
    return next((each for each in reversed(package.split(".")) if _PACKAGE.fullmatch(each)), None)


def usual(calls: Iterable[Call[Wire]]) -> Counter[Place | None]:
    """How often each place is used."""
    return Counter(place(each) for each in calls)
