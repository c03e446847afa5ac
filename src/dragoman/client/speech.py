"""What a client says for each operation: made when an operation is first called, from its contract alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, cast

from dragoman.contract.contract import Contract
from dragoman.contract.declaration import DeclarationError
from dragoman.contract.handle import Exposed, Handle
from dragoman.contract.operation import Interaction, Method, Operation
from dragoman.contract.principal import Audience
from dragoman.contract.schema import Types
from dragoman.runtime.codec import encode_json
from dragoman.runtime.codec.parsing import parse
from dragoman.styles.rest.naming import segment
from dragoman.styles.rest.routes import STANDARD, Route, routes_of
from dragoman.styles.rpc.codec import BinaryDecoder, BinaryEncoder, ProtoJsonDecoder, ProtoJsonEncoder
from dragoman.styles.rpc.proto.lock import GONE, Lock, LockError, number, written
from dragoman.styles.rpc.proto.model import EMPTY, Message, MessageField
from dragoman.styles.rpc.proto.services import Bound, Services

from .unnumbered import Unnumbered
from .values import Input, Output
from .ways.rest import Rest
from .ways.rpc import Connect, ConnectStream, Form, Grpc, Messages, Plain, Rpc
from .ways.spoken import Spoken

Over: TypeAlias = Literal["connect", "grpc", "rest", "plain"]

MESSAGE_SIZE: Final = 64 * 1024 * 1024
"""The largest message that is taken, in bytes: the server has a limit of its own."""


@dataclass(frozen=True, slots=True)
class _Side:
    """What the RPC style asks of a surface, and of whoever binds it."""

    audience: Audience | None
    name: str = "client"

    def types(self, exposed: Exposed) -> Types:
        """The named types of the operation's contract."""
        return exposed.handle.contract.types


