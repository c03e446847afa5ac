"""Applications of Dragoman, as a review reads them: the documents that they export, with the places of their Python."""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from dragoman.app import App
from dragoman.contract.handle import Exposed, expand
from dragoman.contract.operation import Method
from dragoman.ports.style import Explained
from dragoman.review.elements import Element, Kind, Position
from dragoman.review.reading.outcome import Format, Reading

from .target import load


def readings_of(target: str) -> list[Reading]:
    """One reading for each surface that exports a document that is read. Raises CommandError, or Refusal."""
    return list(_readings(load(target), target))


def _readings(app: App, target: str) -> Iterator[Reading]:
    for bound in app.surfaces:
        surface, exports = bound.surface, bound.endpoint.exports()
        name = f"{target} {surface.name}"
        for reading in _read(exports, name):
            places = _Places(
                expand(surface.exposes, surface.name), bound.endpoint.explain(), surface.path, reading, name
            )
            yield replace(
                reading,
                file=name,
                format=Format.DRAGOMAN,
                about=replace(reading.about, title=surface.name, audience=surface.audience),
                locate=places.locate,
            )


def _read(exports: Mapping[str, Callable[[], bytes]], name: str) -> list[Reading]:
    """The document of a surface, by the reader of its format."""
    if "openapi" in exports:
        from dragoman.review.reading.openapi import read
        from dragoman.review.reading.parse import parse

        return [read(parse(exports["openapi"](), f"{name}.json"), None)]
    if protos := [each for each in exports if each == "proto" or each.startswith("proto:")]:
        from dragoman.review.reading import protobuf

        with tempfile.TemporaryDirectory() as folder:
            # One for each package; without the folders of its name it could not be imported, and none imports another.
            files = [Path(folder) / f"{number}.proto" for number in range(len(protos))]
            for file, export in zip(files, protos, strict=True):
                file.write_bytes(exports[export]())
            readings, refusals = protobuf.read(files, Path(folder))
        for refusal in refusals:
            raise refusal
        return readings
    return []


class _Places:
    """Where the elements of one surface stand in its author's files."""

    def __init__(
        self,
        exposed: tuple[Exposed, ...],
        explained: Mapping[str, Explained],
        path: str,
        reading: Reading,
        name: str,
    ) -> None:
        by_name = {each.operation.name: each for each in exposed}
        self._routes = {
            _address(route, path): by_name[operation]
            for operation, each in explained.items()
            if operation in by_name
            for route in each.routes
        }
        self._types = {
            name: native
            for each in exposed
            for name, named in each.handle.contract.types.items()
            if (native := getattr(named, "native", None)) is not None
        }
        self._document = next((_place(_code(each)) for each in exposed), None) or Position(name)

    def locate(self, element: Element) -> Position:
        """The line of its class or its handler; else of the first operation."""
        owner = element.name.partition(" · ")[0]
        if element.kind in (Kind.OPERATION, Kind.PARAMETER, Kind.ANSWER):
            found = self._routes.get(owner)
            return (_place(_code(found)) if found is not None else None) or self._document
        if element.kind in (Kind.TYPE, Kind.FIELD, Kind.VALUE):
            parts = element.name.split(".")
            native = self._types.get(parts[0]) or self._types.get(parts[-1])
            place = _place(native) if native is not None else None
            return _at_field(native, parts[-1], place) if place is not None else self._document
        return self._document


def _address(route: str, path: str) -> str:
    """A route as the surface's document writes it: ``GET /v1/orders`` as ``GET /orders``, a procedure without slash."""
    method, _, rest = route.partition(" ")
    rest = rest.partition(" (")[0]
    procedure = rest.count("/") == 2 and "." in rest.rpartition("/")[0]
    return rest.lstrip("/") if procedure else f"{method} {rest.removeprefix(path) or '/'}"


def _code(exposed: Exposed) -> Any:
    """What its author wrote: the handler, or the class of the resource whose standard method it is."""
    standard = exposed.operation.method not in (None, Method.CUSTOM)
    if standard and exposed.resources is not None:
        return exposed.resources.description.native
    return exposed.handle.bound_handler if exposed.handle.has_handler else exposed.operation.native_input


def _place(thing: Any) -> Position | None:
    try:
        file = inspect.getsourcefile(thing)
        line = inspect.getsourcelines(thing)[1]
    except (TypeError, OSError):
        return None
    if file is None:
        return None
    path = Path(file)
    return Position(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path), line)


def _at_field(native: Any, name: str, place: Position) -> Position:
    """The line of a field in a class; the class's own where it does not stand there."""
    lines, start = inspect.getsourcelines(native)
    found = next((at for at, line in enumerate(lines) if line.strip().startswith(f"{name}:")), None)
    return place if found is None else Position(place.file, start + found)
