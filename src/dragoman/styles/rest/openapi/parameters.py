"""What stands beside the body of a request: path, query and headers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from dragoman.contract.annotations import FilterOperator
from dragoman.contract.operation import Effect
from dragoman.contract.principal import Audience
from dragoman.contract.schema import MISSING, Field, Nullable, Record, Scalar, Type
from dragoman.ports.idempotency import Idempotency
from dragoman.ports.style import EXPANDED, filter_parameter
from dragoman.runtime.batch_get import MAX_IDS
from dragoman.runtime.codec.view import View
from dragoman.runtime.excerpts import MAX_EXPANDED
from dragoman.runtime.http.idempotency import BARE, HEADER, STRING
from dragoman.runtime.listing import DEFAULT_PAGE_SIZE, MAX_KEYS, MAX_PAGE_SIZE, filters_of, order_of
from dragoman.runtime.paging import MAX_LENGTH
from dragoman.styles.rest.routes import Route, Shape

from .components import Components
from .examples import Examples, with_example
from .names import a, noun
from .scalars import joined
from .schemas import Mode, Schemas, Source, field_description, place_name

Parameter: TypeAlias = dict[str, Any]

_TAG: Final = '(?:W/)?"[!#-~]*"'
ENTITY_TAGS: Final = rf"^(?:\*|{_TAG}(?:, ?{_TAG})*)$"
"""``*``, or a list of entity tags (RFC 9110, section 13.1.1)."""

_SAID: Final[Mapping[FilterOperator, str]] = {
    "eq": "is this",
    "ne": "is another than this",
    "lt": "is less than this",
    "lte": "is this or less",
    "gt": "is more than this",
    "gte": "is this or more",
    "in": "is one of these",
}

PAGE_SIZE: Final[Parameter] = {
    "name": "page_size",
    "in": "query",
    "description": f"How many to answer with, at most. {DEFAULT_PAGE_SIZE} if it is not given or 0; more than "
    f"{MAX_PAGE_SIZE} is taken for {MAX_PAGE_SIZE}.",
    "schema": {"type": "integer", "minimum": 0, "default": DEFAULT_PAGE_SIZE},
}
PAGE_TOKEN: Final[Parameter] = {
    "name": "page_token",
    "in": "query",
    "description": "The `next_page_token` of an answer to the same request, to go on behind it.",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]*$", "maxLength": MAX_LENGTH},
}
COUNT: Final[Parameter] = {
    "name": "count",
    "in": "query",
    "description": "Whether to count: `true` adds `total_size`, how many there are on all pages together. It takes "
    "longer the more there are.",
    "schema": {"type": "boolean", "default": False},
}
_IDS_SAID: Final = (
    f"Only those with these ids, at most {MAX_IDS}, in this order. If one of them is not there, the answer is 404 and "
    "names it. Stands without filters, order and pages."
)
_EXPAND_SAID: Final = (
    "References to follow: what they refer to is added in `expanded`, as its own get shows it, which the caller must "
    "be allowed to call."
)
_FIELDS_SAID: Final = (
    "The only fields to answer with, beside `id`. What is expanded is whole, unless fields of its own are named; "
    "naming any part of it expands it."
)
IF_NONE_MATCH: Final[Parameter] = {
    "name": "If-None-Match",
    "in": "header",
    "description": "Entity tags that the caller has; if one of them is current, the answer is 304 without a body.",
    "schema": {"type": "string", "pattern": ENTITY_TAGS},
    "example": '"3-a1b2c3d4e5f60718"',
}
IF_MATCH: Final[Parameter] = {
    "name": "If-Match",
    "in": "header",
    "description": "The ETag of the resource as the caller read it; if it was changed since, the answer is 412 and "
    "nothing is done.",
    "schema": {"type": "string", "pattern": ENTITY_TAGS},
    "example": '"3-a1b2c3d4e5f60718"',
}
IF_UNMODIFIED_SINCE: Final[Parameter] = {
    "name": "If-Unmodified-Since",
    "in": "header",
    "description": "The `Last-Modified` of the resource as the caller read it; if it was changed since, the answer is "
    "412 and nothing is done. Not looked at beside `If-Match`.",
    "schema": {"type": "string"},
    "example": "Sun, 22 Nov 2026 19:00:00 GMT",
}
IF_MODIFIED_SINCE: Final[Parameter] = {
    "name": "If-Modified-Since",
    "in": "header",
    "description": "The `Last-Modified` of the resource as the caller has it; if it is still that, the answer is 304 "
    "without a body. Not looked at beside `If-None-Match`.",
    "schema": {"type": "string"},
    "example": "Sun, 22 Nov 2026 19:00:00 GMT",
}
REQUEST_TIMEOUT: Final[Parameter] = {
    "name": "Request-Timeout",
    "in": "header",
    "description": "How long the caller waits, in seconds: what takes longer is given up, and answered 504. It never "
    "gets more time than the surface allows.",
    "schema": {"type": "number", "exclusiveMinimum": 0},
    "example": 2.5,
}
TENANT: Final[Parameter] = {
    "name": "Dragoman-Tenant",
    "in": "header",
    "description": "The tenant to act in, if it is another than the caller's own; needs the scope `tenants.cross`.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[ -~]+$"},
}


class Parameters:
    """The parameters of the routes of one surface."""

    def __init__(
        self,
        schemas: Schemas,
        examples: Examples,
        components: Components,
        audience: Audience,
        *,
        require_etag: bool,
        cross_tenants: bool,
        partial: bool,
        idempotency: Idempotency | None,
    ) -> None:
        self._schemas = schemas
        self._examples = examples
        self._use = components.use
        self._audience = audience
        self._require_etag = require_etag
        self._cross_tenants = cross_tenants
        self._partial = partial
        self._idempotency = idempotency

    def of(self, route: Route, source: Source) -> list[Parameter]:
        """All parameters of a route, in the order of their places: path, query, header."""
        found: list[Parameter] = []
        if "{id}" in route.template:
            found.append(self._id(route, source))
        match route.shape:
            case Shape.LIST:
                found += [*self._of_list(route, source), *self._of_reading(route)]
            case Shape.GET:
                found += self._of_reading(route)
            case Shape.QUERY if route.operation.input is not None:
                found += self._of_query(route.operation.input, source)
        return [*found, *self._headers(route)]

    def _id(self, route: Route, source: Source) -> Parameter:
        resource = route.operation.resource
        assert resource is not None
        if route.parent is not None:
            resource = route.exposed.handle.contract.resources[route.parent_plural].description
        field = resource.record.field("id")
        assert field is not None
        assert isinstance(field.type, Scalar)
        parameter = {
            "name": "id",
            "in": "path",
            "required": True,
            "description": f"The id of {a(noun(resource))}.",
            "schema": {"type": "string", "pattern": field.type.constraints.pattern},
        }
        shown = self._examples.of(source, field.type, Mode.INPUT)
        return self._use("parameters", f"{resource.name}Id", with_example(parameter, shown))

    def _of_list(self, route: Route, source: Source) -> list[Parameter]:
        resource = route.operation.resource
        assert resource is not None
        record, audience = resource.record, self._audience
        found = [
            self._use("parameters", "PageSize", PAGE_SIZE),
            self._use("parameters", "PageToken", PAGE_TOKEN),
            _order_by(order_of(record, audience)),
            _ids(record),
            self._use("parameters", "Count", COUNT),
        ]
        for name, operators in filters_of(record, audience).items():
            field = record.field(name)
            assert field is not None
            if name != route.parent:
                found += [self._filter(source, record, field, operator) for operator in operators]
        return found

    def _of_reading(self, route: Route) -> list[Parameter]:
        """What is shown of each resource."""
        found: list[Parameter] = []
        if route.expandable:
            expand = _several("expand", _EXPAND_SAID, route.expandable, route.expandable[:1])
            if len(route.expandable) > MAX_EXPANDED:
                expand["schema"]["maxItems"] = MAX_EXPANDED
            found.append(expand)
        if self._partial:
            paths = self._paths(route)
            found.append(_several("fields", _FIELDS_SAID, paths, paths[1:3]))
        return found

    def _paths(self, route: Route) -> tuple[str, ...]:
        """What ``fields`` may name."""
        resource = route.operation.resource
        assert resource is not None
        known = {each.description.name: each.description for each in route.exposed.handle.contract.resources.values()}
        view = View(self._audience)
        paths = [each.name for each in view.fields(resource.record)]
        for reference in route.expandable:
            target = known[resource.references[reference].target]
            start = f"{EXPANDED}.{reference}"
            paths += [start, *(f"{start}.{each.name}" for each in view.fields(target.record))]
        return tuple(paths)

    # The example of a parameter is what a documentation page fills in, so that only those that are required have one;
    # that of another stands in its schema.

    def _filter(self, source: Source, record: Record, field: Field, operator: FilterOperator) -> Parameter:
        # A value to compare with may lie out of the field's own bounds.
        schema = self._schemas.parameter(source, _unbound(source, field.type), place_name(record, field))
        parameter: Parameter = {
            "name": filter_parameter(field.name, operator),
            "in": "query",
            "description": f"Only those whose `{field.name}` {_SAID[operator]}.",
        }
        shown = self._examples.one(source, field, Mode.INPUT)
        if shown is not MISSING:
            schema["examples"] = [shown]
        if operator == "in":
            parameter |= {"style": "form", "explode": False}
            schema = {"type": "array", "items": schema, "minItems": 1}
        if field.deprecated:
            parameter["deprecated"] = True
        return {**parameter, "schema": schema}

    def _of_query(self, input: Type, source: Source) -> list[Parameter]:
        record = source.types.resolve(input)
        assert isinstance(record, Record)
        return [self._argument(source, record, each) for each in View(self._audience, writable=True).fields(record)]

    def _argument(self, source: Source, record: Record, field: Field) -> Parameter:
        schema = self._schemas.parameter(source, field.type, place_name(record, field))
        parameter: Parameter = {"name": field.name, "in": "query"}
        if field.required:
            parameter["required"] = True
        if text := joined(field_description(field), schema.pop("description", "")):
            parameter["description"] = text
        if field.deprecated:
            parameter["deprecated"] = True
        if field.default is not MISSING and field.default is not None:
            schema["default"] = self._schemas.shown(source, field.type, field.default, Mode.INPUT)
        shown = self._examples.one(source, field, Mode.INPUT)
        if field.required:
            return with_example({**parameter, "schema": schema}, shown)
        if shown is not MISSING:
            schema["examples"] = [shown]
        return {**parameter, "schema": schema}

    def _headers(self, route: Route) -> list[Parameter]:
        found: list[Parameter] = []
        if route.http_method == "GET" and not route.streams:
            found.append(self._use("parameters", "IfNoneMatch", IF_NONE_MATCH))
        if route.shape is Shape.GET:
            found.append(self._use("parameters", "IfModifiedSince", IF_MODIFIED_SINCE))
        if is_conditional(route):
            if needs_etag(route, self._require_etag):
                found.append(self._use("parameters", "IfMatchRequired", {**IF_MATCH, "required": True}))
            else:
                found.append(self._use("parameters", "IfMatch", IF_MATCH))
                found.append(self._use("parameters", "IfUnmodifiedSince", IF_UNMODIFIED_SINCE))
        if self._idempotency is not None and takes_key(route):
            if self._idempotency.needs_key(route.operation):
                required = {**_idempotency_key(self._idempotency), "required": True}
                found.append(self._use("parameters", "IdempotencyKeyRequired", required))
            else:
                found.append(self._use("parameters", "IdempotencyKey", _idempotency_key(self._idempotency)))
        if self._cross_tenants:
            found.append(self._use("parameters", "Tenant", TENANT))
        return [*found, self._use("parameters", "RequestTimeout", REQUEST_TIMEOUT)]


def takes_key(route: Route) -> bool:
    """Whether the route heeds ``Idempotency-Key``."""
    return route.operation.effect is not Effect.SAFE and not route.streams


def _idempotency_key(idempotency: Idempotency) -> Parameter:
    seconds = idempotency.retention
    return {
        "name": HEADER,
        "in": "header",
        "description": "A key of this call, new for each: what is sent again with it is done once, and gets the first "
        f"answer again, for {_time(seconds)}. With another input it is refused (422, `IDEMPOTENCY_KEY_REUSED`).",
        "schema": {"type": "string", "pattern": f"^(?:{STRING}|{BARE})$"},
        "example": '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
        "x-retention-seconds": int(seconds) if seconds % 1 == 0 else seconds,
    }


def _time(seconds: float) -> str:
    """A time in the largest unit that it is a whole number of."""
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds % length == 0:
            number = int(seconds // length)
            return f"{number} {unit}{'' if number == 1 else 's'}"
    return f"{seconds:g} seconds"


def is_conditional(route: Route) -> bool:
    """Whether the route heeds ``If-Match``: what changes a resource that the path names."""
    changes = route.shape in (Shape.UPDATE, Shape.DELETE, Shape.BODY)
    return changes and route.operation.resource is not None


def needs_etag(route: Route, require_etag: bool) -> bool:
    """Whether the route is answered with 428 where ``If-Match`` is missing."""
    return require_etag and route.shape in (Shape.UPDATE, Shape.DELETE)


def _order_by(names: Sequence[str]) -> Parameter:
    key = f"-?(?:{'|'.join(names)})"
    return {
        "name": "order_by",
        "in": "query",
        "description": f"What to order by: {', '.join(f'`{each}`' for each in names)}, or up to {MAX_KEYS} of them "
        "between commas; with `-` before it to descend. By `id`, the time of creation, if it is not given.",
        "schema": {"type": "string", "pattern": f"^(?:{key}(?:,{key}){{0,{MAX_KEYS - 1}}})?$"},
    }


def _several(name: str, description: str, values: Sequence[str], example: Sequence[str]) -> Parameter:
    """A parameter of some of these values, between commas."""
    item = {"type": "string", "enum": list(values)}
    return {
        "name": name,
        "in": "query",
        "description": description,
        "style": "form",
        "explode": False,
        "schema": {"type": "array", "items": item, "minItems": 1, "examples": [list(example)]},
    }


def _ids(record: Record) -> Parameter:
    """Batch get (AIP-231)."""
    field = record.field("id")
    assert field is not None
    assert isinstance(field.type, Scalar)
    item = {"type": "string", "pattern": field.type.constraints.pattern}
    return {
        "name": "ids",
        "in": "query",
        "description": _IDS_SAID,
        "style": "form",
        "explode": False,
        "schema": {"type": "array", "items": item, "minItems": 1, "maxItems": MAX_IDS},
    }


def _unbound(source: Source, type_: Type) -> Type:
    bare = source.types.resolve(type_)
    if isinstance(bare, Nullable):
        return _unbound(source, bare.of)
    return Scalar(bare.kind) if isinstance(bare, Scalar) else type_
