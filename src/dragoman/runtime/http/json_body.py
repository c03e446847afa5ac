"""JSON bodies: which media types are read as such."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from dragoman.contract.fault import InvalidArgument, Violation
from dragoman.ports.wire import Header

from .problem import UnsupportedMediaType

JSON: Final = "application/json"
MERGE_PATCH: Final = "application/merge-patch+json"
JSON_HEADER: Final = (b"content-type", b"application/json")


_PARAMETER: Final = re.compile(
    r""";[ \t]*(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<token>[^";]*))"""
)
"""A parameter of a media type (RFC 9110, section 5.6.6)."""


def require_json(headers: Mapping[str, str], *allowed: str) -> None:
    """Refuse a body of another type than those, and one that is compressed; a body without a type is taken for JSON.
    Raises UnsupportedMediaType.
    """
    coding = headers.get("content-encoding")
    if coding is not None and coding.strip().lower() not in ("", "identity"):
        raise UnsupportedMediaType(
            f"a body with Content-Encoding {coding[:60]!r} is not read here, nor any other coding; send it as it is",
            (b"accept-encoding", b"identity"),
        )
    given = headers.get("content-type")
    if given is None or given in allowed:
        return
    media, _, parameters = given.partition(";")
    if media.strip().lower() not in allowed:
        raise UnsupportedMediaType(
            f"a body of type {media.strip()[:60]!r} is not read here; send {' or '.join(allowed)}", _read(allowed)
        )
    for each in _PARAMETER.finditer(f";{parameters}"):
        charset = each["token"].strip() if each["quoted"] is None else each["quoted"]
        if each["name"].lower() == "charset" and charset.lower() not in ("utf-8", "utf8", "us-ascii"):
            raise UnsupportedMediaType(
                f"JSON is UTF-8 (RFC 8259, section 8.1), and the charset given is {charset[:30]!r}",
                _read(allowed),
            )


def _read(allowed: tuple[str, ...]) -> Header:
    """What is read, as 415 tells it: of a PATCH in a header of its own (RFC 5789, section 2.2; RFC 9110, 12.5.1)."""
    return b"accept-patch" if MERGE_PATCH in allowed else b"accept", ", ".join(allowed).encode()


def takes_no_input() -> InvalidArgument:
    """The refusal of a body where an operation has no input."""
    violation = Violation((), "must be absent, or an empty object", "unexpected")
    return InvalidArgument("this operation takes no input; send no body, or an empty object", violations=[violation])
