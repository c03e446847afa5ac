"""Compares a contract with what its exported documents say, read back: every difference, with its reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from dragoman.contract.annotations import visible_to
from dragoman.contract.contract import Contract
from dragoman.contract.handle import Exposed, expand
from dragoman.contract.operation import Effect, Method
from dragoman.contract.schema import (
    MISSING,
    NO_CONSTRAINTS,
    Enum,
    Field,
    Kind,
    List,
    Map,
    Nullable,
    Record,
    Ref,
    Scalar,
    Type,
    Types,
    Union,
)
from dragoman.ports.style import Surface

Difference: TypeAlias = tuple[str, str]
"""Where something differs, and a kind of :data:`REASONS`."""

REASONS: Final = {
    "an enum with a name": "written in place here; OpenAPI names enums, so that generated clients can",
    "a name of its own": "the name is taken by a type of another contract on the surface",
    "bounds in the pattern": "a number that travels as text has its bounds in the pattern, as far as one can say them",
    "bounds in words": "JSON Schema has no bounds for dates and times, and none for the bytes of a text",
    "bounds made inclusive": "an integer's bounds are written as the least and the greatest value",
    "a text with a pattern": "OpenAPI has no format for this duration, which is signed and has fractions",
    "keys with a pattern": "names of objects are texts; what they stand for is a pattern",
    "the tag as a field": "the tag stands among the fields of each alternative, as a constant",
    "not for this audience": "the field is not for the audience of the surface",
    "a default in part": "of a default the audience sees what it sees of its type",
    "its form as a pattern": "a pattern says how it is written, since the formats of JSON Schema are others",
    "what is expanded": "REST adds what a resource refers to, on demand",
    "only on output": "what was read is the type as answers hold it, without defaults, and with all fields",
    "in the query": "a safe operation takes its input from the query, whose fields have no type together",
    "no null in a query": "null cannot be written in a query; the parameter is left out",
    "only in the document: a form": "REST's form of a type: to create, to change, in part, a page (AIP-158), expanded",
    "only in the document: a problem": "how REST tells faults (RFC 9457)",
    "only in the document: another way": "a list by what it belongs to: the same operation under another address",
    "a page": "a list is paged (AIP-158); in the contract that follows from its method",
    "what it is made from": "the input of a standard method follows from the resource",
    "a merge patch": "the input of a standard method follows from the resource",
    "parameters": "the input of a standard method follows from the resource; filters, order and pages are REST's",
    "the effect of POST": "OpenAPI does not say that a call can be repeated safely, or changes nothing",
    "faults": "answers tell statuses, and which faults these stand for in words",
    "said in words": "deadlines, batches and re-runs are no matter of the document",
    "a description for people": "the document says more: bounds in words, deprecations, the values of an enum",
    "a trait": "traits are for those who read them",
    "an example": "what is required is shown with one, made up where its author gave none",
    "an id": "OpenAPI has no format for ids; their pattern says whose they are",
    "ids without a prefix": "the prefix of ids stands in their pattern",
}


@dataclass
class Comparison:
    """One surface, and the contract that was read from its document."""

    surface: Surface
    read: Contract
    found: dict[Difference, None] = field(default_factory=dict)
    seen: set[tuple[int, str, str]] = field(default_factory=set)

    def lines(self) -> list[str]:
        """Every difference, with its reason."""
        exposed = expand(self.surface.exposes, "")
        for each in exposed:
            self.operation(each)
        known = {each.operation.name for each in exposed}
        for name in self.read.operations:
            if name not in known:
                self.note(f"operation {name}", "only in the document: another way")
        named = {name for each in exposed for name in each.handle.contract.types}
        for name in self.read.types:
            if name not in named and not any(where == f"type {name}" for where, _ in self.found):
                problem = name in PROBLEMS
                self.note(f"type {name}", f"only in the document: {'a problem' if problem else 'a form'}")
        return [f"{where}: {kind} ({REASONS[kind]})" for where, kind in self.found]

    def note(self, where: str, kind: str) -> None:
        """There is a difference."""
        self.found[where, kind] = None

    # Operations and resources

    def operation(self, exposed: Exposed) -> None:
        written, types = exposed.operation, exposed.handle.contract.types
        read = self.read.operations[written.name]
        assert read.method is written.method, written.name
        assert read.interaction is written.interaction, written.name
        assert read.deprecated == (written.deprecated or self.surface.deprecated is not None), written.name
        if read.effect is not written.effect:
            assert read.effect is Effect.UNSAFE, written.name
            self.note(written.name, "the effect of POST")
        if written.faults:
            self.note(written.name, "faults")
        if written.deadline or written.batch or written.rerun or written.external:
            self.note(written.name, "said in words")
        self.input(exposed, read.input)
        self.output(exposed, read.output)
        if written.resource is not None:
            assert read.resource is not None
            assert (read.resource.name, read.resource.plural) == (written.resource.name, written.resource.plural)
            self.note(written.resource.name, "ids without a prefix")
            targets = {name: each.target for name, each in read.resource.references.items()}
            for name, reference in written.resource.references.items():
                assert targets.get(name, reference.target) == reference.target
            self.types(written.resource.name, Ref(written.resource.name), Ref(read.resource.name), types)

    def input(self, exposed: Exposed, read: Type | None) -> None:
        written = exposed.operation
        kinds = {
            Method.LIST: "parameters",
            Method.GET: "parameters",
            Method.CREATE: "what it is made from",
            Method.UPDATE: "a merge patch",
            Method.DELETE: "parameters",
        }
        if written.method in kinds:
            if read is not None:
                self.note(f"{written.name}, input", kinds[written.method])
            return
        if written.input is None:
            if read is not None:
                self.note(f"{written.name}, input", "parameters")
            return
        assert read is not None, written.name
        types = exposed.handle.contract.types
        if isinstance(read, Record):
            self.note(f"{written.name}, input", "in the query")
            self.query(f"{written.name}, input", types.resolve(written.input), read, types)
        else:
            self.types(f"{written.name}, input", written.input, read, types, writable=True)

    def query(self, where: str, written: Type, read: Record, types: Types) -> None:
        """An input that is written in a query, where null cannot be."""
        assert isinstance(written, Record)
        fields = []
        for each in written.fields:
            bare = types.resolve(each.type)
            if isinstance(bare, Nullable):
                self.note(f"{where}.{each.name}", "no null in a query")
                fields.append(replace(each, type=bare.of, default=MISSING))
            else:
                fields.append(each)
        plain = replace(written, fields=tuple(fields), description="", open=read.open)
        self.records(where, plain, read, types, writable=True)

    def output(self, exposed: Exposed, read: Type | None) -> None:
        written = exposed.operation
        if written.method is Method.LIST:
            self.note(f"{written.name}, output", "a page")
        elif written.output is None:
            assert read is None, written.name
        else:
            assert read is not None, written.name
            self.types(f"{written.name}, output", written.output, read, exposed.handle.contract.types)

    # Types

    def types(self, where: str, written: Type, read: Type, types: Types, *, writable: bool = False) -> None:
        """Compare two types; named ones once."""
        if isinstance(written, Ref) and isinstance(read, Ref):
            key = (id(types), written.name, read.name)
            if key in self.seen:
                return
            self.seen.add(key)
            where = written.name
            if written.name != read.name:
                form = read.name.startswith(written.name)
                self.note(f"type {read.name}", "only in the document: a form" if form else "a name of its own")
        before, after = types.resolve(written), self.read.types.resolve(read)
        assert type(before) is type(after), (where, before, after)
        compare: Any = getattr(self, f"{type(before).__name__.lower()}s")
        compare(where, before, after, types, writable)

    def enums(self, where: str, written: Enum, read: Enum, types: Types, writable: bool) -> None:
        assert written.names == read.names, where
        if written.name != read.name:
            self.note(where, "an enum with a name" if written.name is None else "a name of its own")
        if written.description != read.description or written.values != read.values:
            self.note(where, "a description for people")

    def nullables(self, where: str, written: Nullable, read: Nullable, types: Types, writable: bool) -> None:
        self.types(where, written.of, read.of, types, writable=writable)

    def lists(self, where: str, written: List, read: List, types: Types, writable: bool) -> None:
        assert written.constraints == read.constraints, where
        self.types(f"{where}[]", written.item, read.item, types, writable=writable)

    def maps(self, where: str, written: Map, read: Map, types: Types, writable: bool) -> None:
        assert written.constraints == read.constraints, where
        if written.key != read.key:
            self.note(where, "keys with a pattern")
        self.types(f"{where}{{}}", written.value, read.value, types, writable=writable)

    def unions(self, where: str, written: Union, read: Union, types: Types, writable: bool) -> None:
        assert written.discriminator == read.discriminator, where
        assert [each.tag for each in written.variants] == [each.tag for each in read.variants], where
        for before, after in zip(written.variants, read.variants, strict=True):
            self.types(f"{where}|{before.tag}", before.type, after.type, types, writable=writable)

    def scalars(self, where: str, written: Scalar, read: Scalar, types: Types, writable: bool) -> None:
        if written == read:
            return
        self.note(where, _why(written, read))

    def records(self, where: str, written: Record, read: Record, types: Types, writable: bool) -> None:
        seen = [each for each in written.fields if visible_to(each, self.surface.audience)]
        for each in written.fields:
            if each not in seen:
                self.note(f"{where}.{each.name}", "not for this audience")
        names = [each.name for each in seen if not (writable and each.read_only)]
        for each in read.fields:
            if each.name not in [other.name for other in written.fields]:
                self.note(
                    f"{where}.{each.name}", "what is expanded" if each.name == "expanded" else "the tag as a field"
                )
        assert [each.name for each in read.fields if each.name in names] == names, where
        assert written.open == read.open, where
        assert written.description == read.description, where
        form = self.read.types.get(f"{where}Create") or self.read.types.get(f"{where}Input")
        for each in seen:
            after = read.field(each.name)
            made = form.field(each.name) if isinstance(form, Record) else None
            if after is not None:
                if made is not None:  # what it is made of says what is required, and the defaults
                    after = replace(after, required=made.required, default=made.default)
                self.field(f"{where}.{each.name}", each, after, types, writable)

    def field(self, where: str, written: Field, read: Field, types: Types, writable: bool) -> None:
        assert written.read_only == read.read_only or writable, where
        assert written.deprecated == read.deprecated, where
        if (written.required, written.default) != (read.required, read.default):
            self.note(where, _why_default(where, written, read))
        if written.description != read.description:
            self.note(where, "a description for people")
        if written.example != read.example:
            self.note(where, "an example")
        if len(written.traits):
            self.note(where, "a trait")
        self.types(where, written.type, read.type, types, writable=writable)


PROBLEMS: Final = ("Problem", "ProblemCode", "ProblemCodeOutput", "Violation")


def _why_default(where: str, written: Field, read: Field) -> str:
    """Why a field came back with another default, or required as it was not."""
    if isinstance(read.default, dict):
        assert read.default.items() <= written.default.items(), where
        return "a default in part"
    assert read.default is MISSING, where
    assert read.required or not written.required, where
    return "only on output"


def _why(written: Scalar, read: Scalar) -> str:
    """Why a scalar came back as another one."""
    if written.kind is not read.kind:
        assert (written.kind.value, read.kind.value) == ("duration", "string"), (written, read)
        return "a text with a pattern"
    if written.format == "id" and replace(written, format=None) == read:
        return "an id"
    assert written.format == read.format, (written, read)
    if written.constraints == NO_CONSTRAINTS:
        return "its form as a pattern"
    if written.kind is Kind.BYTES:
        return "bounds in words"
    if replace(read.constraints, pattern=None, max_length=None) == NO_CONSTRAINTS and read.constraints.pattern:
        return "bounds in the pattern"
    if read.constraints == NO_CONSTRAINTS:
        return "bounds in words"
    return "bounds made inclusive"


def differences(surface: Surface, read: Contract) -> Iterator[str]:
    """One line for each difference."""
    yield from Comparison(surface, read).lines()
