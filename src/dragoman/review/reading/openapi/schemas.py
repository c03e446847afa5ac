"""Schemas as types. Named ones are read when everything before them has been, so that they may refer to one another in
any way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

from dragoman.contract.schema import Enum, List, Map, Named, Nullable, Record, Ref, Scalar, Type, Types, Union, Variant
from dragoman.review.elements import type_ as type_element

from .alternatives import read_alternatives
from .enums import read_enum
from .names import Names
from .node import Key, Node, Where
from .notes import Notes
from .records import Records
from .references import REF, References, is_reference
from .scalars import ANY, PLAIN, lengths, scalar
from .words import UNHELD, is_map, kinds, shapes, stands_in_place, takes_null

MAX_DEPTH: Final = 64
"""How deeply schemas may stand in one another without a name."""


class Schemas:
    """Makes types of schemas, and puts those with names into ``types``. ``strict`` says that what stands beside a
    reference counts, as it does from 3.1 on.
    """

    def __init__(self, types: Types, references: References, notes: Notes, *, strict: bool) -> None:
        self.types = types
        self.references = references
        self.notes = notes
        self.places: dict[str, Node] = {}
        self._strict = strict
        self._records = Records(self)
        self._names = Names()
        self._by_key: dict[Key, str] = {}
        self._in_place: dict[Key, Type | None] = {}
        self._pending: deque[tuple[Node, str]] = deque()
        self._shared: dict[Key, Type] = {}
        self._built: set[str] = set()
        self._building: list[str] = []
        self._depth = 0

    # What the other readers ask for

    def declare(self, nodes: Iterable[tuple[str, Node]]) -> None:
        """Give the schemas of a document their names, before any other takes these."""
        for name, node in nodes:
            self.places.setdefault(name, node)
            self._names.reserve(name)
        for name, node in nodes:
            if not is_reference(node):
                self._by_key[node.key] = name
        for _, node in nodes:
            self.target(node, None)

    def finish(self) -> None:
        """Read all named types that were referred to."""
        while self._pending:
            self._build(*self._pending.popleft())

    def of(self, node: Node, where: Where) -> Type:
        """The type of a schema."""
        if is_reference(node):
            return self._referred(node, where)
        if not isinstance(node.value, dict) or not node.value:
            self._boolean(node, where)
            return ANY
        if self._depth >= MAX_DEPTH:
            self.notes.keep(where.element, f"what is nested more than {MAX_DEPTH} deep", node)
            return ANY
        self._depth += 1
        try:
            made = self.bare(node, where, None)
        finally:
            self._depth -= 1
        return nullable(made) if takes_null(node.value) else made

    def shared(self, node: Node, where: Where) -> Type:
        """As :meth:`of`, once for a place: of what several operations refer to."""
        key = node.key
        if key not in self._shared:
            self._shared[key] = self.of(node, where)
        return self._shared[key]

    def target(self, node: Node, where: Where | None) -> Type:
        """The type of a schema that is referred to: a name, where it can have one."""
        found = self.references.follow(node)
        if found is None:
            return ANY
        key = found.key
        if key in self._in_place:
            return self._recursive(found, where) if (known := self._in_place[key]) is None else known
        if stands_in_place(found, self.references):
            return self._written_out(found)
        name = self._name(found)
        return nullable(Ref(name)) if takes_null(found.value) else Ref(name)

    def record(self, node: Node, where: Where) -> tuple[str | None, Type]:
        """The type that a schema extends, whole, with its name: it is read now if need be."""
        type_ = self.target(node, where) if is_reference(node) else self.of(node, where)
        bare = type_.of if isinstance(type_, Nullable) else type_
        if not isinstance(bare, Ref):
            return None, bare
        if bare.name in self._building:
            self.notes.remark(node, f"{bare.name} extends itself by allOf", "Break the circle")
            return bare.name, Record(None, ())
        if bare.name not in self._built:
            if self._depth >= MAX_DEPTH:
                self.notes.remark(node, f"allOf leads more than {MAX_DEPTH} steps on", "Extend fewer types in a row")
                return bare.name, Record(None, ())
            self._depth += 1
            self._build(self.places[bare.name], bare.name)
            self._depth -= 1
        return bare.name, self.types[bare.name]

    def bare(self, node: Node, where: Where, name: str | None) -> Type:
        """The type of a schema but for null. ``name`` is its own, if it has one."""
        value = node.value
        self._keep(node, where)
        if "enum" in value or "const" in value:
            found = read_enum(node, name, where, self.notes)
            if found is not None:
                return found
        if isinstance(value.get("allOf"), list) and value["allOf"]:
            return self._records.extended(node, where, name)
        if "oneOf" in value or "anyOf" in value:
            union = read_alternatives(node, where, name, self)
            if union is not None:
                return union
        found_kinds = kinds(value)
        if len(found_kinds) == 1:
            return self._of_kind(found_kinds[0], node, where, name)
        variants = [self._of_kind(each, node, where, None) for each in found_kinds]
        return Union(tuple(Variant(None, each) for each in variants), None, name) if variants else ANY

    # One of JSON's types

    def _of_kind(self, kind: str, node: Node, where: Where, name: str | None) -> Type:
        if kind == "object":
            return self._map(node, where) if is_map(node.value) else self._records.of(node, where, name)
        if kind == "array":
            return self._list(node, where)
        if kind in PLAIN:
            return scalar(kind, node.value)
        if kind == "file":  # Swagger 2.0
            return scalar("string", {"format": "binary"})
        if kind != "any":
            self.notes.remark(
                node, f"there is no type {kind[:40]!r}", f"Write one of {', '.join(PLAIN)}, array, object"
            )
        return ANY

    def _map(self, node: Node, where: Where) -> Map:
        value = node.value
        key = scalar("string", {})
        inner = node.get("additionalProperties")
        patterns = list(node.members("patternProperties"))
        if inner is None or not isinstance(inner.value, dict):
            pattern, inner = patterns[0]
            key = scalar("string", {"pattern": pattern})
        elif (names := node.get("propertyNames")) is not None and isinstance(read := self.of(names, where), Scalar):
            key = scalar("string", {"pattern": read.constraints.pattern}) if read == ANY else read
        return Map(key, self.of(inner, where), lengths(value, "minProperties", "maxProperties"))

    def _list(self, node: Node, where: Where) -> List:
        inner = node.get("items")
        tuples = list(node.items("items")) or list(node.items("prefixItems"))
        if tuples:
            self.notes.keep(where.element, "a list with a type for each place", node)
        item: Type = ANY
        if inner is not None and not tuples:
            item = self.of(inner, where)
        return List(item, lengths(node.value, "minItems", "maxItems"))

    def _boolean(self, node: Node, where: Where) -> None:
        if node.value is False:
            self.notes.keep(where.element, "a schema that no value meets", node)
        elif node.value is not True and not isinstance(node.value, dict):
            self.notes.remark(node, "a schema is an object, and this is none", "Write {} for any value")

    def _keep(self, node: Node, where: Where) -> None:
        for word in node.value.keys() & UNHELD.keys():
            if word == "propertyNames" and is_map(node.value):
                continue
            if word == "patternProperties" and is_map(node.value) and len(node.value[word]) == 1:
                continue
            if node.value[word] not in (None, False) or word == "unevaluatedProperties":
                self.notes.keep(where.element, UNHELD[word], node)

    # References and names

    def _referred(self, node: Node, where: Where) -> Type:
        beside = {word: each for word, each in node.value.items() if word != REF}
        made = self.target(node, where)
        if shapes(beside):
            if self._strict:
                whole = {**beside, "allOf": [{REF: node.value[REF]}, *_listed(beside.get("allOf"))]}
                return self.of(node.having(whole), where)
            message = "what stands beside $ref does not count before OpenAPI 3.1"
            self.notes.remark(node, message, "Put the reference into allOf, and the rest beside that")
        return nullable(made) if takes_null(beside) else made

    def _recursive(self, node: Node, where: Where | None) -> Type:
        element = (where or Where(type_element(self._label(node)))).element
        self.notes.keep(element, "a list or a map that contains itself without a named object between", node)
        return ANY

    def _written_out(self, node: Node) -> Type:
        self._in_place[node.key] = None
        made = self.of(node, Where(type_element(self._label(node))))
        self._in_place[node.key] = made
        return made

    def _label(self, node: Node) -> str:
        """What a schema is called that has no name in the contract."""
        return self._by_key.get(node.key) or str(node.pointer[-1] if node.pointer else node.tree.file)

    def _name(self, node: Node) -> str:
        """The name of a type that is read later."""
        name = self._by_key.get(node.key)
        if name is None:
            name = self._by_key[node.key] = self._names.free_type(self._label(node))
        if name not in self.types:
            self.places[name] = node
            self.types.add(name, Record(name, ()))
            self._pending.append((node, name))
        return name

    def _build(self, node: Node, name: str) -> None:
        if name in self._built or name in self._building:
            return
        self._building.append(name)
        made = self.bare(node, Where(type_element(name)), name)
        self._building.pop()
        self._built.add(name)
        self.types.add(name, _named(made, name))


def nullable(type_: Type) -> Type:
    """The type, or null."""
    return type_ if type_ == ANY or isinstance(type_, Nullable) else Nullable(type_)


def _named(made: Type, name: str) -> Named:
    """What stands under the name: a union of one alternative, where it is what has no name itself."""
    if isinstance(made, Nullable):
        made = made.of
    return made if isinstance(made, Record | Enum | Union | Scalar) else Union((Variant(None, made),), None, name)


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []
