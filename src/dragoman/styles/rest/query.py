"""Query strings: what a caller asks of a list, and the input of a safe operation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_plus

from dragoman.contract.fault import Malformed, Violation
from dragoman.ports.style import LIST_PARAMETERS, ListRequest, Reading
from dragoman.runtime.codec import invalid

MAX_PARAMETERS: Final = 100
REMEMBERED: Final = 256
"""The longest query, in characters, whose meaning is remembered: what a client sends must not fill the memory."""
SEVERAL: Final = ("ids", "expand", "fields")
"""Parameters whose values stand between commas, or are repeated."""
_READING: Final = ("expand", "fields")
_WHOLE: Final = "is no parameter of this surface, whose answers are always whole; leave it out"
_INTEGER: Final = re.compile(r"(-?)0*([0-9]+)", re.ASCII)
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


def decode(text: str) -> str:
    """Percent-decode, strictly. Raises Malformed for a broken escape and for what is not UTF-8."""
    if _BAD_ESCAPE.search(text):
        raise Malformed(f"{text[:40]!r} holds a % that is not followed by two hexadecimal digits; write % as %25")
    try:
        return unquote_plus(text, errors="strict")
    except UnicodeDecodeError:
        raise Malformed(f"{text[:40]!r} is not UTF-8 once its %-escapes are decoded") from None


def parameters(query: str) -> list[tuple[str, str]]:
    """The parameters in order. Raises Malformed."""
    if not query:
        return []
    parts = [part for part in query.split("&") if part]
    if len(parts) > MAX_PARAMETERS:
        raise Malformed(f"the query has {len(parts)} parameters; at most {MAX_PARAMETERS} are read")
    split = (part.partition("=") for part in parts)
    return [(decode(name), decode(value)) for name, _, value in split]


def reading(query: str, *, partial: bool) -> Reading:
    """What is asked of a get; ``partial`` where answers may be of some fields only."""
    several: dict[str, tuple[str, ...]] = {}
    violations: list[Violation] = []
    for name, value in parameters(query):
        if name in _READING:
            several[name] = (*several.get(name, ()), *value.split(","))
        else:
            violations.append(Violation((name,), "is not a parameter here", "unknown_parameter"))
    return _reading(several, violations, partial=partial) or Reading(violations=tuple(violations))


def _reading(several: Mapping[str, tuple[str, ...]], violations: list[Violation], *, partial: bool) -> Reading | None:
    fields = several.get("fields")
    if fields is not None and not partial:
        violations.append(Violation(("fields",), _WHOLE, "unknown_parameter"))
        fields = None
    expand = several.get("expand", ())
    return None if fields is None and not expand else Reading(fields, expand, tuple(violations))


def list_request(query: str, parent: tuple[str, str] | None, *, partial: bool) -> ListRequest:
    """What is asked of a list. Names of filters are checked by the list; here are those that every list has.

    The values of a filter by ``in``, ids, fields and references stand between commas, encoded or not, for many clients
    encode them; so no value can hold one. If they are repeated, all their values are meant; any other repetition is
    refused.
    """
    if not query:
        return ListRequest(parent=parent)
    return (_read if len(query) <= REMEMBERED else _read.__wrapped__)(query, parent, partial)


@lru_cache(maxsize=1024)
def _read(query: str, parent: tuple[str, str] | None, partial: bool) -> ListRequest:
    found: dict[str, str] = {}
    several: dict[str, tuple[str, ...]] = {}
    filters: dict[tuple[str, str], str | tuple[str, ...]] = {}
    violations: list[Violation] = []
    for name, value in parameters(query):
        field, _, word = name.partition(".")
        key = (field, word or "eq")
        if name in SEVERAL:
            several[name] = (*several.get(name, ()), *value.split(","))
        elif word == "in":
            filters[key] = (*filters.get(key, ()), *value.split(","))
        elif name in found if name in LIST_PARAMETERS else key in filters:
            violations.append(Violation((name,), "is given twice", "repeated"))
        elif name in LIST_PARAMETERS:
            found[name] = value
        else:
            filters[key] = value
    return ListRequest(
        tuple((field, word, value) for (field, word), value in filters.items()),
        found.get("order_by", ""),
        _page_size(found.get("page_size"), violations),
        found.get("page_token", ""),
        parent,
        several.get("ids"),
        _flag("count", found.get("count"), violations),
        _reading(several, violations, partial=partial),
        tuple(violations),
    )


def _page_size(text: str | None, violations: list[Violation]) -> int | None:
    if text is None:
        return None
    digits = _INTEGER.fullmatch(text)
    if digits is None:
        violations.append(Violation(("page_size",), f"must be an integer, got {text[:20]!r}", "type"))
        return None
    # However many there are: what is too large is taken for the largest page, and its first digits say that it is.
    return int(f"{digits[1]}{digits[2][:20]}")


def _flag(name: str, text: str | None, violations: list[Violation]) -> bool:
    if text not in (None, "true", "false"):
        violations.append(Violation((name,), f"must be true or false, got {text[:20]!r}", "type"))
    return text == "true"


def arguments(query: str, lists: Sequence[str]) -> dict[str, str | list[str]]:
    """The input of a safe operation: a value for each name; for names in ``lists``, the value of every repetition.
    Raises InvalidArgument for another name that is repeated.
    """
    found: dict[str, str | list[str]] = {}
    violations: list[Violation] = []
    for name, value in parameters(query):
        if name in lists:
            several = found.setdefault(name, [])
            assert isinstance(several, list)
            several.append(value)
        elif name in found:
            violations.append(Violation((name,), "is given twice", "repeated"))
        else:
            found[name] = value
    if violations:
        raise invalid(violations)
    return found
