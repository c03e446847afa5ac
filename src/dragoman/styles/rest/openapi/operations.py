"""Operation objects: one for each route."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from dragoman.contract.operation import Method
from dragoman.contract.schema import Ref, Type
from dragoman.ports.style import Surface
from dragoman.runtime.http.deprecation import deprecation, deprecation_text
from dragoman.runtime.http.json_body import MERGE_PATCH
from dragoman.styles.rest.routes import Route, Shape

from .examples import Examples, with_example
from .names import a, noun, sentence, words
from .parameters import Parameters
from .responses import JSON, Responses, has_body
from .schemas import Mode, Schemas, Source

OperationObject: TypeAlias = dict[str, Any]

PLAIN: Final = "operations"
"""The tag of operations that belong to no resource."""

_PATCH: Final = (
    "Changes the fields that are given (RFC 7396): absent fields stay as they are, null clears what may be null, lists "
    "are replaced, objects are merged."
)
_EXTERNAL: Final = (
    "Has effects that cannot be undone, and is done once for each `Idempotency-Key`. While the call is under way its "
    "repetition is answered 409 (`IN_FLIGHT`). If it did not come to its end, what it did has to be looked up here "
    "first: until then the answer is 409 (`OUTCOME_UNKNOWN`), and another key would do it twice."
)
_PAGED: Final = "An empty `next_page_token` marks the end, and nothing else does."


class Operations:
    """Makes operation objects."""

    def __init__(
        self, surface: Surface, schemas: Schemas, examples: Examples, parameters: Parameters, responses: Responses
    ) -> None:
        self._surface = surface
        self._schemas = schemas
        self._examples = examples
        self._anonymous = surface.auth is None or surface.auth.anonymous
        self._parameters = parameters
        self._responses = responses

    def of(self, route: Route, source: Source, id: str, *, located: bool) -> OperationObject:
        """The operation object of a route."""
        summary, description = prose(route)
        if route.operation.external:
            description += f"\n\n{_EXTERNAL}"
        if not self._anonymous:
            description += "\n\n" + _scopes(route)
        found: OperationObject = {
            "operationId": id,
            "tags": [tag_of(route)],
            "summary": summary,
            "description": description,
        }
        if parameters := self._parameters.of(route, source):
            found["parameters"] = parameters
        if has_body(route):
            found["requestBody"] = self._body(route, source)
        found["responses"] = self._responses.of(route, source, located=located)
        if (deprecated := deprecation(self._surface, route.operation)) is not None:
            found["deprecated"] = True
            found["description"] = f"{description}\n\n{deprecation_text(deprecated)}"
        return found

    def _body(self, route: Route, source: Source) -> dict[str, Any]:
        type_, mode = _taken(route)
        media = [MERGE_PATCH, JSON] if mode is Mode.UPDATE else [JSON]
        schemas = {each: self._schemas.of(source, type_, mode) for each in media}
        if mode is Mode.UPDATE:
            assert route.operation.resource is not None
            shown = self._examples.update(source, route.operation.resource)
        else:
            shown = self._examples.of(source, type_, mode)
        content = {each: with_example({"schema": schema}, shown) for each, schema in schemas.items()}
        return {"required": True, "content": content}


def _taken(route: Route) -> tuple[Type, Mode]:
    """What a route's body holds."""
    operation = route.operation
    if operation.resource is not None and route.shape in (Shape.CREATE, Shape.UPDATE):
        return Ref(operation.resource.name), Mode.CREATE if route.shape is Shape.CREATE else Mode.UPDATE
    assert operation.input is not None
    return operation.input, Mode.INPUT


def _scopes(route: Route) -> str:
    """Which scopes allow the operation: any one does."""
    operation, resource = route.operation, route.operation.resource
    all_of = f", `{resource.plural}.*`" if resource is not None else ""
    return f"Needs the scope `{operation.name}`{all_of} or `*`."


def tag_of(route: Route) -> str:
    """The group that a route is shown in."""
    resource = route.operation.resource
    return PLAIN if resource is None else resource.plural


def prose(route: Route) -> tuple[str, str]:
    """A route's summary and description."""
    operation, resource = route.operation, route.operation.resource
    if resource is None:
        summary = sentence(operation.description) or words(operation.name).capitalize()
        return summary, operation.description or f"{summary}."
    one, many = noun(resource), words(resource.plural)
    match operation.method:
        case Method.LIST if route.parent is not None:
            reference = resource.references[route.parent]
            parent = a(noun(route.exposed.handle.contract.resources[route.parent_plural].description))
            listed = words(reference.reverse or "")
            return f"List the {listed} of {parent}", f"One page of the {many} whose `{route.parent}` it is. {_PAGED}"
        case Method.LIST:
            return f"List {many}", f"One page of the {many} that the caller may see. {_PAGED}"
        case Method.GET:
            return f"Get {a(one)}", f"One {one}, by its id."
        case Method.CREATE:
            return f"Create {a(one)}", f"Creates {a(one)}; the server gives it its id."
        case Method.UPDATE:
            return f"Update {a(one)}", _PATCH
        case Method.DELETE:
            return f"Delete {a(one)}", f"Deletes the {one} with this id."
    summary = sentence(operation.description) or f"{words(operation.short_name).capitalize()} {a(one)}"
    return summary, operation.description or f"{summary}."
