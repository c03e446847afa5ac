"""Answers: what a route gives when all is well, and every problem that can occur on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from dragoman.contract.fault import Fault
from dragoman.contract.operation import Effect
from dragoman.contract.schema import MISSING, Ref
from dragoman.ports.style import Surface
from dragoman.runtime.http import problem
from dragoman.runtime.http.deprecation import deprecation
from dragoman.styles.rest import event_stream
from dragoman.styles.rest.event_stream import MEDIA_TYPE as EVENT_STREAM
from dragoman.styles.rest.routes import Route, Shape

from .components import Components
from .examples import Examples, faults_of, problems, with_example
from .names import a, noun, sentence, words
from .parameters import is_conditional, needs_etag, takes_key
from .scalars import Schema
from .schemas import Mode, Schemas, Source

Response: TypeAlias = dict[str, Any]

JSON: Final = "application/json"
PROBLEM_JSON: Final = problem.MEDIA_TYPE.decode()
EVENTS: Final = (
    "Server-sent events (WHATWG HTML, section 9.2). The `data` of each message is one result, as JSON; all of them "
    "make up the array of `contentSchema`. The last event is `end`, with `{}`, or `fault`, whose data is a `Problem`: "
    "a stream that ends with neither was cut. Comments fill long silences."
)
DEFAULT: Final = "default"

REQUEST_ID: Final = {
    "description": "The id under which the request is in the log: the one that the request gave under the same "
    "name, or a new one.",
    "schema": {"type": "string"},
}
ETAG: Final = {
    "description": 'What the representation is known by: `"<version>-<digest>"` for a resource (RFC 9110, section '
    "8.8.3). Give it back in `If-None-Match` or `If-Match`.",
    "schema": {"type": "string"},
}
CACHE_CONTROL: Final = {
    "description": "Who may keep the answer, and for how long (RFC 9111, section 5.2).",
    "schema": {"type": "string"},
}
VARY: Final = {
    "description": "The request headers that the answer differs by (RFC 9110, section 12.5.5).",
    "schema": {"type": "string"},
}
LAST_MODIFIED: Final = {
    "description": "The second in which the resource was last changed (RFC 9110, section 8.8.2); absent while further "
    "changes of that second may come.",
    "schema": {"type": "string"},
}
LINK: Final = {
    "description": 'Where the next page is (`rel="next"`), and the first (`rel="first"`); RFC 8288.',
    "schema": {"type": "string"},
}
DEPRECATION: Final = {
    "description": "Since when this should not be used any more: `@` and the seconds since 1970 (RFC 9745).",
    "schema": {"type": "string"},
}
SUNSET: Final = {
    "description": "From when on this may not work any more (RFC 8594).",
    "schema": {"type": "string"},
}
RETRY_AFTER: Final = {
    "description": "How long to wait before the next attempt, in seconds (RFC 9110, section 10.2.3).",
    "schema": {"type": "integer", "minimum": 0},
}
REPLAYED: Final = {
    "description": "`true` where the answer is that of an earlier call with the same `Idempotency-Key`.",
    "schema": {"type": "string", "const": "true"},
}
LOCATION: Final = {"description": "Where the new resource is.", "schema": {"type": "string", "format": "uri-reference"}}
CHALLENGE: Final = {"description": "How to show who calls (RFC 9110, section 11.6.1).", "schema": {"type": "string"}}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: what its component is called, and what it says."""

    name: str
    description: str


KINDS: Final[Mapping[int, Kind]] = {
    400: Kind("Malformed", "The request cannot be parsed."),
    401: Kind("Unauthenticated", "No valid credentials were given."),
    403: Kind("PermissionDenied", "The caller is known, and may not do this."),
    404: Kind("NotFound", "There is no such thing, or none that this caller may know of."),
    406: Kind("NotAcceptable", "`Accept` admits nothing that is answered here."),
    409: Kind("Conflict", "The state of the system, or a concurrent change, does not allow it."),
    412: Kind("PreconditionFailed", "The resource was changed since the version or the time that the request names."),
    413: Kind("ContentTooLarge", "The body is larger than what is read."),
    415: Kind("UnsupportedMediaType", "The body is of a type that is not read here."),
    422: Kind("InvalidArgument", "The request is wrong; `errors` lists everything that is."),
    428: Kind("PreconditionRequired", "`If-Match` is missing."),
    429: Kind("ResourceExhausted", "A quota or a limit is used up."),
    500: Kind("Internal", "Something went wrong here; it is in the log under `request_id`."),
    501: Kind("Unimplemented", "This is not offered here."),
    503: Kind("Unavailable", "Not now; try again after a pause."),
    504: Kind("DeadlineExceeded", "The time allowed for the request ran out."),
}
ANY_OTHER: Final = Kind("Problem", "Any other problem.")


