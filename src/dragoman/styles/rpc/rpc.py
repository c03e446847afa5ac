"""The RPC style: gRPC, gRPC-Web, Connect and plain POST of JSON, from one contract, on one port."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Final

from dragoman.contract.annotations import Deprecated
from dragoman.contract.declaration import DeclarationError
from dragoman.contract.example import NoExample, example
from dragoman.contract.handle import Exposable, Exposed
from dragoman.contract.principal import AudienceName
from dragoman.contract.schema import Type, Types
from dragoman.ports.authenticator import Authenticator
from dragoman.ports.cors import Cors
from dragoman.ports.idempotency import Idempotency
from dragoman.ports.style import Binder, Surface
from dragoman.runtime.codec import JsonEncoder, encode_json
from dragoman.runtime.http.answers import Answers
from dragoman.runtime.http.caching import freshness
from dragoman.runtime.http.deprecation import deprecation, deprecation_headers

from .codec import BinaryDecoder, BinaryEncoder, ProtoJsonDecoder, ProtoJsonEncoder, attributes_of
from .endpoint import RpcEndpoint, stale
from .health import Health
from .procedures import giver, items, receiver
from .proto.lock import Lock, LockError, changes, number
from .proto.model import Message
from .proto.services import Bound, Services
from .reflection import Reflection
from .traits import NAME
from .ways.doors import JSON, PROTO, Door
from .ways.plain import Plain
from .ways.way import Form, Spoken, decoding, encode

LOCK: Final = "dragoman.lock"
MESSAGE_SIZE: Final = 4 * 1024 * 1024
LARGEST: Final = 2**31 - 1
"""The largest message that the frames of gRPC and most of its clients can tell of."""


def rpc(
    name: str,
    path: str,
    *,
    audience: AudienceName,
    auth: Authenticator | None = None,
    exposes: Iterable[Exposable],
    package: str = "",
    lock: str | PathLike[str] | None = LOCK,
    message_size: int = MESSAGE_SIZE,
    reflection: bool = False,
    deadline: float = 30.0,
    cross_tenants: bool = False,
    title: str = "",
    description: str = "",
    cors: Cors | None = None,
    idempotency: Idempotency | None = None,
    deprecated: bool | Deprecated = False,
) -> Surface:
    """An RPC surface: each operation and each method of a resource is a procedure.

    It is called by gRPC, gRPC-Web and Connect at ``/<package>.<Service>/<Method>``, and by plain POST of JSON at
    ``<path>/<operation>``. ``package`` is ``<contract>.v1``, if nothing is said. The numbers of fields are in the file
    ``lock``, which is written by ``dragoman lock`` and committed; its path is relative to the folder of the module that
    calls this. With None there are no numbers, and only JSON is spoken: by plain POST and by Connect.
    ``message_size`` is the largest message that is received, in bytes. ``reflection`` tells whoever may call the
    surface what there is to call, as tools such as grpcurl ask.

    The rest is that of :class:`~dragoman.ports.style.Surface`. Raises DeclarationError for what is no package's name.
    """
    if package and not all(map(NAME.fullmatch, package.split("."))):
        raise DeclarationError(
            f"surface {name!r}",
            f"its package {package!r} is no name in protocol buffers: words with dots between",
            "Give one such as shop.v1",
        )
    if type(message_size) is not int or not 0 < message_size <= LARGEST:
        raise DeclarationError(
            f"surface {name!r}",
            f"its message_size {message_size!r} is no number of bytes from 1 to {LARGEST:,}",
            "Write message_size=4 * 1024 * 1024, or leave it out",
        )
    if lock is not None:
        caller = sys._getframe(1).f_globals.get("__file__")
        lock = ((Path(caller).parent if caller else Path.cwd()) / lock).resolve()
    return Surface(
        name,
        path,
        audience,
        Rpc(package, lock, message_size, reflection),
        auth,
        exposes,
        deadline=deadline,
        cross_tenants=cross_tenants,
        title=title,
        description=description,
        cors=cors,
        deprecated=deprecated,
        idempotency=idempotency,
    )


@dataclass(frozen=True, slots=True)
class Rpc:
    """The style, with its options."""

    package: str = ""
    lock: Path | None = None
    message_size: int = MESSAGE_SIZE
    reflection: bool = False

    @property
    def name(self) -> str:
        """The style's word."""
        return "rpc"

    def bind(self, surface: Surface, exposed: Sequence[Exposed], binder: Binder) -> RpcEndpoint:
        """Compile the surface. Raises DeclarationError for what it cannot carry."""
        return _Binding(self, surface, exposed, binder).endpoint()


