"""What is gathered of a package, until all its files have been seen."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from google.protobuf.descriptor_pb2 import FileDescriptorProto

from dragoman.contract.contract import Contract
from dragoman.contract.operation import Operation
from dragoman.contract.schema import Kind, List, Map, Named, Nullable, Record, Ref, Scalar, Type, Union
from dragoman.review import elements
from dragoman.review.elements import Position
from dragoman.review.reading.openapi.names import contract_name
from dragoman.review.reading.outcome import About, Format, Kept, Reading, Remark, Scheme
from dragoman.review.reading.places import Places

from .annotations import DEFAULT_HOST, OAUTH_SCOPES

_VERSION: Final = re.compile(r"v\d+(?:p\d+)?(?:(?:alpha|beta|test)\d*)?")


@dataclass(slots=True)
class Package:
    """One package, of one include root. ``comment`` is what stands above its declaration."""

    name: str
    places: Places
    files: list[str] = field(default_factory=list)
    syntaxes: dict[str, None] = field(default_factory=dict)
    types: list[str] = field(default_factory=list)
    operations: dict[str, Operation] = field(default_factory=dict)
    hosts: dict[str, None] = field(default_factory=dict)
    scopes: dict[str, None] = field(default_factory=dict)
    comment: str = ""
    kept: list[Kept] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    def add_file(self, file: FileDescriptorProto, shown: str, syntax: str, comment: str) -> None:
        """Take in what a file says as a whole."""
        self.files.append(shown)
        self.syntaxes[syntax] = None
        self.comment = self.comment or comment
        for service in file.service:
            if service.options.Extensions[DEFAULT_HOST]:
                self.hosts[service.options.Extensions[DEFAULT_HOST]] = None
            for scope in filter(None, service.options.Extensions[OAUTH_SCOPES].split(",")):
                self.scopes[scope.strip()] = None

    def add_operation(self, operation: Operation, address: str, position: Position) -> None:
        """Take in a method."""
        self.operations.setdefault(operation.name, operation)
        self.places.add(elements.operation(address), position)

    def reading(self, named: Mapping[str, Named], used: Mapping[str, tuple[str, ...]]) -> Reading:
        """The reading, with the package's types and those that it uses of others."""
        version = self.name.rpartition(".")[2] if _VERSION.fullmatch(self.name.rpartition(".")[2]) else ""
        contract = Contract(contract_name(self.name, self.files[0]), version=version, description=self.comment)
        missing = [self._add(contract, name, named) for name in _closure(self.roots(), used)]
        for operation in self.operations.values():
            contract.add(operation)
        schemes = (Scheme("oauth2", "oauth2", scopes=tuple(self.scopes)),) if self.scopes else ()
        about = About(self.name, version, self.comment, servers=tuple(self.hosts), schemes=schemes)
        shown = self.files[0] if len(self.files) == 1 else os.path.commonpath([os.path.dirname(f) for f in self.files])
        return Reading(
            shown or ".",
            Format.PROTO,
            ", ".join(sorted(self.syntaxes)),
            about,
            contract,
            self.places,
            tuple(self.kept),
            (*self.remarks, *(remark for remark in missing if remark is not None)),
            tuple(self.files),
        )

    def _add(self, contract: Contract, name: str, named: Mapping[str, Named]) -> Remark | None:
        """Add a type. One that nobody declared may be anything: a set of descriptors can lack what it imports."""
        if name in named:
            contract.types.add(name, named[name])
            return None
        contract.types.add(name, Scalar(Kind.ANY, format=name))
        message = f"the type {name} is used, and declared in none of the files"
        return Remark(self.places.document, message, "Write the set with --include_imports")

    def roots(self) -> Iterator[str]:
        """The names of the types that the package declares or its methods use."""
        yield from self.types
        for operation in self.operations.values():
            for type_ in (operation.input, operation.output):
                if isinstance(type_, Ref):
                    yield type_.name


def _closure(names: Iterable[str], used: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The names and all that they use, in order."""
    found: dict[str, None] = {}
    waiting = list(names)[::-1]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = None
            waiting += used.get(name, ())[::-1]
    return list(found)


def names_in(named: Named) -> tuple[str, ...]:
    """The names that a type uses, once each."""
    found: dict[str, None] = {}
    if isinstance(named, Record):
        for each in named.fields:
            _collect(each.type, found)
    return tuple(found)


def _collect(type_: Type, found: dict[str, None]) -> None:
    match type_:
        case Ref():
            found[type_.name] = None
        case Nullable():
            _collect(type_.of, found)
        case List():
            _collect(type_.item, found)
        case Map():
            _collect(type_.value, found)
        case Union():
            for variant in type_.variants:
                _collect(variant.type, found)
        case _:
            pass
