"""The RPC style with its plainest way in: ``POST <path>/<operation>`` with the input as JSON, the output as JSON, and
faults as problem documents.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dragoman.contract.annotations import Deprecated
from dragoman.contract.declaration import DeclarationError
from dragoman.contract.example import NoExample, example
from dragoman.contract.fault import Fault, NotFound
from dragoman.contract.handle import Exposable, Exposed
from dragoman.contract.operation import Interaction, Operation
from dragoman.contract.principal import AudienceName
from dragoman.contract.schema import Type, Types
from dragoman.ports.authenticator import Authenticator
from dragoman.ports.cors import Cors
from dragoman.ports.idempotency import Idempotency
from dragoman.ports.style import Binder, Call, Explained, Surface
from dragoman.ports.wire import Request, Response
from dragoman.runtime.call import State
from dragoman.runtime.codec import JsonDecoder, encode_json, to_builtins
from dragoman.runtime.explanation import explain
from dragoman.runtime.http import problem
from dragoman.runtime.http.answers import Answers, coded
from dragoman.runtime.http.caching import freshness
from dragoman.runtime.http.deprecation import deprecation, deprecation_headers
from dragoman.runtime.http.idempotency import idempotency_key
from dragoman.runtime.http.json_body import JSON, require_json, takes_no_input
from dragoman.runtime.http.options import OptionsMatch, offered
from dragoman.runtime.http.problem import MethodNotAllowed

METHODS: Final = offered(["POST"])


def rpc(
    name: str,
    path: str,
    *,
    audience: AudienceName,
    auth: Authenticator | None = None,
    exposes: Iterable[Exposable],
    deadline: float = 30.0,
    title: str = "",
    description: str = "",
    cors: Cors | None = None,
    idempotency: Idempotency | None = None,
    deprecated: bool | Deprecated = False,
) -> Surface:
    """An RPC surface: each operation is called by ``POST <path>/<name>``. ``deadline``, ``cors`` and ``idempotency``
    are those of :class:`~dragoman.ports.style.Surface`.
    """
    return Surface(
        name,
        path,
        audience,
        Rpc(),
        auth,
        exposes,
        deadline=deadline,
        title=title,
        description=description,
        cors=cors,
        deprecated=deprecated,
        idempotency=idempotency,
    )


@dataclass(frozen=True, slots=True)
class Rpc:
    """The style."""

    @property
    def name(self) -> str:
        """The style's word."""
        return "rpc"

    def bind(self, surface: Surface, exposed: Sequence[Exposed], binder: Binder) -> RpcEndpoint:
        """Compile the surface. Raises DeclarationError for what plain POST cannot carry."""
        matches: dict[str, RpcMatch] = {}
        inputs: dict[str, str] = {}
        for each in exposed:
            operation, place = each.operation, f"surface {surface.name!r}, {each.operation.name}"
            if operation.resource is not None:
                raise DeclarationError(
                    place,
                    "a plain POST calls operations, and this is a method of a resource",
                    "Expose the resource on a dm.rest(…) surface",
                )
            if operation.interaction is not Interaction.UNARY:
                takes = operation.interaction.streams_input
                raise DeclarationError(
                    place,
                    f"its interaction is {operation.interaction}, and a plain POST is one message, answered once",
                    "Take a list in one message, and return all results in one answer"
                    if takes
                    else "Expose it on a dm.rest surface, which streams events; or return all results in one answer",
                )
            decoder = None
            if operation.input is not None:
                decoder = JsonDecoder(operation.input, binder.types(each), audience=surface.audience)
            freshness(operation, place)
            more = deprecation_headers(deprecation(surface, operation))
            answers = Answers(surface, media="" if operation.output is None else JSON, more=more)
            call = binder.call(each, decode=_reader(decoder), encode=_writer(answers, operation))
            matches[operation.name] = RpcMatch(operation.name, call, answers)
            inputs[operation.name] = _example(operation.input, binder.types(each))
        return RpcEndpoint(surface, matches, inputs)


def _reader(decoder: JsonDecoder | None) -> Callable[[State], None]:
    def read(state: State) -> None:
        request = state.envelope
        state.key = idempotency_key(request.headers)
        if decoder is not None:
            require_json(request.headers, JSON)
            state.input = decoder.decode(request.body)
            if state.key is not None:
                state.given = to_builtins(decoder.given(request.body))
        elif request.body.translate(None, b" \t\r\n") not in (b"", b"{}"):
            raise takes_no_input()

    return read


def _example(input: Type | None, types: Types) -> str:
    if input is None:
        return ""
    try:
        return " " + encode_json(example(input, types)).decode()
    except NoExample:
        return ""


def _writer(answers: Answers, operation: Operation) -> Callable[[State], None]:
    def write(state: State) -> None:
        state.answer = answers.content(state.envelope.headers, encode_json(state.projected))

    def write_nothing(state: State) -> None:
        state.answer = answers.empty()

    return write_nothing if operation.output is None else write


@dataclass(frozen=True, slots=True)
class RpcMatch:
    """A request whose operation is known."""

    operation: str
    call: Call
    answers: Answers

    def answer(self, exchange: Any, request: Request) -> Coroutine[Any, Any, Response]:
        """Drive the call."""
        accept = request.headers.get("accept")
        if accept is not None and accept != "*/*":
            self.answers.check_acceptable(accept)
        answering = self.call(exchange, request)
        return answering if request.headers.get("accept-encoding") is None else coded(answering)


class RpcEndpoint:
    """A bound RPC surface."""

    def __init__(self, surface: Surface, matches: Mapping[str, RpcMatch], inputs: Mapping[str, str]) -> None:
        self._surface = surface
        self._inputs = inputs
        self._matches = {f"{surface.path}/{name}": match for name, match in matches.items()}

    @property
    def claims(self) -> Sequence[str]:
        """Nothing: all is below the surface's path."""
        return ()

    @property
    def bodies(self) -> Mapping[str, int | None]:
        """None is read in another way than the application says."""
        return {}

    def document(self, request: Request) -> Response | None:
        """None: plain POST has no document of its own."""
        return None

    def page(self, request: Request) -> Response | None:
        """None: there is no page either."""
        return None

    def check(self) -> None:
        """Nothing more than was checked when it was bound."""

    def match(self, request: Request) -> RpcMatch | OptionsMatch:
        """Find the operation. Raises NotFound and MethodNotAllowed."""
        match = self._matches.get(request.path)
        if match is None:
            known = ", ".join(sorted(self._matches))
            raise NotFound(f"there is no operation under this path; there is {known}")
        if request.method == "OPTIONS":
            return OptionsMatch(METHODS)
        if request.method != "POST":
            raise MethodNotAllowed(request.method, METHODS)
        return match

    def refuse(self, fault: Fault, request: Request, exchange: Any) -> Response:
        """The fault as a problem document."""
        return problem.respond(fault, request_id=exchange.request_id, place=exchange.place)

    def explain(self) -> Mapping[str, Explained]:
        """The route and phases of each operation."""
        return {each.operation: explain(each.call, [f"POST {path}"]) for path, each in self._matches.items()}

    def examples(self) -> Sequence[str]:
        """A call of each operation, with the least input that it takes, if one can be made up."""
        return [f"POST {path}{self._inputs[each.operation]}" for path, each in self._matches.items()]

    def pages(self) -> Sequence[str]:
        """None: plain POST is for programs."""
        return []

    def exports(self) -> Mapping[str, Callable[[], bytes]]:
        """Nothing: plain POST has no document of its own."""
        return {}
