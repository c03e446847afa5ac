"""What the descriptors of one include root give: packages with their types, methods and extensions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto

from dragoman.contract.schema import Field, Named, Record, Ref
from dragoman.review import elements
from dragoman.review.elements import Position
from dragoman.review.reading.outcome import Kept, Reading, Remark
from dragoman.review.reading.places import Places
from dragoman.review.wire import Procedure

from .features import Features, of_file
from .features import named as syntax_of
from .messages import Converter, Declared, declared_in
from .package import Package, names_in
from .services import operations
from .source import PACKAGE, Path, Source
from .traits import Extension

_MESSAGES, _ENUMS, _EXTENSIONS = (4,), (5,), (7,)
_MESSAGE_EXTENSION = 6


class Gathering:
    """Takes in descriptors batch by batch, and keeps nothing of them but what the contracts need. ``shown`` is the
    path of a file by its name in imports, ``remarks`` what was noticed of some; where the descriptors came without
    their files (``placed`` is false), all of a file stands at its beginning.
    """

    def __init__(
        self, shown: Callable[[str], str], remarks: Mapping[str, Remark] | None = None, *, placed: bool = True
    ) -> None:
        self._shown = shown
        self._placed = placed
        self._remarks = {} if remarks is None else remarks
        self._places = Places(Position(""))
        self._packages: dict[str, Package] = {}
        self._named: dict[str, Named] = {}
        self._used: dict[str, tuple[str, ...]] = {}
        self._extensions: list[tuple[str, Field, Package, Position]] = []
        self._wanted: list[str] = []
        self._owners: dict[str, str] = {}  # the files that types of what is read are declared in

    def add(self, files: Iterable[FileDescriptorProto], names: Collection[str]) -> None:
        """Take in files. Those of these names are read; the others are what they import."""
        own = frozenset(names)
        declared: dict[str, Declared] = {}
        read: list[tuple[FileDescriptorProto, Source, list[Declared]]] = []
        for file in files:
            source = Source(file, self._shown(file.name), placed=self._placed)
            paths = _MESSAGES, _ENUMS
            found = list(declared_in(file.package, file.message_type, file.enum_type, paths, of_file(file), source))
            declared.update((each.name, each) for each in found)
            if file.name in own:
                read.append((file, source, found))
        converter = Converter(self._places.add, _entries(declared))
        for file, source, found in read:
            self._add_file(file, source, found, converter)
            self._convert([each.name for each in found if not _is_entry(each)], declared, converter)
        wanted, self._wanted = self._wanted, []
        self._convert(wanted, declared, converter)

    def readings(self) -> list[Reading]:
        """One for each package."""
        for name, field, package, position in self._extensions:
            record = self._named.get(name)
            if isinstance(record, Record):
                self._named[name] = replace(record, fields=(*record.fields, field))
                self._used[name] = (*self._used[name], *names_in(Record(None, (field,))))
            else:
                what = f"the extension {field.name[1:-1]} of {name}"
                package.kept.append(Kept(elements.field(name, field.name), what, position))
        return [package.reading(self._named, self._used) for package in self._packages.values()]

    def _convert(self, names: list[str], declared: dict[str, Declared], converter: Converter) -> None:
        """Make the types of these names and of all that they use."""
        waiting = names
        while waiting:
            name = waiting.pop()
            found = declared.get(name)
            if found is not None and name not in self._named:
                self._named[name] = converter.convert(found)
                self._used[name] = names_in(self._named[name])
                waiting += self._used[name]

    def _add_file(self, file: FileDescriptorProto, source: Source, found: list[Declared], converter: Converter) -> None:
        package = self._packages.get(file.package)
        if package is None:
            places = Places(source.position(PACKAGE), self._places)
            package = self._packages[file.package] = Package(file.package, places)
        if file.name in self._remarks:
            package.remarks.append(self._remarks[file.name])
        package.add_file(file, source.shown, syntax_of(file), source.comment(PACKAGE))
        for each in found:
            if not _is_entry(each) and self._owners.setdefault(each.name, source.shown) == source.shown:
                package.types.append(each.name)
            elif not _is_entry(each):
                message = f"{each.name} is declared in {self._owners[each.name]} too, which counts"
                remedy = "Leave one of them out, or give it a package of its own"
                package.remarks.append(Remark(source.position(each.path), message, remedy))
        for operation, position in operations(file, source):
            procedure = operation.traits.get(Procedure)
            assert procedure is not None
            package.add_operation(operation, procedure.address, position)
            self._wanted += [each.name for each in (operation.input, operation.output) if isinstance(each, Ref)]
        self._extend(file.package, file.extension, _EXTENSIONS, of_file(file), source, package, converter)
        for each in found:
            if isinstance(each.descriptor, DescriptorProto):
                path = (*each.path, _MESSAGE_EXTENSION)
                self._extend(each.name, each.descriptor.extension, path, each.features, source, package, converter)

    def _extend(
        self,
        scope: str,
        extensions: Iterable[FieldDescriptorProto],
        path: Path,
        features: Features,
        source: Source,
        package: Package,
        converter: Converter,
    ) -> None:
        """Note fields that are added to messages from outside, by the names that JSON has for them."""
        for index, extension in enumerate(extensions):
            name = f"{scope}.{extension.name}" if scope else extension.name
            made = converter.field(extension, (*path, index), features, source, Extension(name))
            owner, position = extension.extendee.removeprefix("."), source.position((*path, index))
            made = replace(made, name=f"[{name}]")
            self._places.add(elements.field(owner, made.name), position)
            self._extensions.append((owner, made, package, position))
            self._wanted += names_in(Record(None, (made,)))


def _is_entry(declared: Declared) -> bool:
    """Whether it is only there because of a map."""
    return isinstance(declared.descriptor, DescriptorProto) and declared.descriptor.options.map_entry


def _entries(declared: dict[str, Declared]) -> Callable[[str], DescriptorProto | None]:
    def find(name: str) -> DescriptorProto | None:
        found = declared.get(name)
        if found is not None and isinstance(found.descriptor, DescriptorProto) and found.descriptor.options.map_entry:
            return found.descriptor
        return None

    return find
