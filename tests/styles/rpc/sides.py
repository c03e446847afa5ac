"""The same call by each style, in this process: what was asked goes out in the style's own form, and what came back is
made one form again, in which names of resources stand for their ids.
"""

from __future__ import annotations

import base64
import copy
import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

import dragoman as dm
from dragoman.contract.operation import Effect, Interaction, Method, Operation
from dragoman.ports.wire import Request, Response
from dragoman.styles.rpc.codec import BinaryDecoder, BinaryEncoder, ProtoJsonDecoder, ProtoJsonEncoder
from dragoman.styles.rpc.proto.model import Message
from dragoman.styles.rpc.proto.names import snake
from dragoman.styles.rpc.proto.services import Bound
from dragoman.styles.rpc.ways.framing import HEAD
from dragoman.testing.contract import PARTNER, REMOTE

ID = re.compile(r"\b(?:mkr|thg|prt|cty|note)_[0-9a-z]{26}\b")
NOW = re.compile(r"2026-11|202[6-9]-[0-9]{2}-[0-9]{2}T[0-9:.]+Z")
SERVER_SET = ("created_at", "updated_at")


@dataclass
class Asked:
    """A call. ``id`` and ``body`` name resources by their names, such as ``<mkr 1>``."""

    operation: Operation
    who: str | None
    id: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    version: str = ""
    key: str = ""


@dataclass
class Told:
    """What became of it: a result or several, or a fault with its violations."""

    code: str
    result: Any = None
    violations: list[tuple[str, str]] = field(default_factory=list)
    reason: str = ""
    replayed: bool = False


class Side:
    """One style, on a database of its own."""

    carries_streams = True

    def __init__(self, app: dm.App) -> None:
        self.app = app
        self._ids: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    async def ask(self, asked: Asked) -> Told | None:
        """Call; None where the style does not carry the operation."""
        raise NotImplementedError

    def meant(self, value: Any) -> Any:
        """With this side's ids for the names of resources."""
        text = json.dumps(value)
        for name, id in self._ids.items():
            text = text.replace(name, id)
        return json.loads(text)

    def named(self, value: Any) -> Any:
        """With names for this side's ids. What is new gets the next name."""

        def name(found: re.Match[str]) -> str:
            id = found[0]
            if id not in self._names:
                prefix = id.partition("_")[0]
                self._counts[prefix] = self._counts.get(prefix, 0) + 1
                self._names[id] = f"<{prefix} {self._counts[prefix]}>"
                self._ids[self._names[id]] = id
            return self._names[id]

        return json.loads(ID.sub(name, json.dumps(value)))

    def _headers(self, asked: Asked) -> dict[str, str]:
        headers = {"host": "localhost"}
        if asked.who is not None:
            headers["authorization"] = f"Bearer {asked.who}"
        if asked.key:
            headers["idempotency-key"] = asked.key
        return headers

    def _told(self, result: Any, response: Response) -> Told:
        return Told("OK", plain(self.named(result)), replayed=_replayed(response))

    def _refused(self, fault: Mapping[str, Any], response: Response) -> Told:
        violations = sorted(fault["violations"])
        return Told(fault["code"], None, violations, fault["reason"], _replayed(response))


def _replayed(response: Response) -> bool:
    return (b"idempotency-replayed", b"true") in response.headers


