"""An operation with the document it stands in: what most rules look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from dragoman.contract.contract import Contract
from dragoman.contract.operation import Operation
from dragoman.contract.schema import Record, Type, Types
from dragoman.review import elements
from dragoman.review.elements import Element, Position
from dragoman.review.english import words
from dragoman.review.reading.outcome import Reading
from dragoman.review.wire import Channelled, Http, Parameter, Procedure, RootField, Wire

from .finding import Found, Subject
from .path import is_variable, last
from .shape import record_of

W = TypeVar("W", bound=Wire, covariant=True)


@dataclass(frozen=True, slots=True)
class Call(Generic[W]):
    """One operation, its document and its way over the wire."""

    reading: Reading
    operation: Operation
    wire: W

    @property
    def types(self) -> Types:
        """The named types of its document."""
        return self.reading.contract.types

    @property
    def address(self) -> str:
        """What its element is named by."""
        return self.wire.address

    @property
    def element(self) -> Element:
        """Itself, as something to point at."""
        return elements.operation(self.address)

    @property
    def position(self) -> Position:
        """Where it stands."""
        return self.reading.locate(self.element)

    @property
    def takes(self) -> Type | None:
        """What it takes; of HTTP, what its body holds: parameters stand beside it."""
        return None if isinstance(self.wire, Http) and not self.wire.media else self.operation.input

    @property
    def input(self) -> Record | None:
        """The record that it takes."""
        return record_of(self.types, self.takes)

    @property
    def output(self) -> Record | None:
        """The record that it answers with."""
        return record_of(self.types, self.operation.output)

    def found(self, message: str, remedy: str = "", evidence: tuple[Position, ...] = ()) -> Found:
        """A misfit of the operation as a whole."""
        return Found(self.element, self.position, message, remedy, evidence)

    def found_parameter(self, name: str, message: str, remedy: str = "") -> Found:
        """A misfit of one of its parameters."""
        element = elements.parameter(self.address, name)
        return Found(element, self.reading.locate(element), message, remedy)

    def found_answer(self, status: str, message: str, remedy: str = "") -> Found:
        """A misfit of one of its answers."""
        element = elements.answer(self.address, status)
        return Found(element, self.reading.locate(element), message, remedy)


_known: WeakKeyDictionary[Contract, tuple[tuple[Operation, Wire], ...]] = WeakKeyDictionary()
"""The operations of a contract with their wires, over which every rule walks. They do not hold the contract."""


def _reached(reading: Reading) -> tuple[tuple[Operation, Wire], ...]:
    found = _known.get(reading.contract)
    if found is None:
        pairs = ((each, _wire(each)) for each in reading.contract.operations.values())
        found = _known[reading.contract] = tuple((each, wire) for each, wire in pairs if wire is not None)
    return found


def _wire(operation: Operation) -> Wire | None:
    traits = operation.traits
    return traits.get(Http) or traits.get(Procedure) or traits.get(RootField) or traits.get(Channelled)


def calls(subject: Subject) -> Iterator[Call[Wire]]:
    """Every operation that callers may call; what the server calls (webhooks, callbacks) is left out."""
    for reading in subject.surface.readings:
        for operation, wire in _reached(reading):
            if not isinstance(wire, Http) or wire.direction == "served":
                yield Call(reading, operation, wire)


def https(subject: Subject) -> Iterator[Call[Http]]:
    """Those over HTTP."""
    return (each for each in _each_of(subject, Http) if each.wire.direction == "served")


def outward(subject: Subject) -> Iterator[Call[Http]]:
    """What the server calls over HTTP: webhooks and callbacks."""
    return (each for each in _each_of(subject, Http) if each.wire.direction != "served")


def procedures(subject: Subject) -> Iterator[Call[Procedure]]:
    """Those of services in ``.proto``."""
    return _each_of(subject, Procedure)


def root_fields(subject: Subject) -> Iterator[Call[RootField]]:
    """GraphQL's queries, mutations and subscriptions."""
    return _each_of(subject, RootField)


def _each_of(subject: Subject, way: type[W]) -> Iterator[Call[W]]:
    for reading in subject.surface.readings:
        for operation, wire in _reached(reading):
            if isinstance(wire, way):
                yield Call(reading, operation, wire)


def by_collection(found: Iterable[Call[Http]]) -> dict[str, Call[Http]]:
    """Calls to one thing, by the path of the collection that it stands in: ``GET /orders/{id}`` under ``/orders``."""
    items: dict[str, Call[Http]] = {}
    for call in found:
        parent, _, tail = call.wire.path.rstrip("/").rpartition("/")
        if is_variable(tail):
            items.setdefault(parent, call)
    return items


def name_of(call: Call[Wire]) -> str:
    """What the operation is called by its author: ``listOrders``, ``Predict``, ``orders``."""
    match call.wire:
        case Http():
            return call.wire.identifier or last(call.wire.path)
        case Procedure():
            return call.wire.method
        case RootField():
            return call.wire.field
        case _:
            return call.operation.name


def verb_of(call: Call[Wire]) -> str:
    """The word that its name begins with."""
    found = words(name_of(call))
    return found[0] if found else ""


def parameters(call: Call[Wire], *places: str) -> tuple[Parameter, ...]:
    """What is sent beside the body of a call over HTTP, in these places or in all."""
    if not isinstance(call.wire, Http):
        return ()
    return tuple(each for each in call.wire.parameters if not places or each.place in places)
