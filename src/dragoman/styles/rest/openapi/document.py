"""The document: what a surface offers, for programs and people who have never seen it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from dragoman.contract.schema import Types
from dragoman.ports.imprint import Contact, Imprint, License
from dragoman.ports.style import Surface
from dragoman.styles.rest.routes import Route, Shape

from .components import Components
from .examples import Examples
from .names import component_names, operation_ids, words
from .operations import PLAIN, Operations, tag_of
from .parameters import Parameters
from .problems import SCHEMAS
from .responses import Responses
from .schemas import Schemas, Source, resolved

OPENAPI: Final = "3.1.0"


SERVER: Final = "\0"
"""Stands for the server's URL, which is known when the document is asked for."""


class Document:
    """The OpenAPI document of one surface. It is made when it is first asked for, and then kept.

    The same declarations give the same bytes: nothing in it depends on a time, a set's order or a memory address.
    """

    def __init__(
        self,
        surface: Surface,
        routes: Sequence[Route],
        types: Mapping[str, Types],
        *,
        require_etag: bool,
        partial: bool,
    ) -> None:
        self._surface = surface
        self._routes = tuple(routes)
        self._types = types
        self._require_etag = require_etag
        self._partial = partial
        self._parts: tuple[str, str] | None = None

    def json(self, root: str = "") -> bytes:
        """The document as JSON. ``root`` is where the application is mounted in another one: the server's URL begins
        with it.
        """
        if self._parts is None:
            before, _, after = _written(self.value(SERVER)).partition(_written(SERVER))
            self._parts = before, after
        before, after = self._parts
        return (before + _written(root + self._surface.path or "/") + after + "\n").encode()

    def value(self, server: str) -> dict[str, Any]:
        """The document as plain values. ``server`` is the URL of the surface."""
        surface = self._surface
        schemas, components = Schemas(surface.audience, partial=self._partial), Components()
        paths = self._paths(schemas, components)
        names = component_names(schemas.parts, tuple(SCHEMAS))
        named: dict[str, Any] = {names[part]: schema for part, schema in schemas.parts.items()}
        schemes = self._security_schemes()
        sections: dict[str, Any] = {
            "schemas": SCHEMAS | named if self._routes else {},
            "parameters": components.sections["parameters"],
            "headers": components.sections["headers"],
            "responses": components.sections["responses"],
            "securitySchemes": schemes,
        }
        document = {
            "openapi": OPENAPI,
            "info": self._info(),
            "servers": [{"url": server}],
            "tags": _tags(self._routes),
            "security": [{name: []} for name in schemes],
            "paths": paths,
            "components": {name: _sorted(section) for name, section in sections.items() if section},
        }
        value: dict[str, Any] = resolved(document, lambda part: f"#/components/schemas/{names[part]}")
        return value

    def _paths(self, schemas: Schemas, components: Components) -> dict[str, Any]:
        surface, etag = self._surface, self._require_etag
        anonymous = surface.auth is None or surface.auth.anonymous
        examples = Examples(schemas)
        operations = Operations(
            surface,
            schemas,
            examples,
            Parameters(
                schemas,
                examples,
                components,
                surface.audience,
                require_etag=etag,
                cross_tenants=surface.cross_tenants,
                partial=self._partial,
                idempotency=None if anonymous else surface.idempotency,
            ),
            Responses(schemas, examples, components, surface, require_etag=etag),
        )
        sources = self._sources()
        found = {route.template for route in self._routes if route.shape is Shape.GET}
        paths: dict[str, Any] = {}
        for route, id in zip(self._routes, operation_ids(self._routes), strict=True):
            source = sources[route.operation.name]
            located = f"{route.template}/{{id}}" in found
            item = paths.setdefault(route.template, {})
            item[route.http_method.lower()] = operations.of(route, source, id, located=located)
        return paths

    def _sources(self) -> dict[str, Source]:
        """The contract of each operation: one source for each, so that its types are described once."""
        by_types: dict[int, Source] = {}
        for route in self._routes:
            contract, types = route.exposed.handle.contract, self._types[route.operation.name]
            resources = frozenset(each.description.name for each in contract.resources.values())
            source = by_types.setdefault(id(types), Source(contract.name, types, resources))
            if route.expandable:
                resource = route.operation.resource
                assert resource is not None
                source.expandable[resource.name] = {each: resource.references[each].target for each in route.expandable}
        return {each.operation.name: by_types[id(self._types[each.operation.name])] for each in self._routes}

    def _info(self) -> dict[str, Any]:
        surface = self._surface
        contracts = list(dict.fromkeys(route.exposed.handle.contract for route in self._routes))
        names = " and ".join(each.name for each in contracts) or "nothing"
        written = "\n\n".join(dict.fromkeys(each.description for each in contracts if each.description))
        return {
            "title": surface.title or surface.name,
            "description": surface.description
            or written
            or f"The {surface.name} surface, for the {surface.audience} audience: {names}.",
            **_imprint(surface.imprint or Imprint()),
            "version": ", ".join(dict.fromkeys(each.version for each in contracts)) or "0",
        }

    def _security_schemes(self) -> dict[str, Any]:
        auth = self._surface.auth
        if auth is None or not auth.scheme:
            return {}
        return {auth.scheme.get("scheme", auth.scheme["type"]): dict(auth.scheme)}


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _imprint(imprint: Imprint) -> dict[str, Any]:
    """What was given of who stands behind the surface."""
    found: dict[str, Any] = {"termsOfService": imprint.terms}
    found |= {name: _given(getattr(imprint, name)) for name in ("contact", "license")}
    return {name: value for name, value in found.items() if value}


def _given(part: Contact | License | None) -> dict[str, str]:
    return {} if part is None else {name: value for name, value in asdict(part).items() if value}


def _tags(routes: Iterable[Route]) -> list[dict[str, str]]:
    found: dict[str, str] = {}
    for route in routes:
        resource = route.operation.resource
        if resource is None:
            found[PLAIN] = "What belongs to no resource."
        else:
            found[tag_of(route)] = resource.description or f"All about {words(resource.plural)}."
    return [{"name": name, "description": description} for name, description in found.items()]


def _sorted(section: Mapping[str, Any]) -> dict[str, Any]:
    return {name: section[name] for name in sorted(section)}
