"""A text that a pattern matches, to show: made of the pattern, and tried on it before it is given out.

What patterns usually hold is read here: literals, classes, groups, alternatives and repetitions. For anything else
(references back, looking around) there is no example.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from .patterns import compiled

MAX_LENGTH: Final = 200
CLASSES: Final = {"d": "0123456789", "w": "abcdefghijklmnopqrstuvwxyz_", "s": " ", "D": "a", "W": "-", "S": "a"}
LETTERS: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_ .!#$%&'*+/=?@"
CONTROLS: Final = {"n": "\n", "t": "\t", "r": "\r"}
_COUNT: Final = re.compile(r"\{(\d+)(,?)(\d*)\}")

Text = Callable[[int], str]
"""Makes a text; each open repetition in it is repeated that many times more than it must be."""


class NotRead(Exception):
    """The pattern holds what is not read here."""


def matching(pattern: str, least: int = 0, most: int | None = None) -> str | None:
    """A text of that many characters in which the pattern is found, or None."""
    try:
        make = _Reader(pattern).alternatives()
    except (NotRead, IndexError):
        return None
    for more in range(MAX_LENGTH):
        text = make(more)
        padded = text if "$" in pattern else text.ljust(least, "x")
        if len(text) > (MAX_LENGTH if most is None else most):
            return None
        if len(padded) >= least and compiled(pattern).search(padded):
            return padded
    return None


class _Reader:
    """Reads a pattern from left to right."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _next(self) -> str:
        self._at += 1
        return self._pattern[self._at - 1]

    def alternatives(self) -> Text:
        """The first of some alternatives, to the end of the group."""
        first = self._sequence()
        while self._peek() == "|":
            self._next()
            self._sequence()
        return first

    def _sequence(self) -> Text:
        parts: list[Text] = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._repeated(self._atom()))
        return lambda more: "".join(part(more) for part in parts)

    def _atom(self) -> Text:
        character = self._next()
        match character:
            case "^" | "$":
                return lambda more: ""
            case ".":
                return _turning("a")
            case "(":
                return self._group()
            case "[":
                return _turning(self._class())
            case "\\":
                return _turning(self._escape())
            case "*" | "+" | "?" | "{":
                raise NotRead
        return _turning(character)

    def _group(self) -> Text:
        if self._peek() == "?":
            if self._pattern[self._at : self._at + 2] != "?:":
                raise NotRead
            self._at += 2
        inner = self.alternatives()
        if self._next() != ")":
            raise NotRead
        return inner

    def _escape(self) -> str:
        character = self._next()
        if character in CLASSES:
            return CLASSES[character]
        if character in CONTROLS:
            return CONTROLS[character]
        if character.isalnum():
            raise NotRead
        return character

    def _class(self) -> str:
        negated = self._peek() == "^"
        if negated:
            self._next()
        members = "".join(self._members())
        return "".join(each for each in LETTERS if each not in members)[:10] if negated else members

    def _members(self) -> Iterator[str]:
        first = True
        while (character := self._next()) != "]" or first:
            first = False
            start = self._escape() if character == "\\" else character
            if self._peek() == "-" and self._pattern[self._at + 1] != "]":
                self._next()
                end = self._next()
                end = self._escape() if end == "\\" else end
                yield "".join(map(chr, range(ord(start), ord(end) + 1)))
            else:
                yield start

    def _repeated(self, atom: Text) -> Text:
        least, most = self._count()
        if self._peek() == "?" and (least, most) != (1, 1):
            self._next()  # a lazy repetition matches the same texts

        def make(more: int) -> str:
            count = least + more if most is None else min(least + more, most)
            return "".join(atom(more + turn) if least == most else atom(more) for turn in range(count))

        return make

    def _count(self) -> tuple[int, int | None]:
        simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        if (found := simple.get(self._peek())) is not None:
            self._next()
            return found
        written = _COUNT.match(self._pattern, self._at)
        if written is None:
            return 1, 1
        self._at = written.end()
        least = int(written[1])
        if least > MAX_LENGTH:
            raise NotRead
        return least, int(written[3]) if written[3] else None if written[2] else least


def _turning(characters: str) -> Text:
    """One of the characters: another one at each turn."""
    if not characters:
        raise NotRead
    return lambda more: characters[more * 7 % len(characters)]
