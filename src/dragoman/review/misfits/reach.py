"""Which messages of a document are taken, given and answered as errors: every record and field that a caller meets.

Computed once for a contract, and within bounds: a type is visited once for each of the three, so that cycles end, and
a document of a million types is cut where nobody would read the findings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

from dragoman.contract.contract import Contract
from dragoman.contract.schema import Field, Record, Ref, Type, Types, Union
from dragoman.review import elements
from dragoman.review.elements import Element, Position
from dragoman.review.reading.outcome import Reading
from dragoman.review.wire import Http, address

from .finding import Found
from .shape import fields_of, parts_of

LIMIT: Final = 200_000
"""How many types are visited for each direction."""


@dataclass(frozen=True, slots=True)
class Message:
    """A record that a caller meets. ``owner`` is its name, or the way to it from the operation that uses it."""

    owner: str
    record: Record
    fields: tuple[Field, ...]

    def element(self, field: Field) -> Element:
        """One of its fields, as something to point at."""
        return elements.field(self.owner, field.name)

    def found(self, reading: Reading, field: Field, message: str, remedy: str = "") -> Found:
        """A misfit of one of its fields."""
        element = self.element(field)
        return Found(element, reading.locate(element), message, remedy)

    def found_whole(self, reading: Reading, message: str, remedy: str = "") -> Found:
        """A misfit of the message itself."""
        element = elements.type_(self.owner)
        return Found(element, reading.locate(element), message, remedy)

    def position(self, reading: Reading) -> Position:
        """Where it stands."""
        return reading.locate(elements.type_(self.owner))


@dataclass(frozen=True, slots=True)
class Reach:
    """The messages in the order in which they are met. What a webhook or a callback sends is an output."""

    inputs: tuple[Message, ...]
    outputs: tuple[Message, ...]
    errors: tuple[Message, ...]

    @property
    def all(self) -> Iterator[Message]:
        """Each message once, whatever it serves for."""
        seen = set[str]()
        for each in (*self.inputs, *self.outputs, *self.errors):
            if each.owner not in seen:
                seen.add(each.owner)
                yield each


_known: WeakKeyDictionary[Contract, Reach] = WeakKeyDictionary()


def reach(reading: Reading) -> Reach:
    """What callers of the document meet."""
    found = _known.get(reading.contract)
    if found is None:
        found = _known[reading.contract] = _reach(reading)
    return found


def _reach(reading: Reading) -> Reach:
    types = reading.contract.types
    inputs: list[tuple[str, Type | None]] = []
    outputs: list[tuple[str, Type | None]] = []
    errors: list[tuple[str, Type | None]] = []
    for operation in reading.contract.operations.values():
        try:
            place = address(operation)
        except KeyError:
            place = operation.name
        http = operation.traits.get(Http)
        if http is None or http.media:
            # What the server calls (webhooks, callbacks) gives its body, and takes nothing from callers.
            taken = inputs if http is None or http.direction == "served" else outputs
            taken.append((place, operation.input))
        if http is None or not http.answers:
            outputs.append((place, operation.output))
        for each in http.answers if http is not None else ():
            where = outputs if each.succeeds else errors
            where.append((f"{place} · {each.status}", each.type))
    outputs += [(event.name, event.payload) for event in reading.contract.events.values()]
    return Reach(*(tuple(_walk(types, roots)) for roots in (inputs, outputs, errors)))


def _walk(types: Types, roots: Iterable[tuple[str, Type | None]]) -> Iterator[Message]:
    waiting = [(owner, type_) for owner, type_ in roots if type_ is not None]
    waiting.reverse()
    seen, visited = set[str | int](), 0
    while waiting and visited < LIMIT:
        owner, type_ = waiting.pop()
        visited += 1
        if isinstance(type_, Ref):
            named = types.get(type_.name)
            if type_.name in seen or named is None:
                continue
            seen.add(type_.name)
            owner, type_ = type_.name, named
        if isinstance(type_, Record):
            if id(type_) in seen:
                continue
            seen.add(id(type_))
            owner = type_.name or owner
            fields = fields_of(types, type_)
            yield Message(owner, type_, fields)
            waiting += [(f"{owner}.{each.name}", each.type) for each in reversed(fields)]
        elif isinstance(type_, Union) or not isinstance(type_, Ref):
            waiting += [(owner, each) for each in reversed(parts_of(type_))]
