"""Names that generated clients show to people: of components and of operations."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from dragoman.contract.operation import Method
from dragoman.contract.resource import ResourceDescription, snake
from dragoman.styles.rest.routes import Route

from .scalars import Schema
from .schemas import Mode, Part, Source, pascal, resolved

_ORDER: Final = (
    Mode.KNOWN,
    Mode.OPEN,
    Mode.OUTPUT,
    Mode.INPUT,
    Mode.CREATE,
    Mode.UPDATE,
    Mode.PARTIAL,
    Mode.EXPANDED,
    Mode.PAGE,
)
_SUFFIXES: Final[Mapping[Mode, tuple[str, ...]]] = {
    Mode.OUTPUT: ("",),
    Mode.INPUT: ("", "Input"),
    Mode.CREATE: ("", "Input", "Create"),
    Mode.UPDATE: ("Update",),
    Mode.PARTIAL: ("Partial",),
    Mode.EXPANDED: ("Expanded",),
    Mode.PAGE: ("Page",),
    Mode.KNOWN: ("",),
    Mode.OPEN: ("Output",),
}
"""What may follow a type's name, best first. Answers are read most, so that they have the plain name."""

_OF_RESOURCES: Final = {Mode.INPUT: ("Input",), Mode.CREATE: ("Create",)}


def component_names(parts: Mapping[Part, Schema], reserved: Collection[str]) -> dict[Part, str]:
    """A name for each part. Parts of one type that nothing tells apart, however deep, share one."""
    classes: dict[int, list[Part]] = {}
    for part, number in _alike(parts).items():
        classes.setdefault(number, []).append(part)
    for members in classes.values():
        members.sort(key=lambda part: _ORDER.index(part.mode))
    owners: dict[str, Source | None] = dict.fromkeys(reserved)
    for part in parts:
        owners.setdefault(part.name, part.source)
    taken = set(reserved)
    names: dict[Part, str] = {}
    for members in sorted(classes.values(), key=lambda members: _ORDER.index(members[0].mode)):
        first = members[0]
        owned = any(owners[each.name] is each.source for each in members)
        base = _clean(first.name if owned else pascal(first.source.name) + first.name)
        name = _free([base + suffix for suffix in _suffixes(first)], taken)
        taken.add(name)
        names |= dict.fromkeys(members, name)
    return names


def _alike(parts: Mapping[Part, Schema]) -> dict[Part, int]:
    """Parts of one name by number: the same number where they describe the same values.

    All are taken for alike at first, and told apart by their own schemas, then by what these refer to, until nothing
    changes: the way in which finite automata are minimized, and as there, cycles do no harm.
    """
    groups: dict[Part, int] = dict.fromkeys(parts, 0)
    while True:
        finer = _told_apart(parts, groups)
        if len(set(finer.values())) == len(set(groups.values())):
            return groups
        groups = finer


def _told_apart(parts: Mapping[Part, Schema], groups: Mapping[Part, int]) -> dict[Part, int]:
    """The groups that the parts form by name and schema, where only the groups of what they refer to count."""
    texts = {
        part: part.name + json.dumps(resolved(schema, lambda each: f"{each.name} {groups[each]}"), sort_keys=True)
        for part, schema in parts.items()
    }
    numbers = {text: number for number, text in enumerate(dict.fromkeys(texts.values()))}
    return {part: numbers[text] for part, text in texts.items()}


def _suffixes(part: Part) -> tuple[str, ...]:
    if part.name in part.source.resources and part.mode in _OF_RESOURCES:
        return _OF_RESOURCES[part.mode]
    return _SUFFIXES[part.mode]


def _free(wanted: list[str], taken: Collection[str]) -> str:
    free = [name for name in wanted if name not in taken]
    return free[0] if free else numbered(wanted[-1], taken)


def numbered(wanted: str, taken: Collection[str], separator: str = "") -> str:
    """The name, followed by the first number from 2 that makes it another than those taken, if need be."""
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}{separator}{number}", number + 1
    return name


def _clean(name: str) -> str:
    """A name of components: OpenAPI 3.1.0, section 4.8.7.1."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)


def operation_ids(routes: Iterable[Route]) -> list[str]:
    """An id for each route, in the style ``list_customers``, ``get_customer``, ``cancel_order``."""
    found: list[str] = []
    for route in routes:
        found.append(numbered(_operation_id(route), found, "_"))
    return found


def _operation_id(route: Route) -> str:
    operation, resource = route.operation, route.operation.resource
    if resource is None:
        return operation.name
    if operation.method is not Method.LIST:
        return f"{operation.short_name}_{snake(resource.name)}"
    if route.parent is None:
        return f"list_{resource.plural}"
    reference = resource.references[route.parent]
    return f"list_{snake(reference.target)}_{reference.reverse}"


def noun(resource: ResourceDescription) -> str:
    """What one is called in a sentence: ``order line``."""
    return words(snake(resource.name))


def words(name: str) -> str:
    """A name in snake_case as words."""
    return name.replace("_", " ")


def a(noun: str) -> str:
    """The noun behind its article, by its first letter."""
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"


def sentence(text: str, limit: int = 100) -> str:
    """The first sentence of a text, without its full stop."""
    first = re.split(r"(?<=[.!?])\s|\n\s*\n", text.strip(), maxsplit=1)[0]
    line = " ".join(first.split()).removesuffix(".")
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
