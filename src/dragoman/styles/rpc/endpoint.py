"""A bound surface: which procedure a request calls, and by which way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from dragoman.contract.declaration import TARGET, DeclarationError
from dragoman.contract.fault import Fault, NotFound, Unimplemented
from dragoman.ports.style import Endpoint, Explained, Probe, Surface
from dragoman.ports.wire import Request, Response
from dragoman.runtime import observation
from dragoman.runtime.codec import invalid
from dragoman.runtime.exchange import Exchange
from dragoman.runtime.explanation import explain
from dragoman.runtime.http import problem
from dragoman.runtime.http.options import OptionsMatch
from dragoman.runtime.http.problem import MethodNotAllowed

from .health import Health
from .proto.descriptors import descriptor_set
from .proto.lock import Lock, LockError, number, renamed
from .proto.model import Package
from .proto.text import proto
from .reflection import Reflection
from .ways import connect, grpc
from .ways.doors import POST, Door, RpcMatch
from .ways.framing import too_large
from .ways.plain import Plain

FRAME: Final = 5
PROBE_SECONDS: Final = 30.0
_CODINGS: Final = ("Connect-Accept-Encoding", "Connect-Content-Encoding", "Grpc-Accept-Encoding", "Grpc-Encoding")
READS: Final = (
    *_CODINGS,
    "Connect-Protocol-Version",
    "Connect-Timeout-Ms",
    "Grpc-Timeout",
    "X-Grpc-Web",
    "X-User-Agent",
)
TELLS: Final = (*_CODINGS, "Grpc-Message", "Grpc-Status", "Grpc-Status-Details-Bin")


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
        reflection: Reflection | None,
        health: Health,
        locked: Path | None,
        stale: DeclarationError | None,
        examples: Sequence[str],
    ) -> None:
        self._surface = surface
        self._packages = packages
        self._locked = locked
        self._doors = {**doors, **({} if reflection is None else reflection.doors)}
        self._health = health
        self._plain = {path: RpcMatch(way.spoken.bound.operation.name, way.answer) for path, way in plain.items()}
        self._calls = {path: each.spoken for path, each in doors.items()}
        self._streams = {
            f"{surface.path}/{each.bound.operation.name}": path
            for path, each in self._calls.items()
            if each.takes_stream or each.gives_stream
        }
        self._filters = {path: names for path, each in self._calls.items() if (names := each.bound.filter_names)}
        self._stale = stale
        self._examples = examples

    @property
    def claims(self) -> Sequence[str]:
        """The services; and the packages, which are one surface's, since all their numbers are settled together."""
        return [
            *(f"/{each.name}" for each in self._packages),
            *sorted({path.rpartition("/")[0] for path in self._doors}),
        ]

    def speaks(self, request: Request) -> bool:
        """gRPC, whose clients understand nothing else."""
        return request.headers.get("content-type", "").startswith(grpc.PREFIX)

    @property
    def reads(self) -> Sequence[str]:
        """Those of Connect and gRPC-Web."""
        return READS

    @property
    def tells(self) -> Sequence[str]:
        """Those of Connect and gRPC-Web."""
        return TELLS

    @property
    def probes(self) -> Mapping[str, Probe]:
        """gRPC's own way of asking how the server is."""
        return dict.fromkeys(self._health.doors, self._probe)

    async def _probe(self, request: Request) -> Response:
        began = asyncio.get_running_loop().time()
        exchange = Exchange(observation.request_id(request, 0.0), 0.0, began, began + PROBE_SECONDS)
        try:
            match = self._health.doors[request.path].match(request)
            response: Response = await match.answer(exchange, request)
        except Fault as fault:
            response = self.refuse(fault, request, exchange)
        except Exception as error:
            response = self.refuse(observation.told(exchange, error), request, exchange)
        return response

    @property
    def bodies(self) -> Mapping[str, int | None]:
        """A message with its frame; streams are read while they come."""
        return {
            # gRPC-Web may send it as base64, which is longer by a third.
            path: None if door.spoken.takes_stream else (door.spoken.most + FRAME) * 4 // 3 + 4
            for path, door in self._doors.items()
        }

    def check(self) -> None:
        """Raises DeclarationError where the lock file is missing or stale."""
        if self._stale is not None:
            raise self._stale

    def lock(self, files: dict[Path, bytes], *, gone: bool = False) -> None:
        """Add the lock file. Raises DeclarationError where the one that there is cannot be read, and where a class may
        have another name.
        """
        if self._locked is None:
            return
        try:
            lock = (Lock.parse(files[self._locked]) if self._locked in files else Lock.read(self._locked)) or Lock({})
        except LockError as error:
            raise DeclarationError(
                f"surface {self._surface.name!r}", str(error), "Take it from version control again"
            ) from None
        place = f"surface {self._surface.name!r}"
        for package in self._packages:
            before, lock = lock, number(package, lock, place)
            old, new = renamed(before, lock, package.name)
            if old and new and not gone:
                raise DeclarationError(
                    place,
                    f"{', '.join(old)} of {package.name} would be gone, and {', '.join(new)} new, with other numbers",
                    f"If a class has another name now, rename it in {self._locked}, and its numbers stay; if not, run "
                    f"`dragoman lock {TARGET} --gone`",
                )
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
        return self._match_plain(request) if door is None else door.match(request)

    def _match_plain(self, request: Request) -> RpcMatch | OptionsMatch:
        match = self._plain.get(request.path)
        if match is None:
            if request.path != self._surface.path and not request.path.startswith(self._surface.path + "/"):
                service, _, name = request.path.rpartition("/")
                raise Unimplemented(f"the service {service[1:]} has no method {name[:80]!r}")
            if request.path in self._streams:
                ways = "Connect" if self._locked is None else "Connect, gRPC or gRPC-Web"
                raise Unimplemented(
                    f"this procedure streams, which plain POST does not carry; call it by {ways}: "
                    f"POST {self._streams[request.path]}"
                )
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
        if fault.violations and request.path in self._filters:
            fault = _by_file(fault, self._filters[request.path])
        if isinstance(fault, problem.ContentTooLarge) and request.path in self._doors:
            fault = too_large(self._doors[request.path].spoken.most)  # in these protocols it has another code
        if media.startswith(grpc.PREFIX):
            known = request.path in self._doors or request.path in self._health.doors
            if isinstance(fault, NotFound) and not known:
                fault = Unimplemented(f"there is no procedure {request.path[1:80]!r} here")
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
        found = {}
        ways = "Connect, in JSON" if self._locked is None else "gRPC, gRPC-Web, Connect"
        for path, spoken in self._calls.items():
            name = spoken.bound.operation.name
            every = [*routes.get(name, ()), f"POST {path} ({ways})"]
            found[name] = explain(spoken.call, every)
        return found

    def examples(self) -> Sequence[str]:
        """A call of each operation, with the least input that it takes, if one can be made up."""
        return self._examples

    def pages(self) -> Sequence[str]:
        """None: it is for programs."""
        return []

    def exports(self) -> Mapping[str, Callable[[], bytes]]:
        """The ``.proto`` file of each package, and all of them as a FileDescriptorSet; nothing where no numbers are."""
        if self._locked is None:
            return {}
        texts: dict[str, Callable[[], bytes]] = {}
        for package in self._packages:
            name = "proto" if len(self._packages) == 1 else f"proto:{package.name}"
            texts[name] = lambda package=package: proto(package).encode()  # type: ignore[misc]
        return {**texts, "descriptors": lambda: descriptor_set(self._packages)}


def _by_file(fault: Fault, names: Mapping[str, str]) -> Fault:
    """A fault whose violations are of the fields that callers by these protocols have sent: a filter's name is that of
    the file. All others' names are the contract's, on every way.
    """
    if not any(each.path and each.path[0] in names for each in fault.violations):
        return fault
    return invalid(
        [
            replace(each, path=(names.get(str(each.path[0]), each.path[0]), *each.path[1:])) if each.path else each
            for each in fault.violations
        ]
    )


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
        f"Run `dragoman lock {TARGET}`, look at what it changes, and commit the file",
    )
