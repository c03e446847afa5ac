"""Nouns in paths: ``/orders`` is a collection if ``/orders/{id}`` is one of it, or if what it answers is a list of
records, or one that can be added to.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from dragoman.contract.operation import Method, Operation
from dragoman.contract.schema import Record, Types
from dragoman.review.english import singular, words
from dragoman.review.wire import Http

from .noun import Noun
from .shape import bare, items_of
from .words import is_verb

Path: TypeAlias = tuple[str, ...]
"""A path's segments, each variable as ``{}``; a custom method behind a colon is a segment that begins with one."""

VARIABLE: Final = "{}"
ON_ITEMS: Final = frozenset(("GET", "PUT", "PATCH", "DELETE"))
_VARIABLE: Final = re.compile(r"\{[^{}]*\}(?:\.\w+)?\Z")
_KEYED: Final = re.compile(r"([\w.-]+)\('?\{[^{}]*\}'?\)\Z")  # OData: Orders({id})
_SUFFIX: Final = re.compile(r"\.(?:json|xml)\Z")


def segments(path: str) -> Path:
    """The segments of a path template. Several variables in a row name one thing, and count as one."""
    found: list[str] = []
    for part in path.partition("?")[0].partition("#")[0].strip("/").split("/"):
        keyed = _KEYED.match(part)
        names = [keyed[1], "{}"] if keyed else [part]
        for name in names:
            plain, colon, verb = name.partition(":") if not name.startswith(":") else (name, "", "")
            segment = VARIABLE if _VARIABLE.match(plain) else _SUFFIX.sub("", plain)
            if segment and not (segment == VARIABLE and found[-1:] == [VARIABLE]):
                found.append(segment)
            if colon and verb:
                found.append(f":{verb}")
    return tuple(found)


def path_nouns(operations: Iterable[Operation], types: Types) -> Iterator[Noun]:
    """The nouns of what is served over HTTP, those of shorter paths first."""
    by_path = defaultdict[Path, dict[str, Operation]](dict)
    for operation in operations:
        http = operation.traits.get(Http)
        if http is not None and http.direction == "served":
            by_path[segments(http.path)].setdefault(http.method, operation)
    finder = _Finder(by_path, types)
    yield from finder.nouns()


@dataclass(frozen=True, slots=True)
class _Finder:
    by_path: Mapping[Path, Mapping[str, Operation]]
    types: Types

    def nouns(self) -> list[Noun]:
        found: dict[Path, Noun] = {}
        for path in sorted(self.by_path, key=len):
            for collection in (path, path[:-1]):
                if collection not in found and self._is_collection(collection):
                    found[collection] = Noun(_name(collection), _above(collection))
            if path not in found and self._is_singleton(path, found):
                found[path] = Noun(_name(path), _above(path), singleton=True)
        for path, methods in self.by_path.items():
            self._claim(path, methods, found)
        return [each for each in found.values() if each.claims]

    def _is_collection(self, path: Path) -> bool:
        if not path or path[-1] == VARIABLE or path[-1].startswith(":") or is_verb(path[-1]):
            return False
        here, item = self.by_path.get(path, {}), self.by_path.get((*path, VARIABLE), {})
        if ON_ITEMS & item.keys():
            return True
        items = items_of(here["GET"].output, self.types) if "GET" in here else None
        return items is not None and ("POST" in here or isinstance(bare(items, self.types), Record))

    def _is_singleton(self, path: Path, found: Mapping[Path, Noun]) -> bool:
        """What is read and written under one address, and is no list."""
        if not path or path[-1] == VARIABLE or path[-1].startswith(":") or is_verb(path[-1]):
            return False
        methods = self.by_path[path]
        return "GET" in methods and bool({"PUT", "PATCH"} & methods.keys()) and path[:-1] not in found

    def _claim(self, path: Path, methods: Mapping[str, Operation], found: Mapping[Path, Noun]) -> None:
        if path in found:
            claim = _claim_singleton if found[path].singleton else _claim_collection
            claim(found[path], methods)
        elif path[-1:] == (VARIABLE,) and path[:-1] in found:
            _claim_item(found[path[:-1]], methods)
        else:
            self._claim_custom(path, methods, found)

    def _claim_custom(self, path: Path, methods: Mapping[str, Operation], found: Mapping[Path, Noun]) -> None:
        """``/orders/{id}/cancel``, ``/orders/{id}:cancel``, ``/orders/search``."""
        for length in (len(path) - 1, len(path) - 2):
            rest = path[length:]
            owner = path[: length - 1] if path[length - 1 : length] == (VARIABLE,) else path[:length]
            if length > 0 and owner in found and VARIABLE not in rest:
                break
        else:
            return
        name = "_".join(word for each in rest for word in words(each))
        for method, operation in methods.items():
            if name and method not in ("HEAD", "OPTIONS"):
                found[owner].claim(operation, Method.CUSTOM, name if len(methods) == 1 else f"{method.lower()}_{name}")


def _name(path: Path) -> str:
    return "_".join(words(path[-1])) or "resources"


def _above(path: Path) -> tuple[str, ...]:
    """What stands before the noun in its path, nearest first: ``/users/{}/orders`` as ``user``."""
    names = [each for each in path[:-1] if each != VARIABLE and not each.startswith(":")]
    return tuple(singular("_".join(words(each))) for each in reversed(names) if words(each))


def _claim_collection(noun: Noun, methods: Mapping[str, Operation]) -> None:
    for method, operation in methods.items():
        match method:
            case "GET":
                noun.claim(operation, Method.LIST)
            case "POST":
                noun.claim(operation, Method.CREATE)
            case "PUT" | "PATCH" | "DELETE" | "QUERY":
                name = {"PUT": "replace_all", "PATCH": "update_many", "DELETE": "delete_many", "QUERY": "query"}[method]
                noun.claim(operation, Method.CUSTOM, name)


def _claim_item(noun: Noun, methods: Mapping[str, Operation]) -> None:
    if "GET" in methods:
        noun.claim(methods["GET"], Method.GET)
    changes = [methods[each] for each in ("PATCH", "PUT", "POST") if each in methods]
    names = [each for each in ("PATCH", "PUT", "POST") if each in methods]
    for number, (operation, method) in enumerate(zip(changes, names, strict=True)):
        if number == 0:
            noun.claim(operation, Method.UPDATE)
        else:
            noun.claim(operation, Method.CUSTOM, {"PUT": "replace"}.get(method, method.lower()))
    if "DELETE" in methods:
        noun.claim(methods["DELETE"], Method.DELETE)


def _claim_singleton(noun: Noun, methods: Mapping[str, Operation]) -> None:
    _claim_item(noun, {name: each for name, each in methods.items() if name != "POST"})
    if "POST" in methods:
        noun.claim(methods["POST"], Method.CREATE)
