"""JSON text that may be anything: parsed, or refused with the position where it went wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from dragoman.contract.fault import Malformed, Violation
from dragoman.contract.schema import MAX_NESTING, Kind, List, Map, Nullable, Record, Scalar, Type, Types, Union

from .scalar_values import short

REFUSALS: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError)
"""What msgspec raises for a body that is no value of the type."""

# A string without its end runs to the end: looking for brackets in it again would take quadratic time.
_BRACKETS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_POSITION = re.compile(r" \(byte (\d+)\)$")
_PAIR = rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_SURROGATE = re.compile(rb"%s|\\(?:u(?P<lone>[dD][89a-fA-F][0-9a-fA-F]{2})|.)" % _PAIR, re.DOTALL)


def parse(body: bytes) -> Any:
    """The value of a JSON text. Raises Malformed."""
    check_nesting(body)
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise malformed(body, error) from None


def malformed(body: bytes, error: Exception) -> Malformed:
    """The fault for a body that is not JSON."""
    if not body.strip():
        return Malformed("the body is empty: send a JSON value")
    try:
        body.decode()
    except UnicodeDecodeError as wrong:
        return Malformed(f"the body is not valid UTF-8 at byte {wrong.start}")
    if isinstance(error, RecursionError):
        return _too_deep()
    text = str(error)
    if ("truncated" in text or "surrogate" in text) and (lone := _lone_surrogate(body)):
        return Malformed(f"the body holds half of a surrogate pair, {lone[0].decode()}, at byte {lone.start()}")
    if "truncated" in text:
        return Malformed(f"the body is not valid JSON: it ends too early, after byte {len(body)}")
    position = _POSITION.search(text)
    detail = text.removeprefix("JSON is malformed: ")
    if position is None:
        return Malformed(f"the body is not valid JSON: {detail}")
    return Malformed(f"the body is not valid JSON: {detail[: detail.index(' (byte')]} at byte {position[1]}")


def _lone_surrogate(body: bytes) -> re.Match[bytes] | None:
    """The first escape that is one half of a pair, and stands without the other. Escapes are in strings alone."""
    return next((each for each in _SURROGATE.finditer(body) if each["lone"]), None)


def _too_deep() -> Malformed:
    return Malformed(f"the body nests arrays and objects deeper than {MAX_NESTING} levels")


def check_nesting(body: bytes) -> None:
    """Refuse what nests too deeply, before anything recurses over it. Raises Malformed."""
    if body.count(b"[") + body.count(b"{") <= MAX_NESTING:
        return
    depth = 0
    for match in _BRACKETS.finditer(body):
        first = match[0]
        if first in b"[{":
            depth += 1
            if depth > MAX_NESTING:
                raise _too_deep()
        elif first in b"]}":
            depth -= 1


def nests_freely(types: Types, type_: Type) -> bool:
    """Whether values of the type can nest without an end: it contains itself, or any JSON."""

    above: set[int] = set()
    bounded: set[int] = set()

    def visit(each: Type) -> bool:
        each = types.resolve(each)
        if id(each) in above or each == Scalar(Kind.ANY):
            return True
        if id(each) in bounded:
            return False
        above.add(id(each))
        free = any(visit(part) for part in parts(each))
        above.discard(id(each))
        bounded.add(id(each))
        return free

    return visit(type_)


def parts(type_: Type) -> Iterable[Type]:
    """The types directly inside a type."""
    match type_:
        case Nullable():
            return (type_.of,)
        case List():
            return (type_.item,)
        case Map():
            return (type_.value,)
        case Union():
            return [each.type for each in type_.variants]
        case Record():
            return [each.type for each in type_.fields]
        case _:
            return ()


def repeated_names(body: bytes) -> list[Violation]:
    """Names that stand twice in one object, which no reader is bound to take the same way. Paths are not known."""
    found: dict[str, Violation] = {}

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for name, value in items:
            if name in seen:
                found[name] = Violation((short(name),), "is given twice in one object", "duplicate")
            seen[name] = value
        return seen

    try:
        json.loads(body, object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        return []
    return list(found.values())
