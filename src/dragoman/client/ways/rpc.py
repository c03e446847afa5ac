"""gRPC, Connect and plain POST: what their messages hold, and how each of them carries them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from struct import Struct
from typing import Any, Final

import msgspec

from dragoman.client.faults import Told, of_connect, of_grpc, of_problem, of_status
from dragoman.client.http.message import Ask, Head
from dragoman.client.values import UNKNOWN, Input, Output, versioned
from dragoman.contract.fault import Code, Fault, Path, Violation
from dragoman.contract.operation import Interaction, Method
from dragoman.ports.style import filter_parameter
from dragoman.runtime.codec.violations import dotted
from dragoman.styles.rpc.proto.names import snake
from dragoman.styles.rpc.proto.services import ETAG, ID, MASK, Bound

from .spoken import Given, Page, Query, Reader, Spoken, inflate, inflated

HEAD: Final = Struct(">BI")
COMPRESSED: Final = 1
END: Final = 2
_UNITS: Final = ((1e-9, "n"), (1e-6, "u"), (1e-3, "m"), (1.0, "S"), (60.0, "M"), (3600.0, "H"))


@dataclass(frozen=True, slots=True)
class Form:
    """How messages are written: values of the contract's JSON to bytes, and back."""

    name: str
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]
    lost: Callable[[Any], Path | None] | None = None
    """Where a value has something in a field without a number in the lock file; None where no field is without."""


class Messages:
    """What requests and answers of a procedure hold, as values of the contract's JSON."""

    def __init__(self, bound: Bound, input: Input | None, output: Output | None) -> None:
        self.operation = operation = bound.operation
        self._bound = bound
        self._input = input
        self._output = output
        self._resource = operation.resource
        self._singular = "" if operation.resource is None else snake(operation.resource.name)
        given = bound.procedure.output
        self._tagged = given is not None and any(each.key == ETAG and each.output_only for each in given.fields)
        if operation.method in (Method.UPDATE, Method.CREATE, Method.LIST):
            message = bound.changed or given
            assert message is not None
            self._names = {each.key: each.name for each in message.fields}
        self._filters = {asked: key for key, asked in bound.filters.items()}
        self._filter_keys = {name: key for key, name in bound.filter_names.items()}

    def request(self, given: Given) -> Any:
        """The message that asks it."""
        if self._resource is None:
            return given.value if given.value is not None else {}
        match self.operation.method:
            case Method.LIST:
                assert given.query is not None
                return self._list(given.query)
            case Method.GET:
                return {ID: given.id}
            case Method.CREATE:
                return {self._singular: given.value}
            case Method.UPDATE:
                mask = [self._names[name] for name in given.changes]
                return {self._singular: {ID: given.id, **given.changes}, MASK: mask, **_etag(given)}
        return {ID: given.id, **(given.value or {}), **_etag(given)}

    def _list(self, query: Query) -> Any:
        asked: dict[str, Any] = {}
        for field_, word, value in query.filters:
            key = self._filters.get((field_, word))
            if key is None:
                raise ValueError(f"{self.operation.name} cannot be filtered by {filter_parameter(field_, word)!r}")
            asked[key] = value
        if query.parent is not None:
            asked[query.parent[0]] = query.parent[1]
        for name in ("order_by", "page_size", "page_token", "count"):
            if value := getattr(query, name):
                asked[name] = value
        if query.ids is not None:
            asked["ids"] = list(query.ids)
        return asked

    def result(self, message: Any) -> Any:
        """What an answer's message, or an item's, stands for."""
        if self._output is None:
            return None
        if self.operation.method is Method.LIST:
            assert self._resource is not None
            items = [self._one(each) for each in message.get(self._resource.plural) or ()]
            return Page(items, message.get("next_page_token") or "", message.get("total_size"))
        return self._one(message)

    def _one(self, message: Any) -> Any:
        assert self._output is not None
        version = UNKNOWN
        if self._output.is_resource and isinstance(message, dict) and self._untold(message):
            tag = str(message.pop(ETAG, "")).strip('"')
            version = int(tag) if tag.isdecimal() else UNKNOWN
        value = self._output.value(message)
        return versioned(value, version) if version != UNKNOWN else value

    def _untold(self, message: Mapping[str, Any]) -> bool:
        """Whether the tag is the server's, and no field of the resource."""
        resource = self._resource
        return self._tagged or (resource is not None and resource.record.field(ETAG) is None)

    def told(self, told: Told) -> Told:
        """What was told of a fault, where the caller knows its parts: not in a message around them, and by the
        contract's names.
        """
        if self._filter_keys:
            told.violations = [
                replace(each, path=(self._filter_keys.get(str(each.path[0]), each.path[0]), *each.path[1:]))
                if each.path
                else each
                for each in told.violations
            ]
        if self.operation.method in (Method.CREATE, Method.UPDATE):
            told.violations = [
                Violation(each.path[1:], each.message, each.rule)
                if len(each.path) > 1 and each.path[0] == self._singular
                else each
                for each in told.violations
            ]
        return told