class Speech:
    """One style, towards one surface."""

    def __init__(self, over: Over, path: str, audience: Audience | None, package: str, lock: Path | None) -> None:
        self._over = over
        self._path = path.rstrip("/")
        self._audience = audience
        self._package = package
        self._lock = None if lock is None else _read(lock)
        self._place = lock
        self._services: dict[Contract, Services] = {}
        self._procedures: dict[Handle[Any, Any], Bound] = {}
        self._spoken: dict[Handle[Any, Any], Spoken] = {}
        self._lacking: dict[Message, list[MessageField]] = {}
        self._guard = threading.Lock()

    def spoken(self, handle: Handle[Any, Any]) -> Spoken:
        """How an operation is said. Raises DeclarationError for what the style cannot carry."""
        known = self._spoken.get(handle)
        if known is not None:
            return known
        with self._guard:
            made = self._rest(handle) if self._over == "rest" else self._rpc(handle)
            self._spoken[handle] = made
            return made

    def _values(self, handle: Handle[Any, Any]) -> tuple[Input | None, Output | None]:
        operation, types = handle.operation, handle.contract.types
        taken = operation.input
        if operation.method in (Method.CREATE, Method.UPDATE):
            taken = operation.output
        return (
            None if taken is None else Input(taken, types, self._audience),
            None if operation.output is None else Output(operation.output, types, self._audience, operation.name),
        )

    # REST

    def _rest(self, handle: Handle[Any, Any]) -> Spoken:
        operation, contract = handle.operation, handle.contract
        exposed, place = Exposed(operation, handle, handle.resources), "client"
        audience = cast(Audience, self._audience)
        if operation.method is not None and operation.method is not Method.CUSTOM:
            method, suffix, shape = STANDARD[operation.method]
            route = Route(method, _collection(operation) + suffix, shape, exposed)
        else:
            (route,) = routes_of([exposed], {operation.name: contract.types}, place, audience)
        parents = {}
        if operation.method is Method.LIST:
            assert operation.resource is not None
            plurals = {each.description.name: each.description.plural for each in contract.resources.values()}
            for reference in operation.resource.references.values():
                if reference.reverse is not None and reference.target in plurals:
                    parents[reference.field] = plurals[reference.target], reference.reverse
        return Rest(operation, *self._values(handle), self._path, route, parents, MESSAGE_SIZE)

    # RPC

    def _rpc(self, handle: Handle[Any, Any]) -> Spoken:
        operation = handle.operation
        if self._over == "plain" and operation.interaction is not Interaction.UNARY:
            raise DeclarationError(
                operation.name,
                f"its interaction is {operation.interaction}, and plain POST carries none but unary calls",
                'Write over="connect", or over="grpc"',
            )
        bound = self._bound(handle)
        input, output = self._values(handle)
        messages = Messages(bound, input, output)
        if self._over == "plain":
            path = f"{self._path}/{operation.name}"
            return Plain(operation, input, output, path, messages, Form("json", encode_json, parse), MESSAGE_SIZE)
        form = self._form(bound)
        make: type[Rpc] = Connect if operation.interaction is Interaction.UNARY else ConnectStream
        if self._over == "grpc":
            make = Grpc
        return make(operation, input, output, bound.path, messages, form, MESSAGE_SIZE)

    def _bound(self, handle: Handle[Any, Any]) -> Bound:
        contract = handle.contract
        services = self._services.get(contract)
        if services is None:
            exposed = [
                Exposed(each.operation, each, resources)
                for resources in contract.resources.values()
                for each in resources.handles.values()
            ]
            side: Any = _Side(self._audience)
            services = self._services[contract] = Services(side, exposed, side, self._package, later=True)
            for each in exposed:
                if each.operation.method is Method.GET:  # so that a resource has its etag, wherever it is answered
                    self._procedures[each.handle] = services.bind(each)
        bound = self._procedures.get(handle)
        if bound is None:
            bound = services.bind(Exposed(handle.operation, handle, handle.resources))
            self._procedures[handle] = bound
        if self._lock is not None:
            for package in services.packages.values():
                number(package, self._lock, f"lock file {self._place}")
        return bound

    def _form(self, bound: Bound) -> Form:
        taken = bound.procedure.input or Message(EMPTY, [])
        given = bound.procedure.output or Message(EMPTY, [])
        if self._lock is None:
            return Form("json", ProtoJsonEncoder(taken).encode, ProtoJsonDecoder(given, answer=True).decode)
        package = bound.service.name.rpartition(".")[0]
        asked = self._without_unnumbered(self._lock, package, taken)
        self._without_unnumbered(self._lock, package, given)
        lacking = Unnumbered(asked, self._lacking)
        lost = partial(lacking.first, taken) if lacking else None
        return Form("proto", BinaryEncoder(taken).encode, BinaryDecoder(given, answer=True).decode, lost)

    def _without_unnumbered(self, lock: Lock, package: str, message: Message) -> list[Message]:
        """Take away what the surface does not have, for it has no number; returns the messages that there are in this
        one, with itself. Raises DeclarationError where a message is not known at all.
        """
        known = lock.packages.get(package, {})
        found = []
        for each in _within(message, set()):
            numbers = known.get(each.locked.removeprefix(f"{package}."))
            if numbers is None and each.fields and each.name != EMPTY:
                raise DeclarationError(
                    f"lock file {self._place}",
                    f"it has no numbers for {each.name}",
                    "Take the file of the server that is called, and give lock= and package= as its dm.rpc(…) has them",
                )
            said = {text for text in (numbers or {}).values() if not text.startswith(GONE)}
            lacking = [field for field in each.fields if not field.fixed and written(field, package) not in said]
            # Procedures share messages: what was taken away for one of them, others lack too.
            self._lacking.setdefault(each, []).extend(lacking)
            each.fields[:] = [field for field in each.fields if field not in lacking]
            found.append(each)
        return found


def _collection(operation: Operation) -> str:
    assert operation.resource is not None
    return "/" + segment(operation.resource.plural)


def _within(message: Message, seen: set[int]) -> Iterator[Message]:
    if id(message) in seen:
        return
    seen.add(id(message))
    yield message  # which may take fields away, and with them what is in these
    for field in message.fields:
        if isinstance(field.value, Message):
            yield from _within(field.value, seen)


def _read(path: Path) -> Lock:
    try:
        lock = Lock.read(path)
    except LockError as error:
        raise DeclarationError("client", str(error), "Take it from version control again") from None
    if lock is None:
        raise DeclarationError(
            "client",
            f"there is no lock file {path}",
            "Give the one of the server's dm.rpc(…), or lock=None to speak JSON, which needs no numbers",
        )
    return lock


__all__ = ["MESSAGE_SIZE", "Over", "Speech"]
