"""REST: resources under their URLs, problems, entity tags, and events for streams."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec

from dragoman.client.faults import Told, of_problem
from dragoman.client.http.message import Ask, Head
from dragoman.client.values import UNKNOWN, patch, versioned
from dragoman.contract.annotations import OPERATORS
from dragoman.contract.fault import Code, Fault
from dragoman.contract.schema import MISSING
from dragoman.ports.style import filter_parameter
from dragoman.runtime.codec import encode_json
from dragoman.runtime.codec.parsing import parse
from dragoman.runtime.codec.patch import merge
from dragoman.styles.rest.naming import segment
from dragoman.styles.rest.routes import Route, Shape

from .rpc import request_timeout
from .spoken import Given, Page, Query, Reader, Spoken, inflated

JSON: Final = "application/json"
EVENTS: Final = "text/event-stream"


@dataclass(slots=True)
class Rest(Spoken):
    """An operation under its URL. ``root`` is the surface's path; ``parents`` are the plural and the list's name of
    what a list can be narrowed by, by the field.
    """

    root: str
    route: Route
    parents: Mapping[str, tuple[str, str]]
    most: int

    def ask(self, given: Given, key: str | None) -> Ask:
        """The request."""
        route, body, query = self.route, b"", ""
        headers = [("accept", EVENTS if route.streams else JSON), ("accept-encoding", "gzip")]
        template, media = route.template, JSON
        match route.shape:
            case Shape.LIST:
                assert given.query is not None
                template, query = self._list(given.query)
                if given.query.parent is not None:
                    given.id = given.query.parent[1]
            case Shape.CREATE:
                body = encode_json(given.value)
            case Shape.UPDATE:
                body, media = encode_json(self._patch(given)), "application/merge-patch+json"
            case Shape.QUERY:
                query = self._parameters(given.value or {})
            case Shape.BODY if self.operation.input is not None:
                body = encode_json(given.value)
        if body:
            headers.append(("content-type", media))
        if given.version is not None:
            headers.append(("if-match", f'"{given.version}"'))
        if key is not None:
            headers.append(("idempotency-key", key))
        path = self.root + template.replace("{id}", quote(given.id, safe=""))
        return Ask(route.http_method, f"{path}?{query}" if query else path, headers, body)

    def _list(self, query: Query) -> tuple[str, str]:
        asked: list[tuple[str, str]] = []
        for field, word, value in query.filters:
            texts = [_text(each) for each in value] if word == "in" else [_text(value)]
            for each in texts:
                if word == "in" and "," in each:
                    raise ValueError(f"{field!r} cannot be one of several of which one has a comma: {each!r}")
            asked.append((filter_parameter(field, word), ",".join(texts)))
        known = [(name, getattr(query, name)) for name in ("order_by", "page_size", "page_token")]
        asked += [(name, str(value)) for name, value in known if value]
        if query.ids is not None:
            asked.append(("ids", ",".join(query.ids)))
        if query.count:
            asked.append(("count", "true"))
        template = self.route.template
        if query.parent is not None:
            found = self.parents.get(query.parent[0])
            if found is None:
                raise ValueError(f"{self.operation.name} cannot be filtered by {query.parent[0]!r}")
            template = f"/{segment(found[0])}/{{id}}/{segment(found[1])}"
        return template, urlencode(asked)

    def _patch(self, given: Given) -> Any:
        """What is to be changed, as a merge patch: what is merged needs to know what is there."""
        assert self.input is not None
        made = {}
        for name, after in given.changes.items():
            if after is not None and self.input.merging(name):
                if given.before is None:
                    raise ValueError(
                        f"{self.operation.name}: {name!r} would be merged into what the server has; "
                        "give the resource itself as it was read, and not its id alone"
                    )
                before = given.before.get(name)
                made[name] = patch(before, after)
                if merge(self.input.types, self.input.fields[name].type, before, made[name]) != after:
                    raise ValueError(
                        f"{self.operation.name}: {name!r} holds a null in a map, which a merge patch would take for "
                        "its absence (RFC 7396)"
                    )
            else:
                made[name] = after
        return made

    def _parameters(self, value: Mapping[str, Any]) -> str:
        assert self.input is None or self.input.record is not None
        asked: list[tuple[str, str]] = []
        for name, each in value.items():
            field = self.input.fields[name] if self.input is not None else None
            if each is None:
                if field is not None and field.default is not MISSING and field.default is not None:
                    raise ValueError(f"{self.operation.name}: {name!r} is null, which a query cannot say")
                continue
            if each == [] and field is not None and (field.required or field.default not in ([], None, MISSING)):
                raise ValueError(f"{self.operation.name}: {name!r} is an empty list, which a query cannot say")
            if isinstance(each, list):
                asked += [(name, _text(item)) for item in each]
            else:
                asked.append((name, _text(each)))
        return urlencode(asked)

    def time(self, seconds: float) -> tuple[str, str]:
        """In seconds."""
        return request_timeout(seconds)

    def _told(self, told: Told) -> Told:
        """What was told of a fault: the point in a filter's name leads to no part of it."""
        if self.route.shape is Shape.LIST:
            told.violations = [
                replace(each, path=(".".join(map(str, each.path)),))
                if len(each.path) == 2 and each.path[1] in OPERATORS
                else each
                for each in told.violations
            ]
        return told

    def reply(self, head: Head, body: bytes, trailers: Mapping[str, str]) -> Any:
        """The result."""
        body = inflated(head, body, self.most)
        if not 200 <= head.status < 300:
            raise self.raised(self._told(of_problem(head.status, head.headers, body)))
        if self.output is None:
            return None
        if self.route.streams:
            raise self.broken(f"is of the type {head.headers.get('content-type', '')[:60]!r}, and no stream of events")
        try:
            value = parse(body)
        except Fault as fault:
            raise self.broken(f"cannot be read: {fault.message}") from None
        if self.route.shape is Shape.LIST:
            assert self.operation.resource is not None
            found = [self.output.value(each) for each in value.get(self.operation.resource.plural) or ()]
            return Page(found, value.get("next_page_token") or "", value.get("total_size"))
        made = self.output.value(value)
        if self.output.is_resource and (version := _version(head.headers.get("etag", ""))) != UNKNOWN:
            return versioned(made, version)
        return made

    def reader(self, head: Head) -> Reader | None:
        """What reads the events."""
        if head.status == 200 and head.headers.get("content-type", "").startswith(EVENTS):
            return _Events(self)
        return None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _version(tag: str) -> int:
    """The version part of an entity tag; UNKNOWN where there is none."""
    first = tag.removeprefix("W/").strip('"').partition("-")
    return int(first[0]) if first[1] and first[0].isdecimal() and len(first[0]) < 19 else UNKNOWN


