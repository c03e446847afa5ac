"""How each shape of route is spoken: a step that reads the request, and one that writes the answer.

An envelope is the request together with the id that its path holds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dragoman.contract.fault import InvalidArgument, Violation
from dragoman.contract.schema import List, Nullable, Record, Type, Types
from dragoman.ports.style import Binder
from dragoman.ports.wire import Request, Response
from dragoman.runtime.call import State
from dragoman.runtime.codec import JsonDecoder, PatchDecoder, encode_json
from dragoman.runtime.http.json_body import JSON, JSON_HEADER, MERGE_PATCH, require_json, takes_no_input
from dragoman.runtime.http.problem import PreconditionRequired

from . import etag
from .query import arguments, list_request, parameters
from .routes import Route, Shape

Decode = Callable[[State], None]
Encode = Callable[[State], None]


class Envelope:
    """A request that was matched."""

    __slots__ = ("id", "request")

    def __init__(self, request: Request, id: str) -> None:
        self.request = request
        self.id = id


def reader(route: Route, binder: Binder, *, require_etag: bool) -> Decode:
    """The step that reads a request of this route."""
    audience, types = binder.surface.audience, binder.types(route.exposed)
    operation = route.operation
    match route.shape:
        case Shape.LIST:
            return _read_list(route.parent)
        case Shape.GET:
            return _read_id
        case Shape.CREATE:
            assert operation.output is not None
            return _read_body(JsonDecoder(operation.output, types, audience=audience))
        case Shape.UPDATE:
            assert operation.output is not None
            return _read_patch(PatchDecoder(operation.output, types, audience=audience), require_etag)
        case Shape.DELETE:
            return _read_precondition(require_etag)
        case Shape.BODY:
            body = _read_body(
                None if operation.input is None else JsonDecoder(operation.input, types, audience=audience)
            )
            return body if operation.resource is None else _both(_read_precondition(False), body)
        case Shape.QUERY:
            query = _read_query(operation.input, types, binder)
            return query if operation.resource is None else _both(_read_id_only, query)


def writer(route: Route, location: str | None) -> Encode:
    """The step that writes the answer. ``location`` is where a created resource is found, without its id."""
    match route.shape:
        case Shape.LIST:
            assert route.operation.resource is not None
            return _write_page(route.operation.resource.plural)
        case Shape.GET:
            return _write_cached
        case Shape.CREATE:
            return _write_created(location)
        case Shape.DELETE:
            return _write_nothing
        case Shape.UPDATE:
            return _write_versioned
    if route.operation.output is None:
        return _write_nothing
    resource = route.operation.resource
    if resource is not None and route.operation.native_output is resource.native:
        return _write_versioned
    return _write_plain


def _both(one: Decode, other: Decode) -> Decode:
    def read(state: State) -> None:
        one(state)
        other(state)

    return read


def _read_list(parent: str | None) -> Decode:
    def read(state: State) -> None:
        envelope = state.envelope
        state.exchange.place = "query"
        state.query = list_request(envelope.request.query, None if parent is None else (parent, envelope.id))

    return read


def _read_id_only(state: State) -> None:
    state.id = state.envelope.id


def _read_id(state: State) -> None:
    state.id = state.envelope.id
    _no_query(state)


def _read_body(decoder: JsonDecoder | None) -> Decode:
    def read(state: State) -> None:
        request = state.envelope.request
        _no_query(state)
        if decoder is not None:
            require_json(request.headers, JSON)
            state.input = decoder.decode(request.body)
        elif request.body and request.body.translate(None, b" \t\r\n") not in (b"{}", b""):
            raise takes_no_input()

    return read


def _read_patch(decoder: PatchDecoder, require_etag: bool) -> Decode:
    precondition = _read_precondition(require_etag)

    def read(state: State) -> None:
        precondition(state)
        request = state.envelope.request
        require_json(request.headers, MERGE_PATCH, JSON)
        state.patch = decoder.decode(request.body)

    return read


def _read_precondition(require_etag: bool) -> Decode:
    def read(state: State) -> None:
        _read_id(state)
        given = state.envelope.request.headers.get("if-match")
        if given is not None:
            state.versions = etag.versions(given)
        elif require_etag:
            raise PreconditionRequired(
                "this surface asks for If-Match on every change; send the ETag of the resource as you read it"
            )

    return read


def _read_query(input: Type | None, types: Types, binder: Binder) -> Decode:
    if input is None:
        return _no_query
    record = types.resolve(input)
    assert isinstance(record, Record)
    lists = [each.name for each in record.fields if _is_list(each.type, types)]
    decoder = JsonDecoder(input, types, audience=binder.surface.audience)

    def read(state: State) -> None:
        state.exchange.place = "query"
        state.input = decoder.convert(arguments(state.envelope.request.query, lists), text=True)

    return read


def _is_list(type_: Type, types: Types) -> bool:
    type_ = types.resolve(type_)
    return isinstance(types.resolve(type_.of) if isinstance(type_, Nullable) else type_, List)


def _no_query(state: State) -> None:
    query = state.envelope.request.query
    if not query:
        return
    state.exchange.place = "query"
    violations = [Violation((name,), "is not a parameter here", "unknown_parameter") for name, _ in parameters(query)]
    if violations:
        raise InvalidArgument("the query cannot be used", violations=violations)
    state.exchange.place = "body"


def _write_page(plural: str) -> Encode:
    def write(state: State) -> None:
        page = state.result
        body = encode_json({plural: page.items, "next_page_token": page.next_page_token})
        _respond_cached(state, body, etag.list_tag(body))

    return write


def _write_cached(state: State) -> None:
    body = encode_json(state.projected)
    _respond_cached(state, body, etag.entity_tag(state.version, body))


def _respond_cached(state: State, body: bytes, tag: str) -> None:
    given = state.envelope.request.headers.get("if-none-match")
    header = (b"etag", tag.encode())
    if given is not None and etag.known(given, tag):
        state.answer = Response(304, [header])
    else:
        state.answer = Response(200, [JSON_HEADER, header], body)


def _write_versioned(state: State) -> None:
    body = encode_json(state.projected)
    state.answer = Response(200, [JSON_HEADER, (b"etag", etag.entity_tag(state.version, body).encode())], body)


def _write_created(location: str | None) -> Encode:
    def write(state: State) -> None:
        _write_versioned(state)
        response: Any = state.answer
        response.status = 201
        if location is not None:
            root = state.envelope.request.root
            response.headers.append((b"location", f"{root}{location}/{state.result.id}".encode()))

    return write


def _write_plain(state: State) -> None:
    state.answer = Response(200, [JSON_HEADER], encode_json(state.projected))


def _write_nothing(state: State) -> None:
    state.answer = Response(204)
