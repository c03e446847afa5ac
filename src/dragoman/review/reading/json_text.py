"""JSON (RFC 8259) as a tree. Places are found when they are asked for, so that reading costs nothing for them."""

from __future__ import annotations

import json
import re
from functools import cached_property
from typing import Any, Final, NoReturn

from dragoman.review.elements import Position

from .outcome import Refusal, Remark, Why
from .text import Lines
from .tree import MAX_VALUES, Pointer, Tree, check_nesting, too_deep, too_many

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_decode = json.JSONDecoder(strict=False).raw_decode


def read_json(text: str, file: str) -> Tree:
    """The tree of a text. Raises Refusal, with the line, for what is broken or beyond the bounds of :mod:`.tree`."""
    if sum(map(text.count, ",[{")) > MAX_VALUES:
        raise too_many(Position(file))
    twice: list[dict[str, Any]] = []
    value = _parsed(text, file, twice)
    check_nesting(value, Position(file))
    places = _Places(text, file)
    return Tree(file, value, places.locate, tuple(places.twice()) if twice else ())


def _parsed(text: str, file: str, twice: list[dict[str, Any]]) -> Any:
    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) != len(items):
            twice.append(found)
        return found

    try:
        return json.loads(text, object_pairs_hook=pairs, parse_constant=_not_json, strict=False)
    except json.JSONDecodeError as error:
        raise _broken(error, text, file) from None
    except RecursionError:
        raise too_deep(Position(file)) from None
    except ValueError as error:
        word = error.args[0] if isinstance(error, _NotJson) else ""
        message = f"{word} is no value of JSON" if word else "it holds a number of more than 4,300 digits"
        at = text.find(word) if word else 0
        raise Refusal(Why.UNREADABLE, Lines(text, file).at(at), message, "Write null, or a number") from None


class _NotJson(ValueError):
    """NaN, Infinity or -Infinity."""


def _not_json(word: str) -> NoReturn:
    raise _NotJson(word)


def _broken(error: json.JSONDecodeError, text: str, file: str) -> Refusal:
    position = Position(file, error.lineno, error.colno)
    if not text.strip():
        return Refusal(Why.UNREADABLE, position, "it is empty", "Write the document, or remove the file")
    rest = text[error.pos :].strip()
    if not rest or error.msg.startswith("Unterminated string"):
        return Refusal(Why.UNREADABLE, position, "the JSON ends in the middle of a value", "Look for its other half")
    said = error.msg[:1].lower() + error.msg[1:]
    near = rest[:20].split("\n")[0]
    message = f"the JSON is broken: {said}, in column {error.colno}, at {near!r}"
    return Refusal(Why.UNREADABLE, position, message, "Correct the line; a tool that formats JSON shows what is wrong")


class _Places:
    """Where values stand. The text is read again, one container at a time, and only those on the way to what is asked
    for; what lies beside the way is skipped by the decoder, which is fast.
    """

    def __init__(self, text: str, file: str) -> None:
        self._text = text
        self._file = file
        self._children: dict[int, dict[str | int, int]] = {}

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self._text, self._file)

    def locate(self, pointer: Pointer) -> Position:
        """The place of the value (of its name, in an object), or of the nearest container that there is."""
        at = shown = self._after_space(0)
        for step in pointer:
            found = self._of(at).get(step)
            if found is None:
                break
            shown, at = found, self._value_at(found, step)
        return self._lines.at(shown)

    def _of(self, start: int) -> dict[str | int, int]:
        """Where the children of the container begin that begins at ``start``: their names, or the items."""
        if start not in self._children:
            opening = self._text[start : start + 1]
            self._children[start] = (
                self._members(start) if opening == "{" else self._items(start) if opening == "[" else {}
            )
        return self._children[start]

    def _members(self, start: int) -> dict[str | int, int]:
        return {name: at for name, at, _ in self._named(start)}

    def _named(self, start: int) -> list[tuple[str, int, int]]:
        """Each name in an object, where it begins, and where its value does."""
        found = []
        at = self._after_space(start + 1)
        while self._text[at] == '"':
            name, after = _decode(self._text, at)
            value = self._after_space(self._after_space(after) + 1)
            found.append((name, at, value))
            at = self._after_space(_decode(self._text, value)[1])
            if self._text[at] != ",":
                break
            at = self._after_space(at + 1)
        return found

    def _items(self, start: int) -> dict[str | int, int]:
        found: dict[str | int, int] = {}
        at = self._after_space(start + 1)
        while self._text[at] != "]":
            found[len(found)] = at
            at = self._after_space(_decode(self._text, at)[1])
            if self._text[at] == ",":
                at = self._after_space(at + 1)
        return found

    def _value_at(self, start: int, step: str | int) -> int:
        """Where the value begins of what was found at ``start``."""
        if isinstance(step, int):
            return start
        _, after = _decode(self._text, start)
        return self._after_space(self._after_space(after) + 1)

    def _after_space(self, at: int) -> int:
        match = _SPACE.match(self._text, at)
        assert match is not None
        return match.end()

    def twice(self) -> list[Remark]:
        """A remark for each name that stands twice in an object (RFC 8259, section 4)."""
        found: list[Remark] = []
        pending = [self._after_space(0)]
        while pending:
            start = pending.pop()
            opening = self._text[start]
            if opening == "[":
                pending += [at for at in self._items(start).values() if self._text[at] in "[{"]
            if opening != "{":
                continue
            seen: set[str] = set()
            for name, at, value in self._named(start):
                if name in seen:
                    found.append(duplicate(name, self._lines.at(at)))
                seen.add(name)
                if self._text[value] in "[{":
                    pending.append(value)
        return sorted(found, key=lambda each: each.position)


def duplicate(name: str, position: Position) -> Remark:
    """The remark on a name that stands twice."""
    short = name if len(name) <= 60 else name[:59] + "…"
    return Remark(position, f"{short!r} stands twice in this object, and the last one counts", "Remove one of the two")