class _Events:
    """Reads Server-Sent Events (WHATWG HTML, section 9.2)."""

    def __init__(self, spoken: Rest) -> None:
        self._spoken = spoken
        self._held = b""
        self._event = ""
        self._data: list[str] = []
        self._ended = False
        self._fault: Fault | None = None

    def feed(self, data: bytes) -> list[Any]:
        """The items that are complete."""
        *lines, self._held = (self._held + data).split(b"\n")
        if len(self._held) > self._spoken.most:
            raise self._spoken.broken(f"has an item of more than {self._spoken.most:,} bytes")
        found: list[Any] = []
        for line in lines:
            text = line.rstrip(b"\r").decode()
            if not text:
                found += self._dispatched()
                continue
            name, _, value = text.partition(":")
            value = value.removeprefix(" ")
            if name == "data":
                self._data.append(value)
            elif name == "event":
                self._event = value
        return found

    def _dispatched(self) -> list[Any]:
        event, data = self._event, "\n".join(self._data).encode()
        self._event, self._data = "", []
        if event == "end":
            self._ended = True
        elif event == "fault":
            self._fault = self._spoken.raised(of_problem(500, {}, data))
        elif data and not event:
            assert self._spoken.output is not None
            try:
                return [self._spoken.output.value(parse(data))]
            except Fault as fault:
                raise self._spoken.broken(f"cannot be read: {fault.message}") from None
        return []

    def end(self, trailers: Mapping[str, str]) -> None:
        """How it ended."""
        if self._fault is not None:
            raise self._fault
        if not self._ended:
            raise self._spoken.raised(Told(Code.UNAVAILABLE, "the stream was cut before its end"))
