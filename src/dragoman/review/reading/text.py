"""The text of a document, from its bytes: UTF-8, within bounds."""

from __future__ import annotations

import codecs
from bisect import bisect_right
from itertools import accumulate
from typing import Final

from dragoman.review.elements import Position

from .outcome import Refusal, Why
from .tree import MAX_BYTES

_WIDE: Final = {
    codecs.BOM_UTF32_LE: "UTF-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_REMEDY: Final = "Save it as UTF-8"


def text_of(data: bytes, file: str) -> str:
    """The text, without the mark at its beginning that some editors write. Raises Refusal for what is larger than
    :data:`~.tree.MAX_BYTES`, and for what is not UTF-8, with the line at which it ceases to be.
    """
    check_size(len(data), file)
    for mark, name in _WIDE.items():
        if data.startswith(mark):
            raise Refusal(Why.UNREADABLE, Position(file), f"it is {name}, not UTF-8", _REMEDY)
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _not_utf8(data, error.start, file) from None
    if "\0" in text[:1024]:
        raise Refusal(Why.UNREADABLE, Position(file), "it holds zero bytes: it is binary, or UTF-16", _REMEDY)
    return text


def check_size(size: int, file: str) -> None:
    """Raises Refusal for more bytes than :data:`~.tree.MAX_BYTES`."""
    if size > MAX_BYTES:
        said = f"it has {size / 2**20:,.0f} MiB, and documents of up to {MAX_BYTES // 2**20} MiB are read"
        raise Refusal(Why.UNREADABLE, Position(file), said, "Split it into documents, one for each surface")


def _not_utf8(data: bytes, at: int, file: str) -> Refusal:
    line = data.count(b"\n", 0, at) + 1
    column = at - (data.rfind(b"\n", 0, at) + 1) + 1
    message = f"the byte 0x{data[at]:02x} in column {column} is not UTF-8"
    return Refusal(Why.UNREADABLE, Position(file, line, column), message, _REMEDY)


class Lines:
    """Finds the line and the column of an offset in a text."""

    def __init__(self, text: str, file: str) -> None:
        self._file = file
        self._starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]

    def at(self, offset: int) -> Position:
        """The place of the character at that offset."""
        line = bisect_right(self._starts, offset)
        return Position(self._file, line, offset - self._starts[line - 1] + 1)
