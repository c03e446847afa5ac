"""A bound surface: which procedure a request calls, and by which way."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dragoman.contract.declaration import DeclarationError
from dragoman.contract.fault import Fault, NotFound, Unimplemented
from dragoman.contract.operation import Effect
from dragoman.ports.style import Endpoint, Explained, Surface
from dragoman.ports.wire import Request, Response
from dragoman.runtime.explanation import explain
from dragoman.runtime.http import problem
from dragoman.runtime.http.options import OptionsMatch, offered
from dragoman.runtime.http.problem import MethodNotAllowed, UnsupportedMediaType

from .proto.descriptors import descriptor_set
from .proto.lock import Lock, LockError, number
from .proto.model import Package
from .proto.text import proto
from .ways import connect, grpc
from .ways.plain import Plain
from .ways.way import Spoken, Way

POST: Final = offered(["POST"])
POST_AND_GET: Final = offered(["GET", "POST"])
FRAME: Final = 5


@dataclass(frozen=True, slots=True)
class RpcMatch:
    """A request whose procedure is known. ``way`` is how it is called."""

    operation: str
    way: Any

    def answer(self, exchange: Any, request: Request) -> Coroutine[Any, Any, Response]:
        """Drive the call."""
        answering: Coroutine[Any, Any, Response] = self.way.answer(exchange, request)
        return answering


@dataclass(frozen=True, slots=True)
class Door:
    """A procedure's path: its ways, by the type of their requests."""

    spoken: Spoken
    ways: Mapping[str, Way]
    matches: Mapping[str, RpcMatch]