def plain(value: Any) -> Any:
    """Without what styles may leave out or add: nulls, empty lists and texts, entity tags; and without times of now."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if not isinstance(value, dict):
        return round(value, 6) if isinstance(value, float) else value
    made = {}
    for name, each in value.items():
        if name in SERVER_SET:
            made[name] = "now"
        elif name == "next_page_token":
            made[name] = bool(each)
        elif name != "etag" and (shown := plain(each)) not in (None, [], {}, ""):
            made[name] = shown
    return made


class Rest(Side):
    """REST."""

    async def ask(self, asked: Asked) -> Told | None:
        operation = asked.operation
        if operation.interaction.streams_input:
            return None
        method, path = self._route(asked)
        headers, body = self._headers(asked), b""
        if asked.version:
            headers["if-match"] = asked.version
        query = _query(self.meant(asked.query))
        takes = operation.input is not None or operation.method is not Method.CUSTOM
        if method in ("POST", "PATCH") and (asked.body or takes):
            headers["content-type"] = "application/json"
            body = json.dumps(self.meant(asked.body)).encode()
        response = await self.app.respond(Request(method, PARTNER + path, query, headers, body))
        if response.stream is not None:
            return await self._events(response)
        shown = json.loads(response.body) if response.body else {}
        if response.status < 400:
            return self._told(shown, response)
        return self._refused(_problem(shown), response)

    def _route(self, asked: Asked) -> tuple[str, str]:
        operation, id = asked.operation, quote(self.meant(asked.id))
        verb = operation.short_name
        words = verb.split("_")
        segment = words[0] + "".join(map(str.capitalize, words[1:]))
        if operation.resource is None:
            return "POST", f"/{segment}"
        plural = operation.resource.plural
        safe = operation.effect is Effect.SAFE
        return {
            Method.LIST: ("GET", f"/{plural}"),
            Method.GET: ("GET", f"/{plural}/{id}"),
            Method.CREATE: ("POST", f"/{plural}"),
            Method.UPDATE: ("PATCH", f"/{plural}/{id}"),
            Method.DELETE: ("DELETE", f"/{plural}/{id}"),
            Method.CUSTOM: ("GET" if safe else "POST", f"/{plural}/{id}:{segment}"),
        }[operation.method or Method.CUSTOM]

    async def _events(self, response: Response) -> Told:
        assert response.stream is not None
        text = b"".join([chunk async for chunk in response.stream]).decode()
        await response.stream.aclose()
        items = []
        for event in filter(None, text.split("\n\n")):
            lines = dict(line.split(": ", 1) for line in event.splitlines())
            if lines.get("event") == "fault":
                return self._refused(_problem(json.loads(lines["data"])), response)
            if "event" not in lines and "data" in lines:
                items.append(json.loads(lines["data"]))
        return self._told(items, response)


def _query(given: Mapping[str, Any]) -> str:
    return urlencode({name: _as_text(each) for name, each in given.items()}, safe=",")


def _as_text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _problem(shown: Mapping[str, Any]) -> dict[str, Any]:
    errors = shown.get("errors", ())
    found = [
        (each.get("parameter") or each["pointer"].removeprefix("#").removeprefix("/").replace("/", "."), each["rule"])
        for each in errors
    ]
    return {"code": shown["code"], "reason": shown.get("reason", ""), "violations": found}


class Rpc(Side):
    """A procedure by one of the ways in."""

    def __init__(self, app: dm.App) -> None:
        super().__init__(app)
        endpoint: Any = next(each.endpoint for each in app.surfaces if each.surface.name == "remote")
        self._bound: dict[str, Bound] = {
            spoken.bound.operation.name: spoken.bound for spoken in endpoint._calls.values()
        }

    def _message(self, asked: Asked) -> dict[str, Any]:
        """The request, as the contract's JSON."""
        operation = asked.operation
        if operation.resource is None:
            return asked.body
        singular = snake(operation.resource.name)
        message: dict[str, Any]
        match operation.method:
            case Method.LIST:
                return asked.query
            case Method.CREATE:
                return {singular: asked.body}
            case Method.UPDATE:
                message = {singular: {"id": asked.id, **asked.body}, "update_mask": list(asked.body)}
            case _:
                message = {"id": asked.id, **asked.body}
        if asked.version:
            message["etag"] = asked.version
        return message

    def _found(self, violations: list[tuple[str, str]], asked: Asked) -> list[tuple[str, str]]:
        """Violations without what the request's message adds to their paths."""
        resource = asked.operation.resource
        prefix = "" if resource is None else snake(resource.name) + "."
        return [(path.removeprefix(prefix), rule.lower()) for path, rule in violations]


class Plain(Rpc):
    """Plain POST of JSON."""

    carries_streams = False

    async def ask(self, asked: Asked) -> Told | None:
        if asked.operation.interaction is not Interaction.UNARY:
            return None
        headers = self._headers(asked)
        message, body = self._message(asked), b""
        if message or self._bound[asked.operation.name].procedure.input is not None:
            headers["content-type"] = "application/json"
            body = json.dumps(self.meant(message)).encode()
        response = await self.app.respond(Request("POST", f"{REMOTE}/{asked.operation.name}", "", headers, body))
        shown = json.loads(response.body) if response.body else {}
        if response.status < 400:
            return self._told(shown, response)
        fault = _problem(shown)
        return self._refused({**fault, "violations": self._found(fault["violations"], asked)}, response)


class Framed(Rpc):
    """A way in with messages of protocol buffers: in ``binary`` form or in their JSON."""

    binary = True

    def _codec(self, name: str) -> tuple[Any, Any]:
        procedure = self._bound[name].procedure
        taken = procedure.input or Message("google.protobuf.Empty", [])
        given = _all_shown(procedure.output or Message("google.protobuf.Empty", []))
        if self.binary:
            return BinaryEncoder(_all_shown(taken)).encode, BinaryDecoder(given).decode
        return ProtoJsonEncoder(_all_shown(taken)).encode, ProtoJsonDecoder(given).decode

    def __init__(self, app: dm.App) -> None:
        super().__init__(app)
        self._codecs = {name: self._codec(name) for name in self._bound}

    @staticmethod
    def _cannot_be_said(asked: Asked) -> bool:
        """Whether a filter is no value of its enum."""
        return asked.query.get("size", "small") not in ("small", "large")

    def _sent(self, asked: Asked) -> bytes:
        encode, _ = self._codecs[asked.operation.name]
        sent: bytes = encode(self.meant(self._message(asked)))
        return sent

    def _shown(self, asked: Asked, message: bytes) -> Any:
        _, decode = self._codecs[asked.operation.name]
        return msgspec.to_builtins(decode(message))

    async def _respond(self, asked: Asked, media: str, body: bytes) -> Response:
        headers = {**self._headers(asked), "content-type": media}
        bound = self._bound[asked.operation.name]
        stream = Body([body]) if asked.operation.interaction.streams_input else None
        sent = b"" if stream is not None else body
        request = Request("POST", bound.path, "", headers, sent, version="2", stream=stream, trailers=True)
        response = await self.app.respond(request)
        if response.stream is not None:
            response.body = b"".join([chunk async for chunk in response.stream])
            await response.stream.aclose()
        return response

    def _details(self, code: str, details: list[tuple[str, bytes]], asked: Asked, response: Response) -> Told:
        found, reason = [], ""
        for name, content in details:
            if name.endswith("BadRequest"):
                found = [_triple(each) for each in _fields(content, 1)]
            elif name.endswith("ErrorInfo"):
                reason = b"".join(_fields(content, 1)).decode()
        # Filters are called here as in the file: count_gte.
        filters = {key.replace(".", "_"): key for key in asked.query}
        violations = self._found([(filters.get(path, path), rule) for path, _, rule in found], asked)
        return self._refused({"code": code, "reason": reason, "violations": violations}, response)


