"""Small contracts for the tests of misfits, built in a line or two, and read by the real readers."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dragoman.review.misfits.finding import Finding, Subject
from dragoman.review.misfits.search import search
from dragoman.review.reading import asyncapi, openapi
from dragoman.review.reading.outcome import Reading
from dragoman.review.reading.parse import parse
from dragoman.review.reading.read import read_all
from dragoman.review.surfaces.facts import Certainty, Fact, Facts
from dragoman.review.surfaces.surface import Surface
from dragoman.review.verdict.verdict import Nature

STRING = {"type": "string"}
NUMBER = {"type": "number"}
INTEGER = {"type": "integer"}
ORDER = {"type": "object", "required": ["id"], "properties": {"id": STRING, "note": STRING}}
PROBLEM = {"type": "object", "properties": {"type": STRING, "title": STRING, "status": INTEGER, "detail": STRING}}


def thing(**properties: Any) -> dict[str, Any]:
    """An object of these properties."""
    return {"type": "object", "properties": properties}


def listed(item: Any) -> dict[str, Any]:
    """A list of these."""
    return {"type": "array", "items": item}


def page(item: Any, **more: Any) -> dict[str, Any]:
    """An object with items and the next page's token."""
    return thing(items=listed(item), next_page_token=STRING, **more)


def given(name: str, place: str = "query", schema: Any = None, **more: Any) -> dict[str, Any]:
    """A parameter."""
    return {"name": name, "in": place, "schema": schema or STRING, **more}


def answer(schema: Any = None, headers: Sequence[str] = (), media: str = "application/json") -> dict[str, Any]:
    """An answer with a body, and these headers."""
    made: dict[str, Any] = {"description": "…", "headers": {name: {"schema": STRING} for name in headers}}
    return made if schema is None else {**made, "content": {media: {"schema": schema}}}


def op(
    address: str, *parameters: dict[str, Any], body: Any = None, ok: Any = None, answers: Any = None, **more: Any
) -> tuple[str, dict[str, Any]]:
    """An operation, with a success and a problem where nothing else is given."""
    made = {
        "parameters": list(parameters),
        "responses": answers or {"200": answer(ok), "default": answer(PROBLEM, media="application/problem+json")},
        **more,
    }
    if body is not None:
        made["requestBody"] = {"content": {"application/json": {"schema": body}}}
    return address, made


def api(*operations: tuple[str, dict[str, Any]], **more: Any) -> dict[str, Any]:
    """An OpenAPI document."""
    paths: dict[str, dict[str, Any]] = {}
    for address, operation in operations:
        method, _, path = address.partition(" ")
        paths.setdefault(path, {})[method.lower()] = operation
    return {"openapi": "3.1.0", "info": {"title": "Shop", "version": "1"}, "paths": paths, **more}


def sent(body: Any) -> dict[str, Any]:
    """A webhook with this body."""
    return {
        "post": {"requestBody": {"content": {"application/json": {"schema": body}}}, "responses": {"204": answer()}}
    }


def schemes(**given_: Any) -> dict[str, Any]:
    """Security schemes, by name."""
    return {"securitySchemes": given_}


OAUTH = {
    "type": "oauth2",
    "flows": {"clientCredentials": {"tokenUrl": "https://shop.test/token", "scopes": {"orders.write": "Write orders"}}},
}
BEARER = {"type": "http", "scheme": "bearer"}


def events(**messages: Any) -> dict[str, Any]:
    """An AsyncAPI document with a channel a message, called as the message is with dots for underscores."""
    channels = {name: {"address": name.replace("_", "."), "messages": {"it": each}} for name, each in messages.items()}
    operations = {f"send_{name}": {"action": "send", "channel": {"$ref": f"#/channels/{name}"}} for name in messages}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Shop", "version": "1"},
        "channels": channels,
        "operations": operations,
    }


@dataclass(frozen=True)
class Contracts:
    """Surfaces by name, each a document: a mapping of JSON, or a text of .proto or SDL. The first is looked at."""

    surfaces: Mapping[str, Any]
    audience: str | None = "public"
    style: str = "rest"
    facts: Mapping[str, Any] | None = None

    def subjects(self) -> list[Subject]:
        """One for each surface."""
        surfaces = [self._surface(name, document) for name, document in self.surfaces.items()]
        nature = Nature(self.style, "", 1.0)
        return [Subject(each, nature, tuple(surfaces)) for each in surfaces]

    def _surface(self, name: str, document: Any) -> Surface:
        facts = {**(self.facts or {}), **({"audience": self.audience} if self.audience else {})}
        stated = {key: Fact(key, value, Certainty.STATED) for key, value in facts.items()}
        return Surface(name, read_text(name, document), Facts(stated))

    def findings(self) -> list[Finding]:
        """All that is found on them."""
        return search(self.subjects())


def read_text(name: str, document: Any) -> tuple[Reading, ...]:
    """The readings of one document."""
    if not isinstance(document, str):
        tree = parse(json.dumps(document).encode(), f"{name}.json")
        return (asyncapi.read(tree) if "asyncapi" in document else openapi.read(tree),)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{name}.{'proto' if 'syntax' in document else 'graphql'}")
        path.write_text(document)
        found = read_all([Path(folder)])
    assert not found.refusals, found.refusals
    return found.readings


@dataclass(frozen=True)
class Case:
    """A rule, the element it finds in ``misfit``, and contracts in which it finds nothing."""

    rule: str
    element: str
    misfit: Contracts
    near: Contracts


def one(document: Any, **more: Any) -> Contracts:
    """A single surface."""
    return Contracts({"shop": document}, **more)


def pair(rule: str, element: str, misfit: Any, near: Any, **more: Any) -> Case:
    """Both of one surface, for the same audience."""
    return Case(rule, element, one(misfit, **more), one(near, **more))


FULL = thing(id=STRING, status=STRING, note=STRING, customer=STRING, total_cents=INTEGER)
GET_ORDER = op("GET /v1/orders/{id}", given("id", "path", required=True), ok=FULL)
CREATE = op("POST /v1/orders", given("Idempotency-Key", "header"), body=ORDER, ok=ORDER)
LIST = op("GET /v1/orders", given("page_token"), ok=page(ORDER))
SECURED = {"components": schemes(oauth=OAUTH), "security": [{"oauth": ["orders.write"]}]}