class _Binding:
    """A surface while it is bound."""

    def __init__(self, style: Rpc, surface: Surface, exposed: Sequence[Exposed], binder: Binder) -> None:
        self._style = style
        self._surface = surface
        self._binder = binder
        self._place = f"surface {surface.name!r}"
        services = Services(surface, exposed, binder, style.package)
        self._bound = services.bound
        self._packages = list(services.packages.values())
        self._encoders: dict[Message, tuple[BinaryEncoder, ProtoJsonEncoder]] = {}

    def endpoint(self) -> RpcEndpoint:
        """The bound surface."""
        wrong = None if self._style.lock is None else self._number(self._style.lock)
        doors: dict[str, Door] = {}
        plain: dict[str, Plain] = {}
        examples: list[str] = []
        for bound in self._bound:
            spoken = self._spoken(bound)
            spoken.call = self._binder.call(bound.exposed, decode=decoding(spoken), encode=encode)
            if not spoken.takes_stream and not spoken.gives_stream:
                path = f"{self._surface.path}/{bound.operation.name}"
                plain[path] = Plain(spoken, self._surface, list(spoken.headers))
                if bound.operation.resource is None:
                    examples.append(f"POST {path}{_example(bound.operation.input, self._types(bound))}")
            doors[bound.path] = self._door(spoken)
        services = self._binder.shared.setdefault("services", {})
        services.update(dict.fromkeys(each.service.name for each in self._bound))
        health = Health(services, self._binder, self._surface)
        reflection = None
        if self._style.reflection:
            reflection = Reflection([*self._packages, health.package], self._binder, self._surface)
        surface, lock = self._surface, self._style.lock
        return RpcEndpoint(surface, self._packages, doors, plain, reflection, health, lock, wrong, examples)

    def _types(self, bound: Bound) -> Types:
        return self._binder.types(bound.exposed)

    def _number(self, path: Path) -> DeclarationError | None:
        """Give all fields their numbers; returns what is wrong with the lock file."""
        try:
            known = Lock.read(path)
        except LockError as error:
            known, wrong = Lock({}), str(error)
            lock = known
        else:
            lock, wrong = known or Lock({}), ""

        for package in self._packages:
            lock = number(package, lock, self._place)
        if wrong:
            return DeclarationError(self._place, wrong, "Take it from version control again")
        if known is None:
            return stale(self._surface, path, (), missing=True)
        found = changes(known, lock, [each.name for each in self._packages])
        return stale(self._surface, path, found, missing=False) if found else None

    def _spoken(self, bound: Bound) -> Spoken:
        operation, surface, types = bound.operation, self._surface, self._types(bound)
        place = f"{self._place}, {operation.name}"
        max_age = freshness(operation, place)
        streamed = operation.interaction.streams_input
        if streamed and operation.resource is not None:
            raise DeclarationError(
                place, "it is a method of a resource that takes a stream", "Declare it as an operation of the contract"
            )
        headers = deprecation_headers(deprecation(surface, operation))

        def looks(media: str, kept: bool) -> Answers:
            return Answers(surface, media=media, kept=kept, max_age=max_age, more=headers)

        return Spoken(
            bound,
            receiver(bound, surface, types),
            giver(bound),
            items(bound, surface, types) if streamed else None,
            self._style.message_size,
            bound.service.name.rpartition(".")[0],
            looks,
            headers,
        )

    def _door(self, spoken: Spoken) -> Door:
        forms = self._forms(spoken.bound)
        return Door(spoken, {JSON: forms[JSON]} if self._style.lock is None else forms)

    def _forms(self, bound: Bound) -> dict[str, Form]:
        procedure, changed = bound.procedure, bound.changed
        taken = procedure.input or Message("google.protobuf.Empty", [])
        given = procedure.output or Message("google.protobuf.Empty", [])
        made = self._encoders.get(given)
        if made is None:
            made = self._encoders[given] = BinaryEncoder(given), ProtoJsonEncoder(given)
        return {
            PROTO: Form(BinaryDecoder(taken, changed).decode, made[0].encode, self._direct(bound, given)),
            JSON: Form(ProtoJsonDecoder(taken, changed).decode, made[1].encode),
        }

    def _direct(self, bound: Bound, message: Message) -> Callable[[Any], bytes] | None:
        """What writes the binary form of what the contract's encoder made, if it can be."""
        output = bound.operation.output
        if output is None or bound.operation.resource is not None:
            return None
        wire = JsonEncoder(output, self._types(bound), audience=self._surface.audience).wire
        attributes = attributes_of(message, wire)
        return None if attributes is None else BinaryEncoder(message, attributes).encode


def _example(input: Type | None, types: Types) -> str:
    if input is None:
        return ""
    try:
        return " " + encode_json(example(input, types)).decode()
    except NoExample:
        return ""