class RpcEndpoint(Endpoint):
    """A bound RPC surface. ``doors`` are by the path of gRPC and Connect, ``plain`` by that of plain POST; ``stale``
    says what has to be mended first, if anything.
    """

    def __init__(
        self,
        surface: Surface,
        packages: Sequence[Package],
        doors: Mapping[str, Door],
        plain: Mapping[str, Plain],
        locked: Path | None,
        stale: DeclarationError | None,
        examples: Sequence[str],
    ) -> None:
        self._surface = surface
        self._packages = packages
        self._locked = locked
        self._doors = doors
        self._plain = {path: RpcMatch(way.spoken.bound.operation.name, way) for path, way in plain.items()}
        self._calls = {each.spoken.bound.operation.name: each.spoken for each in doors.values()}
        self._stale = stale
        self._examples = examples

    @property
    def claims(self) -> Sequence[str]:
        """The services; and the packages, which are one surface's, since all their numbers are settled together."""
        return [
            *(f"/{each.name}" for each in self._packages),
            *sorted({path.rpartition("/")[0] for path in self._doors}),
        ]

    @property
    def bodies(self) -> Mapping[str, int | None]:
        """A message with its frame; streams are read while they come."""
        return {
            path: None if door.spoken.takes_stream else door.spoken.most + FRAME for path, door in self._doors.items()
        }

    def check(self) -> None:
        """Raises DeclarationError where the lock file is missing or stale."""
        if self._stale is not None:
            raise self._stale

    def lock(self, files: dict[Path, bytes]) -> None:
        """Add the lock file. Raises DeclarationError where the one that there is cannot be read."""
        if self._locked is None:
            return
        try:
            lock = (Lock.parse(files[self._locked]) if self._locked in files else Lock.read(self._locked)) or Lock({})
        except LockError as error:
            raise DeclarationError(
                f"surface {self._surface.name!r}", str(error), "Take it from version control again"
            ) from None
        for package in self._packages:
            lock = number(package, lock, f"surface {self._surface.name!r}")
        files[self._locked] = lock.text()

    def document(self, request: Request) -> Response | None:
        """None: documents are exported."""
        return None

    def page(self, request: Request) -> Response | None:
        """None."""
        return None

    def match(self, request: Request) -> RpcMatch | OptionsMatch:
        """Find the procedure, and the way that the request comes. Raises NotFound and other faults."""
        door = self._doors.get(request.path)
        if door is None:
            return self._match_plain(request)
        headers = request.headers
        if request.method == "POST":
            media = headers.get("content-type", "")
            match = door.matches.get(media) or door.matches.get(media.partition(";")[0].strip().lower())
            if match is not None:
                return match
            raise UnsupportedMediaType(
                f"the Content-Type {media[:40]!r} is none that this procedure is called with; "
                f"send one of {', '.join(door.ways)}"
            )
        if request.method == "OPTIONS":
            return OptionsMatch(POST_AND_GET if door.spoken.bound.operation.effect is Effect.SAFE else POST)
        if request.method == "GET" and "GET json" in door.matches:
            proto_form = "encoding=proto" in request.query.split("&")
            return door.matches["GET proto" if proto_form and "GET proto" in door.matches else "GET json"]
        raise MethodNotAllowed(request.method, POST)

    def _match_plain(self, request: Request) -> RpcMatch | OptionsMatch:
        match = self._plain.get(request.path)
        if match is None:
            if not request.path.startswith(self._surface.path + "/"):
                service, _, name = request.path.rpartition("/")
                raise Unimplemented(f"the service {service[1:]} has no method {name[:80]!r}")
            known = ", ".join(sorted(self._plain))
            raise NotFound(f"there is no operation under this path; there is {known}")
        if request.method == "OPTIONS":
            return OptionsMatch(POST)
        if request.method != "POST":
            raise MethodNotAllowed(request.method, POST)
        return match

    def refuse(self, fault: Fault, request: Request, exchange: Any) -> Response:
        """The fault, in the words of the protocol that the request speaks."""
        media = request.headers.get("content-type", "")
        if media.startswith(grpc.PREFIX):
            write = grpc.web_refusal if media.startswith(grpc.WEB) else grpc.refusal
            return write(fault, request, exchange, self._domain(request))
        if request.path == self._surface.path or request.path.startswith(self._surface.path + "/"):
            return problem.respond(fault, request_id=exchange.request_id, place=exchange.place)
        return connect.refusal(fault, request, exchange, self._domain(request))

    def _domain(self, request: Request) -> str:
        """Whose reasons a fault has: the package."""
        return request.path[1:].rpartition("/")[0].rpartition(".")[0]

    def explain(self) -> Mapping[str, Explained]:
        """The routes and phases of each operation."""
        routes: dict[str, list[str]] = {}
        for path, match in self._plain.items():
            routes.setdefault(match.operation, []).append(f"POST {path}")
        for path, door in self._doors.items():
            routes.setdefault(door.spoken.bound.operation.name, []).append(f"POST {path} (gRPC, gRPC-Web, Connect)")
        return {name: explain(spoken.call, routes[name]) for name, spoken in self._calls.items()}

    def examples(self) -> Sequence[str]:
        """A call of each operation, with the least input that it takes, if one can be made up."""
        return self._examples

    def pages(self) -> Sequence[str]:
        """None: it is for programs."""
        return []

    def exports(self) -> Mapping[str, Callable[[], bytes]]:
        """The ``.proto`` file of each package, and all of them as a FileDescriptorSet."""
        texts: dict[str, Callable[[], bytes]] = {}
        for package in self._packages:
            name = "proto" if len(self._packages) == 1 else f"proto:{package.name}"
            texts[name] = lambda package=package: proto(package).encode()  # type: ignore[misc]
        return {**texts, "descriptors": lambda: descriptor_set(self._packages)}


def stale(surface: Surface, path: Path, found: Sequence[str], *, missing: bool) -> DeclarationError:
    """What is wrong with a lock file, and what to do."""
    said = (
        f"there is no lock file {path} for its field numbers"
        if missing
        else f"the lock file {path} is stale: {found[0]}"
    )
    if not missing and len(found) > 1:
        said += f" (and {len(found) - 1} more)"
    return DeclarationError(
        f"surface {surface.name!r}",
        said,
        "Run `dragoman lock MODULE:APP`, look at what it changes, and commit the file",
    )
