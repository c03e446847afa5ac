"""Resource classes: the record, the references and the keys."""

from __future__ import annotations

from typing import Any

from dragoman.contract.annotations import Ref, Unique
from dragoman.contract.declaration import DeclarationError
from dragoman.contract.resource import Reference, Resource, ResourceDescription, suggested_prefix

from .reader import Reader
from .records import resource_record
from .refusals import name_of, same_name
from .scope import At, Scope


def describe(cls: Any, reader: Reader) -> ResourceDescription:
    """The description of a resource class."""
    if not (isinstance(cls, type) and issubclass(cls, Resource) and hasattr(cls, "__dragoman__")):
        raise _no_resource(cls)
    known = reader.types.get(cls.__name__)
    if known is not None and getattr(known, "native", None) is not cls:
        raise same_name(cls, getattr(known, "native", None), At(f"class {cls.__name__}", Scope()))
    # A field may lead back here through a struct; the reserved record stops the recursion.
    reader.add_record(cls, At(cls.__name__, Scope()))
    record, targets = resource_record(cls, reader)
    reader.pending[cls.__name__] = record
    references: dict[str, Reference] = {}
    uniques: list[tuple[str, ...]] = []
    for field in record.fields:
        if (reference := field.traits.get(Ref)) is not None:
            target = targets[field.name]
            references[field.name] = Reference(
                field.name,
                target if isinstance(target, str) else target.__name__,
                reference.reverse,
                reference.on_delete,
            )
        if (unique := field.traits.get(Unique)) is not None:
            uniques.append((field.name, *unique.among))
    options = cls.__dragoman__
    return ResourceDescription(
        cls.__name__,
        options.plural,
        options.prefix,
        record,
        tenant=options.tenant,
        references=references,
        uniques=tuple(dict.fromkeys(uniques)),
        native=cls,
    )


def _no_resource(given: Any) -> DeclarationError:
    name = name_of(given)
    if not isinstance(given, type):
        return DeclarationError(f"resource({name})", "it is not a class", "Name a class of dm.Resource")
    return DeclarationError(
        f"class {name}",
        "it is not a resource",
        f'Write class {name}(dm.Resource, prefix="{suggested_prefix(name)}")',
    )