def _etag(given: Given) -> dict[str, str]:
    return {} if given.version is None else {ETAG: f'"{given.version}"'}


@dataclass(slots=True)
class Rpc(Spoken):
    """A procedure."""

    path: str
    messages: Messages
    form: Form
    most: int

    def encoded(self, value: Any) -> bytes:
        """A message. Raises ValueError for a field that has no number."""
        if self.form.lost is not None and (path := self.form.lost(value)) is not None:
            raise ValueError(
                f"{self.operation.name}: {dotted(path)!r} has no number in the lock file; "
                "take the server's lock file, or leave the field out"
            )
        return self.form.encode(value)

    def decoded(self, data: bytes) -> Any:
        """What a message stands for. Raises BrokenAnswer."""
        try:
            message = self.form.decode(data)
        except Fault as fault:
            raise self.broken(f"cannot be read: {fault.message}") from None
        return self.messages.result(message)

    def raised(self, told: Told) -> Fault:
        """The fault that was told of."""
        return self.messages.told(told).fault(self.operation.faults)


class Plain(Rpc):
    """By plain POST of JSON."""

    __slots__ = ()

    def ask(self, given: Given, key: str | None) -> Ask:
        """The request."""
        value = self.messages.request(given)
        empty = self.operation.input is None and self.operation.resource is None
        body = b"" if empty else self.encoded(value)
        headers = [("accept", "application/json"), ("accept-encoding", "gzip")]
        if body:
            headers.append(("content-type", "application/json"))
        if key is not None:
            headers.append(("idempotency-key", key))
        return Ask("POST", self.path, headers, body)

    def time(self, seconds: float) -> tuple[str, str]:
        """In seconds."""
        return request_timeout(seconds)

    def reply(self, head: Head, body: bytes, trailers: Mapping[str, str]) -> Any:
        """The result."""
        body = inflated(head, body, self.most)
        if not 200 <= head.status < 300:
            raise self.raised(of_problem(head.status, head.headers, body))
        return None if self.output is None else self.decoded(body)


def request_timeout(seconds: float) -> tuple[str, str]:
    """``Request-Timeout``, which REST and plain POST have."""
    return "request-timeout", f"{max(seconds, 0.001):.6g}"


class Connect(Rpc):
    """By Connect: one message each way."""

    __slots__ = ()

    def ask(self, given: Given, key: str | None) -> Ask:
        """The request."""
        headers = [
            ("content-type", f"application/{self.form.name}"),
            ("connect-protocol-version", "1"),
            ("accept-encoding", "gzip"),
        ]
        if key is not None:
            headers.append(("idempotency-key", key))
        return Ask("POST", self.path, headers, self.encoded(self.messages.request(given)))

    def time(self, seconds: float) -> tuple[str, str]:
        """In milliseconds."""
        return connect_timeout(seconds)

    def reply(self, head: Head, body: bytes, trailers: Mapping[str, str]) -> Any:
        """The result."""
        body = inflated(head, body, self.most)
        if head.status != 200:
            raise self.raised(of_connect(head.status, head.headers, _json(body)))
        media = head.headers.get("content-type", "")
        if media.partition(";")[0].strip() != f"application/{self.form.name}":
            raise self.broken(f"is of the type {media[:60]!r}, and not Connect's")
        return self.decoded(body)


def connect_timeout(seconds: float) -> tuple[str, str]:
    """``Connect-Timeout-Ms``, which has ten digits."""
    return "connect-timeout-ms", str(min(max(int(seconds * 1000), 1), 9_999_999_999))


def _json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


class Framed(Rpc):
    """What Connect's streams and gRPC have in common: messages in frames."""

    __slots__ = ()

    def item(self, value: Any) -> bytes:
        """A message in its frame."""
        message = self.encoded(value)
        return HEAD.pack(0, len(message)) + message

    def _body(self, given: Given) -> bytes | None:
        return None if self.operation.interaction.streams_input else self.item(self.messages.request(given))