class Grpc(Framed):
    """gRPC."""

    async def ask(self, asked: Asked) -> Told | None:
        if self._cannot_be_said(asked):
            return None
        response = await self._respond(asked, "application/grpc", _frame(self._sent(asked)))
        trailers = dict(response.trailers or response.headers)
        if trailers[b"grpc-status"] == b"0":
            items = [self._shown(asked, each) for each in _frames(response.body)]
            return self._told(items if asked.operation.interaction.streams_output else items[0], response)
        text = trailers[b"grpc-status-details-bin"]
        status = base64.b64decode(text + b"=" * (-len(text) % 4))
        details = [(b"".join(_fields(each, 1)).decode(), b"".join(_fields(each, 2))) for each in _fields(status, 3)]
        return self._details(dm.Code(int(trailers[b"grpc-status"])).name, details, asked, response)


class Connect(Framed):
    """Connect, with binary messages."""

    async def ask(self, asked: Asked) -> Told | None:
        if self._cannot_be_said(asked):
            return None
        form = "proto" if self.binary else "json"
        if asked.operation.interaction is Interaction.UNARY:
            response = await self._respond(asked, f"application/{form}", self._sent(asked))
            if response.status < 400:
                return self._told(self._shown(asked, response.body), response)
            return self._error(json.loads(response.body), asked, response)
        response = await self._respond(asked, f"application/connect+{form}", _frame(self._sent(asked)))
        if response.status != 200:
            return self._error(json.loads(response.body), asked, response)
        *frames, last = _frames(response.body)
        end = json.loads(last)
        if "error" in end:
            return self._error(end["error"], asked, response)
        items = [self._shown(asked, each) for each in frames]
        return self._told(items if asked.operation.interaction.streams_output else items[0], response)

    def _error(self, error: Mapping[str, Any], asked: Asked, response: Response) -> Told:
        details = [(each["type"], base64.b64decode(each["value"] + "==")) for each in error["details"]]
        code = {"canceled": "CANCELLED"}.get(error["code"], error["code"].upper())
        return self._details(code, details, asked, response)


class ConnectJson(Connect):
    """Connect, with messages in JSON."""

    binary = False


SIDES = (Rest, Grpc, Connect, ConnectJson, Plain)


class Body:
    """A body that comes while it is read."""

    def __init__(self, chunks: list[bytes]) -> None:
        self._chunks = chunks

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if not self._chunks:
            raise StopAsyncIteration
        return self._chunks.pop(0)

    def keep(self, size: int, most: int) -> None:
        pass


def _all_shown(message: Message) -> Message:
    """The message as a client reads it: what the server sets is there."""
    shown = copy.deepcopy(message)
    todo, seen = [shown], set[int]()
    while todo:
        each = todo.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        for member in each.fields:
            member.output_only = False
            if isinstance(member.value, Message):
                todo.append(member.value)
    return shown


def _frame(message: bytes) -> bytes:
    return HEAD.pack(0, len(message)) + message


def _frames(body: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(body):
        _, size = HEAD.unpack_from(body, at)
        found.append(body[at + 5 : at + 5 + size])
        at += 5 + size
    return found


def _fields(message: bytes, wanted: int) -> list[bytes]:
    """The texts and messages of a field."""
    found, at = [], 0

    def varint() -> int:
        nonlocal at
        n = shift = 0
        while True:
            byte = message[at]
            at += 1
            n |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return n

    while at < len(message):
        tag = varint()
        if tag & 7 == 0:
            varint()
            continue
        size = varint()
        if tag >> 3 == wanted:
            found.append(message[at : at + size])
        at += size
    return found


def _triple(violation: bytes) -> tuple[str, str, str]:
    path, said, rule = (b"".join(_fields(violation, n)).decode() for n in (1, 2, 3))
    return re.sub(r"\[(\d+)\]", r".\1", path), said, rule
