"""What Dragoman's own applications export as .proto, read back, is the contract that it came from, but for a list of
differences, each with its reason. The lists stand in tests/review/golden; this keeps them true.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from dragoman.app import App
from dragoman.cli.export import export
from dragoman.cli.target import load
from dragoman.contract.annotations import Deprecated
from dragoman.contract.handle import Exposed, expand
from dragoman.contract.operation import Operation
from dragoman.contract.schema import (
    MISSING,
    Constraints,
    Enum,
    Field,
    List,
    Map,
    Named,
    Nullable,
    Record,
    Ref,
    Scalar,
    Type,
    Types,
    Union,
)
from dragoman.review.reading.outcome import Reading
from dragoman.review.reading.protobuf import read
from dragoman.review.wire import Procedure
from dragoman.styles.rpc.proto.names import camel, snake
from dragoman.styles.rpc.traits import Procedure as Told

REASONS: Mapping[str, str] = {
    # of operations
    "input": "A standard method's input follows from the resource; .proto writes it out as a message of its own. A "
    "custom method's stands beside the id.",
    "output": "A list's answer is a page, which .proto writes out as a message. No answer at all is the empty message.",
    "effect": "Methods of .proto are safe or idempotent only where idempotency_level says so. Dragoman says it of "
    "what is safe, and of what is idempotent where no etag makes it so.",
    "deadline": ".proto has no place for deadlines.",
    "faults": ".proto does not say what a method may fail with.",
    "batch": "Batches are the server's own affair: on the wire there is one item.",
    "once": "Whether a handler may run again is the server's own affair.",
    # of fields
    "type": "Protocol buffers have fewer types: integers of JSON are int64, and what has no type of its own is a "
    "string, as it is in JSON. Lists that can be null, or lie in lists, need a message around them. What has no name "
    "in the contract gets one.",
    "absence": "A field with presence may be absent, and that is all: null, a default and nothing are one. Messages "
    "always have presence; lists, maps and what the server sets never do.",
    "default": "proto3 has no defaults.",
    "bounds": ".proto has no bounds.",
    "format": ".proto has no formats.",
    "example": ".proto has no examples.",
    "note": ".proto says that something is deprecated, and not what to use instead.",
    "reader's facts": "Traits that other parts own (filters, sorting, references) are no part of messages.",
    "described": "A description of a value that is written in place has no place, and a fact of it neither.",
    # of types
    "form": "A union is a message with a oneof.",
    "values": "Values of enums are prefixed with the enum's name, and zero stands for none (Buf's style guide).",
    "only written": "What .proto needs beside the contract's types: requests, answers, etags, messages around lists.",
}


@pytest.mark.parametrize(
    ("target", "surface"),
    [
        ("dragoman.demo:app", "inference"),
        ("dragoman.testing.contract:app", "calls"),
        ("dragoman.testing.contract:app", "remote"),
    ],
)
def test_an_export_read_back(tmp_path: Path, golden: Callable[[str, str], None], target: str, surface: str) -> None:
    app = load(target)
    readings = exported(app, surface, tmp_path)
    lines = sorted(set(differences(exposed_by(app, surface), readings)))
    text = f"What differs between {target}, surface {surface}, and its .proto read back.\n"
    for reason, why in REASONS.items():
        own = [line for kind, line in lines if kind == reason]
        if own:
            text += f"\n{reason}: {why}\n" + "".join(f"  {line}\n" for line in own)
    assert {kind for kind, _ in lines} <= set(REASONS)
    golden(f"review/golden/proto_{surface}.txt", text)


def exported(app: App, surface: str, folder: Path) -> list[Reading]:
    """The surface's .proto files, read."""
    (bound,) = (each for each in app.surfaces if each.surface.name == surface)
    files = []
    for name in bound.endpoint.exports():
        if name.startswith("proto"):
            file = folder / f"{len(files)}.proto"
            file.write_bytes(export(app, surface, name))
            files.append(file)
    readings, refusals = read(files, folder)
    assert not refusals
    assert not [remark for each in readings for remark in each.remarks]
    return readings


def exposed_by(app: App, surface: str) -> tuple[Exposed, ...]:
    (bound,) = (each for each in app.surfaces if each.surface.name == surface)
    return expand(bound.surface.exposes, surface)


def differences(exposed: Iterable[Exposed], readings: Iterable[Reading]) -> Iterator[tuple[str, str]]:
    """Each with its kind."""
    read_types = {name.rpartition(".")[2]: (each, name) for each in readings for name in each.contract.types}
    read_operations = [each for reading in readings for each in reading.contract.operations.values()]
    met: set[str] = set()
    operations = list(exposed)
    assert len(read_operations) == len(operations)
    for each in operations:
        yield from of_operation(each.operation, matching(each.operation, read_operations))
    for each in operations:
        types = each.handle.contract.types
        for name in reachable(each.operation, types):
            found = read_types.get(camel(name))
            if found is None:
                continue
            met.add(found[1])
            reading, full = found
            yield from of_type(name, types[name], types, reading.contract.types[full], reading.contract.types)
    for _, name in read_types.values():
        if name not in met:
            yield "only written", name


def matching(operation: Operation, readings: Iterable[Operation]) -> Operation:
    """The method that an operation became."""
    resource, named = operation.resource, operation.traits.get(Told) or Told()
    noun = "" if resource is None else resource.plural if operation.short_name == "list" else resource.name
    standard = ((None if resource is None else resource.traits.get(Told)) or Told()).standard
    plain = camel(operation.short_name) + (camel(noun) if noun else "")
    method = named.method or standard.get(operation.short_name) or plain
    (found,) = (each for each in readings if procedure(each).method == method)
    return found


