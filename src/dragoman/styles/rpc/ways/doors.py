"""The doors of a procedure: every way in that it has, by the type of its requests."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from dragoman.contract.fault import Unimplemented
from dragoman.contract.operation import Effect
from dragoman.ports.wire import Request, Response
from dragoman.runtime.http.options import OptionsMatch, offered
from dragoman.runtime.http.problem import MethodNotAllowed, UnsupportedMediaType

from .connect import Connect, ConnectStream
from .grpc import Grpc, GrpcWeb
from .way import Form, Spoken, Way

POST = offered(["POST"])
POST_AND_GET = offered(["GET", "POST"])
PROTO, JSON = "proto", "json"
"""The forms of messages."""


@dataclass(frozen=True, slots=True)
class RpcMatch:
    """A request whose procedure is known. ``answer`` is the way that it comes, which drives the call."""

    operation: str
    answer: Callable[[Any, Request], Coroutine[Any, Any, Response]]


class Door:
    """The path of a procedure over gRPC, gRPC-Web and Connect. ``forms`` are those of its messages, by name: without
    the binary one there is neither gRPC nor gRPC-Web.
    """

    def __init__(self, spoken: Spoken, forms: Mapping[str, Form]) -> None:
        self.spoken = spoken
        self._binary = PROTO in forms
        self._matches = {
            media: RpcMatch(spoken.bound.operation.name, way.answer) for media, way in _ways(spoken, forms).items()
        }

    def match(self, request: Request) -> RpcMatch | OptionsMatch:
        """The way that a request comes. Raises UnsupportedMediaType and MethodNotAllowed."""
        if request.method == "POST":
            media = request.headers.get("content-type", "")
            match = self._matches.get(media) or self._matches.get(media.partition(";")[0].strip().lower())
            if match is not None:
                return match
            if media.startswith("application/grpc") and not self._binary:
                raise Unimplemented("this surface has no lock file, and speaks JSON alone: call it by Connect")
            streams = self.spoken.takes_stream or self.spoken.gives_stream
            known = ", ".join(each for each in self._matches if " " not in each)
            raise UnsupportedMediaType(
                f"the Content-Type {media[:40]!r} is none that this procedure is called with"
                f"{', which streams: its messages are in frames' if streams else ''}; send one of {known}"
            )
        if request.method == "OPTIONS":
            return OptionsMatch(POST_AND_GET if f"GET {JSON}" in self._matches else POST)
        if request.method == "GET" and f"GET {JSON}" in self._matches:
            given = [each.removeprefix("encoding=") for each in request.query.split("&") if each[:9] == "encoding="]
            match = self._matches.get(f"GET {given[0] if given else JSON}")
            if match is None:
                raise UnsupportedMediaType(f"the encoding {given[0][:40]!r} is not spoken here; ask for encoding=json")
            return match
        raise MethodNotAllowed(request.method, POST)


def _ways(spoken: Spoken, forms: Mapping[str, Form]) -> dict[str, Way]:
    ways: dict[str, Way] = {}
    if PROTO in forms:
        for media, form in (("", forms[PROTO]), ("+proto", forms[PROTO]), ("+json", forms[JSON])):
            ways[f"application/grpc{media}"] = Grpc(spoken, form, f"application/grpc{media}")
            for kind in ("", "-text"):
                name = f"application/grpc-web{kind}{media}"
                ways[name] = GrpcWeb(spoken, form, name, text=bool(kind))
    for name, form in forms.items():
        if spoken.takes_stream or spoken.gives_stream:
            media = f"application/connect+{name}"
            ways[media] = ConnectStream(spoken, form, media)
        else:
            media = f"application/{name}"
            ways[media] = Connect(spoken, form, media)
            if spoken.bound.operation.effect is Effect.SAFE:
                ways[f"GET {name}"] = Connect(spoken, form, media, got=True)
    return ways
