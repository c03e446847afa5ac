"""The routes that follow from what a surface exposes (AIP-131 to 136)."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dragoman.contract.annotations import visible_to
from dragoman.contract.declaration import DeclarationError
from dragoman.contract.handle import Exposed
from dragoman.contract.operation import Effect, Interaction, Method, Operation
from dragoman.contract.principal import Audience
from dragoman.contract.schema import Enum, List, Nullable, Record, Scalar, Type, Types
from dragoman.ports.style import EXPANDED
from dragoman.runtime.expansion import expandable

from .naming import segment


class Shape(enum.StrEnum):
    """How a route is spoken: what its request holds and what its answer is."""

    LIST = "list"
    GET = "get"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    BODY = "body"  # an operation whose input is a JSON body
    QUERY = "query"  # a safe operation whose input is in the query


@dataclass(frozen=True, slots=True)
class Route:
    """One path and method. ``template`` is below the surface's path; ``parent`` is the reference field that a nested
    list is narrowed by, and ``parent_plural`` the collection it is nested in. ``expandable`` are the references that
    get and list can expand.
    """

    http_method: str
    template: str
    shape: Shape
    exposed: Exposed
    parent: str | None = None
    parent_plural: str = ""
    expandable: tuple[str, ...] = ()

    @property
    def operation(self) -> Operation:
        """The operation."""
        return self.exposed.operation

    @property
    def streams(self) -> bool:
        """Whether it is answered by events."""
        return self.operation.interaction is Interaction.SERVER_STREAM


STANDARD: Mapping[Method, tuple[str, str, Shape]] = {
    Method.LIST: ("GET", "", Shape.LIST),
    Method.GET: ("GET", "/{id}", Shape.GET),
    Method.CREATE: ("POST", "", Shape.CREATE),
    Method.UPDATE: ("PATCH", "/{id}", Shape.UPDATE),
    Method.DELETE: ("DELETE", "/{id}", Shape.DELETE),
}


def routes_of(
    exposed: Sequence[Exposed], types: Mapping[str, Types], place: str, audience: Audience
) -> tuple[Route, ...]:
    """Every route of a surface. Raises DeclarationError for what REST cannot carry. ``types`` are by operation name."""
    routes: list[Route] = []
    for each in exposed:
        operation = each.operation
        if operation.interaction not in (Interaction.UNARY, Interaction.SERVER_STREAM):
            resource = operation.resource
            elsewhere = (
                "Expose it on a dm.rpc surface"
                if resource is None
                else f'Expose {resource.plural}.without("{operation.short_name}")'
            )
            raise DeclarationError(
                f"{place}, {operation.name}",
                f"its interaction is {operation.interaction}, and a REST request has one body, read before the answer",
                f"{elsewhere}, or take a list in one message",
            )
        if operation.resource is None:
            routes.append(_operation(each, "/" + segment(operation.name), types[operation.name]))
        elif operation.method is Method.CUSTOM:
            collection = "/" + segment(operation.resource.plural)
            verb = f"{collection}/{{id}}:{segment(operation.short_name)}"
            routes.append(_operation(each, verb, types[operation.name]))
        else:
            assert operation.method is not None
            method, suffix, shape = STANDARD[operation.method]
            can = _expandable(each, exposed, audience, place) if shape in (Shape.LIST, Shape.GET) else ()
            template = "/" + segment(operation.resource.plural) + suffix
            routes.append(Route(method, template, shape, each, expandable=can))
    return (*routes, *_nested(routes, exposed, audience))


def _expandable(each: Exposed, exposed: Sequence[Exposed], audience: Audience, place: str) -> tuple[str, ...]:
    """Raises DeclarationError where a field has the name of the member that holds what is expanded."""
    found = tuple(expandable(each, exposed, audience))
    resource = each.operation.resource
    assert resource is not None
    field = resource.record.field(EXPANDED)
    if found and field is not None and visible_to(field, audience):
        raise DeclarationError(
            f"{place}, {resource.name}.{EXPANDED}",
            f"answers hold what {' and '.join(found)} refers to in a member of that name",
            f"Rename the field, or expose {resource.references[found[0]].target} without get",
        )
    return found


def _operation(exposed: Exposed, template: str, types: Types) -> Route:
    operation = exposed.operation
    if operation.effect is Effect.SAFE and fits_query(operation.input, types):
        return Route("GET", template, Shape.QUERY, exposed)
    return Route("POST", template, Shape.BODY, exposed)


def fits_query(type_: Type | None, types: Types) -> bool:
    """Whether an input can be written as query parameters: a record of scalars, and of lists of scalars."""
    if type_ is None:
        return True
    record = types.resolve(type_)
    return isinstance(record, Record) and all(_is_parameter(each.type, types) for each in record.fields)


def _is_parameter(type_: Type, types: Types) -> bool:
    type_ = types.resolve(type_)
    if isinstance(type_, Nullable):
        type_ = types.resolve(type_.of)
    if isinstance(type_, List):
        type_ = types.resolve(type_.item)
    return isinstance(type_, Scalar | Enum)


def _nested(routes: Sequence[Route], exposed: Sequence[Exposed], audience: Audience) -> list[Route]:
    """A list through each reference that names its other side, where both sides can be read here."""
    readable = {
        each.operation.resource.name: each.operation.resource
        for each in exposed
        if each.operation.resource is not None and each.operation.method in (Method.GET, Method.LIST)
    }
    nested: list[Route] = []
    for route in routes:
        resource = route.operation.resource
        if route.shape is not Shape.LIST or resource is None:
            continue
        for reference in resource.references.values():
            field = resource.record.field(reference.field)
            assert field is not None
            parent = readable.get(reference.target)
            if parent is None or reference.reverse is None or not visible_to(field, audience):
                continue
            template = f"/{segment(parent.plural)}/{{id}}/{segment(reference.reverse)}"
            nested.append(replace(route, template=template, parent=reference.field, parent_plural=parent.plural))
    return nested
