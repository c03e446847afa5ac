"""Operations, from path items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from dragoman.contract.contract import Contract
from dragoman.contract.operation import Effect, Interaction, Operation
from dragoman.contract.traits import Traits
from dragoman.review.elements import Element
from dragoman.review.elements import answer as answer_element
from dragoman.review.elements import operation as operation_element
from dragoman.review.elements import parameter as parameter_element
from dragoman.review.reading.extensions import extensions
from dragoman.review.reading.methods import effect_of
from dragoman.review.wire import Answer, Http

from .media import Body, plain, read_content, read_produced
from .names import Names, snaked
from .node import Key, Node, Where
from .parameters import Given, form_record, given_parameters, query_record, read_parameters
from .schemas import Schemas
from .security import requirements

Direction: TypeAlias = Literal["served", "callback", "webhook"]

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
"""The methods that a path item has members for (``query`` since 3.2)."""

MERGE_PATCH: Final = "application/merge-patch+json"
_FORM: Final = "application/x-www-form-urlencoded"


def effect(method: str, media: tuple[str, ...]) -> Effect:
    """What a call by the method does. A merge patch (RFC 7396) sets values, and sets them again when it is repeated."""
    return Effect.IDEMPOTENT if method == "PATCH" and MERGE_PATCH in map(plain, media) else effect_of(method)


@dataclass(frozen=True, slots=True)
class _Site:
    """Where an operation stands: its node, its path item and what it is reached by."""

    node: Node
    item: Node
    method: str
    path: str
    direction: Direction

    @property
    def address(self) -> str:
        return f"{self.method} {self.path}"


class Operations:
    """Reads operations into the contract. ``places`` are their elements' places; ``version`` that of the format."""

    def __init__(self, contract: Contract, root: Node, schemas: Schemas, version: tuple[int, int]) -> None:
        self.places: dict[Element, Node] = {}
        self._contract = contract
        self._root = root
        self._schemas = schemas
        self._old = version < (3, 0)
        self._names = Names()
        self._identifiers: set[str] = set()
        self._known_callbacks: set[Key] = set()

    def read_paths(self, paths: Node, direction: Direction) -> None:
        """All operations of all paths (or of all webhooks, by their names)."""
        for path, item in paths.members():
            if path[:2] != "x-":
                self._read_item(item, path, direction)

    def _read_item(self, item: Node, path: str, direction: Direction) -> None:
        if not isinstance(item.value, dict):
            self._schemas.notes.remark(item, f"{path} holds no operations", "Write an object with a member a method")
            return
        for whole in self._whole(item):
            for site in _sites(whole, path, direction):
                if isinstance(site.node.value, dict):
                    self._read(site)
                else:
                    said = f"{site.address} is no operation: its value is no object"
                    self._schemas.notes.remark(site.node, said, "Write the operation, or look for its other half")

    def _whole(self, item: Node) -> Iterator[Node]:
        """A path item, and what it refers to: what stands beside the reference comes first."""
        yield item
        if "$ref" in item.object:
            target = self._schemas.references.follow(item)
            if target is not None:
                yield target.having({name: each for name, each in target.object.items() if name not in item.object})

    def _read(self, site: _Site) -> None:
        node, address = site.node, site.address
        element = operation_element(address)
        self.places.setdefault(element, node)
        where = Where(element)
        if "servers" in node.object or "servers" in site.item.object:
            self._schemas.notes.keep(element, "servers of its own", node)
        given = given_parameters((site.item, node), self._schemas)
        parameters = list(read_parameters(given, address, self._schemas))
        for each, parameter in parameters:
            self.places.setdefault(parameter_element(address, parameter.name), each.listed)
        body = self._body_of_2(node, given, where) if self._old else self._body(node, where)
        answers = list(self._answers(node, address))
        success = _success(answers)
        identifier = node.text("operationId")
        http = Http(
            site.method,
            site.path,
            tuple(parameter for _, parameter in parameters),
            body.media,
            tuple(answer for answer, _ in answers),
            requirements(node, self._root),
            node.texts("tags"),
            identifier,
            node.text("summary"),
            site.direction,
        )
        name = self._name(identifier, site)
        operation = Operation(
            name,
            input=body.type if body.type is not None or body.media else query_record(parameters),
            output=None if success is None else success.type,
            effect=effect(site.method, body.media),
            interaction=_interaction(body, success),
            description=node.text("description") or node.text("summary"),
            deprecated=node.flag("deprecated"),
            traits=Traits([http, *extensions(node.object)]),
        )
        self._contract.add(operation)
        self._callbacks(node)

    def _name(self, identifier: str, site: _Site) -> str:
        if identifier and identifier in self._identifiers:
            message = f"the operationId {identifier[:100]} stands for another operation already"
            self._schemas.notes.remark(site.node, message, "Give each operation an id of its own")
        self._identifiers.add(identifier)
        made = snaked(identifier) or snaked(f"{site.method} {site.path}") or "operation"
        return self._names.free_operation(made)

    def _callbacks(self, node: Node) -> None:
        """What the server calls at an address that the caller gave, once for each place that describes it. Its path is
        the callback's name, then the expression for the address: many callbacks have one expression.
        """
        for name, listed in node.members("callbacks"):
            callback = self._schemas.references.follow(listed)
            if callback is not None and callback.key not in self._known_callbacks:
                self._known_callbacks.add(callback.key)
                for expression, item in callback.members():
                    if expression[:2] != "x-":
                        self._read_item(item, f"{name} {expression}", "callback")

    # What goes in

    def _body(self, node: Node, where: Where) -> Body:
        found = self._schemas.references.follow(node.get("requestBody"))
        return Body() if found is None else read_content(found, where, self._schemas)

    def _body_of_2(self, node: Node, given: list[Given], where: Where) -> Body:
        media = node.texts("consumes") or self._root.texts("consumes")
        for each in given:
            if each.place == "body" and (schema := each.node.get("schema")) is not None:
                return Body(media or ("application/json",), self._schemas.shared(schema, where))
        form = form_record(given, where, self._schemas)
        return Body() if form is None else Body(media or (_FORM,), form)

    # What comes back

    def _answers(self, node: Node, address: str) -> Iterator[tuple[Answer, Body]]:
        media = node.texts("produces") or self._root.texts("produces") or ("application/json",)
        for status, listed in node.members("responses"):
            if status[:2] == "x-":
                continue
            element = answer_element(address, status)
            self.places.setdefault(element, listed)
            found = self._schemas.references.follow(listed)
            if found is None:
                continue
            where = Where(element)
            body = (
                read_produced(found, where, self._schemas, media)
                if self._old
                else read_content(found, where, self._schemas)
            )
            if "links" in found.object:
                self._schemas.notes.keep(element, "links", listed)
            headers = tuple(name for name, _ in found.members("headers"))
            status = status.upper() if status[1:].upper() == "XX" else status
            yield Answer(status, body.media, body.type, headers, found.text("description")), body


def _sites(item: Node, path: str, direction: Direction) -> Iterator[_Site]:
    """Where operations should stand."""
    for method in METHODS:
        node = item.get(method)
        if node is not None:
            yield _Site(node, item, method.upper(), path, direction)
    for method, node in item.members("additionalOperations"):
        yield _Site(node, item, method, path, direction)


def _success(answers: list[tuple[Answer, Body]]) -> Body | None:
    """The first answer of success that holds something; ``default`` where it is the only answer."""
    found = [body for answer, body in answers if answer.succeeds or (answer.status == "default" and len(answers) == 1)]
    return next((each for each in found if each.type is not None or each.streams), None)


def _interaction(body: Body, success: Body | None) -> Interaction:
    given, taken = body.streams, success is not None and success.streams
    return next(each for each in Interaction if (each.streams_input, each.streams_output) == (given, taken))