def procedure(operation: Operation) -> Procedure:
    found = operation.traits.get(Procedure)
    assert found is not None
    return found


def of_operation(ours: Operation, theirs: Operation) -> Iterator[tuple[str, str]]:
    assert ours.interaction == theirs.interaction
    assert ours.description.strip() == theirs.description
    assert ours.deprecated == theirs.deprecated
    facets = {
        "input": (said(ours.input), said(theirs.input)),
        "output": (said(ours.output), said(theirs.output)),
        "effect": (str(ours.effect), str(theirs.effect)),
        "deadline": (str(ours.deadline), str(theirs.deadline)),
        "faults": (", ".join(each.__name__ for each in ours.faults), ""),
        "batch": (str(ours.batch is not None), str(False)),
        "once": (f"{ours.rerun} {ours.external}", "False False"),
    }
    yield from differing(ours.name, facets)


def differing(name: str, facets: Mapping[str, tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for kind, (one, other) in facets.items():
        if one != other:
            yield kind, f"{name}: {one or 'none'} → {other or 'none'}"


def said(type_: Type | None) -> str:
    """A type in words, without what is told apart from it."""
    match type_:
        case None:
            return ""
        case Ref():
            return camel(type_.name.rpartition(".")[2])
        case Nullable():
            return said(type_.of)
        case List():
            return f"list of {said(type_.item)}"
        case Map():
            return f"map of {said(type_.key)} to {said(type_.value)}"
        case Scalar():
            return str(type_.kind)
        case Enum():
            return type_.name or f"one of {', '.join(type_.names)}"
        case Union():
            return type_.name or f"one of {', '.join(said(each.type) for each in type_.variants)}"
        case Record():
            return type_.name or "a record"


def reachable(operation: Operation, types: Types) -> list[str]:
    """The names of all types that an operation needs."""
    waiting = [each for each in (operation.input, operation.output) if each is not None]
    if operation.resource is not None:
        waiting.append(Ref(operation.resource.name))
    found: dict[str, None] = {}
    while waiting:
        each = waiting.pop()
        match each:
            case Ref() if each.name not in found:
                found[each.name] = None
                named = types[each.name]
                waiting += [] if isinstance(named, Scalar) else [named]
            case Record():
                waiting += [field.type for field in each.fields]
            case Union():
                waiting += [variant.type for variant in each.variants]
            case Nullable():
                waiting.append(each.of)
            case List():
                waiting.append(each.item)
            case Map():
                waiting += [each.key, each.value]
            case _:
                pass
    return list(found)


def of_type(name: str, ours: Named, our_types: Types, theirs: Named, their_types: Types) -> Iterator[tuple[str, str]]:
    if isinstance(ours, Enum):
        assert isinstance(theirs, Enum)
        yield "values", f"{name}: {', '.join(ours.names)} → {', '.join(theirs.names)}"
        notes = {each.value: each.description for each in ours.values}
        read_notes = [each.description for each in theirs.values if not each.value.endswith("_UNSPECIFIED")]
        assert list(notes.values()) == read_notes
    elif isinstance(ours, Union):
        assert isinstance(theirs, Record)
        yield "form", name
    elif isinstance(ours, Record):
        assert isinstance(theirs, Record)
        assert ours.description == theirs.description
        assert ours.deprecated == theirs.deprecated
        for field in ours.fields:
            found = theirs.field(snake(field.name))
            if found is not None:
                yield from of_field(f"{name}.{field.name}", field, our_types, found)
        names = {snake(field.name) for field in ours.fields}
        yield from (("only written", f"{name}.{each.name}") for each in theirs.fields if each.name not in names)


def of_field(name: str, ours: Field, types: Types, theirs: Field) -> Iterator[tuple[str, str]]:
    assert ours.deprecated == theirs.deprecated
    assert ours.read_only == theirs.read_only, name
    note = ours.traits.get(Deprecated)
    others = sorted(type(each).__name__ for each in ours.traits if not isinstance(each, Deprecated))
    facets = {
        "type": (said(bare(ours.type)), said(bare(theirs.type))),
        "absence": (presence(ours), presence(theirs)),
        "default": (default(ours), default(theirs)),
        "bounds": (", ".join(bounds(ours.type)), ", ".join(bounds(theirs.type))),
        "format": (formatted(ours.type), formatted(theirs.type)),
        "example": ("" if ours.example is MISSING else repr(ours.example), ""),
        "note": ("" if note is None else note.note, ""),
        "reader's facts": (", ".join(others), ""),
        "described": (ours.description, theirs.description),
    }
    yield from differing(name, facets)


def bare(type_: Type) -> Type:
    return type_.of if isinstance(type_, Nullable) else type_


def presence(field: Field) -> str:
    words = ["required"] if field.required else ["may be absent"]
    return ", ".join(words + (["or null"] if isinstance(field.type, Nullable) else []))


def default(field: Field) -> str:
    return "" if field.default is MISSING else repr(field.default)


def bounds(type_: Type) -> Iterator[str]:
    match type_:
        case Scalar() | List() | Map():
            own = {word: getattr(type_.constraints, word) for word in Constraints.__slots__}
            yield from (f"{word} {value}" for word, value in own.items() if value is not None and value is not False)
        case _:
            pass
    inner = type_.of if isinstance(type_, Nullable) else type_.item if isinstance(type_, List) else None
    if inner is not None:
        yield from bounds(inner)


def formatted(type_: Type) -> str:
    inner = bare(type_)
    return (inner.format or "") if isinstance(inner, Scalar) else ""
