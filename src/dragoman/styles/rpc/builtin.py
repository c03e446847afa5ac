"""Services that are gRPC's own: not a contract's, but spoken by the same ways. What they have in common."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from dragoman.contract.operation import Operation
from dragoman.contract.schema import Kind
from dragoman.ports.style import Surface
from dragoman.runtime.call import State
from dragoman.runtime.exchange import Exchange
from dragoman.runtime.http.answers import Answers

from .codec import BinaryDecoder, BinaryEncoder, ProtoJsonDecoder, ProtoJsonEncoder
from .proto.model import LEAVES, Label, Message, MessageField, Package, Procedure, Service, Value
from .proto.services import Bound
from .ways.doors import JSON, PROTO, Door
from .ways.way import Envelope, Form, Spoken

Answer = Callable[[Exchange, Envelope], Awaitable[Any]]

MOST = 64 * 1024
"""The largest message that they are sent, in bytes."""

TEXT, NUMBER, BYTES = LEAVES[Kind.STRING], LEAVES[Kind.INT32], LEAVES[Kind.BYTES]


def message(name: str, /, **fields: tuple[int, Value] | tuple[int, Value, Label]) -> Message:
    """A message, from its fields: number, type and, where it is not plain, label."""
    return Message(
        name,
        [
            MessageField(
                field, said[1], said[2] if len(said) > 2 else Label.PLAIN, key=field, number=said[0], asked=True
            )
            for field, said in fields.items()
        ],
    )


def door(package: Package, service: str, procedure: Procedure, call: Answer, surface: Surface) -> Door:
    """The door of a procedure that is answered by ``call``, which gives what a compiled call would."""
    made = package.services.setdefault(f"{package.name}.{service}", Service(f"{package.name}.{service}"))
    made.procedures.append(procedure)
    assert procedure.input is not None
    assert procedure.output is not None
    operation = Operation(procedure.operation, effect=procedure.effect, interaction=procedure.interaction)

    def looks(media: str, kept: bool) -> Answers:
        return Answers(surface, media=media, kept=kept)

    bound: Any = Bound(_Exposed(operation), procedure, made, {})  # type: ignore[arg-type]
    spoken = Spoken(bound, _unused, _result, None, MOST, package.name, looks, (), call)  # type: ignore[arg-type]
    forms = {
        PROTO: Form(BinaryDecoder(procedure.input).decode, BinaryEncoder(procedure.output).encode),
        JSON: Form(ProtoJsonDecoder(procedure.input).decode, ProtoJsonEncoder(procedure.output).encode),
    }
    return Door(spoken, forms)


class _Exposed:
    """An operation that no contract has."""

    def __init__(self, operation: Operation) -> None:
        self.operation = operation


def _unused(*arguments: Any) -> Any:
    raise AssertionError("only compiled calls read by this")


def _result(state: State) -> Any:
    return state.result


def written(exchange: Exchange, envelope: Envelope, value: Any) -> Any:
    """A value as the way of a call writes it: the answer, or the frame of an item."""
    return envelope.way.write(State(exchange, envelope, exchange.deadline, result=value))
