"""YAML as a tree: the core schema of YAML 1.2 (section 10.3), with the merge keys of 1.1.

The text is read by libyaml, event by event. Names are always strings, as OpenAPI and AsyncAPI want them (a status
``200:``, a country ``no:``), and so is what only YAML 1.1 took for a date or for a boolean.
"""

from __future__ import annotations

import enum
import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from dragoman.review.elements import Position

from .json_text import duplicate
from .missing import wanted
from .outcome import Refusal, Remark, Why
from .tree import MAX_NESTING, MAX_VALUES, Pointer, Tree, too_deep, too_many

MAX_REPEATED: Final = 1_000_000
"""How many values aliases may repeat, taken together: documents that grow when they are written out are traps."""

MERGE: Final = "<<"
_FIRST: Final = frozenset("0123456789+-.~nNtTfF")
_WORDS: Final = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,1000}\Z")
_BASED: Final = re.compile(r"0o([0-7]{1,1000})\Z|0x([0-9a-fA-F]{1,1000})\Z")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_ENDLESS: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")
_TEXT: Final = "tag:yaml.org,2002:str"


def read_yaml(text: str, file: str) -> Tree:
    """The tree of a text. Raises Refusal, with the line, for what is broken, for more than one document, and for what
    is beyond the bounds of :mod:`.tree`.
    """
    yaml = wanted("yaml", file)
    # Without libyaml, which every wheel of PyYAML brings, the same events come slowly.
    parser = (yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader)(text)
    builder = _Builder(file)
    try:
        for event in _events(parser):
            builder.take(type(event).__name__, event)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        message = "the YAML holds a character that YAML does not allow"
        raise Refusal(Why.UNREADABLE, Position(file, line), message, "Remove it, or write it as an escape") from None
    except yaml.MarkedYAMLError as error:
        raise _broken(error, file) from None
    if not builder.roots:
        raise Refusal(Why.UNREADABLE, Position(file), "it is empty", "Write the document, or remove the file")
    places = _Places(file, builder.places, builder.roots[0])
    return Tree(file, builder.roots[0], places.locate, tuple(builder.remarks))


def _events(parser: Any) -> Iterator[Any]:
    while parser.check_event():
        yield parser.get_event()


def _broken(error: Any, file: str) -> Refusal:
    mark = error.problem_mark or error.context_mark
    position = Position(file) if mark is None else Position(file, mark.line + 1, mark.column + 1)
    said = f"the YAML is broken: {error.problem or error.context}"
    if error.problem and error.context:
        begun = error.context_mark
        said += f" ({error.context}" + (f", begun in line {begun.line + 1})" if begun is not None else ")")
    return Refusal(Why.UNREADABLE, position, said, "Correct the indentation or the quotes at this line")


class _Instead(enum.Enum):
    """What stands where a name should."""

    MERGE = enum.auto()  # a merge key
    DROPPED = enum.auto()  # what can be no name


@dataclass(slots=True)
class _Open:
    """A container that is being read. ``size`` counts its values, with those that aliases repeat."""

    value: Any
    anchor: str | None
    places: array[int]
    name: str | _Instead | None = None
    name_at: int = 0
    size: int = 1
    merged: list[tuple[Any, int]] = field(default_factory=list)