class Responses:
    """The responses of the routes of one surface."""

    def __init__(
        self, schemas: Schemas, examples: Examples, components: Components, surface: Surface, *, require_etag: bool
    ) -> None:
        auth = surface.auth
        self._surface = surface
        self._schemas = schemas
        self._examples = examples
        self._use = components.use
        self._anonymous = auth is None or auth.anonymous
        self._challenge = "" if auth is None else auth.challenge
        self._require_etag = require_etag

    def of(self, route: Route, source: Source, *, located: bool) -> dict[str, Response]:
        """All responses, by status. ``located`` says that what is created is found under a URL of its own."""
        found = dict(self._successes(route, source, located))
        for each in found.values():
            if "$ref" not in each:
                each["headers"] = {**each["headers"], **self._replayed(route), **self._deprecation(route)}
        declared: dict[int, list[type[Fault]]] = {}
        for fault in route.operation.faults:
            declared.setdefault(problem.status_of(fault), []).append(fault)
        for status in sorted(self._statuses(route) | declared.keys()):
            found[str(status)] = self._problem(status, declared.get(status, []))
        return {**found, DEFAULT: self._use("responses", ANY_OTHER.name, self._response(ANY_OTHER.description))}

    # When all is well

    def _successes(self, route: Route, source: Source, located: bool) -> dict[str, Response]:
        operation, resource = route.operation, route.operation.resource
        match route.shape:
            case Shape.LIST:
                assert resource is not None
                page = self._schemas.page(source, resource)
                said = f"One page of the {words(resource.plural)}."
                shown = self._examples.page(source, resource)
                return self._kept(route, self._json(said, page, shown, etag=True))
            case Shape.CREATE:
                assert resource is not None
                created = self._resource(f"The {noun(resource)} was created.", source, resource.name)
                if located:
                    created["headers"]["Location"] = self._use("headers", "Location", LOCATION)
                return {"201": created}
            case Shape.GET:
                assert resource is not None
                read = self._schemas.read(source, resource.name)
                return self._kept(route, self._resource(f"The {noun(resource)}.", source, resource.name, read))
            case Shape.UPDATE:
                assert resource is not None
                return {"200": self._resource(f"The {noun(resource)}, changed.", source, resource.name)}
        if operation.output is None:
            said = "It is done." if route.shape is not Shape.DELETE else "It is deleted."
            return {"204": {"description": said, "headers": self._headers()}}
        schema = self._schemas.of(source, operation.output, Mode.OUTPUT)
        shown = self._examples.of(source, operation.output, Mode.OUTPUT)
        if route.streams:
            return {"200": self._events(schema, shown)}
        versioned = resource is not None and operation.native_output is resource.native
        if route.shape is Shape.QUERY:
            return self._kept(route, self._json(_said_of(route), schema, shown, etag=True))
        return {"200": self._json(_said_of(route), schema, shown, etag=versioned)}

    def _resource(self, description: str, source: Source, name: str, schema: Schema | None = None) -> Response:
        """A resource; ``schema`` where it is another than that of the whole."""
        schema = schema or self._schemas.of(source, Ref(name), Mode.OUTPUT)
        return self._json(description, schema, self._examples.of(source, Ref(name), Mode.OUTPUT), etag=True)

    def _json(self, description: str, schema: Schema, example: Any, *, etag: bool) -> Response:
        headers = {"ETag": self._use("headers", "ETag", ETAG)} if etag else {}
        return {
            "description": description,
            "headers": headers | self._headers(),
            "content": {JSON: with_example({"schema": schema}, example)},
        }

    def _kept(self, route: Route, response: Response) -> dict[str, Response]:
        """The answers to GET: what caches may keep, and 304 where the caller has it."""
        kept = {
            "Cache-Control": self._use("headers", "CacheControl", CACHE_CONTROL),
            "Vary": self._use("headers", "Vary", VARY),
        }
        name = "NotModified"
        if route.shape is Shape.GET:
            kept["Last-Modified"] = self._use("headers", "LastModified", LAST_MODIFIED)
            name = "ResourceNotModified"
        unchanged = {"ETag": self._use("headers", "ETag", ETAG), **kept, **self._headers()}
        if route.shape is Shape.LIST:
            kept["Link"] = self._use("headers", "Link", LINK)
        response["headers"] = {**response["headers"], **kept}
        same = {"description": "What the caller has is current (`If-None-Match`).", "headers": unchanged}
        return {"200": response, "304": self._use("responses", name, same)}

    def _events(self, item: Schema, example: Any) -> Response:
        """A stream. OpenAPI 3.1 has no words for events: to it, the answer is a text. JSON Schema's ``contentSchema``
        (2020-12, validation, section 8.5) says what its messages hold.
        """
        results = {"type": "array", "items": item}
        text = {"type": "string", "description": EVENTS, "contentMediaType": EVENT_STREAM, "contentSchema": results}
        shown = MISSING if example is MISSING else (event_stream.message(example) + event_stream.END).decode()
        return {
            "description": "The results, one by one, as server-sent events.",
            "headers": self._headers(),
            "content": {EVENT_STREAM: with_example({"schema": text}, shown)},
        }

    def _headers(self) -> dict[str, Any]:
        return {"X-Request-Id": self._use("headers", "RequestId", REQUEST_ID)}

    def _replayed(self, route: Route) -> dict[str, Any]:
        if self._anonymous or not takes_key(route):
            return {}
        return {"Idempotency-Replayed": self._use("headers", "Replayed", REPLAYED)}

    def _deprecation(self, route: Route) -> dict[str, Any]:
        """The headers that say since when the route should not be used, and until when it works."""
        deprecated = deprecation(self._surface, route.operation)
        found: dict[str, Any] = {}
        if deprecated is not None and deprecated.since is not None:
            found["Deprecation"] = self._use("headers", "Deprecation", DEPRECATION)
        if deprecated is not None and deprecated.sunset is not None:
            found["Sunset"] = self._use("headers", "Sunset", SUNSET)
        return found

    # When it is not

    def _statuses(self, route: Route) -> set[int]:
        """The problems that can occur on a route whatever its handler does.

        Every route reads a path and a query; admission and deadlines are everywhere.
        """
        found = {400, 422, 503, 504}
        if not self._anonymous:
            found |= {401, 403}
        if "{id}" in route.template or route.shape is Shape.LIST:
            found.add(404)
        if has_body(route):
            found |= {413, 415}
        if route.operation.output is not None:
            found.add(406)
        if route.operation.effect is not Effect.SAFE:
            found.add(409)
        if is_conditional(route):
            found.add(412)
        if needs_etag(route, self._require_etag):
            found.add(428)
        return found

    def _problem(self, status: int, declared: list[type[Fault]]) -> Response:
        kind = KINDS.get(status) or Kind(f"Problem{status}", f"{problem.title(status)}.")
        response = self._response(kind.description, [*declared, *faults_of(status)])
        if status == 401 and self._challenge:
            response["headers"]["WWW-Authenticate"] = self._use("headers", "Challenge", CHALLENGE)
        if status in (409, 429, 503):
            response["headers"]["Retry-After"] = self._use("headers", "RetryAfter", RETRY_AFTER)
        if not declared:
            return self._use("responses", kind.name, response)
        lines = "\n".join(_described(each) for each in declared)
        return {**response, "description": f"{kind.description}\n\n{lines}"}

    def _response(self, description: str, faults: Iterable[type[Fault]] = ()) -> Response:
        media: dict[str, Any] = {"schema": {"$ref": "#/components/schemas/Problem"}}
        if shown := problems(faults):
            media["examples"] = shown
        return {"description": description, "headers": self._headers(), "content": {PROBLEM_JSON: media}}


def has_body(route: Route) -> bool:
    """Whether the route reads a body."""
    if route.shape is Shape.BODY:
        return route.operation.input is not None
    return route.shape in (Shape.CREATE, Shape.UPDATE)


def _described(fault: type[Fault]) -> str:
    """A fault that the operation declares: how programs know it, and what its author says about it."""
    known_by = f"`{fault.code.name}`" + (f" (`{fault.reason}`)" if fault.reason else "")
    text = sentence(fault.__doc__ or "", 300)
    return f"- {known_by}: {text}." if text else f"- {known_by}"


def _said_of(route: Route) -> str:
    resource = route.operation.resource
    if resource is None:
        return "The result."
    if route.operation.native_output is resource.native:
        return f"The {noun(resource)}."
    return f"What came of it, for {a(noun(resource))}."
