"""Which POST creates a thing: one whose answer is a thing that can be read (RFC 9110, 9.3.3; AIP-133).

Many interfaces post to a noun and get a result, as ``POST /payments/details`` does. That is a call, whatever it is
called.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from typing import Final

from dragoman.contract.schema import Record, Type, Types
from dragoman.review.english import words as split
from dragoman.review.wire import Http

from .types import resolved

_WRAPPERS: Final = frozenset({"data", "result", "item", "resource"})
_READ: Final = frozenset({"GET", "HEAD"})


def addresses(served: Iterable[Http]) -> frozenset[str]:
    """The paths that can be read, whatever their variables are called."""
    return frozenset(_shape(each.path) for each in served if each.method in _READ)


def creates(http: Http, noun: str, output: Type | None, types: Types, read: Container[str]) -> bool:
    """Whether what is posted becomes a thing: its collection or its items can be read, or its answer says where it is
    (201, ``Location``) or which it is (an id).
    """
    path = _shape(http.path)
    if path in read or f"{path}/{{}}" in read:
        return True
    succeeding = [each for each in http.answers if each.succeeds]
    if any(each.status == "201" or "location" in map(str.lower, each.headers) for each in succeeding):
        return True
    return any(_has_id(type_, noun, types) for type_ in (output, *(each.type for each in succeeding)))


def _shape(path: str) -> str:
    """The path with its variables as ``{}``, and without what an end of it adds (``.json``, a slash)."""
    return re.sub(r"\.(json|xml)$", "", re.sub(r"\{[^{}]*\}", "{}", path.partition("?")[0]).rstrip("/"))


def _has_id(type_: Type | None, noun: str, types: Types, *, wrapped: bool = False) -> bool:
    """Whether it is a record with an id of its own, or one that holds such a record for this noun alone."""
    record = resolved(type_, types)
    if not isinstance(record, Record):
        return False
    own = ("id", "uuid", "uid", f"{noun}_id", f"{noun}_uuid")
    for each in record.fields:
        name = "_".join(split(each.name))
        if name in own:
            return True
        if not wrapped and (name == noun or name in _WRAPPERS) and _has_id(each.type, noun, types, wrapped=True):
            return True
    return False