class ConnectStream(Framed):
    """By Connect: streams of messages, whose end says how it went."""

    __slots__ = ()

    @property
    def two(self) -> bool:
        """Over HTTP/1.1 an answer follows upon the whole question."""
        return self.operation.interaction is Interaction.BIDIRECTIONAL

    def ask(self, given: Given, key: str | None) -> Ask:
        """The request."""
        headers = [
            ("content-type", f"application/connect+{self.form.name}"),
            ("connect-protocol-version", "1"),
            ("connect-accept-encoding", "gzip"),
        ]
        return Ask("POST", self.path, headers, self._body(given))

    def time(self, seconds: float) -> tuple[str, str]:
        """In milliseconds."""
        return connect_timeout(seconds)

    def reader(self, head: Head) -> Reader | None:
        """What reads the stream."""
        if head.status == 200 and head.headers.get("content-type", "").startswith("application/connect+"):
            return _ConnectReader(self, head)
        return None

    def reply(self, head: Head, body: bytes, trailers: Mapping[str, str]) -> Any:
        """Raises the fault: an answer that is no stream is one."""
        raise self.raised(of_connect(head.status, head.headers, _json(inflated(head, body, self.most))))


class Frames:
    """Takes messages out of their frames."""

    def __init__(self, spoken: Rpc) -> None:
        self.spoken = spoken
        self._held = bytearray()

    def feed(self, data: bytes) -> list[Any]:
        """The items that are complete."""
        held = self._held
        held += data
        found, at = [], 0
        while len(held) - at >= 5:
            flags, size = HEAD.unpack_from(held, at)
            if size > self.spoken.most:
                raise self.spoken.broken(f"has a message of {size:,} bytes, and {self.spoken.most:,} are taken")
            if len(held) - at < size + 5:
                break
            message = bytes(held[at + 5 : at + 5 + size])
            at += size + 5
            if flags & COMPRESSED:
                message = inflate(message, self.spoken.most)
            found += self.frame(flags, message)
        del held[:at]
        return found

    def frame(self, flags: int, message: bytes) -> list[Any]:
        """What one frame holds."""
        return [self.spoken.decoded(message)]


class _ConnectReader(Frames):
    def __init__(self, spoken: Rpc, head: Head) -> None:
        super().__init__(spoken)
        self._head = head
        self._ended = False
        self._told: Told | None = None

    def frame(self, flags: int, message: bytes) -> list[Any]:
        """What one frame holds."""
        if not flags & END:
            return super().frame(flags, message)
        self._ended = True
        said = _json(message)
        if isinstance(said, dict) and said.get("error") is not None:
            self._told = of_connect(200, self._head.headers, said["error"])
        return []

    def end(self, trailers: Mapping[str, str]) -> None:
        """How it ended."""
        if self._told is not None:
            raise self.spoken.raised(self._told)
        if not self._ended:
            raise self.spoken.raised(Told(Code.UNAVAILABLE, "the stream was cut before its end"))


class Grpc(Framed):
    """By gRPC."""

    __slots__ = ()

    @property
    def two(self) -> bool:
        """Its trailers need it."""
        return True

    def ask(self, given: Given, key: str | None) -> Ask:
        """The request."""
        headers = [
            ("te", "trailers"),
            ("content-type", "application/grpc+proto" if self.form.name == "proto" else "application/grpc+json"),
            ("grpc-accept-encoding", "gzip"),
        ]
        if key is not None:
            headers.append(("idempotency-key", key))
        return Ask("POST", self.path, headers, self._body(given))

    def time(self, seconds: float) -> tuple[str, str]:
        """In the finest unit of which there are at most eight digits."""
        for unit, name in _UNITS:
            count = int(seconds / unit)
            if count < 100_000_000:
                return "grpc-timeout", f"{max(count, 1)}{name}"
        return "grpc-timeout", "99999999H"

    def reader(self, head: Head) -> Reader | None:
        """What reads the messages."""
        if head.status != 200 or not head.headers.get("content-type", "").startswith("application/grpc"):
            return None
        return _GrpcReader(self, head)

    def reply(self, head: Head, body: bytes, trailers: Mapping[str, str]) -> Any:
        """The result."""
        reader = self.reader(head)
        if reader is None:
            if (told := of_grpc(head.headers) if "grpc-status" in head.headers else None) is None:
                told = of_status(head.status, head.headers, f", of the type {head.headers.get('content-type')!r}")
                if head.status in (400, 404):  # gRPC's own table: what answers so is no gRPC
                    told.code = Code.INTERNAL if head.status == 400 else Code.UNIMPLEMENTED
            raise self.raised(told)
        found = reader.feed(body)
        reader.end(trailers)
        if len(found) != 1:
            raise self.broken(f"has {len(found)} messages, and not one")
        return found[0]


class _GrpcReader(Frames):
    def __init__(self, spoken: Rpc, head: Head) -> None:
        super().__init__(spoken)
        self._head = head

    def end(self, trailers: Mapping[str, str]) -> None:
        """How it ended."""
        said = trailers if "grpc-status" in trailers else self._head.headers
        if "grpc-status" not in said:
            raise self.spoken.raised(Told(Code.UNAVAILABLE, "the call was cut before its end"))
        told = of_grpc(said)
        if told is not None:
            raise self.spoken.raised(told)
