"""How a resource is stored: the table that follows from its description."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dragoman.contract.annotations import Filter, Sort
from dragoman.contract.declaration import DeclarationError
from dragoman.contract.resource import ResourceDescription
from dragoman.ports.store import Column, Index, Reference, Table, Unique

RESERVED: Final = ("dragoman_", "sqlite_")
"""How tables begin that belong to Dragoman and to the database."""


def table_of(
    description: ResourceDescription,
    columns: tuple[Column, ...],
    resources: Mapping[str, ResourceDescription],
) -> Table:
    """The table. Every field that lists filter or order by gets an index; ``resources`` are those that references may
    point to, by name. Raises DeclarationError for a reference that cannot hold, and for a name that is taken.
    """
    for reserved in RESERVED:
        if description.plural.startswith(reserved):
            raise DeclarationError(
                f"class {description.name}",
                f"its plural {description.plural!r} would name its table, and names with {reserved} are taken",
                'Give it another plural="…"',
            )
    indexed = [
        each.name
        for each in description.record.fields
        if each.name != "id" and (Filter in each.traits or Sort in each.traits)
    ]
    keys = {unique[0] for unique in description.uniques}
    return Table(
        description.plural,
        columns,
        tenant=description.tenant,
        indexes=tuple(Index((name,)) for name in indexed if name not in keys),
        uniques=tuple(Unique(unique) for unique in description.uniques),
        references=tuple(
            Reference(each.field, _target(description, each.field, each.target, resources).plural, each.on_delete)
            for each in description.references.values()
        ),
    )


def _target(
    description: ResourceDescription, field: str, name: str, resources: Mapping[str, ResourceDescription]
) -> ResourceDescription:
    place = f"{description.name}.{field}"
    target = resources.get(name)
    if target is None:
        raise DeclarationError(
            place,
            f"it refers to {name}, which is no resource of its contract",
            f"Add contract.resource({name}), or remove dm.Ref to keep a plain id",
        )
    if target.tenant and not description.tenant:
        raise DeclarationError(
            place,
            f"{description.name} belongs to no tenant and refers to {name}, which does",
            f"Remove tenant=False from {description.name}, or dm.Ref from the field",
        )
    return target
