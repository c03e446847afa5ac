"""Contracts as readers make them, by hand: operations with what their documents say of the wire."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from dragoman.contract.contract import Contract
from dragoman.contract.event import Event
from dragoman.contract.operation import Effect, Interaction, Operation
from dragoman.contract.schema import Field, Kind, List, Named, Record, Ref, Scalar, Type
from dragoman.contract.traits import Traits
from dragoman.review.elements import Element, Position
from dragoman.review.reading.outcome import About, Format, Reading
from dragoman.review.surfaces.counting import counted
from dragoman.review.surfaces.surface import Surface
from dragoman.review.wire import Answer, Channelled, Http, Procedure, RootField

STRING, NUMBER, INT = Scalar(Kind.STRING), Scalar(Kind.DOUBLE), Scalar(Kind.INT)
SAFE = frozenset({"GET", "HEAD"})


def record(name: str | None, /, **fields: Type) -> Record:
    return Record(name, tuple(Field(each, type_) for each, type_ in fields.items()))


def http(
    line: str,
    *,
    input: Type | None = None,
    output: Type | None = None,
    statuses: str = "200 400",
    media: str = "application/json",
    answers: str = "application/json",
    **more: Any,
) -> Operation:
    """``http("POST /v1/orders")``."""
    method, path = line.split()
    given = tuple(
        Answer(status, (answers,), output if status.startswith("2") else record(None, code=STRING))
        for status in statuses.split()
    )
    trait = Http(method, path, media=(media,) if input is not None else (), answers=given, **more)
    effect = Effect.SAFE if method in SAFE else Effect.UNSAFE
    return Operation(line, input, output, effect, traits=Traits([trait]))


def procedure(line: str, *, interaction: Interaction = Interaction.UNARY, transcoded: bool = False) -> Operation:
    """``procedure("shop.v1.Orders/ListOrders")``."""
    whole, method = line.split("/")
    package, _, service = whole.rpartition(".")
    trait = Procedure(package, service, method, (("get", "/x"),) if transcoded else ())
    return Operation(
        line, Ref(f"{method}Request"), Ref(f"{method}Response"), Effect.UNSAFE, interaction, traits=Traits([trait])
    )


def field(line: str, output: Type = STRING) -> Operation:
    """``field("query orders")``."""
    root, name = line.split()
    effect = Effect.SAFE if root == "query" else Effect.UNSAFE
    return Operation(line, None, output, effect, traits=Traits([RootField(root, name)]))  # type: ignore[arg-type]


def event(name: str, payload: Type = STRING) -> Event:
    return Event(name, payload, "", traits=Traits([Channelled("send", name, ("kafka",))]))


def reading(
    *operations: Operation,
    format: Format = Format.OPENAPI,
    types: Iterable[Named] = (),
    events: Iterable[Event] = (),
    file: str = "api.yaml",
) -> Reading:
    contract = Contract("api")
    for named in types:
        contract.types.add(getattr(named, "name", None) or "", named)
    for operation in operations:
        contract.add(operation)
    for each in events:
        contract.add_event(each)
    lines = {each.name: number for number, each in enumerate(operations, 10)}

    def locate(element: Element) -> Position:
        return Position(file, lines.get(element.name, 1))

    return Reading(file, format, "3.1.0", About(), contract, locate)


def surface(*readings: Reading) -> Surface:
    bare = Surface("api", readings)
    return replace(bare, facts=counted(bare))


def crud(path: str, *, prefix: str = "/v1") -> list[Operation]:
    """The five standard methods of a resource."""
    one, all_ = f"{prefix}{path}/{{id}}", f"{prefix}{path}"
    return [
        http(f"GET {all_}"),
        http(f"POST {all_}"),
        *(http(f"{method} {one}") for method in ("GET", "PATCH", "DELETE")),
    ]


def floats() -> Type:
    return List(NUMBER)