class _Builder:
    """Makes values of events."""

    def __init__(self, file: str) -> None:
        self.roots: list[Any] = []
        self.places: dict[int, array[int]] = {}
        self.remarks: list[Remark] = []
        self._file = file
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._skipping = 0
        self._count = 0
        self._repeated = 0

    def take(self, kind: str, event: Any) -> None:
        """Take the next event."""
        match kind:
            case "ScalarEvent":
                self._scalar(event)
            case "MappingStartEvent":
                self._begin({}, event)
            case "SequenceStartEvent":
                self._begin([], event)
            case "MappingEndEvent" | "SequenceEndEvent":
                self._end()
            case "AliasEvent":
                self._alias(event)
            case "DocumentStartEvent" if self.roots:
                raise Refusal(
                    Why.UNSUPPORTED,
                    self._position(event),
                    "a second YAML document begins here, and one file is read as one document",
                    "Put each document into a file of its own",
                )

    def _position(self, event: Any) -> Position:
        return Position(self._file, event.start_mark.line + 1, event.start_mark.column + 1)

    def _scalar(self, event: Any) -> None:
        plain = event.implicit[0] and event.tag is None
        if self._names(event):
            return self._name(event.value if not plain or event.value != MERGE else None, event)
        value = _core(event.value) if plain else event.value
        if event.anchor is not None:
            self._anchors[event.anchor] = value, 1
        return self._put(value, event, 1)

    def _names(self, event: Any) -> bool:
        """Whether what comes now is a name."""
        if not self._open or self._skipping:
            return False
        top = self._open[-1]
        return type(top.value) is dict and top.name is None

    def _name(self, name: str | None, event: Any) -> None:
        top = self._open[-1]
        if name is not None and name in top.value:
            self.remarks.append(duplicate(name, self._position(event)))
        top.name = _Instead.MERGE if name is None else name
        top.name_at = _packed(event)

    def _begin(self, value: Any, event: Any) -> None:
        if len(self._open) >= MAX_NESTING:
            raise too_deep(self._position(event))
        if self._skipping or self._names(event):
            if not self._skipping:
                message = "a list or an object stands where a name should, and it is left out with its value"
                self.remarks.append(Remark(self._position(event), message, "Write a string for the name"))
            self._skipping += 1
            return
        self._put(value, event, 0)
        self._open.append(_Open(value, event.anchor, array("Q")))

    def _end(self) -> None:
        if self._skipping:
            self._skipping -= 1
            if not self._skipping:
                self._open[-1].name = _Instead.DROPPED
            return
        done = self._open.pop()
        for other, at in done.merged:
            _merge(done, other, at)
        self.places[id(done.value)] = done.places
        if done.anchor is not None:
            self._anchors[done.anchor] = done.value, done.size
        if self._open:
            self._open[-1].size += done.size

    def _alias(self, event: Any) -> None:
        if self._skipping:
            return None
        if event.anchor not in self._anchors:
            within = any(each.anchor == event.anchor for each in self._open)
            message = f"*{event.anchor} " + (
                "stands within what it stands for" if within else "stands for nothing that was said before"
            )
            raise Refusal(Why.UNREADABLE, self._position(event), message, "Write out what is meant, or use $ref")
        value, size = self._anchors[event.anchor]
        if self._names(event):
            return self._name(str(value), event)
        self._repeated += size
        if self._repeated > MAX_REPEATED:
            raise Refusal(
                Why.UNREADABLE,
                self._position(event),
                f"its aliases repeat more than {MAX_REPEATED:,} values",
                "Write it without aliases within aliases; $ref is for what is shared",
            )
        return self._put(value, event, size)

    def _put(self, value: Any, event: Any, size: int) -> None:
        self._count += 1
        if self._count > MAX_VALUES:
            raise too_many(self._position(event))
        if self._skipping:
            return
        if not self._open:
            self.roots.append(value)
            return
        top = self._open[-1]
        top.size += size
        if type(top.value) is list:
            top.value.append(value)
            top.places.append(_packed(event))
            return
        name, top.name = top.name, None
        if name is _Instead.MERGE:
            top.merged.append((value, top.name_at))
        elif name is not None and name is not _Instead.DROPPED:
            if name in top.value:
                del top.places[list(top.value).index(name)]
                del top.value[name]
            top.value[name] = value
            top.places.append(top.name_at)


def _merge(target: _Open, other: Any, at: int) -> None:
    """Add what the merge key brings and the object does not say itself."""
    for source in other if isinstance(other, list) else [other]:
        if isinstance(source, dict):
            for name, value in source.items():
                if name not in target.value:
                    target.value[name] = value
                    target.places.append(at)


def _packed(event: Any) -> int:
    mark = event.start_mark
    return int(mark.line) << 24 | min(int(mark.column), 0xFFFFFF)


def _core(text: str) -> Any:
    """What a plain scalar stands for."""
    if text and text[0] not in _FIRST:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        return int(text)
    if based := _BASED.match(text):
        return int(based[1], 8) if based[1] else int(based[2], 16)
    if _FLOAT.match(text):
        return float(text)
    if _ENDLESS.match(text):
        return float(text.replace(".", ""))
    return text


class _Places:
    """Where values stand, by the container and the order in it."""

    def __init__(self, file: str, places: dict[int, array[int]], root: Any) -> None:
        self._file = file
        self._places = places
        self._root = root
        self._orders: dict[int, dict[str, int]] = {}

    def locate(self, pointer: Pointer) -> Position:
        """The place of the value (of its name, in an object), or of the nearest container that there is."""
        value, packed = self._root, 0
        for step in pointer:
            order = self._order(value, step)
            if order is None:
                break
            packed = self._places[id(value)][order]
            value = value[step]
        return Position(self._file, (packed >> 24) + 1, (packed & 0xFFFFFF) + 1)

    def _order(self, value: Any, step: str | int) -> int | None:
        if isinstance(value, list) and isinstance(step, int):
            return step if 0 <= step < len(value) else None
        if not isinstance(value, dict) or not isinstance(step, str):
            return None
        if id(value) not in self._orders:
            self._orders[id(value)] = {name: number for number, name in enumerate(value)}
        return self._orders[id(value)].get(step)
