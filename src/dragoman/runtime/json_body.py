"""JSON bodies: which media types are read as such."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dragoman.contract.fault import InvalidArgument, Violation

from .problem import UnsupportedMediaType

JSON: Final = "application/json"
MERGE_PATCH: Final = "application/merge-patch+json"
JSON_HEADER: Final = (b"content-type", b"application/json")


def require_json(headers: Mapping[str, str], *allowed: str) -> None:
    """Refuse a body of another type than those; a body without a type is taken for JSON. Raises
    UnsupportedMediaType.
    """
    given = headers.get("content-type")
    if given is None or given in allowed:
        return
    media, _, parameters = given.partition(";")
    if media.strip().lower() not in allowed:
        raise UnsupportedMediaType(
            f"a body of type {media.strip()[:60]!r} is not read here; send {' or '.join(allowed)}"
        )
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if parameters.strip().lower().startswith("charset=") and charset not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedMediaType(f"JSON is UTF-8 (RFC 8259, section 8.1), and the charset given is {charset[:30]!r}")


def takes_no_input() -> InvalidArgument:
    """The refusal of a body where an operation has no input."""
    violation = Violation((), "must be absent, or an empty object", "unexpected")
    return InvalidArgument("this operation takes no input; send no body, or an empty object", violations=[violation])
