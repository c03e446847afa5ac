"""``grpc.reflection.v1.ServerReflection`` (https://github.com/grpc/grpc/blob/master/doc/server-reflection.md): tells
tools such as grpcurl what there is to call. Off, unless a surface asks for it; whoever asks needs the credentials of
that surface.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from dragoman.contract.fault import Code
from dragoman.contract.operation import Effect, Interaction
from dragoman.ports.style import Binder, Surface
from dragoman.runtime.exchange import Exchange
from dragoman.runtime.streaming import Give

from .builtin import BYTES, NUMBER, TEXT, door, message, written
from .known import known_files
from .proto.descriptors import file_descriptor
from .proto.model import Label, Message, Package, Procedure
from .proto.text import imports
from .ways.doors import Door
from .ways.way import Envelope

NAMES: Final = ("grpc.reflection.v1", "grpc.reflection.v1alpha")
"""The package, and what it was called before: tools in use still ask by that name."""


class Reflection:
    """The service, which tells of these packages: all that is called here, but for the service itself."""

    def __init__(self, packages: Sequence[Package], binder: Binder, surface: Surface) -> None:
        self._binder = binder
        self._services = sorted(name for package in packages for name in package.services)
        files = {**known_files(), **{each.path: each for each in packages}}
        texts = {path: file_descriptor(each, path) for path, each in files.items()}
        self._files = {path: [texts[path], *map(texts.__getitem__, imports(each))] for path, each in files.items()}
        self._symbols: dict[str, str] = {}
        for path, package in files.items():
            for service in package.services.values():
                self._symbols[service.name] = path
                self._symbols |= {f"{service.name}.{each.name}": path for each in service.procedures}
            self._symbols |= {each.name: path for each in package.everything()}
        self.doors: dict[str, Door] = {}
        for name in NAMES:
            asked, told = _messages(name)
            procedure = Procedure(
                "ServerReflectionInfo", "reflection", asked, told, Interaction.BIDIRECTIONAL, Effect.SAFE
            )
            path = f"/{name}.ServerReflection/{procedure.name}"
            self.doors[path] = door(Package(name), "ServerReflection", procedure, self._answer, surface)

    async def _answer(self, exchange: Exchange, envelope: Envelope) -> Any:
        return self._binder.stream(exchange, _Telling(self, exchange, envelope))

    def tell(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The answer to one question."""
        answer: dict[str, Any] = {"valid_host": asked.get("host", ""), "original_request": asked}
        if "list_services" in asked:
            answer["list_services_response"] = {"service": [{"name": each} for each in self._services]}
            return answer
        path = asked.get("file_by_filename", "")
        if "file_containing_symbol" in asked:
            path = self._symbols.get(asked["file_containing_symbol"], "")
        if path in self._files:
            answer["file_descriptor_response"] = {"file_descriptor_proto": self._files[path]}
        else:
            said = "there is no such file, symbol or extension"
            answer["error_response"] = {"error_code": int(Code.NOT_FOUND), "error_message": said}
        return answer


class _Telling:
    """What answers whoever asks on one stream; a :class:`~dragoman.runtime.streaming.Source`."""

    name = "reflection"
    ahead = False

    def __init__(self, reflection: Reflection, exchange: Exchange, envelope: Envelope) -> None:
        self._reflection = reflection
        self._exchange = exchange
        self._envelope = envelope

    async def run(self, give: Give) -> None:
        """Answer each question."""
        assert self._envelope.messages is not None
        async for asked in self._envelope.messages:
            waiting = give(written(self._exchange, self._envelope, self._reflection.tell(asked)))
            if waiting is not None:
                await waiting

    async def close(self) -> None:
        """What it takes is the host's, which closes it."""


def _messages(name: str) -> tuple[Message, Message]:
    one = Label.OPTIONAL
    asked = message(
        f"{name}.ServerReflectionRequest",
        host=(1, TEXT),
        file_by_filename=(3, TEXT, one),
        file_containing_symbol=(4, TEXT, one),
        all_extension_numbers_of_type=(6, TEXT, one),
        list_services=(7, TEXT, one),
    )
    files = message(f"{name}.FileDescriptorResponse", file_descriptor_proto=(1, BYTES, Label.REPEATED))
    service = message(f"{name}.ServiceResponse", name=(1, TEXT))
    services = message(f"{name}.ListServiceResponse", service=(1, service, Label.REPEATED))
    error = message(f"{name}.ErrorResponse", error_code=(1, NUMBER), error_message=(2, TEXT))
    told = message(
        f"{name}.ServerReflectionResponse",
        valid_host=(1, TEXT),
        original_request=(2, asked),
        file_descriptor_response=(4, files),
        list_services_response=(6, services),
        error_response=(7, error),
    )
    return asked, told
