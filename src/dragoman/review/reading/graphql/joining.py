"""Which files of SDL make one schema.

Large schemas are cut into files, and nothing in them says which belong together. Names do: a file that uses or extends
a type which another one defines belongs to it, to the nearest where several do. What has no root type of its own and
is not used by others belongs to the nearest schema in its folder or above.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import PurePath

from .definition import BUILT_IN, Definition, Schema


def joined(schemas: Sequence[Schema]) -> list[Schema]:
    """The schemas that the files make, each in order of its files."""
    groups = _Groups(schemas)
    defined: dict[str, list[int]] = {}
    for index, schema in enumerate(schemas):
        for name in schema.types:
            defined.setdefault(name, []).append(index)
    for index, schema in enumerate(schemas):
        for name in schema.names_used():
            others = defined.get(name, ())
            if name not in schema.types and name not in BUILT_IN and others:
                groups.join(index, _nearest(index, others, schemas))
    rooted = [index for index in range(len(schemas)) if groups.has_root(index)]
    for index, schema in enumerate(schemas):
        if not groups.has_root(index):
            above = [each for each in rooted if _is_above(_folder(schemas[each]), _folder(schema))]
            if above:
                groups.join(index, _nearest(index, above, schemas))
    return [_merged(group) for group in groups.members()]


class _Groups:
    """Which of them belong together (a union-find)."""

    def __init__(self, schemas: Sequence[Schema]) -> None:
        self._schemas = schemas
        self._above = list(range(len(schemas)))
        self._rooted = [schema.has_root for schema in schemas]

    def _top(self, index: int) -> int:
        while self._above[index] != index:
            self._above[index] = self._above[self._above[index]]
            index = self._above[index]
        return index

    def join(self, one: int, other: int) -> None:
        one, other = sorted((self._top(one), self._top(other)))
        self._above[other] = one
        self._rooted[one] = self._rooted[one] or self._rooted[other]

    def has_root(self, index: int) -> bool:
        return self._rooted[self._top(index)]

    def members(self) -> list[list[Schema]]:
        found: dict[int, list[Schema]] = {}
        for index, schema in enumerate(self._schemas):
            found.setdefault(self._top(index), []).append(schema)
        return list(found.values())


def _folder(schema: Schema) -> str:
    return os.path.dirname(os.path.abspath(schema.files[0]))


def _is_above(folder: str, other: str) -> bool:
    return PurePath(other).is_relative_to(folder)


def _nearest(index: int, others: Sequence[int], schemas: Sequence[Schema]) -> int:
    """The one whose folder shares most with this one's; the first of several."""
    if len(others) == 1:
        return others[0]
    own = _folder(schemas[index])
    return max(others, key=lambda each: (len(PurePath(os.path.commonpath([own, _folder(schemas[each])])).parts), -each))


def _merged(schemas: Sequence[Schema]) -> Schema:
    """One schema of several files, with what ``extend`` adds in its place."""
    made = Schema([file for schema in schemas for file in schema.files])
    applied = dict[str, None]()
    for schema in schemas:
        for definition in schema.types.values():
            known = made.types.setdefault(definition.name, definition)
            if known is not definition:
                made.twice.append(definition)
        made.twice += schema.twice
        made.extensions += schema.extensions
        made.roots = {**schema.roots, **made.roots}
        made.declared |= schema.declared
        made.description = made.description or schema.description
        made.executable += schema.executable
        for name, position in schema.directives:
            if name not in applied:
                applied[name] = None
                made.directives.append((name, position))
    _extend(made)
    return made


def _extend(schema: Schema) -> None:
    """Add what is extended. What extends a type that nobody defines is its definition: federation's way."""
    twice, schema.twice = schema.twice, []
    for each in twice:
        if each.name in ("Query", "Mutation", "Subscription", *schema.roots.values()):
            schema.extensions.append(each)  # root types in several files are common, and add up
        else:
            schema.twice.append(each)
    for each in schema.extensions:
        known = schema.types.get(each.name)
        if known is None:
            schema.types[each.name] = each
        else:
            _add(known, each, schema)
    schema.extensions = []


def _add(known: Definition, more: Definition, schema: Schema) -> None:
    names = {member.name for member in known.members}
    for member in more.members:
        if member.name in names:
            schema.twice.append(Definition(more.form, f"{more.name}.{member.name}", member.position))
        else:
            known.members.append(member)
    known.parts += [part for part in more.parts if part not in known.parts]
    known.directives += more.directives
    known.description = known.description or more.description
