"""How each shape of route is spoken: a step that reads the request, and one that writes the answer.

An envelope is the request together with the id that its path holds.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from dragoman.contract.fault import InvalidArgument, Violation
from dragoman.contract.operation import Effect
from dragoman.contract.schema import List, Nullable, Record, Type, Types
from dragoman.ports.style import Binder
from dragoman.ports.wire import Request
from dragoman.runtime.call import State
from dragoman.runtime.codec import JsonDecoder, PatchDecoder, encode_json, invalid, to_builtins
from dragoman.runtime.http import etag
from dragoman.runtime.http.answers import Answers
from dragoman.runtime.http.idempotency import idempotency_key
from dragoman.runtime.http.json_body import JSON, MERGE_PATCH, require_json, takes_no_input
from dragoman.runtime.http.last_modified import http_date, last_modified
from dragoman.runtime.http.links import page_links
from dragoman.runtime.http.problem import PreconditionRequired

from .event_stream import write_item
from .query import arguments, list_request, parameters, reading
from .routes import Route, Shape

Decode = Callable[[State], None]
Encode = Callable[[State], None]


class Envelope(msgspec.Struct, eq=False):
    """A request that was matched."""

    request: Request
    id: str


def reader(route: Route, binder: Binder, *, require_etag: bool, partial: bool) -> Decode:
    """The step that reads a request of this route; ``partial`` where answers may be of some fields only."""
    decode = _reader(route, binder, require_etag=require_etag, partial=partial)
    if route.operation.effect is Effect.SAFE:
        return decode
    return _both(_refuse_key if route.streams else _read_key, decode)


def _reader(route: Route, binder: Binder, *, require_etag: bool, partial: bool) -> Decode:
    audience, types = binder.surface.audience, binder.types(route.exposed)
    operation = route.operation
    match route.shape:
        case Shape.LIST:
            return _read_list(route.parent, partial)
        case Shape.GET:
            return _read_get(partial)
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
            return body if operation.resource is None else _both(body, _read_precondition(False))
        case Shape.QUERY:
            query = _read_query(operation.input, types, binder)
            return query if operation.resource is None else _both(_read_id_only, query)


def writer(route: Route, location: str | None, answers: Answers, expanded: Answers, longest_call: float) -> Encode:
    """The step that writes the answer: an event for each item, where it streams. ``location`` is where a created
    resource is found, without its id; ``expanded`` how answers look that show what is referred to; ``longest_call``
    how long a call may take, in seconds.
    """
    if route.streams:
        return write_item
    match route.shape:
        case Shape.LIST:
            assert route.operation.resource is not None
            return _write_page(route.operation.resource.plural, answers, expanded)
        case Shape.GET:
            return _write_resource(answers, expanded, longest_call)
        case Shape.CREATE:
            return _write_created(location, answers)
        case Shape.DELETE:
            return _write_nothing(answers)
        case Shape.UPDATE:
            return _write_versioned(answers)
    if route.operation.output is None:
        return _write_nothing(answers)
    resource = route.operation.resource
    versioned = resource is not None and route.operation.native_output is resource.native
    if route.shape is Shape.QUERY:
        return _write_found(answers, versioned=versioned)
    return _write_versioned(answers) if versioned else _write_plain(answers)


def _both(one: Decode, other: Decode) -> Decode:
    def read(state: State) -> None:
        one(state)
        other(state)

    return read


def _read_key(state: State) -> None:
    state.key = idempotency_key(state.envelope.request.headers)


def _refuse_key(state: State) -> None:
    if idempotency_key(state.envelope.request.headers) is not None:
        raise InvalidArgument("a stream is never replayed, so that no key can protect it; leave Idempotency-Key out")


def _read_list(parent: str | None, partial: bool) -> Decode:
    def read(state: State) -> None:
        envelope = state.envelope
        state.exchange.place = "query"
        within = None if parent is None else (parent, envelope.id)
        state.query = list_request(envelope.request.query, within, partial=partial)

    return read


def _read_get(partial: bool) -> Decode:
    def read(state: State) -> None:
        envelope = state.envelope
        state.id = envelope.id
        if envelope.request.query:
            state.exchange.place = "query"
            state.reading = reading(envelope.request.query, partial=partial)

    return read


def _read_id_only(state: State) -> None:
    state.id = state.envelope.id


def _read_id(state: State) -> None:
    state.id = state.envelope.id
    _no_query(state)


def _read_body(decoder: JsonDecoder | None) -> Decode:
    def read(state: State) -> None:
        request = state.envelope.request
        if decoder is not None:
            require_json(request.headers, JSON)
        _no_query(state)
        if decoder is not None:
            state.input = decoder.decode(request.body)
            if state.key is not None:
                state.given = to_builtins(decoder.given(request.body))
        elif request.body and request.body.translate(None, b" \t\r\n") not in (b"{}", b""):
            raise takes_no_input()

    return read


def _read_patch(decoder: PatchDecoder, require_etag: bool) -> Decode:
    precondition = _read_precondition(require_etag)

    def read(state: State) -> None:
        request = state.envelope.request
        require_json(request.headers, MERGE_PATCH, JSON)
        precondition(state)
        state.patch = decoder.decode(request.body)
        if state.key is not None:
            state.given = to_builtins(decoder.given(request.body))

    return read


def _read_precondition(require_etag: bool) -> Decode:
    def read(state: State) -> None:
        _read_id(state)
        headers = state.envelope.request.headers
        given = headers.get("if-match")
        if given is not None:
            state.versions = etag.versions(given)
        elif require_etag:
            raise PreconditionRequired(
                "this surface asks for If-Match on every change; send the ETag of the resource as you read it"
            )
        elif (since := headers.get("if-unmodified-since")) is not None:
            state.unmodified_since = http_date(since)

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
        raise invalid(violations)
    state.exchange.place = "body"


def _write_page(plural: str, answers: Answers, expanded: Answers) -> Encode:
    def write(state: State) -> None:
        page, request = state.result, state.envelope.request
        assert state.query is not None
        reading = state.query.reading
        look = answers if reading is None or not reading.expands else expanded
        content = {plural: page.items, "next_page_token": page.next_page_token}
        if page.total_size is not None:
            content["total_size"] = page.total_size
        body = encode_json(content)
        state.answer = response = look.cached(request.headers, body, etag.list_tag(body))
        if response.status == 200 and (links := page_links(request, page.next_page_token)) is not None:
            response.headers = [*response.headers, links]

    return write


def _write_resource(answers: Answers, expanded: Answers, longest_call: float) -> Encode:
    def write(state: State) -> None:
        projected = state.projected
        body = encode_json(projected)
        # What is shown beside a resource changes without it; and an excerpt need not hold the time.
        modified = None if state.reading else last_modified(getattr(projected, "updated_at", None), longest_call)
        asked = state.envelope.request.headers
        look = answers if state.reading is None or not state.reading.expands else expanded
        state.answer = look.cached(asked, body, etag.entity_tag(state.version, body), modified)

    return write


def _write_found(answers: Answers, *, versioned: bool) -> Encode:
    """What a safe operation found: kept like any other answer to GET."""

    def write(state: State) -> None:
        body = encode_json(state.projected)
        tag = etag.entity_tag(state.version, body) if versioned else etag.list_tag(body)
        state.answer = answers.cached(state.envelope.request.headers, body, tag)

    return write


def _write_versioned(answers: Answers, status: int = 200) -> Encode:
    def write(state: State) -> None:
        body = encode_json(state.projected)
        tag = etag.entity_tag(state.version, body)
        state.answer = answers.content(state.envelope.request.headers, body, tag, status)

    return write


def _write_created(location: str | None, answers: Answers) -> Encode:
    versioned = _write_versioned(answers, 201)

    def write(state: State) -> None:
        versioned(state)
        if location is not None:
            target = f"{state.envelope.request.root}{location}/{state.result.id}"
            state.answer.headers.append((b"location", target.encode()))

    return write


def _write_plain(answers: Answers) -> Encode:
    def write(state: State) -> None:
        state.answer = answers.content(state.envelope.request.headers, encode_json(state.projected))

    return write


def _write_nothing(answers: Answers) -> Encode:
    def write(state: State) -> None:
        state.answer = answers.empty()

    return write
